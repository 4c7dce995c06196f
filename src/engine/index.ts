/**
 * Public door of `drainlab`: replay a recording, simulate a scenario, define a policy, read and write verdicts. Runs in
 * Node and in a browser. Recordings are opened with `drainlab/trace`, scenarios are read with `drainlab/scenario`.
 */

export { BitSet } from '../base/bit-set.ts';
export { formatCpuList, parseCpuList } from '../base/cpu-list.ts';
export { DrainlabError, errorText } from '../base/errors.ts';
export type { Run } from './accounting/run.ts';
export type { DrainCause, DrainOutcome, DrainRequest } from './input/drain-request.ts';
export type { Machine, Zone, ZoneinfoSnapshot } from './input/machine.ts';
export type { RunObserver } from './input/run-observer.ts';
export type { Scenario } from './input/scenario.ts';
export { machineFrom, parseZoneinfo, snapshotFrom } from './input/zoneinfo.ts';
export { builtInPolicies } from './policy/built-in.ts';
export { policyByName } from './policy/by-name.ts';
export type { Carrier, Mask, Policy, Select, Turn } from './policy/policy.ts';
export { definePolicy } from './policy/policy.ts';
export type { Recording, ReplayOptions } from './replay.ts';
export { replay } from './replay.ts';
export type { Condition } from './report/check.ts';
export { checkMetric, failure, parseCondition } from './report/check.ts';
export type { Comparison, ComparisonRow } from './report/comparison.ts';
export { compare } from './report/comparison.ts';
export type { SimulatedVerdictOptions } from './report/simulated-verdict.ts';
export { simulatedVerdict } from './report/simulated-verdict.ts';
export type {
  Basis,
  KernelVerdict,
  PolicyVerdict,
  SelfCheck,
  StallNs,
  Verdict,
  VerdictDrains,
  VerdictSource,
  VmstatCounters,
} from './report/verdict.ts';
export { verdictSchema } from './report/verdict.ts';
export { writeCsv } from './report/write-csv.ts';
export { writeJson } from './report/write-json.ts';
export { writeMmtests } from './report/write-mmtests.ts';
export type { SimulateOptions } from './simulate.ts';
export { simulate } from './simulate.ts';
