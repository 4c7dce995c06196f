/** What recordings of kernels with remote drains (6.0 on) taught about counts: each rule with rows drawn by hand. */

import { describe, expect, it } from 'vitest';
import { machineOf } from '../../../test/hand-made.ts';
import { type drawnKernels, drawnRows, drawnSource } from '../../../test/text-fixtures.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';
import { makeRebuild, type RebuildReport } from './rebuild.ts';

/** Pages of each CPU at each drain that is drawn. */
function pagesAtDrains(
  kernel: keyof typeof drawnKernels,
  machine: Machine,
  drawing: string,
): { pages: number[][]; report: RebuildReport } {
  const empty: ZoneinfoSnapshot = {
    number: 0,
    label: 'start',
    pages: new Int32Array(machine.cpuCount * machine.zones.length),
  };
  const marks = "0 cpu0 t9 marker 'snapshot 0 begin start'\n0 cpu0 t9 marker 'snapshot 0 end start'\n";
  const block = drawnRows(marks + drawing);
  const source = drawnSource(kernel, machine.cpuCount, block.kind.subarray(0, block.length));
  const pages: number[][] = [];
  const rebuild = makeRebuild(source, machine, [empty], {
    drainRequested: (request) => pages.push([...request.pages]),
    drainEnded: () => undefined,
  });
  rebuild.feed(block);
  return { pages, report: rebuild.finish() };
}

describe('a drain of another CPU', () => {
  it('goes on after an interrupt that frees pages on the draining CPU', () => {
    // CPU 1 holds 100 and 101; between their leaving an interrupt on CPU 0 frees 50 there, which stays.
    const { pages, report } = pagesAtDrains(
      '6.1',
      machineOf(2),
      `10 cpu1 t7 pageFree 100
      11 cpu1 t7 pageFree 101
      20 cpu0 t3 drainAllPagesInner a=0 b=0
      21 cpu0 t3 drainPagesZone a=1 b=1
      22 cpu0 t3 freePcppagesBulk a=1 b=2 c=2
      23 cpu0 t3 pagePcpuDrain 100
      24 cpu0 t3 pageFree 50
      25 cpu0 t3 pagePcpuDrain 101
      30 cpu0 t3 pageAlloc 200
      40 cpu0 t4 drainAllPagesInner a=0 b=0`,
    );
    expect(pages).toEqual([
      [0, 2],
      [1, 0],
    ]);
    expect(report.notes.get('pages believed on an emptied list')).toBeUndefined();
  });

  it('empties what the list holds when its lock is had, not when the drain begins to wait for it', () => {
    // While CPU 0 waits from 21 to 30, CPU 1 refills its list with 300 … 303 and takes the first two.
    const { pages } = pagesAtDrains(
      '6.1',
      { ...machineOf(2), zones: machineOf(2).zones.map((zone) => ({ ...zone, batch: 4 })) },
      `20 cpu0 t3 drainAllPagesInner a=0 b=0
      21 cpu0 t3 drainPagesZone a=1 b=1
      22 cpu1 t7 pageAllocZoneLocked 300 b=1
      23 cpu1 t7 pageAllocZoneLocked 301 b=1
      24 cpu1 t7 pageAllocZoneLocked 302 b=1
      25 cpu1 t7 pageAllocZoneLocked 303 b=1
      26 cpu1 t7 allocBulk a=1
      27 cpu1 t7 allocBulkReturn a=1
      30 cpu0 t3 freePcppagesBulk a=1 b=2 c=2
      31 cpu0 t3 pagePcpuDrain 303
      32 cpu0 t3 pagePcpuDrain 302
      33 cpu0 t3 pageAlloc 200
      40 cpu0 t4 drainAllPagesInner a=0 b=0`,
    );
    expect(pages[1]).toEqual([0, 0]);
  });

  it('leaves a refill alone that is not complete: its pages are there afterwards', () => {
    const { pages } = pagesAtDrains(
      '6.12',
      machineOf(2),
      `10 cpu1 t7 pageAllocZoneLocked 300 b=1
      11 cpu1 t7 pageAllocZoneLocked 301 b=1
      20 cpu0 t3 drainAllPagesInner a=0 b=0
      21 cpu0 t3 drainPagesZone a=1 b=1
      22 cpu0 t3 pageAlloc 200
      30 cpu1 t7 pageAlloc 300
      40 cpu0 t4 drainAllPagesInner a=0 b=0
      500 cpu1 t7 pageAlloc 301
      600 cpu0 t5 drainAllPagesInner a=0 b=0`,
    );
    expect(pages.slice(1)).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });

  it('is over when its task gives pages of its own list back later', () => {
    // Task 3 drains its own CPU 0, then frees 100 … 102 there and gives 100 back: 101 and 102 stay.
    const { pages } = pagesAtDrains(
      '6.1',
      machineOf(2),
      `20 cpu0 t3 drainAllPagesInner a=0 b=0
      21 cpu0 t3 drainPagesZone a=0 b=1
      22 cpu0 t3 freePcppagesBulk a=1 b=1 c=2
      30 cpu0 t3 pageFree 100
      31 cpu0 t3 pageFree 101
      32 cpu0 t3 pageFree 102
      33 cpu0 t3 freePcppagesBulk a=1 b=1 c=2
      34 cpu0 t3 pagePcpuDrain 100
      35 cpu0 t3 pageAlloc 200
      40 cpu0 t4 drainAllPagesInner a=0 b=0`,
    );
    expect(pages[1]).toEqual([2, 0]);
  });
});

