/**
 * The closed loop: scenarios of the recorded virtual machines simulated under each policy, against what the real runs
 * counted (real-runs.json). Used by closed-loop.test.ts and bench/closed-loop.ts.
 */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DrainResult, Retry, type Run } from '../../src/engine/accounting/run.ts';
import type { Scenario } from '../../src/engine/input/scenario.ts';
import { builtInPolicies } from '../../src/engine/policy/built-in.ts';
import { simulate } from '../../src/engine/simulate.ts';
import { parseSet, readYaml } from '../../src/scenario/index.ts';

const folder = dirname(fileURLToPath(import.meta.url));

/** Counts of one real run, or sums of several; of drains that direct reclaim asked for and the few of compaction. */
export interface RealRun {
  readonly name: string;
  readonly policy: string;
  readonly failslab: number;
  readonly maskBytes: number;
  readonly drains: number;
  readonly busy: number;
  /** Drains by number of CPUs that held pages. */
  readonly holders: readonly number[];
  readonly interrupts: number;
  readonly interruptsEmpty: number;
  readonly retryGot: number;
  readonly retryFailed: number;
  readonly saved: number;
}

/** A stock kernel tells on how many CPUs it queued work; 0 also when it was turned away. */
export interface StockRun {
  readonly name: string;
  readonly cpus: number;
  readonly drains: number;
  readonly chosen: readonly number[];
}

export const realRuns: { readonly patched: readonly RealRun[]; readonly stock: readonly StockRun[] } =
  JSON.parse(readFileSync(join(folder, 'real-runs.json'), 'utf8'));

/** A scenario of this folder, with `--set` texts put in. */
export function scenarioOf(name: string, sets: readonly string[] = []): Scenario {
  const file = `${name}.yaml`;
  return readYaml(readFileSync(join(folder, file), 'utf8'), { file, sets: sets.map(parseSet) });
}

/** What a cell of the comparison is about. */
export interface Figures {
  drains: number;
  /** Share of drains by number of CPUs that held pages; `done`: of those that were not turned away. */
  holders: number[];
  holdersDone: number[];
  interruptsPerDrain: number;
  /** Share of the interrupts to other CPUs that found nothing on the lists. */
  empty: number;
  /** Share of the retries that got their page. */
  got: number;
  busy: number;
  /** Share of drains with fewer than half of the CPUs among the holders (the thread's `saved`). */
  saved: number;
  requesterHeld: number;
  oomKills: number;
}

/** Runs of one policy with seeds 1 … `seeds`, as one. */
export function simulated(scenario: Scenario, policyName: string, seeds: number): Figures {
  const policy = builtInPolicies.find(({ name }) => name === policyName);
  if (policy === undefined) throw new Error(`no policy named ${policyName}`);
  const sums = new Sums(scenario.machine.cpus);
  for (let seed = 1; seed <= seeds; seed++) sums.add(simulate(scenario, policy, seed));
  return sums.figures();
}

class Sums {
  private readonly holders: number[];
  private readonly holdersDone: number[];
  private drains = 0;
  private interrupts = 0;
  private useless = 0;
  private got = 0;
  private failed = 0;
  private busy = 0;
  private held = 0;
  private kills = 0;

  constructor(cpus: number) {
    this.holders = new Array(cpus + 1).fill(0);
    this.holdersDone = new Array(cpus + 1).fill(0);
  }

  add({ drains, counters }: Run): void {
    for (let i = 0; i < drains.length; i++) {
      this.drains++;
      this.holders[drains.holders[i]]++;
      if (drains.result[i] === DrainResult.busy) this.busy++;
      else this.holdersDone[drains.holders[i]]++;
      this.interrupts += drains.interrupts[i];
      if (drains.interrupts[i] > 0) this.useless += drains.useless[i];
      if (drains.retry[i] === Retry.got) this.got++;
      else if (drains.retry[i] === Retry.failed) this.failed++;
      this.held += drains.requesterHeld[i];
    }
    this.kills += counters.oomKills;
  }

  figures(): Figures {
    const half = Math.floor((this.holders.length - 1) / 2);
    return {
      drains: this.drains,
      holders: shares(this.holders),
      holdersDone: shares(this.holdersDone),
      interruptsPerDrain: this.interrupts / this.drains,
      empty: this.interrupts === 0 ? 0 : this.useless / this.interrupts,
      got: this.got / (this.got + this.failed),
      busy: this.busy / this.drains,
      saved: this.holders.slice(0, half).reduce((sum, n) => sum + n, 0) / this.drains,
      requesterHeld: this.held / this.drains,
      oomKills: this.kills,
    };
  }
}

/** Several real runs of one policy as one: each run counts by its drains. */
export function pooled(runs: readonly RealRun[]): Figures {
  const sum = (of: (run: RealRun) => number) => runs.reduce((total, run) => total + of(run), 0);
  const holders = runs[0].holders.map((_, i) => sum((run) => run.holders[i]));
  const drains = sum((run) => run.drains);
  const interrupts = sum((run) => run.interrupts);
  const got = sum((run) => run.retryGot);
  const half = Math.floor((holders.length - 1) / 2);
  return {
    drains,
    holders: shares(holders),
    holdersDone: [],
    interruptsPerDrain: interrupts / drains,
    empty: interrupts === 0 ? 0 : sum((run) => run.interruptsEmpty) / interrupts,
    got: got / (got + sum((run) => run.retryFailed)),
    busy: sum((run) => run.busy) / drains,
    saved: holders.slice(0, half).reduce((total, n) => total + n, 0) / drains,
    requesterHeld: Number.NaN,
    oomKills: Number.NaN,
  };
}

export function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, n) => sum + n, 0);
  return counts.map((n) => n / total);
}

/** Total variation distance of two distributions: half of the sum of the differences. */
export function distance(one: readonly number[], other: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < Math.max(one.length, other.length); i++)
    sum += Math.abs((one[i] ?? 0) - (other[i] ?? 0));
  return sum / 2;
}

/** A kind of run that was made on the real kernel, and what it takes to simulate it. */
export interface Cell {
  readonly label: string;
  readonly policy: string;
  readonly sets: readonly string[];
  readonly real: readonly RealRun[];
}

export const cells: readonly Cell[] = makeCells();

function makeCells(): Cell[] {
  const kinds = new Map<string, RealRun[]>();
  for (const run of realRuns.patched) {
    const label =
      run.policy +
      (run.maskBytes === 512 ? ', 512-byte masks' : '') +
      (run.failslab > 0 ? `, failslab ${run.failslab} %` : '');
    kinds.set(label, [...(kinds.get(label) ?? []), run]);
  }
  return [...kinds].map(([label, real]) => {
    const { policy, failslab, maskBytes } = real[0];
    const sets: string[] = [];
    if (failslab > 0) sets.push(`faults.failslab.probability=${failslab}`);
    if (maskBytes !== 8) sets.push(`kernel.maskBytes=${maskBytes}`);
    return { label, policy, sets, real };
  });
}
