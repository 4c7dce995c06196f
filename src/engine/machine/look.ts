/** What a drain sees when it looks at the lists: a DrainRequest over the counts of this moment, one object for all requests. */

import { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds, Pages } from '../../base/units.ts';
import type { DrainCause, DrainRequest } from '../input/drain-request.ts';
import type { MachineSpec } from '../input/scenario.ts';
import type { CpuStates } from './cpu-states.ts';
import type { Memory } from './memory.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Look {
  /** Pages on the lists of the holders that were seen. */
  pagesSeen: Pages = 0;
  private readonly memory: Memory;
  private readonly lastZoneDecides: boolean;
  private readonly request: Mutable<DrainRequest>;
  /** The request as a patch with the bug of v5 and v6 sees it. */
  private readonly misread: Mutable<DrainRequest>;

  constructor(machine: MachineSpec, lastZoneDecides: boolean, memory: Memory) {
    this.memory = memory;
    this.lastZoneDecides = lastZoneDecides;
    this.request = {
      number: 0,
      timeNs: 0,
      cpu: 0,
      pid: 0,
      cause: 'direct-reclaim',
      zone: -1,
      forced: false,
      online: new BitSet(machine.cpus),
      isolated: machine.isolated,
      pages: new Int32Array(machine.cpus),
      holders: new BitSet(machine.cpus),
      unknown: new BitSet(machine.cpus),
      concurrent: 0,
    };
    this.misread = { ...this.request, holders: new BitSet(machine.cpus) };
  }

  /** Costs what the holders and the words of the sets cost, not what all CPUs would. */
  at(
    number: number,
    timeNs: Nanoseconds,
    pid: number,
    cpu: CpuIndex,
    cause: DrainCause,
    zone: number,
    forced: boolean,
    concurrent: number,
    states: CpuStates,
  ): DrainRequest {
    const { request, memory } = this;
    const { holders, pages } = request;
    for (let held = holders.next(0); held >= 0; held = holders.next(held + 1)) pages[held] = 0;
    holders.clear();
    if (zone >= 0) holders.addAll(memory.lists.holders[zone]);
    else for (const ofZone of memory.lists.holders) holders.addAll(ofZone);
    holders.keepOnly(states.online);
    let seen = 0;
    for (let held = holders.next(0); held >= 0; held = holders.next(held + 1)) {
      pages[held] = memory.pagesOnLists(held, zone);
      seen += pages[held];
    }
    this.pagesSeen = seen;
    request.number = number;
    request.timeNs = timeNs;
    request.cpu = cpu;
    request.pid = pid;
    request.cause = cause;
    request.zone = zone;
    request.forced = forced;
    request.concurrent = concurrent;
    request.online = states.online;
    request.isolated = states.isolated;
    return request;
  }

  /** The last request as the policy sees it: with `lastZoneDecides`, a CPU counts by its list of the last populated zone alone. */
  seen(): DrainRequest {
    const { request, misread } = this;
    if (!this.lastZoneDecides || request.zone >= 0) return request;
    const { holders } = misread;
    Object.assign(misread, request, { holders });
    holders.copyFrom(this.memory.lists.holders[this.memory.zoneCount - 1]);
    holders.keepOnly(request.online);
    return misread;
  }
}
