/** Contradictions: each value is possible, together they are not. resolve.ts has already placed CPUs, nodes and zones. */

import type { BitSet } from '../base/bit-set.ts';
import { formatCpuList } from '../base/cpu-list.ts';
import { DrainlabError } from '../base/errors.ts';
import type { CallSpec, MachineSpec, Scenario, TaskSpec } from '../engine/input/scenario.ts';
import { kernelAtLeast, kernelRules } from '../engine/machine/kernel-rules.ts';
import { Watermarks } from '../engine/machine/watermarks.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import { foundText, type Path } from './problems.ts';
import type { Findings } from './resolve.ts';
import { hasSlab } from './resolve.ts';
import type { ScenarioFile } from './schema.ts';
import { taskCount, taskKindMeta } from './task-kinds.ts';
import { sizeText } from './units-text.ts';

const zonesMax = 255;
const tasksMax = 2_000_000;

export function checkContradictions(scenario: Scenario, file: ScenarioFile, findings: Findings): void {
  checkMachine(scenario, file, findings);
  checkKernel(scenario, file, findings);
  let tasks = 0;
  for (const [index, task] of scenario.tasks.entries()) {
    checkTask(task, ['tasks', index], scenario, findings);
    tasks += taskCount(task);
  }
  if (tasks > tasksMax) findings.add(['tasks'], `at most ${tasksMax} tasks in all`, String(tasks));
  for (const [index, call] of scenario.calls.entries()) {
    checkCall(call, ['calls', index], scenario, findings);
  }
  if (scenario.tasks.length === 0 && scenario.calls.length === 0) {
    findings.add(['tasks'], 'a task or a call: nothing happens on this machine', 'none');
  }
  checkPolicies(scenario, findings);
}

function checkMachine({ machine }: Scenario, file: ScenarioFile, findings: Findings): void {
  if (machine.online.count === 0 && !findings.has(['machine', 'online'])) {
    findings.add(['machine', 'online'], 'at least one CPU', 'none');
  }
  if (machine.zones.length > zonesMax) {
    findings.add(['machine', 'nodes'], `at most ${zonesMax} zones in all`, `${machine.zones.length} zones`);
  }
  if (machine.zones.length > 0 && machine.zones.every(({ name }) => name === 'Movable')) {
    findings.add(['machine', 'zones'], 'a zone for the kernel itself', 'Movable only');
  }
  if (machine.host !== null && machine.host.cpus > machine.cpus) {
    findings.add(
      ['machine', 'host', 'cpus'],
      `at most the ${machine.cpus} CPUs of the guest`,
      String(machine.host.cpus),
      'a host with a processor for each CPU is no host at all: leave it out',
    );
  }
  const pages = machine.zones.reduce((sum, zone) => sum + zone.pages, 0);
  if (pages > 0 && machine.usedPages + machine.cachePages > pages) {
    findings.add(
      ['machine', file.machine.cache === undefined ? 'used' : 'cache'],
      `used and cache within the memory, ${sizeText(pages)}`,
      sizeText(machine.usedPages + machine.cachePages),
    );
  }
  if (file.machine.host && machine.host !== null && machine.host.sliceNs === 0) {
    findings.add(['machine', 'host', 'slice'], 'a time above 0', '0');
  }
}

function checkKernel({ machine, kernel }: Scenario, file: ScenarioFile, findings: Findings): void {
  if (kernel.nrCpus < machine.cpus) {
    const given = file.kernel.nrCpus !== undefined;
    findings.add(
      given ? ['kernel', 'nrCpus'] : ['machine', 'cpus'],
      given ? `at least machine.cpus, ${machine.cpus}` : `at most ${kernel.nrCpus}, NR_CPUS of this kernel`,
      given ? String(kernel.nrCpus) : String(machine.cpus),
    );
  }
  if (kernel.slab === 'slab' && !hasSlab(kernel.version)) {
    findings.add(
      ['kernel', 'slab'],
      `slub: kernel ${kernel.version} has no other (SLAB went in 6.8)`,
      '"slab"',
    );
  }
  if (kernel.pagelistFraction > 0 && kernel.pagelistFraction < 8) {
    findings.add(['kernel', 'pagelistFraction'], '0 or at least 8', String(kernel.pagelistFraction));
  }
  if (file.kernel.watermarkScaleFactor !== undefined && !kernelAtLeast(kernel.version, '4.6')) {
    findings.add(
      ['kernel', 'watermarkScaleFactor'],
      'no such key: the kernel has it from 4.6 on',
      `version ${kernel.version}`,
    );
  }
  if (file.kernel.sendAllocatesMask === true && kernelAtLeast(kernel.version, '5.4')) {
    findings.add(
      ['kernel', 'sendAllocatesMask'],
      'false: x86 stopped that before 5.4',
      `true with version ${kernel.version}`,
    );
  }
  checkMarks(machine, kernel, file, findings);
}

