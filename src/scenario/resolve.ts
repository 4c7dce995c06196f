/** The file form, already checked key by key, → the resolved form that the engine takes. Collects contradictions on the way. */

import { BitSet } from '../base/bit-set.ts';
import { formatCpuList, parseCpuList } from '../base/cpu-list.ts';
import type {
  CallSpec,
  FaultSpec,
  FaultsSpec,
  KernelSpec,
  MachineSpec,
  RunSpec,
  Scenario,
  TaskSpec,
} from '../engine/input/scenario.ts';
import { defaultCosts } from '../engine/machine/costs.ts';
import { distributions } from '../engine/machine/distributions.ts';
import { kernelConfig } from '../engine/machine/kernel-config.ts';
import { kernelAtLeast, kernelRules } from '../engine/machine/kernel-rules.ts';
import { unknownKey } from './check-form.ts';
import { defaultNrCpus, machinePresets } from './defaults.ts';
import { foundText, type Path, type Problem, pathText } from './problems.ts';
import type { ScenarioFile } from './schema.ts';
import { taskKindMeta } from './task-kinds.ts';
import { nanosecondsOf, pagesOf } from './units-text.ts';
import { resolveZones } from './zones.ts';

type TaskFile = NonNullable<ScenarioFile['tasks']>[number];
type CallFile = NonNullable<ScenarioFile['calls']>[number];
type TimeText = string | 0;

/** Collects what is wrong: a value is resolved to something harmless and the search for more goes on. */
export class Findings {
  readonly problems: Problem[] = [];

  /** Is something wrong with this very value? */
  has(path: Path): boolean {
    return this.problems.some((problem) => pathText(problem.path) === pathText(path));
  }

  add(path: Path, expected: string, found: string, hint?: string): void {
    this.problems.push({ path, expected, found, ...(hint === undefined ? {} : { hint }) });
  }
}

export interface Surroundings {
  /** Used when the file gives no name. */
  readonly name: string;
  readonly readConfig?: ((path: string) => string) | undefined;
}

/** Everything that needs another value to be resolved. */
export function resolve(file: ScenarioFile, around: Surroundings, findings: Findings): Scenario {
  const machine = resolveMachine(file.machine, findings);
  return {
    name: file.name ?? around.name,
    title: file.title ?? '',
    about: file.about ?? '',
    thread: file.thread ?? '',
    machine,
    kernel: resolveKernel(file.kernel, machine.cpus, around, findings),
    tasks: (file.tasks ?? []).map((task, index) => resolveTask(task, ['tasks', index], machine, findings)),
    calls: (file.calls ?? []).map((call, index) => resolveCall(call, ['calls', index], machine, findings)),
    faults: resolveFaults(file.faults),
    costs: resolveCosts(file.costs ?? {}, findings),
    run: resolveRun(file.run ?? {}),
  };
}

function resolveMachine(given: ScenarioFile['machine'], findings: Findings): MachineSpec {
  const preset = given.preset === undefined ? {} : machinePresets[given.preset];
  // Memory in either form replaces both of the preset.
  const file = { ...preset, ...given };
  if (file.cpus === undefined) findings.add(['machine', 'cpus'], 'a number of CPUs, or a preset', 'nothing');
  const cpus = file.cpus ?? 1;
  const nodes = file.nodes ?? 1;
  return {
    cpus,
    online: cpuSet(file.online ?? 'all', cpus, ['machine', 'online'], findings),
    isolated: cpuSet(file.isolated ?? 'none', cpus, ['machine', 'isolated'], findings),
    nodes,
    nodeOfCpu: resolveNodes(file.nodeCpus, cpus, nodes, findings),
    zones: resolveZones({ ...file, memory: given.zones ? given.memory : file.memory }, nodes, findings),
    usedPages: pagesOf(file.used ?? '0'),
    cachePages: pagesOf(file.cache ?? '0'),
    idle: file.idle ?? 'sandy-bridge',
    interruptMode: file.interrupts ?? 'x2apic-cluster',
    host: file.host ? { cpus: file.host.cpus, sliceNs: ns(file.host.slice ?? '4 ms') } : null,
  };
}

