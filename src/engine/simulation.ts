/**
 * One simulated run: a machine, one policy, one seed. The event loop, and the place where the parts meet.
 *
 * A step of a task is atomic at its beginning: its page operations happen at that time, then the CPU is busy for
 * what they cost. Handlers, workers and remote drains come between steps. Every order of events is therefore one
 * that could have happened, and can be written down as a recording (run-observer.ts).
 */

import { EventQueue } from '../base/event-queue.ts';
import type { CpuIndex, Nanoseconds, Pages } from '../base/units.ts';
import { drainColumnEntries } from './accounting/drain-columns.ts';
import type { Run, RunCounters } from './accounting/run.ts';
import { newRunCounters } from './accounting/run-counters.ts';
import { RunHash } from './accounting/run-hash.ts';
import type { RunObserver } from './input/run-observer.ts';
import type { Scenario } from './input/scenario.ts';
import { checkConservation } from './machine/conservation.ts';
import { Drains } from './machine/drains.ts';
import { EventKind, eventOf, kindOf, subjectOf } from './machine/event-kinds.ts';
import { fillMemory } from './machine/fill-memory.ts';
import { type KernelRules, kernelRules } from './machine/kernel-rules.ts';
import { KswapdThreads } from './machine/kswapd-threads.ts';
import { MaskSupply } from './machine/mask-supply.ts';
import { Memory } from './machine/memory.ts';
import { OtherCallers } from './machine/other-callers.ts';
import type { Chains } from './machine/page-chains.ts';
import { Population } from './machine/population.ts';
import { Processors } from './machine/processors.ts';
import { reapNs } from './machine/slab.ts';
import { SlowPath } from './machine/slow-path.ts';
import { TaskLife } from './machine/task-life.ts';
import { StepEnd, TaskSteps } from './machine/task-steps.ts';
import { Stage, type TaskTable } from './machine/task-table.ts';
import { programs } from './machine/tasks/programs.ts';
import type { Policy } from './policy/policy.ts';

/** The vmstat worker of a CPU runs each second (vm.stat_interval). */
const statTickNs: Nanoseconds = 1e9;

export interface SimulationOptions {
  readonly observer?: RunObserver;
}

export class Simulation {
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly seed: number;
  readonly rules: KernelRules;
  readonly memory: Memory;
  readonly tasks: TaskTable;
  readonly processors: Processors;
  readonly drains: Drains;
  readonly counters: RunCounters = newRunCounters();
  /** Time of the event that was handled last. */
  nowNs: Nanoseconds = 0;
  events = 0;
  endedBy: Run['endedBy'] = 'time';

  private readonly queue = new EventQueue(4096);
  private readonly observer: RunObserver | null;
  private readonly masks: MaskSupply;
  private readonly slowPath: SlowPath;
  private readonly steps: TaskSteps;
  private readonly kswapd: KswapdThreads;
  private readonly life: TaskLife;
  private readonly callers: OtherCallers;
  private readonly population: Population;
  /** By CPU: when a task last worked on it; the vmstat worker visits only such. */
  private readonly workedNs: Float64Array;
  private readonly checkEvery: number;
  private kernelPages: Chains;

  constructor(scenario: Scenario, policy: Policy, seed: number, options: SimulationOptions = {}) {
    this.scenario = scenario;
    this.policy = policy;
    this.seed = seed;
    this.observer = options.observer ?? null;
    this.rules = kernelRules(scenario.kernel.version);
    const { rules, queue, counters, observer } = this;
    this.memory = new Memory(scenario, rules, observer);
    this.population = new Population(scenario, this.memory.links, seed);
    this.tasks = this.population.tasks;
    this.processors = new Processors(scenario, this.tasks, queue);
    this.kswapd = new KswapdThreads({
      scenario,
      rules,
      memory: this.memory,
      tasks: this.tasks,
      processors: this.processors,
      population: this.population,
      counters,
    });
    const wakeKswapd = (cpu: CpuIndex) => this.kswapd.wake(cpu);
    this.masks = new MaskSupply(scenario, rules, policy.mask, this.memory, seed, wakeKswapd);
    const pidOf = (task: number) => pidOfTask(task);
    const { memory, tasks, processors, masks, population } = this;
    this.drains = new Drains({
      scenario,
      rules,
      policy,
      memory,
      tasks,
      processors,
      masks,
      queue,
      counters,
      observer,
      pidOf,
    });
    this.life = new TaskLife({
      scenario,
      tasks,
      processors,
      population,
      queue,
      fifoLeft: (cpu, nowNs) => this.drains.taskLeft(cpu, nowNs),
      gone: (task) => this.slowPath.gone(task),
    });
    const { drains, life } = this;
    this.callers = new OtherCallers({
      scenario,
      rules,
      memory,
      tasks,
      processors,
      population,
      drains,
      masks,
      life,
      queue,
    });
    this.slowPath = new SlowPath({
      scenario,
      rules,
      memory,
      tasks,
      processors,
      drains,
      masks,
      counters,
      observer,
      wakeKswapd,
      madeProgress: () => this.kswapd.madeProgress(),
      grant: (task, pfn) => this.steps.grant(task, pfn, this.nowNs),
      sleepFor: (task, ns) => life.sleep(task, this.nowNs, ns),
      kill: (task, nowNs) => life.kill(task, nowNs),
    });
    this.steps = new TaskSteps({
      scenario,
      memory,
      tasks,
      masks,
      slowPath: this.slowPath,
      counters,
      programOf: (task) => programs[scenario.tasks[tasks.spec[task]].kind],
      startChild: (child) => life.start(child, this.nowNs),
      balance: (task, cpu) => this.kswapd.balance(task, cpu),
    });
    processors.onStarted = (cpu, nowNs) => this.drains.started(cpu, nowNs);
    this.workedNs = new Float64Array(scenario.machine.cpus).fill(-statTickNs);
    this.checkEvery = scenario.run.checkEvery;
    const deepest = processors.states.states.length;
    counters.idleWokenByState = new Array(deepest).fill(0);
    this.kernelPages = fillMemory(scenario.machine, memory);
    life.schedule();
    queue.push(statTickNs, eventOf(EventKind.statTick, 0));
    queue.push(reapNs, eventOf(EventKind.reap, 0));
    if (observer?.sample) queue.push(observer.sampleNs ?? statTickNs, eventOf(EventKind.sample, 0));
  }

