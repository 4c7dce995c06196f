/**
 * SLAB (mm/slab.c, 3.0): each CPU has an array of free objects, each node an array that its CPUs share, and
 * slabs that are partly or wholly free. New pages are asked for when all of these are empty. Not modelled: arrays
 * for objects of other nodes (such objects go straight to their node) and colouring.
 */

import { assert } from '../../base/assert.ts';
import type { Nanoseconds, Pages, Pfn } from '../../base/units.ts';
import { MaskSource } from '../accounting/run.ts';
import type { SlabCache, SlabPages, SlabSpec } from './slab.ts';
import { noSlab, SlabTable } from './slab-table.ts';

export interface SlabArraySpec extends SlabSpec {
  /** Slabs have a head of their own: in the slab for small objects, in another cache from 512 bytes on. */
  readonly slabHead: boolean;
}

const pageBytes = 4096;
/** `struct slab` of 3.0 on 64 bits, and one entry of its index list. */
const headBytes = 48;
const indexBytes = 4;
/** BATCHREFILL_LIMIT: most objects for a CPU that has not used its array lately. */
const coldRefill = 16;
/** REAPTIMEOUT_LIST3. */
const nodeReapNs: Nanoseconds = 4e9;

/** Objects in a CPU's array (enable_cpucache). */
export function arrayLimit(objectBytes: number): number {
  if (objectBytes > 131072) return 1;
  if (objectBytes > pageBytes) return 8;
  if (objectBytes > 1024) return 24;
  return objectBytes > 256 ? 54 : 120;
}

/** The head lies outside the slab: objects of an eighth of a page and more. */
function headOutside(spec: SlabArraySpec): boolean {
  return spec.slabHead && spec.objectBytes >= pageBytes / 8;
}

/** Order of a slab: the least that holds one object (slabs of kmalloc sizes waste nothing). */
function slabOrder(objectBytes: number): number {
  let order = 0;
  while (pageBytes * 2 ** order < objectBytes) order++;
  return order;
}

/** Objects in a slab (cache_estimate). */
function slabObjects(spec: SlabArraySpec): number {
  const bytes = pageBytes * 2 ** slabOrder(spec.objectBytes);
  if (!spec.slabHead || headOutside(spec)) return Math.floor(bytes / spec.objectBytes);
  let objects = Math.floor((bytes - headBytes) / (spec.objectBytes + indexBytes));
  const align = Math.min(64, spec.objectBytes);
  const headEnd = (count: number) => Math.ceil((headBytes + count * indexBytes) / align) * align;
  if (headEnd(objects) + objects * spec.objectBytes > bytes) objects--;
  return objects;
}

export class SlabArray implements SlabCache {
  readonly spec: SlabArraySpec;
  lastSource: MaskSource = MaskSource.none;
  lastPages: Pages = 0;
  objectsHeld = 0;
  readonly limit: number;
  readonly batch: number;
  /** Objects that the array of a node can hold: 8 batches. */
  readonly sharedLimit: number;
  readonly objectsPerSlab: number;
  readonly order: number;
  private readonly pages: SlabPages;
  private readonly slabs: SlabTable;
  /** Where the heads of slabs come from; null: they need no object. */
  private readonly heads: SlabArray | null;
  private readonly arrays: Int32Array;
  private readonly available: Int32Array;
  private readonly touched: Uint8Array;
  private readonly shared: Int32Array;
  private readonly sharedAvailable: Int32Array;
  private readonly sharedTouched: Uint8Array;
  private readonly freeTouched: Uint8Array;
  private readonly freeObjects: Int32Array;
  private readonly freeLimit: Int32Array;
  private readonly nextReapNs: Float64Array;

  constructor(spec: SlabArraySpec, pages: SlabPages) {
    this.spec = spec;
    this.pages = pages;
    this.limit = arrayLimit(spec.objectBytes);
    this.batch = Math.ceil(this.limit / 2);
    this.sharedLimit = spec.objectBytes <= pageBytes && spec.cpus > 1 ? 8 * this.batch : 0;
    this.order = slabOrder(spec.objectBytes);
    this.objectsPerSlab = slabObjects(spec);
    this.slabs = new SlabTable(this.objectsPerSlab, spec.nodes * 2);
    this.heads = headOutside(spec)
      ? new SlabArray({ ...spec, objectBytes: headCacheBytes(this.objectsPerSlab) }, pages)
      : null;
    this.arrays = new Int32Array(spec.cpus * this.limit);
    this.available = new Int32Array(spec.cpus);
    this.touched = new Uint8Array(spec.cpus);
    this.shared = new Int32Array(spec.nodes * this.sharedLimit);
    this.sharedAvailable = new Int32Array(spec.nodes);
    this.sharedTouched = new Uint8Array(spec.nodes);
    this.freeTouched = new Uint8Array(spec.nodes);
    this.freeObjects = new Int32Array(spec.nodes);
    this.freeLimit = new Int32Array(spec.nodes);
    this.nextReapNs = new Float64Array(spec.nodes).fill(nodeReapNs);
    for (let cpu = 0; cpu < spec.cpus; cpu++) this.freeLimit[spec.nodeOfCpu[cpu]] += this.batch;
    for (let node = 0; node < spec.nodes; node++) this.freeLimit[node] += this.batch + this.objectsPerSlab;
  }

