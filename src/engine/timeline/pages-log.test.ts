import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PagesLog } from './pages-log.ts';

describe('the pages of CPUs over time', () => {
  it('show in each column the least and the most that were there, from its beginning on', () => {
    const log = new PagesLog(2);
    // CPU 0: 5 pages from 10, 60 from 25, 0 from 29, 7 from 70. CPU 1: nothing.
    for (const [timeNs, pages] of [
      [10, 5],
      [25, 60],
      [29, 0],
      [70, 7],
    ])
      log.note(0, timeNs, pages);
    const { least, most } = log.tile(0, 80, 4);
    // 0-20: nothing, then 5. 20-40: 5, 60, 0. 40-60: 0. 60-80: 0, then 7.
    expect([...least]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...most]).toEqual([5, 60, 0, 7, 0, 0, 0, 0]);
    expect([9, 10, 28, 29, 1000].map((timeNs) => log.at(0, timeNs))).toEqual([0, 5, 60, 0, 7]);
  });

  it('keep of several changes at one moment the last', () => {
    const log = new PagesLog(1);
    log.note(0, 10, 5);
    log.note(0, 10, 9);
    expect(log.length).toBe(1);
    expect(log.at(0, 10)).toBe(9);
    // The 5 is not in the picture either, however far away it is seen from.
    log.note(0, 20, 8);
    expect([...log.tile(10, 1000, 1).least]).toEqual([8]);
    expect([...log.tile(-1000, 1000, 1).most]).toEqual([9]);
  });

  it('reach over hours: a chunk ends where 32 bits of nanoseconds do', () => {
    const log = new PagesLog(1);
    const hourNs = 3.6e12;
    for (let hour = 0; hour < 5; hour++) log.note(0, hour * hourNs, hour + 1);
    const { least, most } = log.tile(0, 5 * hourNs, 5);
    expect([...least]).toEqual([1, 1, 2, 3, 4]);
    expect([...most]).toEqual([1, 2, 3, 4, 5]);
    expect(log.at(0, 3 * hourNs - 1)).toBe(3);
  });

  it('of CPUs that share a row are the least and the most of them; one CPU alone has its own', () => {
    const log = new PagesLog(4);
    for (const [cpu, timeNs, pages] of [
      [0, 0, 5],
      [1, 0, 9],
      [1, 15, 2],
      [2, 0, 100],
      [3, 12, 7],
    ])
      log.note(cpu, timeNs, pages);
    const { least, most } = log.tile(0, 20, 2, Int32Array.of(0, 0, -1, 1));
    expect([[...least], [...most]]).toEqual([
      [5, 2, 0, 0],
      [9, 9, 0, 7],
    ]);
    expect([...log.tileOf(1, 0, 20, 2).least]).toEqual([9, 2]);
  });

  it('say from when on they are not complete, when there is no room', () => {
    const log = new PagesLog(1, 3);
    for (let i = 1; i <= 5; i++) log.note(0, i * 10, i);
    expect(log).toMatchObject({ length: 3, dropped: 2, droppedFromNs: 40 });
    expect(log.at(0, 100)).toBe(3);
  });

  it('are those that looking at every change gives, at any zoom', () => {
    const change = fc.record({
      after: fc.integer({ min: 0, max: 30 }),
      pages: fc.integer({ min: 0, max: 99 }),
    });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 3000, size: 'max' }),
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 1, max: 90_000 }),
        fc.integer({ min: 1, max: 40 }),
        (changes, fromNs, spanNs, columns) => {
          const log = new PagesLog(1);
          const times: number[] = [];
          const values: number[] = [];
          let timeNs = 0;
          for (const { after, pages } of changes) {
            timeNs += after;
            log.note(0, timeNs, pages);
            if (times.at(-1) === timeNs) values.pop();
            else times.push(timeNs);
            values.push(pages);
          }
          const toNs = fromNs + spanNs;
          const tile = log.tile(fromNs, toNs, columns);
          for (let column = 0; column < columns; column++) {
            const startNs = column === 0 ? fromNs : fromNs + (spanNs * column) / columns;
            const endNs = fromNs + (spanNs * (column + 1)) / columns;
            let last = 0;
            const seen: number[] = [];
            for (const [i, at] of times.entries()) {
              // The first column also has what is there at its very beginning.
              if (column === 0 ? at <= startNs : at < startNs) last = values[i];
              else if (at < endNs) seen.push(values[i]);
            }
            expect(tile.least[column]).toBe(Math.min(last, ...seen));
            expect(tile.most[column]).toBe(Math.max(last, ...seen));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
