/**
 * What waits for each CPU, in order: calls queued for an interrupt (call_single_queue, kernel/smp.c) or works
 * queued for its worker. Lists of integers over one pool, without allocation once the pool is large enough.
 */

import type { CpuIndex } from '../../base/units.ts';

const none = -1;

export class CpuFifo {
  /** Entries waiting on each CPU. */
  readonly length: Int32Array;
  private readonly first: Int32Array;
  private readonly last: Int32Array;
  private value: Int32Array;
  private next: Int32Array;
  private free: number;

  constructor(cpus: number, capacity = 256) {
    this.length = new Int32Array(cpus);
    this.first = new Int32Array(cpus).fill(none);
    this.last = new Int32Array(cpus).fill(none);
    this.value = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    for (let i = 0; i < capacity; i++) this.next[i] = i + 1 < capacity ? i + 1 : none;
    this.free = 0;
  }

  /** Queues `value` behind the others. Returns whether nothing waited there before: then the CPU must be told. */
  push(cpu: CpuIndex, value: number): boolean {
    if (this.free === none) this.grow();
    const at = this.free;
    this.free = this.next[at];
    this.value[at] = value;
    this.next[at] = none;
    if (this.length[cpu]++ === 0) {
      this.first[cpu] = at;
      this.last[cpu] = at;
      return true;
    }
    this.next[this.last[cpu]] = at;
    this.last[cpu] = at;
    return false;
  }

  /** Takes the entry that waits longest, or -1. */
  shift(cpu: CpuIndex): number {
    if (this.length[cpu] === 0) return none;
    const at = this.first[cpu];
    this.first[cpu] = this.next[at];
    this.length[cpu]--;
    this.next[at] = this.free;
    this.free = at;
    return this.value[at];
  }

  private grow(): void {
    const old = this.value.length;
    const value = new Int32Array(old * 2);
    const next = new Int32Array(old * 2);
    value.set(this.value);
    next.set(this.next);
    for (let i = old; i < 2 * old; i++) next[i] = i + 1 < 2 * old ? i + 1 : none;
    this.value = value;
    this.next = next;
    this.free = old;
  }
}