  get pagesHeld(): Pages {
    return this.slabs.pagesHeld + (this.heads?.pagesHeld ?? 0);
  }

  pfnOf(object: number): Pfn {
    return this.slabs.pfn[this.slabs.slabOf(object)];
  }

  allocate(cpu: number): number {
    this.lastPages = 0;
    this.lastSource = MaskSource.cpuCache;
    if (this.available[cpu] === 0) {
      const other = this.refill(cpu);
      if (other !== noSlab) return this.fromSlab(other);
      if (this.available[cpu] === 0) {
        this.lastSource = MaskSource.failed;
        return -1;
      }
    }
    this.touched[cpu] = 1;
    this.objectsHeld++;
    return this.arrays[cpu * this.limit + --this.available[cpu]];
  }

  free(cpu: number, object: number): void {
    this.objectsHeld--;
    const slab = this.slabs.slabOf(object);
    if (this.slabs.node[slab] !== this.spec.nodeOfCpu[cpu]) {
      this.freeToSlab(cpu, object);
      return;
    }
    if (this.available[cpu] === this.limit) this.flushBatch(cpu);
    this.arrays[cpu * this.limit + this.available[cpu]++] = object;
  }

  reap(cpu: number, timeNs: Nanoseconds): void {
    this.heads?.reap(cpu, timeNs);
    if (this.touched[cpu] === 1) this.touched[cpu] = 0;
    else this.shrinkArray(cpu, idleShare(this.limit, this.available[cpu]));
    const node = this.spec.nodeOfCpu[cpu];
    if (this.nextReapNs[node] > timeNs) return;
    this.nextReapNs[node] = timeNs + nodeReapNs;
    if (this.sharedTouched[node] === 1) this.sharedTouched[node] = 0;
    else this.shrinkShared(cpu, node, idleShare(this.sharedLimit, this.sharedAvailable[node]));
    if (this.freeTouched[node] === 1) {
      this.freeTouched[node] = 0;
      return;
    }
    const per = 5 * this.objectsPerSlab;
    let slabs = Math.floor((this.freeLimit[node] + per - 1) / per);
    for (; slabs > 0 && this.slabs.length[freeList(node)] > 0; slabs--) {
      const slab = this.slabs.last(freeList(node));
      this.slabs.remove(freeList(node), slab);
      this.destroy(cpu, slab);
    }
  }

  flushCpu(cpu: number): void {
    this.shrinkArray(cpu, this.available[cpu]);
    this.heads?.flushCpu(cpu);
  }

  /**
   * cache_alloc_refill: fills the CPU's array from the shared array, else from slabs, else from new pages. Without
   * pages other nodes are asked (fallback_alloc): returns a slab there with a free object.
   */
  private refill(cpu: number): number {
    const node = this.spec.nodeOfCpu[cpu];
    const wanted = this.touched[cpu] === 0 ? Math.min(this.batch, coldRefill) : this.batch;
    this.lastSource = MaskSource.nodeCache;
    if (this.fromShared(cpu, node, wanted)) return noSlab;
    this.fromSlabs(cpu, node, wanted);
    if (this.available[cpu] > 0) return noSlab;
    if (this.addSlab(cpu, node)) {
      this.fromSlabs(cpu, node, wanted);
      return noSlab;
    }
    for (let away = 1; away < this.spec.nodes; away++) {
      const other = (node + away) % this.spec.nodes;
      const slab = this.usableSlab(other);
      if (slab !== noSlab) return slab;
    }
    return noSlab;
  }

  private fromShared(cpu: number, node: number, wanted: number): boolean {
    const count = Math.min(wanted, this.sharedAvailable[node]);
    if (count === 0) return false;
    const end = node * this.sharedLimit + this.sharedAvailable[node];
    this.arrays.set(this.shared.subarray(end - count, end), cpu * this.limit);
    this.sharedAvailable[node] -= count;
    this.available[cpu] = count;
    this.sharedTouched[node] = 1;
    return true;
  }

  /** First partial slab of a node, else a free one, else none. */
  private usableSlab(node: number): number {
    const partial = this.slabs.first(partialList(node));
    if (partial !== noSlab) return partial;
    this.freeTouched[node] = 1;
    return this.slabs.first(freeList(node));
  }

  private fromSlabs(cpu: number, node: number, wanted: number): void {
    const { slabs } = this;
    while (this.available[cpu] < wanted) {
      const slab = this.usableSlab(node);
      if (slab === noSlab) return;
      const wasPartial = slabs.inUse[slab] > 0;
      slabs.remove(wasPartial ? partialList(node) : freeList(node), slab);
      while (slabs.inUse[slab] < slabs.objects[slab] && this.available[cpu] < wanted) {
        this.arrays[cpu * this.limit + this.available[cpu]++] = slabs.takeObject(slab);
        this.freeObjects[node]--;
      }
      if (slabs.inUse[slab] < slabs.objects[slab]) slabs.pushHead(partialList(node), slab);
    }
  }

