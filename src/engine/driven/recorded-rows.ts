/** All rows of a recording in memory, for rules that look back and forth: about 35 bytes a row. */

import { type EventBlock, Kind } from '../input/event-log.ts';

/** No kernel has larger blocks. */
const orderMax = 10;
const hasOrder = new Uint8Array(256);
for (const kind of [Kind.pageAlloc, Kind.pageAllocZoneLocked, Kind.pageAllocExtfrag]) hasOrder[kind] = 1;
for (const kind of [Kind.pageFree, Kind.pagePcpuDrain, Kind.freeOnePage]) hasOrder[kind] = 1;

export class RecordedRows {
  length = 0;
  timeNs: Float64Array = new Float64Array(0);
  kind: Uint8Array = new Uint8Array(0);
  cpu: Uint16Array = new Uint16Array(0);
  pid: Int32Array = new Int32Array(0);
  /** As a number of a page frame; -1: none, or one beyond 2^31. */
  pfn: Int32Array = new Int32Array(0);
  order: Int8Array = new Int8Array(0);
  a: Int32Array = new Int32Array(0);
  b: Int32Array = new Int32Array(0);
  c: Int32Array = new Int32Array(0);
  d: Int8Array = new Int8Array(0);
  readonly texts: Map<number, string> = new Map();
  readonly #cpuCount: number;

  constructor(cpuCount: number) {
    this.#cpuCount = cpuCount;
  }

  add(block: EventBlock): void {
    const from = this.length;
    const { length } = block;
    if (from + length > this.kind.length) this.#grow(from + length);
    this.timeNs.set(block.timeNs.subarray(0, length), from);
    this.kind.set(block.kind.subarray(0, length), from);
    this.cpu.set(block.cpu.subarray(0, length), from);
    this.pid.set(block.pid.subarray(0, length), from);
    for (let i = 0; i < length; i++) {
      const row = from + i;
      const pfn = block.pfn[i];
      this.pfn[row] = pfn >= 0 && pfn < 0x7fffffff ? pfn : -1;
      this.order[row] = block.order[i];
      this.a[row] = block.a[i];
      this.b[row] = block.b[i];
      this.c[row] = block.c[i];
      this.d[row] = block.d[i];
      // Of a CPU that the machine does not have, or an order that no kernel has: damage.
      const damaged = block.order[i] >>> 0 > orderMax && hasOrder[block.kind[i]] === 1;
      if (damaged || block.cpu[i] >= this.#cpuCount) {
        this.kind[row] = Kind.other;
        this.cpu[row] = 0;
      }
    }
    for (const [i, text] of block.texts) this.texts.set(from + i, text);
    this.length = from + length;
  }

  #grow(least: number): void {
    const size = Math.max(least, 2 * this.kind.length, 1 << 16);
    const grown = <T extends { set(from: T): void }>(make: new (size: number) => T, old: T): T => {
      const bigger = new make(size);
      bigger.set(old);
      return bigger;
    };
    this.timeNs = grown(Float64Array, this.timeNs);
    this.kind = grown(Uint8Array, this.kind);
    this.cpu = grown(Uint16Array, this.cpu);
    this.pid = grown(Int32Array, this.pid);
    this.pfn = grown(Int32Array, this.pfn);
    this.order = grown(Int8Array, this.order);
    this.a = grown(Int32Array, this.a);
    this.b = grown(Int32Array, this.b);
    this.c = grown(Int32Array, this.c);
    this.d = grown(Int8Array, this.d);
  }
}
