/**
 * Slabs of one cache and the free objects in them, in columns. An object is `slab * objectsMax + position`;
 * its slab and page frame follow from the number. Slabs stand on doubly linked lists (partial, free), or on none.
 */

import type { Pages, Pfn } from '../../base/units.ts';

export const noSlab = -1;
export const noObject = -1;

export class SlabTable {
  /** Most objects that a slab of this cache can have. */
  readonly objectsMax: number;
  pagesHeld: Pages = 0;
  pfn: Int32Array;
  order: Uint8Array;
  objects: Int32Array;
  /** Objects that are not on the slab's own free list. */
  inUse: Int32Array;
  node: Int32Array;
  /** First object of the slab's free list. */
  firstFree: Int32Array;
  /** Next object on whichever free list an object is. */
  nextFree: Int32Array;
  /** For the cache: SLUB: frozen or not; SLAB: object that holds the slab's head. */
  tag: Int32Array;
  private next: Int32Array;
  private prev: Int32Array;
  private readonly head: Int32Array;
  private readonly tail: Int32Array;
  /** Slabs on each list. */
  readonly length: Int32Array;
  private firstUnused = noSlab;
  private count = 0;

  constructor(objectsMax: number, lists: number) {
    const capacity = 16;
    this.objectsMax = objectsMax;
    this.pfn = new Int32Array(capacity);
    this.order = new Uint8Array(capacity);
    this.objects = new Int32Array(capacity);
    this.inUse = new Int32Array(capacity);
    this.node = new Int32Array(capacity);
    this.firstFree = new Int32Array(capacity);
    this.nextFree = new Int32Array(capacity * objectsMax);
    this.tag = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.prev = new Int32Array(capacity);
    this.head = new Int32Array(lists).fill(noSlab);
    this.tail = new Int32Array(lists).fill(noSlab);
    this.length = new Int32Array(lists);
  }

  slabOf(object: number): number {
    return Math.floor(object / this.objectsMax);
  }

  /** A slab with all its objects free, on no list. */
  add(pfn: Pfn, order: number, objects: number, node: number): number {
    const slab = this.unused();
    this.pagesHeld += 2 ** order;
    this.pfn[slab] = pfn;
    this.order[slab] = order;
    this.objects[slab] = objects;
    this.inUse[slab] = 0;
    this.node[slab] = node;
    this.tag[slab] = 0;
    const first = slab * this.objectsMax;
    for (let at = 0; at < objects; at++)
      this.nextFree[first + at] = at + 1 < objects ? first + at + 1 : noObject;
    this.firstFree[slab] = first;
    return slab;
  }

  /** Forgets a slab that is on no list; its pages are the caller's. */
  drop(slab: number): void {
    this.pagesHeld -= 2 ** this.order[slab];
    this.next[slab] = this.firstUnused;
    this.firstUnused = slab;
  }

  takeObject(slab: number): number {
    const object = this.firstFree[slab];
    this.firstFree[slab] = this.nextFree[object];
    this.inUse[slab]++;
    return object;
  }

  putObject(slab: number, object: number): void {
    this.nextFree[object] = this.firstFree[slab];
    this.firstFree[slab] = object;
    this.inUse[slab]--;
  }

  first(list: number): number {
    return this.head[list];
  }

  last(list: number): number {
    return this.tail[list];
  }

  pushHead(list: number, slab: number): void {
    const first = this.head[list];
    this.next[slab] = first;
    this.prev[slab] = noSlab;
    if (first === noSlab) this.tail[list] = slab;
    else this.prev[first] = slab;
    this.head[list] = slab;
    this.length[list]++;
  }

  pushTail(list: number, slab: number): void {
    const last = this.tail[list];
    this.next[slab] = noSlab;
    this.prev[slab] = last;
    if (last === noSlab) this.head[list] = slab;
    else this.next[last] = slab;
    this.tail[list] = slab;
    this.length[list]++;
  }

  /** Takes a slab that is known to be on this list out of it. */
  remove(list: number, slab: number): void {
    const after = this.next[slab];
    const before = this.prev[slab];
    if (before === noSlab) this.head[list] = after;
    else this.next[before] = after;
    if (after === noSlab) this.tail[list] = before;
    else this.prev[after] = before;
    this.length[list]--;
  }

  /** For chains of slabs that are no list: the CPU's partial slabs. */
  follower(slab: number): number {
    return this.next[slab];
  }

  setFollower(slab: number, follower: number): void {
    this.next[slab] = follower;
  }

  private unused(): number {
    if (this.firstUnused !== noSlab) {
      const slab = this.firstUnused;
      this.firstUnused = this.next[slab];
      return slab;
    }
    if (this.count === this.pfn.length) this.grow();
    return this.count++;
  }

  private grow(): void {
    this.pfn = doubled(this.pfn);
    this.order = doubled(this.order);
    this.objects = doubled(this.objects);
    this.inUse = doubled(this.inUse);
    this.node = doubled(this.node);
    this.firstFree = doubled(this.firstFree);
    this.nextFree = doubled(this.nextFree);
    this.tag = doubled(this.tag);
    this.next = doubled(this.next);
    this.prev = doubled(this.prev);
  }
}

function doubled<Column extends Int32Array | Uint8Array>(old: Column): Column {
  const grown = new (old.constructor as new (length: number) => Column)(old.length * 2);
  grown.set(old);
  return grown;
}
