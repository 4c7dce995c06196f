import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageTable } from './page-table.ts';

describe('PageTable', () => {
  it('finds a page again with its list, order and row', () => {
    const table = new PageTable(6);
    table.put(4096, 7, 3, 42);
    const slot = table.find(4096);
    expect([table.list(slot), table.order(slot), table.row(slot)]).toEqual([7, 3, 42]);
    expect(table.find(4097)).toBe(-1);
  });

  it('knows frame numbers beyond 32 bits apart', () => {
    const table = new PageTable(6);
    table.put(5, 1, 0, 0);
    table.put(5 + 2 ** 32, 2, 0, 0);
    expect(table.list(table.find(5))).toBe(1);
    expect(table.list(table.find(5 + 2 ** 32))).toBe(2);
  });

  it('sweeps what is not to be kept', () => {
    const table = new PageTable(6);
    for (let pfn = 0; pfn < 20; pfn++) table.put(pfn, pfn % 2, 0, pfn);
    table.sweep((list) => list === 1);
    expect(table.size).toBe(10);
    expect(table.find(4)).toBe(-1);
    expect(table.row(table.find(5))).toBe(5);
  });

  it('agrees with a Map under any inserts and removals, also when it grows and when runs of slots overlap', () => {
    // Few distinct groups of 16 frames in 64 slots: collisions, wrapped runs, backward shifts.
    const frame = fc.integer({ min: 0, max: 200 }).map((n) => n * 7);
    fc.assert(
      fc.property(fc.array(fc.tuple(frame, fc.boolean()), { maxLength: 300 }), (steps) => {
        const table = new PageTable(6);
        const truth = new Map<number, number>();
        steps.forEach(([pfn, insert], row) => {
          const slot = table.find(pfn);
          expect(slot >= 0 ? table.row(slot) : undefined).toBe(truth.get(pfn));
          if (insert && slot < 0) {
            table.put(pfn, 0, 0, row);
            truth.set(pfn, row);
          } else if (!insert && slot >= 0) {
            table.remove(slot);
            truth.delete(pfn);
          }
        });
        expect(table.size).toBe(truth.size);
        for (const [pfn, row] of truth) expect(table.row(table.find(pfn))).toBe(row);
      }),
    );
  });
});
