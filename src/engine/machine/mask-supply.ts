/**
 * The set of CPUs that a drain asks for (zalloc_cpumask_var with GFP_ATOMIC): from the stack, or from the kmalloc cache that it
 * shares with others, which goes to the page allocator when nothing is left, down to the reserve for atomic requests.
 */

import type { CpuIndex, Nanoseconds, Pages } from '../../base/units.ts';
import { MaskSource } from '../accounting/run.ts';
import type { CostSpec, Scenario } from '../input/scenario.ts';
import type { Mask } from '../policy/policy.ts';
import { BlockType } from './buddy.ts';
import { type MaskStorage, maskStorage } from './cpumask-storage.ts';
import { FaultPoint, failsPageAlloc, failsSlab, faultStreams } from './fault-injection.ts';
import type { KernelRules } from './kernel-rules.ts';
import type { Memory } from './memory.ts';
import { noPage } from './page-chains.ts';
import { createSlabCache, type SlabCache, type SlabPages } from './slab.ts';
import { mix } from './task-table.ts';
import { Depth, Mark } from './watermarks.ts';

const noObject = -1;

/** What one request for a mask brought. `MaskSupply.take` returns one object again and again. */
export interface MaskTaken {
  /** To be given back; -1: nothing was allocated. */
  object: number;
  source: MaskSource;
  ns: Nanoseconds;
  /** Pages that the page allocator gave for it. */
  pages: Pages;
}

export class MaskSupply {
  readonly storage: MaskStorage;
  /** The cache, shared with slab users; made even where masks stand on the stack, for their sake. */
  readonly cache: SlabCache;
  readonly failPageAlloc: FaultPoint | null;
  /** Pages of the cache by zone. */
  readonly pagesByZone: Int32Array;
  private readonly failslab: FaultPoint | null;
  private readonly memory: Memory;
  private readonly costs: CostSpec;
  private readonly wakeKswapd: (cpu: CpuIndex) => void;
  private readonly taken: MaskTaken = { object: noObject, source: MaskSource.none, ns: 0, pages: 0 };
  private tookReserve = false;
  private freeingCpu: CpuIndex = 0;

  constructor(
    scenario: Scenario,
    rules: KernelRules,
    mask: Mask,
    memory: Memory,
    seed: number,
    wakeKswapd: (cpu: CpuIndex) => void,
  ) {
    const { machine, kernel, faults } = scenario;
    this.memory = memory;
    this.costs = scenario.costs;
    this.pagesByZone = new Int32Array(machine.zones.length);
    this.wakeKswapd = wakeKswapd;
    this.storage = maskStorage(kernel, rules, machine.cpus, mask);
    const heap = maskStorage(kernel, rules, machine.cpus, 'allocated');
    const users = scenario.tasks.find((task) => task.kind === 'slab-user');
    const objectBytes = heap.cacheBytes > 0 ? heap.cacheBytes : (users?.objectBytes ?? 64);
    this.cache = createSlabCache(
      kernel,
      rules,
      { objectBytes, cpus: machine.cpus, nodes: machine.nodes, nodeOfCpu: machine.nodeOfCpu },
      this.slabPages(),
    );
    const point = (spec: typeof faults.failslab, stream: number) =>
      spec === null ? null : new FaultPoint(spec, rules.faultOrder, mix(seed, -1 - stream));
    this.failslab = point(faults.failslab, faultStreams.failslab);
    this.failPageAlloc = point(faults.failPageAlloc, faultStreams.failPageAlloc);
  }

  /** A mask for a drain that `cpu` makes. */
  take(cpu: CpuIndex): Readonly<MaskTaken> {
    const { taken, storage, costs } = this;
    taken.object = noObject;
    taken.pages = 0;
    const zeroNs = Math.ceil(storage.bytes / 8) * costs.maskZeroPerWordNs;
    if (storage.where !== 'heap') {
      taken.source = storage.where === 'none' ? MaskSource.none : MaskSource.noAllocation;
      taken.ns = zeroNs;
      return taken;
    }
    this.takeObject(cpu);
    if (taken.object !== noObject) taken.ns += zeroNs;
    return taken;
  }

  /** One object of the cache, for a mask or for another user. */
  takeObject(cpu: CpuIndex): Readonly<MaskTaken> {
    const { taken, costs, memory } = this;
    taken.object = noObject;
    taken.pages = 0;
    taken.source = MaskSource.failed;
    taken.ns = costs.maskFastNs;
    if (this.failslab !== null && failsSlab(this.failslab, this.cache.spec.objectBytes, { mayWait: false }))
      return taken;
    const spentBefore = memory.spentNs;
    this.tookReserve = false;
    const object = this.cache.allocate(cpu);
    const pagesNs = memory.spentNs - spentBefore;
    memory.spentNs = spentBefore;
    taken.ns = pagesNs + this.costOf(object === noObject ? MaskSource.failed : this.cache.lastSource);
    if (object === noObject) return taken;
    taken.object = object;
    taken.source = this.cache.lastSource;
    taken.pages = this.cache.lastPages;
    return taken;
  }

  /** Gives an object back that `cpu` frees. */
  give(cpu: CpuIndex, object: number): void {
    if (object === noObject) return;
    const spentBefore = this.memory.spentNs;
    this.freeingCpu = cpu;
    this.cache.free(cpu, object);
    this.memory.spentNs = spentBefore;
  }

  /** SLAB's timer on one CPU. */
  reap(cpu: CpuIndex, nowNs: Nanoseconds): void {
    this.freeingCpu = cpu;
    this.cache.reap(cpu, nowNs);
  }

  private slabPages(): SlabPages {
    const supply = this;
    return {
      take: (cpu, order) => {
        const pfn = supply.takePages(cpu, order);
        if (pfn !== noPage) supply.pagesByZone[supply.memory.zoneOf(pfn)] += 1 << order;
        return pfn;
      },
      give: (pfn, order) => {
        supply.pagesByZone[supply.memory.zoneOf(pfn)] -= 1 << order;
        supply.memory.free(supply.freeingCpu, pfn);
      },
      get tookReserve() {
        return supply.tookReserve;
      },
    };
  }

  /** alloc_pages with GFP_ATOMIC: low mark first, then the min mark and below it. */
  private takePages(cpu: CpuIndex, order: number): number {
    const { memory, failPageAlloc } = this;
    // new_slab tries large orders with __GFP_NORETRY; the test comes once for each try.
    if (failPageAlloc !== null && failsPageAlloc(failPageAlloc, order, { mayWait: false })) return noPage;
    let pfn = memory.allocate(cpu, order, BlockType.unmovable, Mark.low, Depth.normal);
    if (pfn !== noPage) return pfn;
    this.wakeKswapd(cpu);
    memory.spentNs += this.costs.slowPathNs;
    pfn = memory.allocate(cpu, order, BlockType.unmovable, Mark.min, Depth.normal);
    if (pfn !== noPage) return pfn;
    pfn = memory.allocate(cpu, order, BlockType.unmovable, Mark.min, Depth.atomic);
    if (pfn !== noPage) this.tookReserve = true;
    return pfn;
  }

  private costOf(source: MaskSource): Nanoseconds {
    const { costs } = this;
    if (source === MaskSource.cpuCache) return costs.maskFastNs;
    if (source === MaskSource.nodeCache) return costs.maskNodeNs;
    return costs.maskPageNs;
  }
}