  /** One object straight from a slab of another node. */
  private fromSlab(slab: number): number {
    const { slabs } = this;
    const node = slabs.node[slab];
    slabs.remove(slabs.inUse[slab] > 0 ? partialList(node) : freeList(node), slab);
    const object = slabs.takeObject(slab);
    this.freeObjects[node]--;
    if (slabs.inUse[slab] < slabs.objects[slab]) slabs.pushHead(partialList(node), slab);
    this.objectsHeld++;
    return object;
  }

  /** cache_grow: pages first, then the slab's head; false when either cannot be had. */
  private addSlab(cpu: number, node: number): boolean {
    const pfn = this.pages.take(cpu, this.order);
    if (pfn < 0) return false;
    let fromReserve = this.pages.tookReserve;
    let head = 0;
    if (this.heads) {
      head = this.heads.allocate(cpu);
      if (head < 0) {
        this.pages.give(pfn, this.order);
        return false;
      }
      this.lastPages += this.heads.lastPages;
      fromReserve ||= this.heads.lastSource === MaskSource.reserve;
    }
    const slab = this.slabs.add(pfn, this.order, this.objectsPerSlab, node);
    this.slabs.tag[slab] = head;
    this.slabs.pushTail(freeList(node), slab);
    this.freeObjects[node] += this.objectsPerSlab;
    this.lastPages += 2 ** this.order;
    this.lastSource = fromReserve ? MaskSource.reserve : MaskSource.pageAllocator;
    return true;
  }

  private destroy(cpu: number, slab: number): void {
    this.freeObjects[this.slabs.node[slab]] -= this.objectsPerSlab;
    this.pages.give(this.slabs.pfn[slab], this.order);
    this.heads?.free(cpu, this.slabs.tag[slab]);
    this.slabs.drop(slab);
  }

  /** cache_flusharray: a batch of the oldest objects goes to the shared array, or if that is full to their slabs. */
  private flushBatch(cpu: number): void {
    const node = this.spec.nodeOfCpu[cpu];
    const room = this.sharedLimit - this.sharedAvailable[node];
    if (room === 0) {
      this.shrinkArray(cpu, this.batch);
      return;
    }
    const count = Math.min(this.batch, room);
    const from = cpu * this.limit;
    this.shared.set(
      this.arrays.subarray(from, from + count),
      node * this.sharedLimit + this.sharedAvailable[node],
    );
    this.sharedAvailable[node] += count;
    this.moveDown(cpu, count);
  }

  /** The oldest objects of the CPU's array go back to their slabs. */
  private shrinkArray(cpu: number, count: number): void {
    const from = cpu * this.limit;
    for (let at = from; at < from + count; at++) this.freeToSlab(cpu, this.arrays[at]);
    this.moveDown(cpu, count);
  }

  private moveDown(cpu: number, count: number): void {
    const from = cpu * this.limit;
    this.arrays.copyWithin(from, from + count, from + this.available[cpu]);
    this.available[cpu] -= count;
  }

  private shrinkShared(cpu: number, node: number, count: number): void {
    const from = node * this.sharedLimit;
    for (let at = from; at < from + count; at++) this.freeToSlab(cpu, this.shared[at]);
    this.shared.copyWithin(from, from + count, from + this.sharedAvailable[node]);
    this.sharedAvailable[node] -= count;
  }

  /** free_block for one object; a slab that becomes free is kept while the node has few free objects. */
  private freeToSlab(cpu: number, object: number): void {
    const { slabs } = this;
    const slab = slabs.slabOf(object);
    const node = slabs.node[slab];
    assert(slabs.inUse[slab] > 0, `an object of ${this.spec.objectBytes} bytes was freed twice`);
    if (slabs.inUse[slab] < slabs.objects[slab]) slabs.remove(partialList(node), slab);
    slabs.putObject(slab, object);
    this.freeObjects[node]++;
    if (slabs.inUse[slab] > 0) slabs.pushTail(partialList(node), slab);
    else if (this.freeObjects[node] > this.freeLimit[node]) this.destroy(cpu, slab);
    else slabs.pushHead(freeList(node), slab);
  }
}

const partialList = (node: number) => node * 2;
const freeList = (node: number) => node * 2 + 1;

/** Object size of the cache for heads outside their slab. */
function headCacheBytes(objects: number): number {
  let bytes = 32;
  while (bytes < headBytes + objects * indexBytes) bytes *= 2;
  return bytes;
}

/** drain_array: objects that an array which was not used since the last pass gives up. */
function idleShare(limit: number, available: number): number {
  const share = Math.floor((limit + 4) / 5);
  return share > available ? Math.floor((available + 1) / 2) : share;
}
