/** Takes each event of a recording and hands it to those who count: the one place that knows names of events and fields. */

import { DrainlabError } from '../base/errors.ts';
import type { TraceEvent } from '../trace/trace-reader.ts';
import { Calls } from './calls.ts';
import type { Cause } from './cause-table.ts';
import { Count } from './count-rows.ts';
import { DrainRuns } from './drain-runs.ts';
import { cpusOf, EventFields } from './event-fields.ts';
import { type FunctionNames, functionOf, isAddress, isDrainFunction, noName } from './function-names.ts';
import { Interrupts, kindOfWay, type Way } from './interrupts.ts';
import type { Sender, Tally } from './tally.ts';
import { Works } from './works.ts';

/** Handlers of x86 by event, and the ways that they serve. */
const handlers: Readonly<Record<string, readonly Way[]>> = {
  call_function_single_entry: ['callSingle'],
  call_function_entry: ['callMany'],
  reschedule_entry: ['reschedule'],
  irq_work_entry: ['irqWork'],
};

/** Of callbacks of ipi_send_*. */
interface CallbackTally {
  events: number;
  targets: number;
  isolatedTargets: number;
}

export interface CollectorOptions {
  readonly name: string;
  readonly functions: FunctionNames;
  /** Are cpumasks, and bitmasks, printed in hexadecimal? Of a trace.dat both are lists, of ftrace text neither is. */
  readonly hexMasks: boolean;
  readonly hexBitmasks: boolean;
}

export class Collector {
  readonly interrupts: Interrupts;
  readonly calls: Calls;
  readonly works: Works;
  /** By number of the function. */
  readonly callbacks: Map<number, CallbackTally> = new Map();
  /** Events by name. */
  readonly counts: Map<string, number> = new Map();
  unreadable = 0;
  readonly #drains: DrainRuns;
  readonly #tally: Tally;
  readonly #options: CollectorOptions;
  readonly #functions: FunctionNames;
  /** Tasks that requested drains of the patched kernel, by the drain's number. */
  readonly #requesters: Map<number, string> = new Map();
  /** By sender: targets of its last ipi_send_*, of which ipi_raise is the second event. */
  readonly #lastTargets: Map<number, string> = new Map();
  #drainCall: Cause | undefined;
  readonly #byName: ReadonlyMap<string, (event: TraceEvent) => void>;