describe('a refill', () => {
  it('is complete with its last page, also when only a later event tells that no more come', () => {
    const { pages } = pagesAtDrains(
      '6.12',
      machineOf(2),
      `10 cpu1 t7 pageAllocZoneLocked 300 b=1
      11 cpu1 t7 pageAllocZoneLocked 301 b=1
      12 cpu1 t7 pageAllocZoneLocked 302 b=1
      20 cpu0 t3 drainAllPagesInner a=0 b=0
      30 cpu1 t7 pageAlloc 300`,
    );
    expect(pages).toEqual([[0, 2]]);
  });
});

describe('a refill that a probe tells', () => {
  /** CPU 1 is refilled with 300 and 301, takes 300, and is refilled again: 301 has left unseen by then. */
  const twice = (between: string) => `10 cpu1 t7 rmqueueBulk a=1 b=2
      11 cpu1 t7 pageAllocZoneLocked 300 a=0 b=1
      12 cpu1 t7 pageAllocZoneLocked 301 a=0 b=1
      13 cpu1 t7 pageAlloc 300
      ${between}
      21 cpu1 t7 pageAllocZoneLocked 302 a=0 b=1
      22 cpu1 t7 pageAllocZoneLocked 303 a=0 b=1
      23 cpu1 t7 pageAlloc 302
      300 cpu0 t3 drainAllPagesInner a=0 b=0`;

  it('shows that the list was empty', () => {
    expect(pagesAtDrains('6.1', machineOf(2), twice('20 cpu1 t7 rmqueueBulk a=1 b=2')).pages).toEqual([
      [0, 1],
    ]);
  });

  it('shows nothing of pages of another type', () => {
    const other = twice('20 cpu1 t7 rmqueueBulk a=1 b=2')
      .replace('302 a=0', '302 a=1')
      .replace('303 a=0', '303 a=1');
    expect(pagesAtDrains('6.1', machineOf(2), other).pages).toEqual([[0, 2]]);
  });

  it('is not believed without the probe: pages that go straight to their users look the same', () => {
    expect(pagesAtDrains('6.1', machineOf(2), twice('20 cpu1 t7 directReclaimEnd')).pages).toEqual([[0, 2]]);
  });

  it('inside a bulk allocation shows what that has taken, which is not taken again at its end', () => {
    const { pages } = pagesAtDrains(
      '6.1',
      machineOf(2),
      `10 cpu1 t7 rmqueueBulk a=1 b=2
      11 cpu1 t7 pageAllocZoneLocked 300 a=0 b=1
      12 cpu1 t7 pageAllocZoneLocked 301 a=0 b=1
      13 cpu1 t7 pageAlloc 300
      19 cpu1 t7 allocBulk a=2
      20 cpu1 t7 rmqueueBulk a=1 b=2
      21 cpu1 t7 pageAllocZoneLocked 302 a=0 b=1
      22 cpu1 t7 pageAllocZoneLocked 303 a=0 b=1
      23 cpu1 t7 allocBulkReturn a=2
      300 cpu0 t3 drainAllPagesInner a=0 b=0`,
    );
    expect(pages).toEqual([[0, 1]]);
  });
});

