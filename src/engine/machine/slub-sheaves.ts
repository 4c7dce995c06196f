/**
 * SLUB from 7.0 (mm/slub.c): instead of a slab of its own each CPU has two arrays of free objects (sheaves), and a
 * node keeps full ones (its barn). Slabs stand on the node's partial list or are full. The sheaves' own memory
 * comes from other kmalloc sizes and is taken to be at hand; slabs from the reserve are cached like others.
 */

import { assert } from '../../base/assert.ts';
import type { Pages, Pfn } from '../../base/units.ts';
import { MaskSource } from '../accounting/run.ts';
import type { SlabCache, SlabPages, SlabSpec } from './slab.ts';
import { noObject, noSlab, SlabTable } from './slab-table.ts';
import { minPartial, sheafCapacity, slubOrder, slubOrderMin } from './slub-sizes.ts';

/** MAX_FULL_SHEAVES of a barn. */
const fullSheavesMax = 10;

export class SlubSheaves implements SlabCache {
  readonly spec: SlabSpec;
  lastSource: MaskSource = MaskSource.none;
  lastPages: Pages = 0;
  objectsHeld = 0;
  readonly order: number;
  readonly orderMin: number;
  readonly objectsPerSlab: number;
  readonly sheafCapacity: number;
  private readonly pages: SlabPages;
  private readonly slabs: SlabTable;
  private readonly minPartial: number;
  /** Two sheaves for each CPU; `main` says which of them is in use. */
  private readonly sheaves: Int32Array;
  private readonly sheafLength: Int32Array;
  private readonly main: Uint8Array;
  /** Full sheaves of each node. */
  private readonly barns: Int32Array;
  private readonly barnLength: Int32Array;

  constructor(spec: SlabSpec, pages: SlabPages) {
    this.spec = spec;
    this.pages = pages;
    this.order = slubOrder(spec.objectBytes, spec.cpus);
    this.orderMin = slubOrderMin(spec.objectBytes);
    this.objectsPerSlab = Math.floor((4096 * 2 ** this.order) / spec.objectBytes);
    this.sheafCapacity = sheafCapacity(spec.objectBytes);
    this.minPartial = minPartial(spec.objectBytes);
    this.slabs = new SlabTable(this.objectsPerSlab, spec.nodes);
    this.sheaves = new Int32Array(spec.cpus * 2 * this.sheafCapacity);
    this.sheafLength = new Int32Array(spec.cpus * 2);
    this.main = new Uint8Array(spec.cpus);
    this.barns = new Int32Array(spec.nodes * fullSheavesMax * this.sheafCapacity);
    this.barnLength = new Int32Array(spec.nodes);
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
    let sheaf = this.mainOf(cpu);
    if (this.sheafLength[sheaf] === 0) {
      if (this.sheafLength[sheaf ^ 1] > 0) this.main[cpu] ^= 1;
      else if (!this.fromBarn(cpu, sheaf) && !this.fillSheaf(cpu, sheaf)) return this.oneFromSlabs(cpu);
      sheaf = this.mainOf(cpu);
    }
    this.objectsHeld++;
    return this.sheaves[sheaf * this.sheafCapacity + --this.sheafLength[sheaf]];
  }

  free(cpu: number, object: number): void {
    this.objectsHeld--;
    if (this.slabs.node[this.slabs.slabOf(object)] !== this.spec.nodeOfCpu[cpu]) {
      this.freeToSlab(object);
      return;
    }
    let sheaf = this.mainOf(cpu);
    if (this.sheafLength[sheaf] === this.sheafCapacity) {
      if (this.sheafLength[sheaf ^ 1] === this.sheafCapacity) this.makeRoom(cpu, sheaf);
      else this.main[cpu] ^= 1;
      sheaf = this.mainOf(cpu);
    }
    this.sheaves[sheaf * this.sheafCapacity + this.sheafLength[sheaf]++] = object;
  }

  reap(): void {}

  flushCpu(cpu: number): void {
    this.flushSheaf(cpu * 2);
    this.flushSheaf(cpu * 2 + 1);
  }

  private mainOf(cpu: number): number {
    return cpu * 2 + this.main[cpu];
  }

  private fromBarn(cpu: number, sheaf: number): boolean {
    const node = this.spec.nodeOfCpu[cpu];
    if (this.barnLength[node] === 0) return false;
    this.lastSource = MaskSource.nodeCache;
    const { sheafCapacity } = this;
    const from = (node * fullSheavesMax + --this.barnLength[node]) * sheafCapacity;
    this.sheaves.set(this.barns.subarray(from, from + sheafCapacity), sheaf * sheafCapacity);
    this.sheafLength[sheaf] = sheafCapacity;
    return true;
  }

