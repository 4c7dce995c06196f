import { describe, expect, it } from 'vitest';
import { LockedSections } from './locked-sections.ts';

/** Two CPUs with one list each: list number = CPU number. `gone`: pages found to have passed their list by. */
function sections(): { sections: LockedSections; gone: number[] } {
  const gone: number[] = [];
  return { sections: new LockedSections(new Uint8Array(2), 2, (pfn) => gone.push(pfn)), gone };
}

describe('a free while its list is locked', () => {
  it('passes the list by: another CPU is in the middle of draining it', () => {
    const { sections: locked, gone } = sections();
    locked.freed(1, 7, 1, 100, 1);
    locked.givesBack(0, 3, 1, 2);
    locked.freed(1, 7, 1, 101, 3);
    expect(gone).toEqual([]);
    locked.gaveBack(0);
    expect(gone).toEqual([101]);
  });

  it('does not when it comes after the last page of the drain', () => {
    const { sections: locked, gone } = sections();
    locked.givesBack(0, 3, 1, 1);
    locked.gaveBack(0);
    locked.freed(1, 7, 1, 100, 2);
    locked.close(0);
    locked.givesBack(0, 3, 1, 3);
    locked.gaveBack(0);
    expect(gone).toEqual([]);
  });

  it('does not when it goes to another list than the one that is drained', () => {
    const { sections: locked, gone } = sections();
    locked.givesBack(0, 3, 1, 1);
    locked.freed(0, 3, 0, 100, 2);
    locked.gaveBack(0);
    expect(gone).toEqual([]);
  });

  it('passes the list by: an interrupt in a give-back of the CPU itself, in the name of the same task', () => {
    const { sections: locked, gone } = sections();
    locked.givesBack(0, 3, 0, 1);
    locked.freed(0, 3, 0, 100, 2);
    locked.freed(0, 4, 0, 101, 3);
    locked.gaveBack(0);
    expect(gone).toEqual([100]);
  });

  it('passes the list by: an interrupt between two pages of one list of pages', () => {
    const { sections: locked, gone } = sections();
    // Pages 100 and 101 were prepared in rows 1 and 2; page 200 is freed in row 4, between the two entering.
    locked.freedOfMany(0, 3, 0, 1, 3);
    locked.freed(0, 3, 0, 200, 4);
    locked.freedOfMany(0, 3, 0, 2, 5);
    expect(gone).toEqual([200]);
  });

  it('does not between two lists of pages: the second was prepared after the first was done', () => {
    const { sections: locked, gone } = sections();
    locked.freedOfMany(0, 3, 0, 1, 3);
    locked.freed(0, 3, 0, 200, 4);
    locked.freedOfMany(0, 3, 0, 4, 5);
    expect(gone).toEqual([]);
  });

  it('passes the list by: an interrupt between a refill and the page that was asked for', () => {
    const { sections: locked, gone } = sections();
    locked.refilled(0, 3, 0);
    locked.freed(0, 3, 0, 100, 2);
    locked.allocated(0, 3);
    expect(gone).toEqual([100]);
  });

  it('does not when another task has run since the refill', () => {
    const { sections: locked, gone } = sections();
    locked.refilled(0, 3, 0);
    locked.freed(0, 3, 0, 100, 2);
    locked.allocated(0, 4);
    expect(gone).toEqual([]);
  });
});