describe('a give-back', () => {
  const batchOf10 = { ...machineOf(2), zones: machineOf(2).zones.map((zone) => ({ ...zone, batch: 10 })) };
  /** CPU 1 frees 100 … 103, of which 103 was taken by nobody knows whom, and gives `count` pages back. */
  const giveBack = (count: number) => `5 cpu0 t3 drainAllPagesInner a=0 b=0
      6 cpu0 t3 drainPagesZone a=1 b=1
      7 cpu0 t3 freePcppagesBulk a=1 b=1 c=2
      8 cpu0 t3 pagePcpuDrain 90
      9 cpu0 t3 pageAlloc 200
      10 cpu1 t7 pageFree 103
      11 cpu1 t7 pageFree 100
      12 cpu1 t7 pageFree 101
      13 cpu1 t7 pageFree 102
      14 cpu1 t7 freePcppagesBulk a=1 b=${count} c=2
      15 cpu1 t7 pagePcpuDrain 100
      16 cpu1 t7 pagePcpuDrain 101
      17 cpu1 t7 pagePcpuDrain 102
      18 cpu1 t7 pageAlloc 201
      20 cpu0 t3 drainAllPagesInner a=0 b=0`;

  it('of much less than a batch is all that the list holds (6.0–6.6)', () => {
    expect(pagesAtDrains('6.1', batchOf10, giveBack(3)).pages[1]).toEqual([0, 0]);
  });

  it('of half a batch or more says nothing of the rest', () => {
    expect(pagesAtDrains('6.1', batchOf10, giveBack(4)).pages[1]).toEqual([0, 1]);
  });

  it('says nothing where a list may give back any number (6.7 on)', () => {
    expect(pagesAtDrains('6.12', batchOf10, giveBack(3)).pages[1]).toEqual([0, 1]);
  });
});

describe('a bulk allocation', () => {
  it('takes its pages from the zone that the kernel took a page of its own from last, anywhere', () => {
    // Zone 0: frames 0 … 4095, zone 1: 4096 …; CPU 1 holds four pages of each.
    const free = [0, 1, 2, 3].map((k) => `${10 + k} cpu1 t7 pageFree ${100 + k}\n`).join('');
    const freeHigh = [0, 1, 2, 3].map((k) => `${14 + k} cpu1 t7 pageFree ${5000 + k}\n`).join('');
    const { pages } = pagesAtDrains(
      '6.1',
      machineOf(2, { zones: ['DMA', 'Normal'] }),
      `${free}${freeHigh}19 cpu0 t3 pageAllocZoneLocked 200 b=1
      20 cpu0 t3 pageAlloc 200 a=0
      21 cpu1 t7 allocBulk a=3
      22 cpu1 t7 allocBulkReturn a=3
      30 cpu0 t4 drainAllPages a=1
      31 cpu0 t4 drainPagesZone a=1 b=1
      32 cpu0 t4 freePcppagesBulk a=1 b=1 c=2
      33 cpu0 t4 pagePcpuDrain 103
      34 cpu0 t4 pageAlloc -1
      40 cpu0 t4 drainAllPages a=0`,
    );
    expect(pages).toEqual([
      [0, 1],
      [0, 4],
    ]);
  });

  it('takes from the list that is refilled for it', () => {
    // The refill of list (CPU 1, zone 1) inside the call decides, whatever zone was used last.
    const { pages } = pagesAtDrains(
      '6.1',
      machineOf(2, { zones: ['DMA', 'Normal'] }),
      `18 cpu0 t3 pageAllocZoneLocked 200 b=1
      19 cpu0 t3 pageAlloc 200 a=0
      20 cpu1 t7 allocBulk a=3
      21 cpu1 t7 pageAllocZoneLocked 5000 b=1
      22 cpu1 t7 pageAllocZoneLocked 5001 b=1
      23 cpu1 t7 pageAllocZoneLocked 5002 b=1
      24 cpu1 t7 pageAllocZoneLocked 5003 b=1
      25 cpu1 t7 allocBulkReturn a=3
      40 cpu0 t4 drainAllPages a=0`,
    );
    expect(pages).toEqual([[0, 1]]);
  });
});

describe('a free that found its list locked', () => {
  it('never was on the list, which is seen when its page comes from the buddy lists again', () => {
    const { pages } = pagesAtDrains(
      '6.1',
      machineOf(2),
      `10 cpu1 t7 pageFree 100
      20 cpu0 t3 drainAllPagesInner a=0 b=0
      30 cpu0 t3 pageAllocZoneLocked 100 b=1
      31 cpu0 t3 pageAlloc 100`,
    );
    expect(pages).toEqual([[0, 0]]);
  });

  it('entered after all when mm_page_free_batched of it follows the unlock', () => {
    const { pages } = pagesAtDrains(
      '6.1',
      machineOf(2),
      `10 cpu1 t7 pageFree 100
      20 cpu0 t3 drainAllPagesInner a=0 b=0
      21 cpu0 t3 drainPagesZone a=1 b=1
      22 cpu0 t3 freePcppagesBulk a=1 b=1 c=2
      23 cpu1 t7 pageFree 101
      24 cpu0 t3 pagePcpuDrain 100
      25 cpu0 t3 pageAlloc 200
      30 cpu1 t7 pageFreeBatched 101
      40 cpu0 t4 drainAllPagesInner a=0 b=0`,
    );
    expect(pages).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });
});
