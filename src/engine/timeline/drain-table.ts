/**
 * Every drain of a recording or a run with who held pages, in columns: what the pictures of single drains are drawn from.
 * Holders are kept sparse, so that ten thousand drains of 4,096 CPUs take what their holders take.
 */

import { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds, Pages } from '../../base/units.ts';
import { DrainStatus } from '../accounting/drain-log.ts';
import type { DrainOutcome, DrainRequest } from '../input/drain-request.ts';
import type { Machine } from '../input/machine.ts';
import { Decision, decide } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';

/** One drain, for people. */
export interface DrainRecord {
  readonly number: number;
  readonly timeNs: Nanoseconds;
  /** -1: not told. */
  readonly endNs: Nanoseconds;
  readonly cpu: CpuIndex;
  readonly pid: number;
  readonly cause: DrainRequest['cause'];
  readonly zone: number;
  readonly forced: boolean;
  readonly turnedAway: boolean | null;
  /** CPUs that held pages, ascending, and the pages of each (-1: how many is not known); of `unknown` not even whether. */
  readonly holders: readonly CpuIndex[];
  readonly pages: readonly Pages[];
  readonly unknown: readonly CpuIndex[];
  /** CPUs that the kernel drained; null: not told. */
  readonly targets: readonly CpuIndex[] | null;
  /** -1: not told. */
  readonly pagesDrained: Pages;
  readonly interruptsSent: number;
}

export class DrainTable {
  readonly #machine: Machine;
  readonly #records: DrainRecord[] = [];
  readonly #online: BitSet[] = [];
  /** Numbers of the drains that were turned away, once it was judged. */
  #away: Set<number> | null = null;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  get length(): number {
    return this.#records.length;
  }

  at(number: number): DrainRecord {
    return this.#records[number];
  }

  /** The last drain that was asked for at `timeNs` or before, or -1. */
  lastUntil(timeNs: Nanoseconds): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#records[middle].timeNs <= timeNs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Called with each request and, directly after it, with its outcome. */
  requested(request: DrainRequest): void {
    const holders = [...request.holders];
    this.#online.push(this.#sharedOnline(request.online));
    this.#records.push({
      number: this.#records.length,
      timeNs: request.timeNs,
      endNs: -1,
      cpu: request.cpu,
      pid: request.pid,
      cause: request.cause,
      zone: request.zone,
      forced: request.forced,
      turnedAway: null,
      holders,
      pages: holders.map((cpu) => (request.pagesNotKnown === true ? -1 : request.pages[cpu])),
      unknown: [...request.unknown],
      targets: null,
      pagesDrained: -1,
      interruptsSent: -1,
    });
  }

  ended(outcome: DrainOutcome): void {
    this.#change(this.#records.length - 1, {
      endNs: outcome.endNs,
      turnedAway: outcome.turnedAway,
      targets: outcome.targets === null ? null : [...outcome.targets],
      pagesDrained: outcome.pagesDrained,
      interruptsSent: outcome.interruptsSent,
    });
  }

  /** A simulated drain is over; it brought `pagesDrained` back. */
  endedAt(number: number, endNs: Nanoseconds, pagesDrained: Pages): void {
    this.#change(number, { endNs, pagesDrained });
  }

  /** A simulated caller returned at once. */
  turnedAway(number: number, endNs: Nanoseconds): void {
    this.#change(number, { endNs, turnedAway: true });
  }

  #change(number: number, told: Partial<DrainRecord>): void {
    this.#records[number] = { ...this.#records[number], ...told };
  }

  /** CPUs that were online at a drain. */
  onlineAt(number: number): BitSet {
    return this.#online[number];
  }

  /** Adds a drain that was kept elsewhere. */
  restore(record: DrainRecord, online: BitSet, wasTurnedAway: boolean): void {
    this.#online.push(this.#sharedOnline(online));
    this.#records.push(record);
    this.#away ??= new Set();
    if (wasTurnedAway) this.#away.add(this.length - 1);
  }

  /** Becomes as `other`. */
  copyFrom(other: DrainTable): void {
    for (let i = 0; i < other.length; i++)
      this.restore(other.at(i), other.onlineAt(i), other.wasTurnedAway(i));
  }

  /** What the ledger found each call to be (`DrainStatus`), also where the recording does not tell. */
  judged(status: Uint8Array): void {
    this.#away = new Set();
    for (let i = 0; i < this.length; i++) if (status[i] === DrainStatus.turnedAway) this.#away.add(i);
  }

  /** The recorded kernel sent the caller away at once; false where nothing tells. */
  wasTurnedAway(number: number): boolean {
    if (this.#away !== null) return this.#away.has(number);
    return this.#records[number].turnedAway === true;
  }

  /** CPUs that `policy` would have disturbed at a drain, the requester's own part included. */
  targetsOf(policy: Policy, number: number): CpuIndex[] {
    const { cpuCount } = this.#machine;
    const record = this.#records[number];
    const pages = new Int32Array(cpuCount);
    for (const [i, cpu] of record.holders.entries()) pages[cpu] = Math.max(0, record.pages[i]);
    const decision = new Decision(cpuCount);
    decide(
      policy,
      {
        number,
        timeNs: record.timeNs,
        cpu: record.cpu,
        pid: record.pid,
        cause: record.cause,
        zone: record.zone,
        forced: record.forced,
        online: this.#online[number],
        isolated: this.#machine.isolated,
        pages,
        holders: BitSet.of(cpuCount, record.holders),
        unknown: BitSet.of(cpuCount, record.unknown),
        concurrent: 0,
      },
      decision,
    );
    return [...decision.targets];
  }

  /** The set is nearly always that of the drain before. */
  #sharedOnline(online: BitSet): BitSet {
    const last = this.#online.at(-1);
    return last?.equals(online) ? last : online.clone();
  }
}
