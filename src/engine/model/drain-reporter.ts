/** Passes a drain on, once everything about it is known: as a request with the state of the lists, and its outcome. */

import { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, ZoneIndex } from '../../base/units.ts';
import type { DrainOutcome, DrainRequest } from '../input/drain-request.ts';
import type { Machine } from '../input/machine.ts';
import type { Drain } from './drain.ts';
import type { ListRules } from './list-rules.ts';
import type { Look, Looks } from './looks.ts';
import type { PageLists } from './page-lists.ts';

export interface DrainListener {
  request(request: DrainRequest, drain: Drain): void;
  outcome(outcome: DrainOutcome, drain: Drain): void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class DrainReporter {
  readonly #lists: PageLists;
  readonly #looks: Looks;
  readonly #rules: ListRules;
  readonly #listener: DrainListener;
  readonly #online: BitSet;
  readonly #request: Mutable<DrainRequest>;
  readonly #outcome: Mutable<DrainOutcome>;
  /** Pages by CPU, all 0 between uses. */
  readonly #scratch: Int32Array;

  constructor(machine: Machine, lists: PageLists, looks: Looks, rules: ListRules, listener: DrainListener) {
    this.#lists = lists;
    this.#looks = looks;
    this.#rules = rules;
    this.#listener = listener;
    this.#online = machine.online.clone();
    this.#scratch = new Int32Array(machine.cpuCount);
    this.#request = {
      number: 0,
      timeNs: 0,
      cpu: 0,
      pid: 0,
      cause: 'unknown',
      zone: -1,
      forced: false,
      online: this.#online,
      isolated: machine.isolated,
      pages: new Int32Array(machine.cpuCount),
      holders: new BitSet(machine.cpuCount),
      unknown: new BitSet(machine.cpuCount),
      concurrent: 0,
    };
    this.#outcome = {
      number: 0,
      endNs: -1,
      targets: null,
      kernelHolders: null,
      rebuiltHolders: new BitSet(machine.cpuCount),
      turnedAway: null,
      pagesDrained: -1,
      interruptsSent: -1,
    };
  }

  /** From now on the CPU is not online. */
  cpuDied(cpu: CpuIndex): void {
    this.#online.delete(cpu);
  }

  /** Its looks are given back: the drain is done with. */
  pass(drain: Drain): void {
    const looked = drain.looked as Look;
    this.#looks.close(looked);
    if (drain.beforeInterrupt !== null) this.#looks.giveBack(drain.beforeInterrupt);
    // What policies are asked about is what is checked: the lists when the kernel looked at them.
    this.#fillRequest(drain, looked);
    this.#listener.request(this.#request, drain);
    this.#fillOutcome(drain, looked);
    this.#listener.outcome(this.#outcome, drain);
    this.#looks.giveBack(looked);
  }

  #fillRequest(drain: Drain, looked: Look): void {
    const request = this.#request;
    request.number = drain.number;
    request.timeNs = drain.timeNs;
    request.cpu = drain.cpu;
    request.pid = drain.pid;
    request.cause = drain.cause;
    request.zone = drain.zone;
    request.forced = drain.forced;
    request.concurrent = drain.concurrent;
    for (const cpu of request.holders) request.pages[cpu] = 0;
    if (drain.light !== null) {
      this.#fillByKernel(drain);
      return;
    }
    this.#holdersIn(looked, drain.zone, request.holders, request.pages);
    request.unknown.copyFrom(this.#lists.unanchored);
    request.unknown.keepOnly(this.#online);
    request.unknown.deleteAll(request.holders);
  }

  /** Holders by the kernel's own look; without one, nobody is known to hold pages and nobody not to. */
  #fillByKernel(drain: Drain): void {
    const request = this.#request;
    request.pagesNotKnown = true;
    request.holders.clear();
    request.unknown.clear();
    if (!drain.kernelHoldersTold) {
      request.unknown.copyFrom(this.#online);
      return;
    }
    request.holders.copyFrom(drain.kernelHolders);
    request.holders.keepOnly(this.#online);
    for (const cpu of request.holders) request.pages[cpu] = 1;
  }

  #fillOutcome(drain: Drain, looked: Look): void {
    const outcome = this.#outcome;
    outcome.number = drain.number;
    outcome.endNs = drain.endNs;
    outcome.targets = drain.targetsTold ? drain.targets : null;
    outcome.kernelHolders = drain.kernelHoldersTold ? drain.kernelHolders : null;
    outcome.turnedAway = drain.turnedAway;
    outcome.pagesDrained = drain.pagesDrained;
    outcome.interruptsSent = this.#interruptsOf(drain);
    outcome.kernelPolicy = drain.policy;
    outcome.turnedAwayInferred = drain.light?.inferred ?? false;
    outcome.returnTold = drain.light !== null;
    if (drain.light !== null) {
      outcome.rebuiltHolders.copyFrom(this.#request.holders);
      return;
    }
    this.#holdersIn(looked, drain.zone, outcome.rebuiltHolders, this.#scratch);
    for (const cpu of outcome.rebuiltHolders) this.#scratch[cpu] = 0;
  }

  /** With neither workers nor the caller doing the work, each other CPU that drained was interrupted. */
  #interruptsOf(drain: Drain): number {
    if (drain.interruptsSent >= 0 || !drain.targetsTold || drain.light !== null) return drain.interruptsSent;
    if (this.#rules.workDrains || this.#rules.remoteDrains) return -1;
    return drain.targets.count - (drain.targets.has(drain.cpu) ? 1 : 0);
  }

  /** CPUs that hold pages of `zone` (-1: of any) in the look; `pages` of CPUs that hold none must be 0 and stay so. */
  #holdersIn(look: Look, zone: ZoneIndex, holders: BitSet, pages: Int32Array): void {
    const lists = this.#lists;
    holders.clear();
    for (let k = 0; k < look.length; k++) {
      const list = look.lists[k];
      if (zone < 0 || list % lists.zoneCount === zone) pages[lists.cpuOf(list)] += look.pages[k];
    }
    for (let k = 0; k < look.length; k++) {
      const cpu = lists.cpuOf(look.lists[k]);
      if (pages[cpu] > 0 && this.#online.has(cpu)) holders.add(cpu);
      else pages[cpu] = 0;
    }
  }
}