/** `0-3,8`, `4-N`, `all`, `none` or a number → a set; members that the machine does not have are a finding. */
function cpuSet(list: string | number, cpus: number, path: Path, findings: Findings): BitSet {
  if (list === 'all') return BitSet.full(cpus);
  const set = new BitSet(cpus);
  if (list === 'none') return set;
  let members: number[] = [];
  try {
    members = parseCpuList(String(list).replaceAll('N', String(cpus - 1)));
  } catch {
    findings.add(path, 'a list of CPUs as the kernel writes it, such as 0-3,8', foundText(list));
  }
  const outside = members.filter((cpu) => cpu >= cpus);
  if (outside.length > 0) {
    findings.add(path, `CPUs of 0-${cpus - 1} (machine.cpus is ${cpus})`, `CPU ${formatCpuList(outside)}`);
  }
  for (const cpu of members) if (cpu < cpus) set.add(cpu);
  return set;
}

function resolveNodes(
  lists: readonly (string | number)[] | undefined,
  cpus: number,
  nodes: number,
  findings: Findings,
): Int32Array {
  // Equal parts; where they do not come out even the first nodes have one more.
  const nodeOfCpu = Int32Array.from({ length: cpus }, (_, cpu) => Math.floor((cpu * nodes) / cpus));
  if (lists === undefined) return nodeOfCpu;
  const path: Path = ['machine', 'nodeCpus'];
  if (lists.length !== nodes) {
    findings.add(path, `one list for each of the ${nodes} nodes`, `${lists.length} lists`);
    return nodeOfCpu;
  }
  nodeOfCpu.fill(-1);
  for (const [node, list] of lists.entries()) {
    for (const cpu of cpuSet(list, cpus, [...path, node], findings)) {
      if (nodeOfCpu[cpu] >= 0) {
        findings.add([...path, node], 'each CPU in one node', `CPU ${cpu} also in node ${nodeOfCpu[cpu]}`);
      }
      nodeOfCpu[cpu] = node;
    }
  }
  const missing = [...nodeOfCpu.keys()].filter((cpu) => nodeOfCpu[cpu] < 0);
  if (missing.length > 0) findings.add(path, 'each CPU in one node', `CPU ${formatCpuList(missing)} in none`);
  for (const cpu of missing) nodeOfCpu[cpu] = 0;
  return nodeOfCpu;
}

function resolveKernel(
  file: ScenarioFile['kernel'],
  cpus: number,
  around: Surroundings,
  findings: Findings,
): KernelSpec {
  const preset = presetOf(file, around, findings);
  let version = file.version ?? preset.version ?? '';
  if (version === '')
    findings.add(['kernel', 'version'], 'a version such as 3.0 or 6.12, or a distribution', 'nothing');
  else {
    try {
      kernelRules(version);
    } catch {
      findings.add(
        ['kernel', 'version'],
        'a version from 3.0 on, such as 3.0, 5.10, 6.12',
        foundText(version),
      );
      version = '';
    }
  }
  const rules = kernelRules(version === '' ? '3.0' : version);
  const nrCpus = file.nrCpus ?? preset.nrCpus ?? defaultNrCpus(cpus, rules.version);
  return {
    version: rules.version,
    nrCpus,
    offstack: file.offstack ?? preset.offstack ?? nrCpus > 512,
    slab: file.slab ?? preset.slab ?? 'slub',
    batchScaleMax: file.batchScaleMax ?? preset.batchScaleMax ?? 5,
    minFreeKbytes: file.minFreeKbytes ?? -1,
    watermarkScaleFactor: file.watermarkScaleFactor ?? 10,
    pagelistFraction: file.pagelistFraction ?? 0,
    thp: file.thp ?? preset.thp ?? true,
    maskBytes: file.maskBytes ?? preset.maskBytes ?? -1,
    sendAllocatesMask: file.sendAllocatesMask ?? rules.sendAllocatesMask,
    lastZoneDecides: file.lastZoneDecides ?? false,
  };
}

type ConfigValues = Partial<
  Pick<KernelSpec, 'version' | 'nrCpus' | 'offstack' | 'slab' | 'batchScaleMax' | 'thp' | 'maskBytes'>
>;

/** What the distribution or the configuration file says; the second comes first. */
function presetOf(
  { distribution, config }: ScenarioFile['kernel'],
  { readConfig }: Surroundings,
  findings: Findings,
): ConfigValues {
  const known: ConfigValues = distribution === undefined ? {} : distributions[distribution];
  if (config === undefined) return known;
  const path = ['kernel', 'config'];
  if (readConfig === undefined) {
    findings.add(path, 'no such key here: files are read on the command line only', foundText(config));
    return known;
  }
  const values = kernelConfig(readConfig(config), config);
  return { ...known, ...values, version: values.version || known.version };
}

