/**
 * Frees that find the lock of their list taken. From 6.0 on a list has a spinlock that a free only tries
 * (`pcp_spin_trylock` in mm/page_alloc.c): if it is held, the page goes to the buddy lists instead, and
 * mm_page_free looks as always. The lock is held while pages are given back, a list of pages is freed or a list
 * is refilled; a free told in the middle of that comes from an interrupt, or from the owner of a list that
 * another CPU drains. So a free is remembered while such work may be going on, and when a later event shows
 * that it was, the page never entered.
 */

import type { CpuIndex, ListIndex, Pfn } from '../../base/units.ts';

/** Bit of a CPU's `busy` while it works under a list's lock. */
export const inSection = 4;

const none = -1;
/** More than any interrupt frees at once; beyond this the free is taken for an ordinary one. */
const suspectsMax = 512;

/** What CPU number i is doing under a list's lock; one entry for each CPU. */
interface Section {
  list: ListIndex;
  pid: number;
  /** Rows of the last page of a list that was freed and of the last begin of a give-back; -1 if none. */
  batchedRow: number;
  bulkRow: number;
  refill: boolean;
  suspects: number;
  readonly pfns: Float64Array;
  readonly rows: Float64Array;
}

export class LockedSections {
  /** Called for each page that never entered its list; `row`: of its mm_page_free. */
  readonly #neverEntered: (pfn: Pfn, row: number) => void;
  readonly #sections: (Section | null)[];
  /** By list: CPU that works on it, or `none`. */
  readonly #workerOf: Int32Array;
  /** By CPU: has the bit `inSection` while its section is open. */
  readonly #busy: Uint8Array;

  constructor(busy: Uint8Array, listCount: number, neverEntered: (pfn: Pfn, row: number) => void) {
    this.#neverEntered = neverEntered;
    this.#sections = new Array(busy.length).fill(null);
    this.#workerOf = new Int32Array(listCount).fill(none);
    this.#busy = busy;
  }

  isOpen(cpu: CpuIndex): boolean {
    return (this.#busy[cpu] & inSection) !== 0;
  }

  /** The CPU does something that it cannot do under the lock. */
  close(cpu: CpuIndex): void {
    const section = this.#sections[cpu] as Section;
    if (this.#workerOf[section.list] === cpu) this.#workerOf[section.list] = none;
    this.#busy[cpu] &= ~inSection;
  }

  /** free_pcppages_bulk: CPU `cpu` begins to give back pages of `list`. */
  givesBack(cpu: CpuIndex, pid: number, list: ListIndex, row: number): void {
    this.#enter(cpu, pid, list).bulkRow = row;
  }

  /** mm_page_pcpu_drain by `cpu`: since its free_pcppages_bulk it holds the lock. */
  gaveBack(cpu: CpuIndex): void {
    if ((this.#busy[cpu] & inSection) === 0) return;
    const section = this.#sections[cpu] as Section;
    if (section.suspects > 0 && section.bulkRow >= 0) this.#confirm(section, section.bulkRow);
  }

  /** mm_page_free_batched of a page of `list` whose mm_page_free was row `freedRow`. */
  freedOfMany(cpu: CpuIndex, pid: number, list: ListIndex, freedRow: number, row: number): void {
    const section = this.#enter(cpu, pid, list);
    // A page that was prepared before the last one entered belongs to the same list of pages: no unlock between.
    if (section.batchedRow >= 0 && freedRow < section.batchedRow) this.#confirm(section, section.batchedRow);
    section.suspects = 0;
    section.batchedRow = row;
    section.bulkRow = -1;
  }

  /** A refill of `list` is complete, but the page that was asked for is not handed out yet. */
  refilled(cpu: CpuIndex, pid: number, list: ListIndex): void {
    const section = this.#enter(cpu, pid, list);
    section.refill = true;
  }

  /** mm_page_alloc: the task has its page. */
  allocated(cpu: CpuIndex, pid: number): void {
    const section = this.#sections[cpu] as Section;
    if (section.refill && section.pid === pid) this.#confirm(section, -1);
  }

  /** mm_page_free of a page that goes to `list` as far as is known. */
  freed(cpu: CpuIndex, pid: number, list: ListIndex, pfn: Pfn, row: number): void {
    const worker = this.#workerOf[list];
    if (worker === none) return;
    const section = this.#sections[worker] as Section;
    if ((worker === cpu && section.pid !== pid) || section.suspects === suspectsMax) return;
    section.pfns[section.suspects] = pfn;
    section.rows[section.suspects++] = row;
  }

  #enter(cpu: CpuIndex, pid: number, list: ListIndex): Section {
    let section = this.#sections[cpu];
    if (section === null) {
      const pfns = new Float64Array(suspectsMax);
      section = {
        list,
        pid,
        batchedRow: -1,
        bulkRow: -1,
        refill: false,
        suspects: 0,
        pfns,
        rows: pfns.slice(),
      };
      this.#sections[cpu] = section;
    }
    const goesOn = (this.#busy[cpu] & inSection) !== 0 && section.pid === pid && section.list === list;
    if (!goesOn) {
      if ((this.#busy[cpu] & inSection) !== 0) this.close(cpu);
      section.list = list;
      section.pid = pid;
      section.batchedRow = -1;
      section.bulkRow = -1;
      section.refill = false;
      section.suspects = 0;
    }
    this.#busy[cpu] |= inSection;
    this.#workerOf[list] = cpu;
    return section;
  }

  /** The lock was held since row `since`: pages freed from then on never entered. */
  #confirm(section: Section, since: number): void {
    let kept = 0;
    for (let i = 0; i < section.suspects; i++) {
      if (section.rows[i] > since) this.#neverEntered(section.pfns[i], section.rows[i]);
      else {
        section.pfns[kept] = section.pfns[i];
        section.rows[kept++] = section.rows[i];
      }
    }
    section.suspects = kept;
  }
}