/** The high marks are what kswapd keeps free: a machine must have that and something to work with. */
function checkMarks(
  { zones }: MachineSpec,
  kernel: Scenario['kernel'],
  file: ScenarioFile,
  findings: Findings,
): void {
  if (zones.length === 0) return;
  const marks = new Watermarks(zones, kernelRules(kernel.version), kernel);
  let high = 0;
  let pages = 0;
  for (const [position, zone] of zones.entries()) {
    high += marks.high[position];
    pages += zone.pages;
  }
  if (high * 2 <= pages) return;
  const byHand = file.kernel.minFreeKbytes !== undefined;
  findings.add(
    byHand ? ['kernel', 'minFreeKbytes'] : ['machine', file.machine.zones ? 'zones' : 'memory'],
    byHand
      ? `watermarks below half of the memory, ${sizeText(pages)}`
      : `at least twice the high watermarks, ${sizeText(high)}`,
    byHand ? `high watermarks of ${sizeText(high)}` : sizeText(pages),
  );
}

const atLeastOne: ReadonlySet<string> = new Set(['groups', 'tasksPerGroup', 'messages', 'burst']);

function checkTask(task: TaskSpec, path: Path, { machine, kernel, run }: Scenario, findings: Findings): void {
  checkCpus(task.cpus, [...path, 'cpus'], machine, findings);
  if (task.startNs >= run.seconds * 1e9) {
    findings.add([...path, 'start'], `a time before the end at ${run.seconds} s`, `${task.startNs / 1e9} s`);
  }
  if (task.kind === 'slab-user' && kernel.maskBytes >= 0 && task.objectBytes < 8) {
    findings.add([...path, 'objectBytes'], 'at least 8', String(task.objectBytes));
  }
  if (task.kind === 'sleeper' && task.sleepNs === 0) {
    findings.add([...path, 'sleep'], 'a time above 0: a sleeper sleeps', 'nothing');
  }
  for (const [key, value] of Object.entries(task.extra)) {
    const otherwise = taskKindMeta[task.kind].extra[key].default;
    // What counts things is at least 1, unless it may be switched off; -1 is never.
    const least = otherwise < 0 ? -1 : atLeastOne.has(key) ? 1 : 0;
    const counted = !key.endsWith('Ns');
    if (!(value >= least && value <= 1e12) || (counted && !Number.isInteger(value))) {
      findings.add(
        [...path, 'extra', key],
        `a ${counted ? 'whole ' : ''}number from ${least} on`,
        String(value),
      );
    }
  }
}

function checkCpus(cpus: BitSet, path: Path, machine: MachineSpec, findings: Findings): void {
  if (findings.has(path) || machine.online.count === 0) return;
  const offline = cpus.clone();
  offline.deleteAll(machine.online);
  if (offline.count > 0) findings.add(path, 'CPUs that are online', `CPU ${formatCpuList(offline)}, offline`);
  else if (cpus.count === 0) findings.add(path, 'at least one CPU that is online', 'none');
}

function checkCall(call: CallSpec, path: Path, { machine, run }: Scenario, findings: Findings): void {
  const { cause, victim } = call;
  const online = `an online CPU: ${formatCpuList(machine.online)}`;
  if (!machine.online.has(call.cpu)) findings.add([...path, 'cpu'], online, `CPU ${call.cpu}`);
  if (call.startNs >= run.seconds * 1e9) {
    findings.add([...path, 'start'], `a time before the end at ${run.seconds} s`, `${call.startNs / 1e9} s`);
  }
  if (cause === 'cpu-offline') {
    if (!machine.online.has(victim)) {
      findings.add([...path, 'victim'], online, victim < 0 ? 'nothing' : `CPU ${victim}`);
    } else if (victim === call.cpu)
      findings.add([...path, 'victim'], 'another CPU than the one that asks', `CPU ${victim}`);
  } else if (victim >= 0) {
    findings.add([...path, 'victim'], 'no such key: only cpu-offline has it', `CPU ${victim}`);
  }
  const needsRange = cause === 'memory-offline' || cause === 'contiguous-range';
  if (needsRange && call.pages === 0) findings.add([...path, 'memory'], 'the size of the range', 'nothing');
  if (!needsRange && call.pages > 0) {
    findings.add(
      [...path, 'memory'],
      'no such key: only memory-offline and contiguous-range have it',
      sizeText(call.pages),
    );
  }
  const zone = machine.zones[call.zone];
  if (needsRange && zone && call.pages > zone.pages) {
    findings.add([...path, 'memory'], `at most the zone, ${sizeText(zone.pages)}`, sizeText(call.pages));
  }
}

/** Policies by path are loaded by the command line, which then says what is wrong with them. */
function checkPolicies({ run }: Scenario, findings: Findings): void {
  const named: [Path, string][] = run.policies.map((name, index) => [['run', 'policies', index], name]);
  for (const [path, name] of [...named, [['run', 'baseline'], run.baseline] as [Path, string]]) {
    if (isPath(name)) continue;
    try {
      policyByName(name);
    } catch (error) {
      if (!(error instanceof DrainlabError)) throw error;
      findings.add(path, 'the name of a policy or a path', foundText(name), error.hint.replace(/\.$/, ''));
    }
  }
}

export function isPath(policy: string): boolean {
  return /[\\/]/.test(policy) || /\.[cm]?[jt]s$/.test(policy);
}
