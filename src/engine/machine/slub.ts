/**
 * SLUB up to 6.19 (mm/slub.c): a CPU has a slab of its own and, from 3.2, a few partial slabs; a node has a list of
 * partial slabs. New pages are asked for when these are empty: first a block of several pages, without insisting,
 * then one that holds at least one object. Other nodes are asked as if the defragmentation ratio were 100 %.
 */

import { assert } from '../../base/assert.ts';
import type { Pages, Pfn } from '../../base/units.ts';
import { MaskSource } from '../accounting/run.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';
import type { SlabCache, SlabPages, SlabSpec } from './slab.ts';
import { noObject, noSlab, SlabTable } from './slab-table.ts';
import { cpuPartialObjects, minPartial, slubOrder, slubOrderMin } from './slub-sizes.ts';

export class Slub implements SlabCache {
  readonly spec: SlabSpec;
  lastSource: MaskSource = MaskSource.none;
  lastPages: Pages = 0;
  objectsHeld = 0;
  /** Order of a slab, and the one that must do when memory is tight. */
  readonly order: number;
  readonly orderMin: number;
  readonly objectsPerSlab: number;
  private readonly pages: SlabPages;
  private readonly slabs: SlabTable;
  /** From 5.16 slabs are counted, before objects at the time a slab came; 0: CPUs keep no partial slabs. */
  private readonly cpuPartialMax: number;
  private readonly countsSlabs: boolean;
  private readonly minPartial: number;
  private readonly cpuSlab: Int32Array;
  /** Free objects of the CPU's own slab that it took over. */
  private readonly cpuFree: Int32Array;
  private readonly cpuPartial: Int32Array;
  private readonly cpuPartialCount: Int32Array;

  constructor(spec: SlabSpec, rules: KernelRules, pages: SlabPages) {
    this.spec = spec;
    this.pages = pages;
    this.order = slubOrder(spec.objectBytes, spec.cpus);
    this.orderMin = slubOrderMin(spec.objectBytes);
    this.objectsPerSlab = Math.floor((4096 * 2 ** this.order) / spec.objectBytes);
    this.slabs = new SlabTable(this.objectsPerSlab, spec.nodes);
    this.countsSlabs = rules.slubPartial === '5.16';
    const objects = cpuPartialObjects(spec.objectBytes, rules.slubPartial);
    this.cpuPartialMax = this.countsSlabs ? Math.ceil((objects * 2) / this.objectsPerSlab) : objects;
    // Up to 3.15 one more empty slab was kept (`>` became `>=`).
    this.minPartial = minPartial(spec.objectBytes) + (kernelAtLeast(rules.version, '3.16') ? 0 : 1);
    this.cpuSlab = new Int32Array(spec.cpus).fill(noSlab);
    this.cpuFree = new Int32Array(spec.cpus).fill(noObject);
    this.cpuPartial = new Int32Array(spec.cpus).fill(noSlab);
    this.cpuPartialCount = new Int32Array(spec.cpus);
  }

  get pagesHeld(): Pages {
    return this.slabs.pagesHeld;
  }

  pfnOf(object: number): Pfn {
    return this.slabs.pfn[this.slabs.slabOf(object)];
  }

  allocate(cpu: number): number {
    this.lastPages = 0;
    this.lastSource = MaskSource.cpuCache;
    if (this.cpuFree[cpu] === noObject && !this.refill(cpu)) {
      this.lastSource = MaskSource.failed;
      return -1;
    }
    const object = this.cpuFree[cpu];
    this.cpuFree[cpu] = this.slabs.nextFree[object];
    this.objectsHeld++;
    return object;
  }

  free(cpu: number, object: number): void {
    const { slabs } = this;
    this.objectsHeld--;
    const slab = slabs.slabOf(object);
    if (slab === this.cpuSlab[cpu]) {
      slabs.nextFree[object] = this.cpuFree[cpu];
      this.cpuFree[cpu] = object;
      return;
    }
    assert(slabs.inUse[slab] > 0, `an object of ${this.spec.objectBytes} bytes was freed twice`);
    const wasFull = slabs.firstFree[slab] === noObject;
    slabs.putObject(slab, object);
    if (slabs.tag[slab] === frozen) return;
    const node = slabs.node[slab];
    if (wasFull && this.cpuPartialMax > 0) this.keepPartial(cpu, slab, true);
    else if (slabs.inUse[slab] === 0 && this.nodeHasEnough(node)) {
      if (!wasFull) slabs.remove(node, slab);
      this.destroy(slab);
    } else if (wasFull) slabs.pushTail(node, slab);
  }

  reap(): void {}

  flushCpu(cpu: number): void {
    const { slabs } = this;
    const slab = this.cpuSlab[cpu];
    if (slab !== noSlab) {
      for (let object = this.cpuFree[cpu]; object !== noObject; ) {
        const next = slabs.nextFree[object];
        slabs.putObject(slab, object);
        object = next;
      }
      this.cpuFree[cpu] = noObject;
      this.cpuSlab[cpu] = noSlab;
      this.unfreeze(slab);
    }
    this.unfreezePartials(cpu);
  }

