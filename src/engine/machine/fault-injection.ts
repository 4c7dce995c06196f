/**
 * Fault injection as the kernel does it: attributes and order of tests of lib/fault-inject.c (3.0 and 6.x), failslab
 * (mm/failslab.c) and fail_page_alloc (mm/page_alloc.c, later mm/fail_page_alloc.c). The simulated machine has no
 * call stacks: the stack filter takes part only where a caller says that it refused.
 */

import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { FaultSpec } from '../input/scenario.ts';

/** Which of two fault points draws: each has a random stream of its own. */
export const faultStreams = { failslab: 1, failPageAlloc: 2 } as const;

/** What a fault point asks about a call. Missing: no. */
export interface FaultCall {
  /** Runs in interrupt context: no task can be marked. */
  readonly inInterrupt?: boolean;
  /** /proc/PID/make-it-fail of the task. */
  readonly taskMarked?: boolean;
  /** /proc/PID/fail-nth: number of the task in `failNth`; 6.x only. */
  readonly task?: number;
  /** The stack filter would refuse this call. */
  readonly outsideStack?: boolean;
  /** The request may sleep (__GFP_WAIT, later __GFP_DIRECT_RECLAIM). */
  readonly mayWait?: boolean;
  readonly noFail?: boolean;
  /** The cache is flagged for failslab. */
  readonly cacheFlagged?: boolean;
  /** __GFP_HIGHMEM: pages of user memory and of the page cache. */
  readonly highmem?: boolean;
}

const noCall: FaultCall = {};

export class FaultPoint {
  readonly spec: FaultSpec;
  /** Failures still to come; -1: without end. */
  times: number;
  /** Size that is let through first. */
  space: number;
  /** Calls that were asked, and that failed. */
  calls = 0;
  failures = 0;
  /** Calls to go until the one that fails, by task (6.x); 0 or missing: not in use. */
  readonly failNth = new Map<number, number>();
  private readonly order: '3.0' | '6.x';
  private readonly random: ReturnType<typeof xoroshiro128plus>;
  private count = 0;

  constructor(spec: FaultSpec, order: '3.0' | '6.x', seed: number) {
    this.spec = spec;
    this.order = order;
    this.times = spec.times;
    this.space = spec.space;
    this.random = xoroshiro128plus(seed);
  }

  /** should_fail(attr, size). */
  shouldFail(size: number, call: FaultCall = noCall): boolean {
    this.calls++;
    const fails = this.order === '3.0' ? this.draws30(size, call) : this.draws6(size, call);
    if (fails) {
      this.failures++;
      if (this.times > 0) this.times--;
    }
    return fails;
  }

  private draws30(size: number, call: FaultCall): boolean {
    if (this.refusesTask(call)) return false;
    if (this.times === 0) return false;
    if (this.passesSpace(size) || this.passesInterval() || this.passesProbability()) return false;
    return call.outsideStack !== true;
  }

  private draws6(size: number, call: FaultCall): boolean {
    const nth = call.inInterrupt ? 0 : (this.failNth.get(call.task ?? -1) ?? 0);
    if (nth > 0) {
      if (call.outsideStack) return false;
      this.failNth.set(call.task ?? -1, nth - 1);
      return nth === 1;
    }
    if (this.spec.probability === 0 || this.refusesTask(call) || this.times === 0) return false;
    if (call.outsideStack) return false;
    return !(this.passesSpace(size) || this.passesInterval() || this.passesProbability());
  }

  private refusesTask(call: FaultCall): boolean {
    return this.spec.taskFilter && (call.inInterrupt === true || call.taskMarked !== true);
  }

  /** The budget pays for the call. */
  private passesSpace(size: number): boolean {
    if (this.space <= size) return false;
    this.space -= size;
    return true;
  }

  private passesInterval(): boolean {
    if (this.spec.interval <= 1) return false;
    this.count++;
    return this.count % this.spec.interval !== 0;
  }

  private passesProbability(): boolean {
    return this.spec.probability <= uniformInt(this.random, 0, 99);
  }
}

/** should_failslab: asked at each slab allocation, before any cached object is looked at. */
export function failsSlab(point: FaultPoint, objectBytes: number, call: FaultCall): boolean {
  if (call.noFail) return false;
  if (point.spec.ignoreGfpWait && call.mayWait) return false;
  if (point.spec.cacheFilter && !call.cacheFlagged) return false;
  return point.shouldFail(objectBytes, call);
}

/** should_fail_alloc_page: asked once at each request for pages. ignore-gfp-highmem is on, its default. */
export function failsPageAlloc(point: FaultPoint, order: number, call: FaultCall): boolean {
  if (order < point.spec.minOrder) return false;
  if (call.noFail) return false;
  if (call.highmem) return false;
  if (point.spec.ignoreGfpWait && call.mayWait) return false;
  return point.shouldFail(2 ** order, call);
}

/** What the kernel has before anybody writes to debugfs. */
export const faultDefaults: FaultSpec = {
  probability: 0,
  interval: 1,
  times: 1,
  space: 0,
  taskFilter: false,
  ignoreGfpWait: true,
  cacheFilter: false,
  minOrder: 1,
};
