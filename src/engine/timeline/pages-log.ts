/**
 * Pages on each CPU's lists over time, as every change of them: what a heat map of CPUs and time is drawn from at any
 * zoom. A change takes 8 bytes; chunks know their least and most, so that hours are drawn without looking at every change.
 */

import type { CpuIndex, Nanoseconds, Pages } from '../../base/units.ts';

/** Changes of a chunk, at most. */
const chunkChanges = 1024;
/** A chunk's times are whole nanoseconds since its first, in 32 bits. */
const chunkNsMax = 2 ** 32 - 1;

/** Changes of one CPU, one after the other. */
interface Chunk {
  readonly startNs: Nanoseconds;
  readonly sinceNs: Uint32Array;
  readonly pages: Int32Array;
  length: number;
  /** Of all changes but the last, which may still be replaced. */
  least: Pages;
  most: Pages;
}

/** Least and most pages of each CPU in each of some columns of equal time, `cpu * columns + column`. */
export interface PagesTile {
  readonly fromNs: Nanoseconds;
  readonly toNs: Nanoseconds;
  readonly columns: number;
  readonly least: Int32Array;
  readonly most: Int32Array;
}

export class PagesLog {
  readonly cpuCount: number;
  /** Changes kept. */
  length = 0;
  /** Changes that came when there was no room any more: from the first of them on, the log knows nothing. */
  dropped = 0;
  /** Time of the first dropped change; Infinity when none was. */
  droppedFromNs: Nanoseconds = Number.POSITIVE_INFINITY;
  readonly #changesMax: number;
  readonly #chunks: Chunk[][];

  /** `changesMax`: 8 bytes each. */
  constructor(cpuCount: number, changesMax: number = 1 << 26) {
    this.cpuCount = cpuCount;
    this.#changesMax = changesMax;
    this.#chunks = Array.from({ length: cpuCount }, () => []);
  }

  /** From `timeNs` on there are `pages` on the lists of `cpu`. Times of a CPU must not go back. */
  note(cpu: CpuIndex, timeNs: Nanoseconds, pages: Pages): void {
    if (this.length >= this.#changesMax) {
      this.dropped++;
      this.droppedFromNs = Math.min(this.droppedFromNs, timeNs);
      return;
    }
    const chunks = this.#chunks[cpu];
    let chunk = chunks.length === 0 ? null : chunks[chunks.length - 1];
    if (chunk === null || chunk.length === chunk.pages.length || timeNs - chunk.startNs > chunkNsMax) {
      chunk = newChunk(timeNs, chunks.length);
      chunks.push(chunk);
    }
    const at = chunk.length;
    const sinceNs = timeNs - chunk.startNs;
    // Of several changes at one moment only the last can be seen.
    if (at > 0 && chunk.sinceNs[at - 1] === sinceNs) {
      chunk.pages[at - 1] = pages;
      return;
    }
    if (at > 0) {
      const before = chunk.pages[at - 1];
      if (before < chunk.least) chunk.least = before;
      if (before > chunk.most) chunk.most = before;
    }
    chunk.sinceNs[at] = sinceNs;
    chunk.pages[at] = pages;
    chunk.length++;
    this.length++;
  }

  /** How many changes of `cpu` are kept. */
  changesOf(cpu: CpuIndex): number {
    return this.#chunks[cpu].reduce((sum, { length }) => sum + length, 0);
  }

  /** Every change of `cpu` in order of time. */
  eachChange(cpu: CpuIndex, visit: (timeNs: Nanoseconds, pages: Pages) => void): void {
    for (const { startNs, sinceNs, pages, length } of this.#chunks[cpu]) {
      for (let i = 0; i < length; i++) visit(startNs + sinceNs[i], pages[i]);
    }
  }

  /** Pages of `cpu` at `timeNs`; 0 before its first change. */
  at(cpu: CpuIndex, timeNs: Nanoseconds): Pages {
    const chunks = this.#chunks[cpu];
    const index = lastChunk(chunks, timeNs);
    if (index < 0) return 0;
    return chunks[index].pages[lastChange(chunks[index], timeNs)];
  }

