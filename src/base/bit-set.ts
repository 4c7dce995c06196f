/** A set of small integers (CPUs) in 32-bit words, like the kernel's cpumask. */

import { assert } from './assert.ts';

export class BitSet {
  /** Members are 0 … size-1. */
  readonly size: number;
  readonly words: Uint32Array;

  constructor(size: number) {
    this.size = size;
    this.words = new Uint32Array((size + 31) >>> 5);
  }

  static of(size: number, members: Iterable<number>): BitSet {
    const set = new BitSet(size);
    for (const member of members) set.add(member);
    return set;
  }

  /** The set of all of 0 … size-1. */
  static full(size: number): BitSet {
    const set = new BitSet(size);
    for (let i = 0; i < size; i++) set.add(i);
    return set;
  }

  has(member: number): boolean {
    return member >= 0 && member < this.size && (this.words[member >>> 5] & (1 << (member & 31))) !== 0;
  }

  add(member: number): void {
    assert(member >= 0 && member < this.size, `CPU ${member} outside of 0-${this.size - 1}`);
    this.words[member >>> 5] |= 1 << (member & 31);
  }

  delete(member: number): void {
    if (member >= 0 && member < this.size) this.words[member >>> 5] &= ~(1 << (member & 31));
  }

  clear(): void {
    this.words.fill(0);
  }

  /** Makes this set equal to `other`, which must have the same size. */
  copyFrom(other: BitSet): void {
    assert(other.size === this.size, 'sets of different sizes');
    this.words.set(other.words);
  }

  /** Adds the members of `other`, which must have the same size. */
  addAll(other: BitSet): void {
    assert(other.size === this.size, 'sets of different sizes');
    for (let i = 0; i < this.words.length; i++) this.words[i] |= other.words[i];
  }

  /** Deletes the members of `other`, which must have the same size. */
  deleteAll(other: BitSet): void {
    assert(other.size === this.size, 'sets of different sizes');
    for (let i = 0; i < this.words.length; i++) this.words[i] &= ~other.words[i];
  }

  /** Keeps only the members that are also in `other`, which must have the same size. */
  keepOnly(other: BitSet): void {
    assert(other.size === this.size, 'sets of different sizes');
    for (let i = 0; i < this.words.length; i++) this.words[i] &= other.words[i];
  }

  clone(): BitSet {
    const set = new BitSet(this.size);
    set.words.set(this.words);
    return set;
  }

  get count(): number {
    let n = 0;
    for (let i = 0; i < this.words.length; i++) n += bitCount(this.words[i]);
    return n;
  }

  /** How many members are in both sets. */
  countCommon(other: BitSet): number {
    const length = Math.min(this.words.length, other.words.length);
    let n = 0;
    for (let i = 0; i < length; i++) n += bitCount(this.words[i] & other.words[i]);
    return n;
  }

  equals(other: BitSet): boolean {
    const length = Math.max(this.words.length, other.words.length);
    for (let i = 0; i < length; i++) if ((this.words[i] ?? 0) !== (other.words[i] ?? 0)) return false;
    return true;
  }

  /** The smallest member that is at least `from`, or -1. */
  next(from: number): number {
    let word = from >>> 5;
    if (from >= this.size) return -1;
    let bits = this.words[word] & (-1 << (from & 31));
    while (bits === 0) {
      if (++word >= this.words.length) return -1;
      bits = this.words[word];
    }
    return (word << 5) + 31 - Math.clz32(bits & -bits);
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = this.next(0); i >= 0; i = this.next(i + 1)) yield i;
  }
}

function bitCount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return (((x + (x >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