  /** Goes on to `untilNs`; true: there is more to come. */
  runUntil(untilNs: Nanoseconds): boolean {
    const { queue, scenario } = this;
    const endNs = Math.min(untilNs, scenario.run.seconds * 1e9);
    const { maxEvents } = scenario.run;
    while (queue.nextTime <= endNs) {
      this.nowNs = queue.nextTime;
      this.memory.nowNs = this.nowNs;
      const event = queue.pop();
      if (kindOf(event) === EventKind.sample) {
        // Who watches is no part of the run, and its looks are no events.
        this.sample();
        continue;
      }
      this.handle(kindOf(event), subjectOf(event));
      if (++this.events >= maxEvents) {
        this.endedBy = 'max-events';
        return false;
      }
      if (this.checkEvery > 0 && this.events % this.checkEvery === 0) this.check();
      if (this.life.over) {
        this.endedBy = 'all-tasks-dead';
        return false;
      }
    }
    if (endNs >= scenario.run.seconds * 1e9) {
      this.nowNs = scenario.run.seconds * 1e9;
      this.endedBy = 'time';
      return false;
    }
    this.nowNs = endNs;
    return true;
  }

  /** Ends the run where it is and gives its result. Checks that no page was lost. */
  finish(stopped = false): Run {
    this.check();
    if (stopped) this.endedBy = 'stopped';
    const { counters, drains, memory } = this;
    counters.refills = memory.refills;
    counters.giveBacks = memory.giveBacks;
    counters.lockedOut = memory.lockedOut;
    counters.kswapdWakes = this.kswapd.wakes;
    counters.maskPagesHeld = this.masks.cache.pagesHeld;
    counters.strandedPagesEnd = 0;
    for (const count of memory.lists.count) counters.strandedPagesEnd += count;
    return {
      policy: this.policy,
      seed: this.seed,
      simulatedNs: this.nowNs,
      events: this.events,
      endedBy: this.endedBy,
      drains: drains.columns,
      heldByCpu: drains.heldByCpu,
      counters,
      hash: this.hash(),
    };
  }

  /** Throws when a page is lost, is in two places, or a count is wrong. */
  check(): void {
    const { memory, tasks } = this;
    checkConservation({
      buddy: memory.buddy,
      lists: { counts: memory.lists, chains: memory.listChains },
      places: [
        { name: 'the page cache', chains: memory.cache.chains },
        { name: 'the holdings of tasks', chains: tasks.holdings },
        { name: 'mailboxes', chains: tasks.mailboxes },
        { name: 'what the kernel holds', chains: this.kernelPages },
      ],
      outside: (zone) => this.masks.pagesByZone[zone],
    });
  }

  // ---- What people look at: live view, snapshots of a recording ----

  pagesOnList(cpu: CpuIndex, zone: number): Pages {
    return this.memory.lists.count[cpu * this.memory.zoneCount + zone];
  }

  freePages(zone: number): Pages {
    return this.memory.buddy.free[zone];
  }

  watermark(zone: number, mark: 'min' | 'low' | 'high'): Pages {
    return this.memory.marks[mark][zone];
  }

  batch(cpu: CpuIndex, zone: number): Pages {
    return this.memory.lists.batch[cpu * this.memory.zoneCount + zone];
  }

  high(cpu: CpuIndex, zone: number): Pages {
    return this.memory.lists.high[cpu * this.memory.zoneCount + zone];
  }

  isIdle(cpu: CpuIndex): boolean {
    return this.processors.isIdle(cpu);
  }

  /** Name of a process, as a recording shows it. */
  commOf(pid: number): string {
    if (pid === 0) return 'idle';
    if (pid >= workerPids) return `kworker/${pid - workerPids}:1`;
    const task = pid - firstPid;
    return this.population.nameOf(task);
  }

  // ---- The loop ----