  constructor(tally: Tally, options: CollectorOptions) {
    this.#tally = tally;
    this.#options = options;
    this.#functions = options.functions;
    this.interrupts = new Interrupts(tally);
    this.calls = new Calls(tally);
    this.works = new Works(tally);
    this.#drains = new DrainRuns(tally);
    this.#byName = new Map<string, (event: TraceEvent) => void>([
      ['ipi_send_cpu', (event) => this.#sendCpu(event)],
      ['ipi_send_cpumask', (event) => this.#sendMask(event)],
      ['ipi_raise', (event) => this.#raise(event)],
      ['csd_queue_cpu', (event) => this.#queueCall(event)],
      ['csd_function_entry', (event) => this.#functionEntry(event)],
      ['csd_function_exit', (event) => this.#functionExit(event)],
      [
        'ipi_entry',
        (event) => this.interrupts.entered(event.timeNs, event.cpu, servedBy(wayOfReason(event))),
      ],
      ['ipi_exit', (event) => this.#handlerExit(event)],
      ['workqueue_queue_work', (event) => this.#queueWork(event)],
      ['workqueue_execute_start', (event) => this.#startWork(event)],
      ['workqueue_execute_end', (event) => this.works.end(event.timeNs, event.pid)],
      ['pcp_drain_begin', (event) => this.#drainBegin(event)],
      ['pcp_drain_end', (event) => this.#requesters.delete(new EventFields(event).number('seq'))],
      ['pcp_drain_ipi', (event) => this.#drainReported(event)],
      ['drain_local_pages', (event) => this.#drainProbe(event)],
      ['mm_page_pcpu_drain', (event) => this.#pageFreed(event)],
      ...Object.entries(handlers).flatMap(
        ([entry, served]): Array<[string, (event: TraceEvent) => void]> => [
          [entry, (event) => this.interrupts.entered(event.timeNs, event.cpu, served)],
          [entry.replace('_entry', '_exit'), (event) => this.#handlerExit(event)],
        ],
      ),
    ]);
  }

  take(event: TraceEvent): void {
    const { name } = event;
    const act = this.#byName.get(name);
    if (act === undefined) return;
    if (event.cpu < 0) throw this.#noCpu();
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    act(event);
  }

  finish(): void {
    this.interrupts.finish();
    this.calls.finish();
    this.works.finish();
  }

  #sendCpu(event: TraceEvent): void {
    const fields = new EventFields(event);
    const cpu = fields.cpu('cpu');
    this.#send(event, fields, cpu < 0 ? null : [cpu], 'callSingle');
  }

  #sendMask(event: TraceEvent): void {
    const fields = new EventFields(event);
    this.#send(event, fields, cpusOf(fields.value('cpumask'), this.#options.hexMasks), 'callMany');
  }

  #send(event: TraceEvent, fields: EventFields, targets: readonly number[] | null, callWay: Way): void {
    const callback = this.#functions.numberOf(fields.value('callback'));
    const callsite = this.#functions.numberOf(fields.value('callsite'));
    this.#countCallback(callback, targets ?? []);
    if (targets === null) {
      this.unreadable++;
      return;
    }
    const way = this.#wayOf(callback, callsite, callWay);
    const sender = senderOf(event);
    this.#lastTargets.set(event.cpu, String(targets));
    for (const target of targets) {
      const called = kindOfWay[way] === 'call' ? this.calls.takeCause(sender.cpu, target) : undefined;
      const cause = called ?? this.#tally.causes.of(kindOfWay[way], this.#calledFunction(callback), callsite);
      this.interrupts.sent(event.timeNs, target, way, cause, sender);
    }
  }

  #countCallback(callback: number, targets: readonly number[]): void {
    const known = this.callbacks.get(callback) ?? { events: 0, targets: 0, isolatedTargets: 0 };
    known.events++;
    known.targets += targets.length;
    known.isolatedTargets += targets.filter((cpu) => this.#tally.isIsolated(cpu)).length;
    this.callbacks.set(callback, known);
  }

  /**
   * What is sent without a callback is a reschedule interrupt; irq_work gives its own function (kernel/irq_work.c). An address
   * without a name is taken for the handler of calls, which all but few are.
   */
  #wayOf(callback: number, callsite: number, callWay: Way): Way {
    if (callback === noName) return 'reschedule';
    if (this.#isCallHandler(callback)) return callWay;
    return /irq_work/.test(this.#functions.nameOf(callsite)) ? 'irqWork' : 'other';
  }

  /** The handler of every call says nothing of the function that is called. */
  #calledFunction(callback: number): number {
    return this.#isCallHandler(callback) ? noName : callback;
  }

  #isCallHandler(callback: number): boolean {
    const name = this.#functions.nameOf(callback);
    return functionOf(name) === callHandler || isAddress(name);
  }

  /** arm, arm64. From 6.4 on it follows the ipi_send_* of the same interrupt. */
  #raise(event: TraceEvent): void {
    const targets = cpusOf(/target_mask=(\S+)/.exec(event.printed())?.[1], this.#options.hexBitmasks);
    if (targets === null) {
      this.unreadable++;
      return;
    }
    const isSecond = this.#lastTargets.get(event.cpu) === String(targets);
    this.#lastTargets.delete(event.cpu);
    if (isSecond) return;
    const way = wayOfReason(event);
    for (const target of targets) {
      const called = kindOfWay[way] === 'call' ? this.calls.takeCause(event.cpu, target) : undefined;
      const cause = called ?? this.#tally.causes.of(kindOfWay[way]);
      this.interrupts.sent(event.timeNs, target, way, cause, senderOf(event));
    }
  }

  #queueCall(event: TraceEvent): void {
    const fields = new EventFields(event);
    const victim = fields.cpu('cpu');
    if (victim < 0) {
      this.unreadable++;
      return;
    }
    const callback = this.#functions.numberOf(fields.value('func'));
    const cause = this.#tally.causes.of('call', callback, this.#functions.numberOf(fields.value('callsite')));
    const isWakeup = this.#functions.nameOf(callback) === 'sched_ttwu_pending';
    this.calls.queue(event.timeNs, victim, fields.pointer('csd'), cause, isWakeup, senderOf(event));
  }

  #functionEntry(event: TraceEvent): void {
    const fields = new EventFields(event);
    const { cpu, timeNs } = event;
    const called = this.calls.entered(timeNs, cpu, fields.pointer('csd'), this.interrupts.isInCall(cpu));
    const callback = this.#functions.numberOf(fields.value('func'));
    if (called !== undefined && isDrainFunction(this.#functions.nameOf(callback)))
      this.#drains.begin(cpu, called);
  }

  #functionExit({ timeNs, cpu }: TraceEvent): void {
    this.calls.exited(timeNs, cpu);
    this.#drains.end(cpu);
  }

  #handlerExit({ timeNs, cpu }: TraceEvent): void {
    this.interrupts.exited(timeNs, cpu);
    this.#drains.leave(cpu);
  }

  #queueWork(event: TraceEvent): void {
    const fields = new EventFields(event);
    const callback = this.#functions.numberOf(fields.value('function'));
    const queue = fields.text('workqueue');
    // Up to 5.11 the queue is an address, which names nothing.
    const callsite = this.#functions.numberOf(/^[A-Za-z_]/.test(queue) ? queue : undefined);
    const cause = this.#tally.causes.of('work', callback, callsite);
    this.works.queue(event.timeNs, workOf(fields), fields.cpu('cpu'), cause, senderOf(event));
  }

  #startWork(event: TraceEvent): void {
    const fields = new EventFields(event);
    const callback = this.#functions.numberOf(fields.value('function'));
    const isDrain = isDrainFunction(this.#functions.nameOf(callback));
    this.works.start(event.timeNs, workOf(fields), event.cpu, event.pid, isDrain);
  }

  #drainBegin(event: TraceEvent): void {
    if (this.#requesters.size > 4096) this.#requesters.clear();
    this.#requesters.set(new EventFields(event).number('seq'), event.comm);
  }

  /** Its own CPU drains the requester without an interrupt. */
  #drainReported(event: TraceEvent): void {
    const fields = new EventFields(event);
    const cpu = fields.cpu('req_cpu');
    if (cpu === event.cpu) return;
    const cause = this.#drainCause();
    const sender = { cpu, comm: this.#requesters.get(fields.number('seq')) ?? '' };
    if (cpu >= 0) this.#tally.disturbed(Count.calls, event.timeNs, event.cpu, cause, sender);
    this.interrupts.explain(event.cpu, cause);
    this.#drains.reported(event.cpu, cause, fields.number('pages'));
  }

  #drainProbe({ cpu }: TraceEvent): void {
    if (!this.interrupts.isInCall(cpu)) return;
    const cause = this.#drainCause();
    this.interrupts.explain(cpu, cause);
    this.#drains.begin(cpu, cause);
  }

  #drainCause(): Cause {
    this.#drainCall ??= this.#tally.causes.of('call', this.#functions.numberOf('drain_local_pages'));
    return this.#drainCall;
  }

  #pageFreed({ cpu, pid }: TraceEvent): void {
    this.#drains.pageFreed(cpu);
    this.works.pageFreed(pid);
  }

  #noCpu(): DrainlabError {
    return new DrainlabError('has no column with the CPU of each event', {
      code: 'E_TRACE_NO_CPU',
      where: this.#options.name,
      hint: 'Record all CPUs (`perf record -a`) and print the CPU (`perf script -F +cpu`).',
    });
  }
}

const callHandler = 'generic_smp_call_function_single_interrupt';

function senderOf({ cpu, comm }: TraceEvent): Sender {
  return { cpu, comm };
}

/** `work struct=`, `work struct 0x…:` and the raw field `work`; text with blanks in a name is cut at them. */
function workOf(fields: EventFields): number | bigint | string | undefined {
  return fields.pointer('work') ?? fields.pointer('struct');
}

/** arm and arm64 tell interrupts apart by words (ipi_types in their smp.c). */
function wayOfReason(event: TraceEvent): Way {
  const reason = event.printed();
  if (/Function call/i.test(reason)) return 'callSingle';
  if (/Reschedul/i.test(reason)) return 'reschedule';
  if (/IRQ work/i.test(reason)) return 'irqWork';
  if (/Timer/i.test(reason)) return 'timer';
  return /stop|crash/i.test(reason) ? 'stop' : 'other';
}

/** One handler of arm serves calls to one CPU and to many. */
function servedBy(way: Way): readonly Way[] {
  return way === 'callSingle' ? ['callSingle', 'callMany'] : [way];
}
