/**
 * What the kernel's pointers in probe arguments stand for, learnt from the events around them: pcp pointer →
 * owning CPU, zone pointer → zone. The reader has interned the pointers as 1, 2, 3, …
 */

import type { CpuIndex, ZoneIndex } from '../../base/units.ts';

/** Pointers beyond this are not learnt: no machine has so many lists. */
const pointersMax = 1 << 22;

export class PointerTable {
  #owner = new Int32Array(1024).fill(-1);
  #zone = new Int32Array(1024).fill(-1);

  /** CPU that owns the list behind the pcp pointer; `otherwise` if that is not known. */
  ownerOf(pcp: number, otherwise: CpuIndex): CpuIndex {
    const owner = pcp > 0 && pcp < this.#owner.length ? this.#owner[pcp] : -1;
    return owner >= 0 ? owner : otherwise;
  }

  setOwner(pcp: number, cpu: CpuIndex): void {
    if (pcp <= 0 || pcp >= pointersMax) return;
    if (pcp >= this.#owner.length) this.#owner = grown(this.#owner, pcp);
    this.#owner[pcp] = cpu;
  }

  /** Zone behind the pointer, or -1. */
  zoneOf(pointer: number): ZoneIndex {
    return pointer > 0 && pointer < this.#zone.length ? this.#zone[pointer] : -1;
  }

  setZone(pointer: number, zone: ZoneIndex): void {
    if (pointer <= 0 || pointer >= pointersMax) return;
    if (pointer >= this.#zone.length) this.#zone = grown(this.#zone, pointer);
    this.#zone[pointer] = zone;
  }
}

function grown(old: Int32Array<ArrayBuffer>, index: number): Int32Array<ArrayBuffer> {
  const next = new Int32Array(Math.max(old.length * 2, index + 1)).fill(-1);
  next.set(old);
  return next;
}