  /** ___slab_alloc: gives the CPU a slab with free objects; false when no pages were to be had. */
  private refill(cpu: number): boolean {
    const own = this.cpuSlab[cpu];
    if (own !== noSlab) {
      if (this.slabs.firstFree[own] !== noObject) return this.takeOver(cpu, own);
      this.slabs.tag[own] = loose;
      this.cpuSlab[cpu] = noSlab;
    }
    const partial = this.cpuPartial[cpu];
    if (partial !== noSlab) {
      this.cpuPartial[cpu] = this.slabs.follower(partial);
      this.cpuPartialCount[cpu] -= this.countsSlabs ? 1 : 0;
      if (this.cpuPartial[cpu] === noSlab) this.cpuPartialCount[cpu] = 0;
      return this.takeOver(cpu, partial);
    }
    this.lastSource = MaskSource.nodeCache;
    if (this.fromNodes(cpu)) return true;
    const slab = this.newSlab(cpu);
    return slab !== noSlab && this.takeOver(cpu, slab);
  }

  /** The slab becomes the CPU's own and all its free objects go to the CPU's list. */
  private takeOver(cpu: number, slab: number): boolean {
    const { slabs } = this;
    slabs.tag[slab] = frozen;
    this.cpuSlab[cpu] = slab;
    this.cpuFree[cpu] = slabs.firstFree[slab];
    slabs.firstFree[slab] = noObject;
    slabs.inUse[slab] = slabs.objects[slab];
    return true;
  }

  /** get_partial: the own node, then others that have slabs to spare. */
  private fromNodes(cpu: number): boolean {
    const own = this.spec.nodeOfCpu[cpu];
    if (this.fromNode(cpu, own)) return true;
    for (let away = 1; away < this.spec.nodes; away++) {
      const node = (own + away) % this.spec.nodes;
      if (this.slabs.length[node] > this.minPartial && this.fromNode(cpu, node)) return true;
    }
    return false;
  }

  /** get_partial_node: one slab to use, more to keep until half of what a CPU may keep is there. */
  private fromNode(cpu: number, node: number): boolean {
    const { slabs } = this;
    const first = slabs.first(node);
    if (first === noSlab) return false;
    let kept = this.countsSlabs ? 0 : slabs.objects[first] - slabs.inUse[first];
    slabs.remove(node, first);
    this.takeOver(cpu, first);
    const enough = Math.floor(this.cpuPartialMax / 2);
    while (this.cpuPartialMax > 0 && kept <= enough && slabs.length[node] > 0) {
      const slab = slabs.first(node);
      kept += this.countsSlabs ? 1 : slabs.objects[slab] - slabs.inUse[slab];
      slabs.remove(node, slab);
      this.keepPartial(cpu, slab, false);
    }
    return true;
  }

  /** put_cpu_partial. A list that is full goes to the node first, if `drain`. */
  private keepPartial(cpu: number, slab: number, drain: boolean): void {
    const { slabs } = this;
    const count = this.cpuPartialCount[cpu];
    const isFull = this.countsSlabs ? count >= this.cpuPartialMax : count > this.cpuPartialMax;
    if (drain && isFull && this.cpuPartial[cpu] !== noSlab) this.unfreezePartials(cpu);
    slabs.tag[slab] = frozen;
    slabs.setFollower(slab, this.cpuPartial[cpu]);
    this.cpuPartial[cpu] = slab;
    this.cpuPartialCount[cpu] += this.countsSlabs ? 1 : slabs.objects[slab] - slabs.inUse[slab];
  }

  private unfreezePartials(cpu: number): void {
    let slab = this.cpuPartial[cpu];
    this.cpuPartial[cpu] = noSlab;
    this.cpuPartialCount[cpu] = 0;
    while (slab !== noSlab) {
      const follower = this.slabs.follower(slab);
      this.unfreeze(slab);
      slab = follower;
    }
  }

  private unfreeze(slab: number): void {
    const { slabs } = this;
    slabs.tag[slab] = loose;
    const node = slabs.node[slab];
    if (slabs.inUse[slab] === 0 && this.nodeHasEnough(node)) this.destroy(slab);
    else if (slabs.firstFree[slab] !== noObject) slabs.pushTail(node, slab);
  }

  private nodeHasEnough(node: number): boolean {
    return this.slabs.length[node] >= this.minPartial;
  }

  /** allocate_slab: the large order first, which may fail quietly, then the least. */
  private newSlab(cpu: number): number {
    let { order } = this;
    let pfn = this.pages.take(cpu, order);
    if (pfn < 0 && order > this.orderMin) {
      order = this.orderMin;
      pfn = this.pages.take(cpu, order);
    }
    if (pfn < 0) return noSlab;
    this.lastPages = 2 ** order;
    this.lastSource = this.pages.tookReserve ? MaskSource.reserve : MaskSource.pageAllocator;
    const objects = Math.floor((4096 * 2 ** order) / this.spec.objectBytes);
    return this.slabs.add(pfn, order, objects, this.spec.nodeOfCpu[cpu]);
  }

  private destroy(slab: number): void {
    this.pages.give(this.slabs.pfn[slab], this.slabs.order[slab]);
    this.slabs.drop(slab);
  }
}

/** A CPU has the slab, as its own or among its partial ones: frees by others change nothing. */
const frozen = 1;
const loose = 0;
