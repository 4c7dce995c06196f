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
import { RunHash } from './accounting/run-hash.ts';
import { Kind } from './input/event-log.ts';
import type { RunObserver } from './input/run-observer.ts';
import type { Scenario } from './input/scenario.ts';
import { callPlan } from './machine/callers.ts';
import { checkConservation } from './machine/conservation.ts';
import { Drains } from './machine/drains.ts';
import { EventKind, eventOf, kindOf, subjectOf } from './machine/event-kinds.ts';
import { fillMemory } from './machine/fill-memory.ts';
import { type KernelRules, kernelRules } from './machine/kernel-rules.ts';
import { Kswapd } from './machine/kswapd.ts';
import { ZoneFlag } from './machine/list-supply.ts';
import { MaskSupply } from './machine/mask-supply.ts';
import { Memory } from './machine/memory.ts';
import { firstPriority } from './machine/page-cache.ts';
import type { Chains } from './machine/page-chains.ts';
import { Population } from './machine/population.ts';
import { Processors } from './machine/processors.ts';
import { reapNs } from './machine/slab.ts';
import { SlowPath } from './machine/slow-path.ts';
import { StepEnd, TaskSteps } from './machine/task-steps.ts';
import { Op, Stage, TaskState, type TaskTable } from './machine/task-table.ts';
import { programs } from './machine/tasks/programs.ts';
import { ZoneClass } from './machine/watermarks.ts';
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
  readonly counters: RunCounters = newCounters();
  /** Time of the event that was handled last. */
  nowNs: Nanoseconds = 0;
  events = 0;
  endedBy: Run['endedBy'] = 'time';

  private readonly queue = new EventQueue(4096);
  private readonly observer: RunObserver | null;
  private readonly masks: MaskSupply;
  private readonly slowPath: SlowPath;
  private readonly steps: TaskSteps;
  private readonly kswapd: Kswapd;
  private readonly population: Population;
  /** By CPU: when a task last worked on it; the vmstat worker visits only such. */
  private readonly workedNs: Float64Array;
  private readonly checkEvery: number;
  private tasksAlive = 0;
  /** Dead tasks that will start at a time that is known. */
  private tasksToCome = 0;
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
    this.kswapd = new Kswapd(this.memory.marks, scenario.machine.zones, scenario.machine.nodes, rules);
    const wakeKswapd = (cpu: CpuIndex) => this.wakeKswapd(cpu);
    this.masks = new MaskSupply(scenario, rules, policy.mask, this.memory, seed, wakeKswapd);
    const pidOf = (task: number) => pidOfTask(task);
    const { memory, tasks, processors, masks } = this;
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
    this.slowPath = new SlowPath({
      scenario,
      rules,
      memory,
      tasks,
      processors,
      drains: this.drains,
      masks,
      counters,
      observer,
      wakeKswapd,
      madeProgress: () => {
        for (let node = 0; node < scenario.machine.nodes; node++) this.kswapd.madeProgress(node);
      },
      grant: (task, pfn) => this.steps.grant(task, pfn, this.nowNs),
      sleepFor: (task, ns) => this.sleep(task, this.nowNs, ns),
      kill: (task, nowNs) => this.kill(task, nowNs),
    });
    this.steps = new TaskSteps({
      scenario,
      memory,
      tasks,
      masks,
      slowPath: this.slowPath,
      counters,
      programOf: (task) => programs[scenario.tasks[tasks.spec[task]].kind],
      startChild: (child) => this.startTask(child, this.nowNs),
      balance: (task, cpu) => this.balance(task, cpu),
    });
    processors.onStarted = (cpu, nowNs) => this.drains.started(cpu, nowNs);
    this.workedNs = new Float64Array(scenario.machine.cpus).fill(-statTickNs);
    this.checkEvery = scenario.run.checkEvery;
    const deepest = processors.states.states.length;
    counters.idleWokenByState = new Array(deepest).fill(0);
    this.kernelPages = fillMemory(scenario.machine, memory);
    this.prepare();
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
      if (this.tasksAlive === 0 && this.tasksToCome === 0) {
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
        this.wakeTask(subject);
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
    if (tasks.toWake.length > 0) this.wakeOthers();
    const spentNs = memory.spentNs;
    memory.spentNs = 0;
    switch (end) {
      case StepEnd.sleeps:
        this.sleep(task, nowNs + spentNs, this.steps.sleepNs);
        processors.continueAt(cpu, nowNs + spentNs);
        return;
      case StepEnd.dead:
        this.bury(task, nowNs + spentNs);
        processors.continueAt(cpu, nowNs + spentNs);
        return;
      case StepEnd.calls:
        this.call(task, cpu);
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

  /** The task leaves its CPU for `ns`, from `fromNs` on. */
  private sleep(task: number, fromNs: Nanoseconds, ns: Nanoseconds): void {
    const { tasks, processors, queue } = this;
    const cpu = tasks.cpu[task];
    tasks.state[task] = tasks.stage[task] === Stage.none ? TaskState.sleeping : TaskState.stalled;
    tasks.wakeNs[task] = fromNs + ns;
    if (processors.current[cpu] === task) {
      processors.leave(cpu, fromNs);
      if (tasks.fifo[task] === 1) this.drains.taskLeft(cpu, fromNs);
    }
    if (ns !== Number.POSITIVE_INFINITY) queue.push(fromNs + ns, eventOf(EventKind.wake, task));
  }

  private wakeTask(task: number): void {
    const { tasks } = this;
    const state = tasks.state[task];
    if (tasks.wakeNs[task] !== this.nowNs) return;
    if (state === TaskState.dead) {
      this.tasksToCome--;
      this.startTask(task, this.nowNs);
    } else if (state === TaskState.sleeping || state === TaskState.stalled) {
      tasks.wakeNs[task] = Number.POSITIVE_INFINITY;
      if (tasks.spec[task] >= 0) this.placeTask(task, this.nowNs);
      this.processors.makeRunnable(task, this.nowNs);
    }
  }

  /** Tasks that the last step woke. */
  private wakeOthers(): void {
    const { tasks, processors, nowNs } = this;
    for (const other of tasks.toWake.splice(0)) {
      if (tasks.state[other] !== TaskState.sleeping) continue;
      tasks.wakeNs[other] = Number.POSITIVE_INFINITY;
      processors.makeRunnable(other, nowNs);
    }
  }

  private startTask(task: number, nowNs: Nanoseconds): void {
    const { tasks, scenario, processors } = this;
    if (tasks.state[task] !== TaskState.dead) return;
    const spec = scenario.tasks[tasks.spec[task]];
    tasks.startedNs[task] = nowNs;
    tasks.killed[task] = 0;
    tasks.stage[task] = Stage.none;
    tasks.failed[task] = 0;
    tasks.leftNs[task] = 0;
    this.placeTask(task, nowNs);
    programs[spec.kind].start(tasks, task, spec, nowNs);
    this.tasksAlive++;
    processors.makeRunnable(task, nowNs);
  }

  /** A task that begins or wakes goes to an idle CPU of its set if its own is busy (select_task_rq_fair, select_idle_sibling). */
  private placeTask(task: number, nowNs: Nanoseconds): void {
    const { tasks, scenario, processors } = this;
    const home = tasks.cpu[task];
    const { online, idle } = processors.states;
    if (online.has(home) && (idle.has(home) || nowNs === 0)) return;
    const { cpus } = scenario.tasks[tasks.spec[task]];
    for (let cpu = cpus.next(home + 1); cpu >= 0; cpu = cpus.next(cpu + 1)) {
      if (idle.has(cpu)) {
        tasks.cpu[task] = cpu;
        return;
      }
    }
    for (let cpu = cpus.next(0); cpu >= 0; cpu = cpus.next(cpu + 1)) {
      if (idle.has(cpu) || (!online.has(tasks.cpu[task]) && online.has(cpu))) {
        tasks.cpu[task] = cpu;
        return;
      }
    }
  }

  private kill(task: number, nowNs: Nanoseconds): void {
    const { tasks, processors } = this;
    tasks.killed[task] = 1;
    if (tasks.state[task] === TaskState.sleeping) {
      tasks.wakeNs[task] = Number.POSITIVE_INFINITY;
      processors.makeRunnable(task, nowNs);
    }
  }

  private bury(task: number, nowNs: Nanoseconds): void {
    const { tasks, processors, scenario } = this;
    tasks.state[task] = TaskState.dead;
    this.tasksAlive--;
    processors.leave(tasks.cpu[task], nowNs);
    if (tasks.fifo[task] === 1) this.drains.taskLeft(tasks.cpu[task], nowNs);
    this.slowPath.gone(task);
    const spec = scenario.tasks[tasks.spec[task]];
    const again =
      programs[spec.kind].againNs?.(tasks, task, spec, nowNs) ??
      spec.extra.restartNs ??
      (tasks.killed[task] === 0 && spec.lifetimeNs > 0 ? 0 : -1);
    if (again < 0) return;
    this.tasksToCome++;
    tasks.wakeNs[task] = nowNs + again;
    this.queue.push(nowNs + again, eventOf(EventKind.wake, task));
  }

  // ---- kswapd ----

  /** wakeup_kswapd for every node that the request may use. */
  private wakeKswapd(cpu: CpuIndex): void {
    for (let node = 0; node < this.scenario.machine.nodes; node++) this.wakeKswapdOf(node, cpu);
  }

  private wakeKswapdOf(node: number, cpu: CpuIndex): void {
    const { kswapd, memory, tasks, processors } = this;
    if (!kswapd.wake(node, 0, ZoneClass.Movable, memory.buddy, memory.cache.pages(node))) return;
    const task = this.population.kswapdOfNode[node];
    this.setReclaimActive(node, true);
    memory.emit(Kind.kswapdWake, cpu, 0, 0, 0, 0, 0);
    if (tasks.state[task] !== TaskState.sleeping) return;
    // An idle CPU of the node if there is one, else where it ran last.
    const { idle, isolated } = processors.states;
    for (let other = idle.next(0); other >= 0; other = idle.next(other + 1)) {
      if (this.scenario.machine.nodeOfCpu[other] !== node || isolated.has(other)) continue;
      if (!idle.has(tasks.cpu[task])) tasks.cpu[task] = other;
      break;
    }
    processors.makeRunnable(task, this.nowNs);
  }

  /** ZONE_RECLAIM_ACTIVE of the node's zones. */
  private setReclaimActive(node: number, active: boolean): void {
    const { zoneFlags } = this.memory.lists;
    this.scenario.machine.zones.forEach((zone, index) => {
      if (zone.node !== node) return;
      if (active) zoneFlags[index] |= ZoneFlag.reclaimActive;
      else zoneFlags[index] &= ~ZoneFlag.reclaimActive;
    });
  }

  /** One pass of kswapd; false: its node is balanced, it sleeps. */
  private balance(task: number, cpu: CpuIndex): boolean {
    const { kswapd, memory, counters, scenario } = this;
    const node = this.population.nodeOfKswapd(task);
    const target = kswapd.next(node, memory.buddy, memory.cache.pages(node));
    if (target === 0) {
      this.setReclaimActive(node, false);
      memory.emit(Kind.kswapdSleep, cpu, 0, 0, 0, 0, 0);
      return false;
    }
    const pass = memory.cache.shrink(
      node,
      target,
      kswapd.priority[node],
      this.nowNs,
      (pfn) => memory.free(cpu, pfn),
      false,
    );
    kswapd.passed(node, target, pass.scanned, pass.reclaimed);
    counters.kswapdReclaimed += pass.reclaimed;
    const { costs } = scenario;
    memory.spentNs +=
      Math.round(costs.reclaimEntryNs / (firstPriority + 1)) +
      pass.scanned * costs.scanPageNs +
      pass.reclaimed * costs.reclaimPerPageNs;
    return true;
  }

  // ---- Other callers ----

  /** A caller's turn: its drains one after the other, then the pause until the next call. */
  private call(task: number, cpu: CpuIndex): void {
    const { tasks, memory, scenario, processors, nowNs, rules } = this;
    const spec = scenario.calls[this.population.callOf(task)];
    const plan = callPlan(spec.cause, rules);
    if (tasks.phase[task] === 0) this.beginCall(spec, cpu);
    if (tasks.phase[task] < plan.drains) {
      tasks.phase[task]++;
      tasks.stage[task] = Stage.drain;
      const zone = plan.namesZone ? Math.max(0, spec.zone >= 0 ? spec.zone : memory.zoneCount - 1) : -1;
      this.drains.request(task, cpu, spec.cause, zone, plan.forced, 0, nowNs);
      return;
    }
    tasks.phase[task] = 0;
    memory.spentNs = 0;
    if (spec.everyNs > 0) this.sleep(task, nowNs, spec.everyNs);
    else {
      tasks.state[task] = TaskState.dead;
      processors.leave(cpu, nowNs);
      this.tasksAlive--;
    }
    processors.continueAt(cpu, nowNs);
  }

  private beginCall(spec: Scenario['calls'][number], cpu: CpuIndex): void {
    const { memory, scenario } = this;
    const zone = scenario.machine.zones[spec.zone >= 0 ? spec.zone : memory.zoneCount - 1];
    const from = zone.startPfn + zone.pages - Math.max(1, spec.pages);
    switch (spec.cause) {
      case 'memory-offline':
        memory.emit(Kind.offlinePages, cpu, from, 0, spec.pages, 0, 0);
        return;
      case 'memory-failure':
        memory.emit(Kind.memoryFailure, cpu, from, 0, 0, 0, 0);
        return;
      case 'soft-offline':
        memory.emit(Kind.softOfflinePage, cpu, from, 0, 0, 0, 0);
        return;
      case 'contiguous-range':
        memory.emit(Kind.allocContigRange, cpu, from, 0, from + spec.pages, 0, 0);
        return;
      case 'compaction':
        memory.emit(Kind.kcompactdDoWork, cpu, 0, 0, 0, 0, 0);
        return;
      case 'cpu-offline':
        this.takeDown(spec.victim, cpu, spec.backNs);
        return;
      default:
    }
  }

  /** A CPU goes offline: its tasks move, and the caller empties its lists (page_alloc_cpu_dead). */
  private takeDown(victim: CpuIndex, by: CpuIndex, backNs: Nanoseconds): void {
    const { processors, memory, tasks, nowNs, queue } = this;
    const { states } = processors;
    // Moving a running task is not modelled: a CPU goes if it is idle, and then not twice.
    if (victim === by || !states.idle.has(victim)) return;
    for (let task = 0; task < tasks.length; task++) if (tasks.cpu[task] === victim) tasks.cpu[task] = by;
    states.bringDown(victim, nowNs);
    memory.emit(Kind.cpuDead, by, 0, 0, victim, 0, 0);
    for (let zone = 0; zone < memory.zoneCount; zone++) {
      memory.emit(Kind.drainPagesZone, by, 0, 0, victim, zone, 0);
      memory.drainLists(victim, zone, by);
    }
    this.masks.cache.flushCpu(victim);
    memory.setLimits(states.online);
    if (backNs > 0) queue.push(nowNs + backNs, eventOf(EventKind.cpuBack, victim));
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

  private prepare(): void {
    const { queue, tasks, scenario, population } = this;
    for (let task = 0; task < tasks.length; task++) {
      if (population.isKswapd(task)) {
        tasks.state[task] = TaskState.sleeping;
        tasks.wakeNs[task] = Number.POSITIVE_INFINITY;
        tasks.set(task, Op.balance, 1);
        tasks.unkillable[task] = 1;
        continue;
      }
      const call = population.callOf(task);
      if (call >= 0) {
        tasks.set(task, Op.call, 1);
        tasks.unkillable[task] = 1;
        tasks.state[task] = TaskState.sleeping;
        tasks.wakeNs[task] = scenario.calls[call].startNs;
        this.tasksAlive++;
        queue.push(scenario.calls[call].startNs, eventOf(EventKind.wake, task));
        continue;
      }
      if (population.isChild(task)) continue;
      const { startNs } = scenario.tasks[tasks.spec[task]];
      tasks.wakeNs[task] = startNs;
      queue.push(startNs, eventOf(EventKind.wake, task));
      this.tasksToCome++;
    }
    queue.push(statTickNs, eventOf(EventKind.statTick, 0));
    queue.push(reapNs, eventOf(EventKind.reap, 0));
    if (this.observer?.sample) queue.push(this.observer.sampleNs ?? statTickNs, eventOf(EventKind.sample, 0));
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

function newCounters(): RunCounters {
  return {
    pageOperations: 0,
    allocations: 0,
    frees: 0,
    allocationFailures: 0,
    refills: 0,
    giveBacks: 0,
    allocstall: 0,
    directReclaimProgress: 0,
    directReclaimNoProgress: 0,
    directReclaimNs: 0,
    throttled: 0,
    kswapdWakes: 0,
    kswapdReclaimed: 0,
    oomKills: 0,
    disturbedNs: 0,
    isolatedDisturbedNs: 0,
    idleWokenByState: [],
    lostResidencyNs: 0,
    lockedOut: 0,
    maskPagesHeld: 0,
    sendMaskAllocations: 0,
    sendMaskFailures: 0,
    strandedPagesEnd: 0,
  };
}