function resolveTask(file: TaskFile, path: Path, machine: MachineSpec, findings: Findings): TaskSpec {
  const meta = taskKindMeta[file.kind];
  if (file.memory !== undefined && file.pages !== undefined) {
    findings.add([...path, 'pages'], 'memory or pages', 'both');
  }
  const extra: Record<string, number> = {};
  for (const [key, value] of Object.entries(file.extra ?? {})) {
    if (Object.hasOwn(meta.extra, key)) extra[key] = value;
    else findings.problems.push(unknownKey([...path, 'extra', key], key, Object.keys(meta.extra)));
  }
  const unpinned = machine.online.clone();
  unpinned.deleteAll(machine.isolated);
  return {
    kind: file.kind,
    name: file.name ?? file.kind,
    count: file.count ?? 1,
    cpus: file.cpus === undefined ? unpinned : cpuSet(file.cpus, machine.cpus, [...path, 'cpus'], findings),
    pages: file.memory === undefined ? (file.pages ?? meta.pagesDefault) : pagesOf(file.memory),
    order: file.order ?? 0,
    rate: file.rate ?? 0,
    lifetimeNs: ns(file.lifetime),
    sleepNs: ns(file.sleep),
    startNs: ns(file.start),
    fifo: file.fifo ?? false,
    objectBytes: file.objectBytes ?? 512,
    extra,
  };
}

function resolveCall(file: CallFile, path: Path, machine: MachineSpec, findings: Findings): CallSpec {
  return {
    cause: file.cause,
    cpu: file.cpu ?? 0,
    startNs: ns(file.start),
    everyNs: ns(file.every),
    zone: file.zone === undefined ? -1 : zonePosition(file.zone, [...path, 'zone'], machine, findings),
    victim: file.victim ?? -1,
    backNs: ns(file.back),
    pages: file.memory === undefined ? 0 : pagesOf(file.memory),
  };
}

/** `Normal 1` → the position of that zone; -1 and a finding if there is none. Without a node: the first of the name. */
function zonePosition(text: string, path: Path, machine: MachineSpec, findings: Findings): number {
  const [name, node] = text.split(' ');
  const position = machine.zones.findIndex(
    (zone) => zone.name === name && (node === undefined || zone.node === Number(node)),
  );
  if (position < 0) {
    const names = machine.zones.map((zone) => (machine.nodes > 1 ? `${zone.name} ${zone.node}` : zone.name));
    findings.add(path, `a zone of this machine: ${names.join(', ')}`, foundText(text));
  }
  return position;
}

function resolveFaults(file: ScenarioFile['faults']): FaultsSpec {
  return {
    failslab: file?.failslab ? fault(file.failslab) : null,
    failPageAlloc: file?.failPageAlloc ? fault(file.failPageAlloc) : null,
  };
}

function fault(file: Partial<FaultSpec>): FaultSpec {
  return {
    probability: file.probability ?? 0,
    interval: file.interval ?? 1,
    times: file.times ?? -1,
    space: file.space ?? 0,
    taskFilter: file.taskFilter ?? false,
    ignoreGfpWait: file.ignoreGfpWait ?? true,
    cacheFilter: file.cacheFilter ?? false,
    minOrder: file.minOrder ?? 1,
  };
}

function resolveCosts(file: Readonly<Record<string, number>>, findings: Findings): Record<string, number> {
  const costs: Record<string, number> = { ...defaultCosts };
  for (const [key, value] of Object.entries(file)) {
    if (Object.hasOwn(costs, key)) costs[key] = value;
    else findings.problems.push(unknownKey(['costs', key], key, Object.keys(defaultCosts)));
  }
  return costs;
}

function resolveRun(file: NonNullable<ScenarioFile['run']>): RunSpec {
  return {
    seconds: file.seconds ?? 10,
    seed: file.seed ?? 1,
    seeds: file.seeds ?? 1,
    policies: file.policies ?? [],
    baseline: file.baseline ?? 'everyone',
    stepPages: file.stepPages ?? 16,
    checkEvery: file.checkEvery ?? 0,
    maxEvents: file.maxEvents ?? 2_000_000_000,
  };
}

function ns(time: TimeText | undefined): number {
  return time === undefined || time === 0 ? 0 : nanosecondsOf(time);
}

/** SLAB was taken out of the kernel in 6.8. */
export function hasSlab(version: string): boolean {
  return !kernelAtLeast(version, '6.8');
}
