/**
 * Work items (workqueue_queue_work, _execute_start, _execute_end), paired by the pointer of the item. A work disturbs the CPU that
 * carries it out when another one queued it; an unbound work (req_cpu is NR_CPUS) shows only then which CPU that is.
 */

import type { Cause } from './cause-table.ts';
import { Count } from './count-rows.ts';
import type { Sender, Tally } from './tally.ts';

const pendingMax = 1 << 17;

type Pointer = number | bigint | string;

interface PendingWork {
  readonly queuedNs: number;
  readonly cause: Cause;
  readonly sender: Sender;
}

interface OpenWork {
  readonly startNs: number;
  readonly cpu: number;
  readonly cause: Cause;
  readonly isDrain: boolean;
  /** Carried out for another CPU. */
  readonly isFromAfar: boolean;
  pagesFreed: number;
}

export class Works {
  worksWithoutStart = 0;
  startsWithoutQueue = 0;
  readonly #tally: Tally;
  readonly #pending: Map<Pointer, PendingWork> = new Map();
  /** By thread id of the worker. */
  readonly #open: Map<number, OpenWork> = new Map();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** `cpu`: whose worker is to carry it out; -1: any. */
  queue(timeNs: number, work: Pointer | undefined, cpu: number, cause: Cause, sender: Sender): void {
    if (cpu >= 0 && cpu !== sender.cpu) this.#tally.disturbed(Count.worksQueued, timeNs, cpu, cause, sender);
    if (work === undefined) return;
    if (this.#pending.delete(work)) this.worksWithoutStart++;
    if (this.#pending.size >= pendingMax) {
      const [oldest] = this.#pending.keys();
      this.#pending.delete(oldest);
      this.worksWithoutStart++;
    }
    this.#pending.set(work, { queuedNs: timeNs, cause, sender });
  }

  start(timeNs: number, work: Pointer | undefined, cpu: number, pid: number, isDrain: boolean): void {
    const pending = work === undefined ? undefined : this.#pending.get(work);
    if (work === undefined || pending === undefined) {
      this.startsWithoutQueue++;
      return;
    }
    this.#pending.delete(work);
    const { cause, sender, queuedNs } = pending;
    const isFromAfar = sender.cpu !== cpu;
    if (isFromAfar) {
      this.#tally.disturbed(Count.worksExecuted, timeNs, cpu, cause, sender);
      cause.runLatency.add(timeNs - queuedNs);
    }
    if (this.#open.size >= pendingMax) this.#open.clear();
    this.#open.set(pid, { startNs: timeNs, cpu, cause, isDrain, isFromAfar, pagesFreed: 0 });
  }

  end(timeNs: number, pid: number): void {
    const work = this.#open.get(pid);
    if (work === undefined) return;
    this.#open.delete(pid);
    if (!work.isFromAfar) return;
    work.cause.runDuration.add(timeNs - work.startNs);
    this.#tally.ran(work.cpu, timeNs - work.startNs);
    if (work.isDrain) this.#tally.drainJudged(work.cpu, work.cause, work.pagesFreed > 0);
  }

  /** A page went from a list to the free lists, by this thread. */
  pageFreed(pid: number): void {
    const work = this.#open.get(pid);
    if (work !== undefined) work.pagesFreed++;
  }

  /** At the end of the recording. */
  finish(): void {
    this.worksWithoutStart += this.#pending.size;
  }
}