  private handle(kind: number, subject: number): void {
    switch (kind) {
      case EventKind.step:
        if (this.processors.due(subject, this.nowNs)) this.goOn(subject);
        return;
      case EventKind.interrupt:
        this.drains.interrupt(subject, this.nowNs);
        return;
      case EventKind.work:
        this.drains.work(subject, this.nowNs);
        return;
      case EventKind.wake:
        this.life.wake(subject, this.nowNs);
        return;
      case EventKind.hostSwitch:
        this.processors.hostSwitch(this.nowNs);
        return;
      case EventKind.statTick:
        this.statTick();
        return;
      case EventKind.reap:
        for (const cpu of this.processors.states.online) this.masks.reap(cpu, this.nowNs);
        this.memory.spentNs = 0;
        this.queue.push(this.nowNs + reapNs, eventOf(EventKind.reap, 0));
        return;
      case EventKind.cpuBack:
        this.processors.states.bringUp(subject, this.nowNs);
        this.memory.setLimits(this.processors.states.online);
        return;
      case EventKind.drainEnd:
        this.drains.flushed(subject, this.nowNs);
        return;
      default:
    }
  }

  private sample(): void {
    this.observer?.sample?.(this.nowNs);
    this.queue.push(this.nowNs + (this.observer?.sampleNs ?? statTickNs), eventOf(EventKind.sample, 0));
  }

  /** The CPU goes on with its current task, or with another. */
  private goOn(cpu: CpuIndex): void {
    const { processors, tasks, memory, nowNs } = this;
    const before = processors.current[cpu];
    processors.computeNs[cpu] = 0;
    const task = processors.pick(cpu, nowNs);
    if (task < 0) return;
    this.workedNs[cpu] = nowNs;
    memory.pid = pidOfTask(task);
    memory.spentNs = task === before ? 0 : processors.contextSwitchNs;
    if (tasks.stage[task] !== Stage.none) {
      this.slowStep(task, cpu);
      return;
    }
    const end = this.steps.run(task, cpu, nowNs);
    if (tasks.toWake.length > 0) this.life.wakeOthers(nowNs);
    const spentNs = memory.spentNs;
    memory.spentNs = 0;
    switch (end) {
      case StepEnd.sleeps:
        this.life.sleep(task, nowNs + spentNs, this.steps.sleepNs);
        processors.continueAt(cpu, nowNs + spentNs);
        return;
      case StepEnd.dead:
        this.life.bury(task, nowNs + spentNs);
        processors.continueAt(cpu, nowNs + spentNs);
        return;
      case StepEnd.calls:
        this.callers.call(task, cpu, nowNs);
        return;
      default:
        processors.computeNs[cpu] = this.steps.computeNs;
        processors.continueAt(cpu, nowNs + Math.max(1, spentNs));
        if (this.steps.computeNs > 0) processors.makeRoom(cpu, nowNs);
    }
  }

  private slowStep(task: number, cpu: CpuIndex): void {
    const { processors, memory, nowNs } = this;
    const ns = this.slowPath.step(task, cpu, nowNs);
    const spentNs = memory.spentNs;
    memory.spentNs = 0;
    // A drain decides itself when its requester goes on.
    if (ns >= 0) processors.continueAt(cpu, nowNs + ns + spentNs);
  }

  /** The vmstat worker, on CPUs that worked since its last visit; never on isolated ones. */
  private statTick(): void {
    const { memory, processors, workedNs, nowNs, scenario } = this;
    const { nodeOfCpu, zones } = scenario.machine;
    const manyNodes = scenario.machine.nodes > 1;
    for (const cpu of processors.states.online) {
      if (workedNs[cpu] < nowNs - statTickNs || processors.states.isolated.has(cpu)) continue;
      memory.spentNs = 0;
      memory.pid = pidOfTask(-2 - cpu);
      for (let zone = 0; zone < memory.zoneCount; zone++) {
        if (this.rules.decay) memory.lists.decay(cpu, zone);
        // Lists of other nodes: refresh_cpu_vm_stats frees a batch after three quiet visits; here at each visit.
        if (manyNodes && zones[zone].node !== nodeOfCpu[cpu]) {
          memory.lists.drain(cpu, zone, memory.lists.batch[cpu * memory.zoneCount + zone]);
        }
      }
      processors.delay(cpu, memory.spentNs);
    }
    memory.spentNs = 0;
    this.queue.push(nowNs + statTickNs, eventOf(EventKind.statTick, 0));
  }

  private hash(): string {
    const hash = new RunHash();
    hash.text(this.policy.name).column([this.seed, this.events, this.nowNs]);
    const { columns } = this.drains;
    for (const [, column] of drainColumnEntries(columns)) hash.column(column, columns.length);
    for (const value of Object.values(this.counters))
      hash.column(typeof value === 'number' ? [value] : value);
    hash.column(this.memory.lists.count).column(this.memory.buddy.free);
    return hash.digest();
  }
}

const firstPid = 100;
const workerPids = 1_000_000;

/** Process numbers of a recording: tasks from 100 on; -2 - cpu stands for the worker of a CPU. */
function pidOfTask(task: number): number {
  return task <= -2 ? workerPids + (-2 - task) : firstPid + task;
}