  /**
   * What a picture of `columns` columns shows of [fromNs, toNs): nothing between two columns is lost. With `rowOf` the
   * CPUs of one row are put together (-1: left out), and the tile has rows in place of CPUs.
   */
  tile(fromNs: Nanoseconds, toNs: Nanoseconds, columns: number, rowOf?: Int32Array): PagesTile {
    if (rowOf !== undefined) return this.#tileOfRows(fromNs, toNs, columns, rowOf);
    const least = new Int32Array(this.cpuCount * columns);
    const most = new Int32Array(this.cpuCount * columns);
    for (let cpu = 0; cpu < this.cpuCount; cpu++) {
      this.#tileRow(cpu, cpu * columns, fromNs, toNs, columns, least, most);
    }
    return { fromNs, toNs, columns, least, most };
  }

  #tileOfRows(fromNs: Nanoseconds, toNs: Nanoseconds, columns: number, rowOf: Int32Array): PagesTile {
    const rows = rowOf.reduce((a, b) => Math.max(a, b), -1) + 1;
    const least = new Int32Array(rows * columns).fill(2 ** 31 - 1);
    const most = new Int32Array(rows * columns).fill(-(2 ** 31));
    const [low, high] = [new Int32Array(columns), new Int32Array(columns)];
    for (let cpu = 0; cpu < this.cpuCount; cpu++) {
      if (rowOf[cpu] < 0) continue;
      this.#tileRow(cpu, 0, fromNs, toNs, columns, low, high);
      const base = rowOf[cpu] * columns;
      for (let column = 0; column < columns; column++) {
        if (low[column] < least[base + column]) least[base + column] = low[column];
        if (high[column] > most[base + column]) most[base + column] = high[column];
      }
    }
    return { fromNs, toNs, columns, least, most };
  }

  /** The same of one CPU alone. */
  tileOf(cpu: CpuIndex, fromNs: Nanoseconds, toNs: Nanoseconds, columns: number): PagesTile {
    const least = new Int32Array(columns);
    const most = new Int32Array(columns);
    this.#tileRow(cpu, 0, fromNs, toNs, columns, least, most);
    return { fromNs, toNs, columns, least, most };
  }

  #tileRow(
    cpu: CpuIndex,
    base: number,
    fromNs: Nanoseconds,
    toNs: Nanoseconds,
    columns: number,
    least: Int32Array,
    most: Int32Array,
  ): void {
    const chunks = this.#chunks[cpu];
    let index = lastChunk(chunks, fromNs);
    let at = index < 0 ? -1 : lastChange(chunks[index], fromNs);
    let pages = index < 0 ? 0 : chunks[index].pages[at];
    if (index < 0) index = 0;
    at++;
    for (let column = 0; column < columns; column++) {
      const endNs = fromNs + ((toNs - fromNs) * (column + 1)) / columns;
      let low = pages;
      let high = pages;
      while (index < chunks.length) {
        const chunk = chunks[index];
        if (at === 0 && endsBefore(chunk, endNs)) {
          pages = chunk.pages[chunk.length - 1];
          low = Math.min(low, chunk.least, pages);
          high = Math.max(high, chunk.most, pages);
        } else {
          const { sinceNs, startNs, length } = chunk;
          for (; at < length && startNs + sinceNs[at] < endNs; at++) {
            pages = chunk.pages[at];
            if (pages < low) low = pages;
            if (pages > high) high = pages;
          }
          if (at < length) break;
        }
        index++;
        at = 0;
      }
      least[base + column] = low;
      most[base + column] = high;
    }
  }
}

/** The first chunks of a CPU are small: of thousands of CPUs most change seldom. */
function newChunk(startNs: Nanoseconds, before: number): Chunk {
  const size = Math.min(chunkChanges, 16 << (2 * Math.min(before, 3)));
  return {
    startNs,
    sinceNs: new Uint32Array(size),
    pages: new Int32Array(size),
    length: 0,
    least: Number.POSITIVE_INFINITY,
    most: Number.NEGATIVE_INFINITY,
  };
}

function endsBefore(chunk: Chunk, timeNs: Nanoseconds): boolean {
  return chunk.startNs + chunk.sinceNs[chunk.length - 1] < timeNs;
}

/** The last chunk that begins at `timeNs` or before, or -1. */
function lastChunk(chunks: readonly Chunk[], timeNs: Nanoseconds): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunks[middle].startNs <= timeNs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The last change of `chunk` at `timeNs` or before; its first is. */
function lastChange(chunk: Chunk, timeNs: Nanoseconds): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunk.startNs + chunk.sinceNs[middle] <= timeNs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