  /** refill_sheaf: the whole sheaf or nothing. */
  private fillSheaf(cpu: number, sheaf: number): boolean {
    this.lastSource = MaskSource.nodeCache;
    while (this.sheafLength[sheaf] < this.sheafCapacity) {
      const object = this.objectFromSlabs(cpu);
      if (object === noObject) {
        this.flushSheaf(sheaf);
        return false;
      }
      this.sheaves[sheaf * this.sheafCapacity + this.sheafLength[sheaf]++] = object;
    }
    return true;
  }

  /** ___slab_alloc, when no sheaf could be filled. */
  private oneFromSlabs(cpu: number): number {
    // Pages that the attempt to fill a sheaf took count as this request's.
    if (this.lastPages === 0) this.lastSource = MaskSource.nodeCache;
    const object = this.objectFromSlabs(cpu);
    if (object === noObject) this.lastSource = MaskSource.failed;
    else this.objectsHeld++;
    return object;
  }

  /** Both sheaves are full: the main one goes to the barn, or the other one's objects to their slabs. */
  private makeRoom(cpu: number, sheaf: number): void {
    const node = this.spec.nodeOfCpu[cpu];
    if (this.barnLength[node] === fullSheavesMax) {
      this.flushSheaf(sheaf ^ 1);
      this.main[cpu] ^= 1;
      return;
    }
    const { sheafCapacity } = this;
    const from = sheaf * sheafCapacity;
    const to = (node * fullSheavesMax + this.barnLength[node]++) * sheafCapacity;
    this.barns.set(this.sheaves.subarray(from, from + sheafCapacity), to);
    this.sheafLength[sheaf] = 0;
  }

  private flushSheaf(sheaf: number): void {
    const from = sheaf * this.sheafCapacity;
    for (let at = from; at < from + this.sheafLength[sheaf]; at++) this.freeToSlab(this.sheaves[at]);
    this.sheafLength[sheaf] = 0;
  }

  private objectFromSlabs(cpu: number): number {
    const slab = this.usableSlab(cpu);
    if (slab === noSlab) return noObject;
    const object = this.slabs.takeObject(slab);
    if (this.slabs.firstFree[slab] === noObject) this.slabs.remove(this.slabs.node[slab], slab);
    return object;
  }

  /** A slab with a free object, on its node's list: the own node's, one of a node with slabs to spare, a new one. */
  private usableSlab(cpu: number): number {
    const { slabs, spec } = this;
    const own = spec.nodeOfCpu[cpu];
    if (slabs.length[own] > 0) return slabs.first(own);
    for (let away = 1; away < spec.nodes; away++) {
      const node = (own + away) % spec.nodes;
      if (slabs.length[node] > this.minPartial) return slabs.first(node);
    }
    return this.newSlab(cpu, own);
  }

  private newSlab(cpu: number, node: number): number {
    let { order } = this;
    let pfn = this.pages.take(cpu, order);
    if (pfn < 0 && order > this.orderMin) {
      order = this.orderMin;
      pfn = this.pages.take(cpu, order);
    }
    if (pfn < 0) return noSlab;
    const fromReserve = this.pages.tookReserve || this.lastSource === MaskSource.reserve;
    this.lastSource = fromReserve ? MaskSource.reserve : MaskSource.pageAllocator;
    this.lastPages += 2 ** order;
    const slab = this.slabs.add(pfn, order, Math.floor((4096 * 2 ** order) / this.spec.objectBytes), node);
    this.slabs.pushHead(node, slab);
    return slab;
  }

  private freeToSlab(object: number): void {
    const { slabs } = this;
    const slab = slabs.slabOf(object);
    const node = slabs.node[slab];
    assert(slabs.inUse[slab] > 0, `an object of ${this.spec.objectBytes} bytes was freed twice`);
    const wasFull = slabs.firstFree[slab] === noObject;
    slabs.putObject(slab, object);
    if (slabs.inUse[slab] === 0 && slabs.length[node] >= this.minPartial) {
      if (!wasFull) slabs.remove(node, slab);
      this.pages.give(slabs.pfn[slab], slabs.order[slab]);
      slabs.drop(slab);
    } else if (wasFull) slabs.pushTail(node, slab);
  }
}
