import { describe, expect, it } from 'vitest';
import { machineOf } from '../../../test/hand-made.ts';
import { type drawnKernels, drawnRows, drawnSource } from '../../../test/text-fixtures.ts';
import type { DrainCause } from '../input/drain-request.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';
import { makeRebuild, type RebuildReport } from './rebuild.ts';

interface Seen {
  /** Pages of each CPU at the request; `?`: not known. */
  pages: Array<number | '?'>;
  cause: DrainCause;
  zone: number;
  forced: boolean;
  concurrent: number;
  endNs: number;
  targets: number[] | null;
  kernelHolders: number[] | null;
  rebuiltHolders: number[];
  turnedAway: boolean | null;
  pagesDrained: number;
  kernelPolicy: string | undefined;
}

/** What the rebuild says of the drains that are drawn. Zone z spans frames 4096 z … 4096 z + 4095. */
function replay(
  kernel: keyof typeof drawnKernels,
  machine: Machine,
  drawing: string,
  snapshots: readonly ZoneinfoSnapshot[] = [],
): { drains: Seen[]; report: RebuildReport } {
  const block = drawnRows(drawing);
  const source = drawnSource(kernel, machine.cpuCount, block.kind.subarray(0, block.length));
  const drains: Seen[] = [];
  const rebuild = makeRebuild(source, machine, snapshots, {
    drainRequested({ pages, unknown, cause, zone, forced, concurrent }) {
      drains.push({
        pages: Array.from(pages, (n, cpu) => (unknown.has(cpu) ? '?' : n)),
        cause,
        zone,
        forced,
        concurrent,
      } as Seen);
    },
    drainEnded(told) {
      Object.assign(drains[told.number], {
        endNs: told.endNs,
        targets: told.targets && [...told.targets],
        kernelHolders: told.kernelHolders && [...told.kernelHolders],
        rebuiltHolders: [...told.rebuiltHolders],
        turnedAway: told.turnedAway,
        pagesDrained: told.pagesDrained,
        kernelPolicy: told.kernelPolicy,
      });
    },
  });
  rebuild.feed(block);
  return { drains, report: rebuild.finish() };
}

/** Rows of a refill of `count` pages from frame `first`, one ns apart. */
const refill = (timeNs: number, cpu: number, first: number, count: number) =>
  Array.from(
    { length: count },
    (_, i) => `${timeNs + i} cpu${cpu} t${cpu} pageAllocZoneLocked ${first + i} b=1`,
  ).join('\n');

/** Every list of the machine is empty at the mark, which is the first row. */
const empty = (machine: Machine): ZoneinfoSnapshot => ({
  number: 0,
  label: 'start',
  pages: new Int32Array(machine.cpuCount * machine.zones.length),
});
const anchor = `0 cpu0 t9 marker 'snapshot 0 begin start'
  0 cpu0 t9 marker 'snapshot 0 end start'`;
const batchOf4 = (cpus: number): Machine => {
  const machine = machineOf(cpus);
  return { ...machine, zones: machine.zones.map((zone) => ({ ...zone, batch: 4 })) };
};

describe('pages on their way', () => {
  it('a refill counts when it is complete, and without its first page, which is handed out at once', () => {
    const machine = batchOf4(2);
    const { drains } = replay(
      '5.10',
      machine,
      `${anchor}
      ${refill(10, 1, 100, 3)}
      20 cpu0 t1 drainAllPages a=0
      30 cpu1 t1 pageAllocZoneLocked 103 b=1
      31 cpu0 t1 drainAllPages a=0
      40 cpu1 t1 pageAlloc 100
      41 cpu0 t1 drainAllPages a=0
      500 cpu1 t1 pageAlloc 101
      501 cpu0 t1 drainAllPages a=0`,
      [empty(machine)],
    );
    expect(drains.map(({ pages }) => pages)).toEqual([
      [0, 0],
      [0, 3],
      [0, 3],
      [0, 2],
    ]);
  });

  it('an allocated page has left its list before its event, as long before as refills show', () => {
    const machine = batchOf4(2);
    // The first page of the refill is taken at 13 and told at 43: 30 ns. So frame 101, told at 200, left by 170.
    const { drains } = replay(
      '5.10',
      machine,
      `${anchor}
      ${refill(10, 1, 100, 4)}
      43 cpu1 t1 pageAlloc 100
      165 cpu0 t2 drainAllPages a=0
      175 cpu0 t2 drainAllPages a=0
      200 cpu1 t1 pageAlloc 101`,
      [empty(machine)],
    );
    expect(drains.map(({ pages }) => pages)).toEqual([
      [0, 3],
      [0, 2],
    ]);
  });

  it('a page freed in a batch is on its list from mm_page_free_batched on, on the CPU of that event', () => {
    const machine = machineOf(2);
    const { drains } = replay(
      '5.10',
      machine,
      `${anchor}
      10 cpu0 t7 pageFree 100
      11 cpu1 t1 drainAllPages a=0
      20 cpu1 t7 pageFreeBatched 100
      21 cpu0 t1 drainAllPages a=0`,
      [empty(machine)],
    );
    expect(drains.map(({ pages }) => pages)).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  it('a page freed past the lists never was on one', () => {
    const machine = machineOf(1);
    const { drains } = replay(
      '5.10',
      machine,
      `${anchor}
      10 cpu0 t7 pageFree 100
      11 cpu0 t7 drainAllPages a=0
      12 cpu0 t7 freeOnePage 100 a=1`,
      [empty(machine)],
    );
    expect(drains[0].pages).toEqual([0]);
  });

  it('a give-back leaves the list at its probe, before its pages are told (4.17–5.17)', () => {
    const machine = machineOf(2);
    const { drains } = replay(
      '5.10',
      machine,
      `${anchor}
      10 cpu1 t1 pageFree 100
      11 cpu1 t1 pageFree 101
      12 cpu1 t1 pageFree 102
      # The zone pointer is learnt from the first page that is given back.
      20 cpu1 t1 freePcppagesBulk a=1 b=1 c=2
      21 cpu1 t1 pagePcpuDrain 100
      30 cpu1 t1 freePcppagesBulk a=1 b=1 c=2
      31 cpu0 t2 drainAllPages a=0
      32 cpu1 t1 pagePcpuDrain 101
      33 cpu0 t2 drainAllPages a=0`,
      [empty(machine)],
    );
    expect(drains.map(({ pages }) => pages)).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });
});

describe('a give-back (4.17–5.17)', () => {
  const freed = (timeNs: number, first: number) =>
    Array.from({ length: 16 }, (_, i) => `${timeNs + i} cpu1 t1 pageFree ${first + i}`).join('\n');
  const told = (timeNs: number, first: number) =>
    Array.from({ length: 16 }, (_, i) => `${timeNs + i} cpu1 t1 pagePcpuDrain ${first + i}`).join('\n');

  it('takes its pages off one by one, no faster than any before', () => {
    const machine = machineOf(2);
    // The first shows the zone, the second that 16 pages are taken off in 16 ns (from 100 to the first page told).
    const { drains } = replay(
      '5.10',
      machine,
      `${anchor}
      5 cpu1 t1 pageFree 90
      6 cpu1 t1 freePcppagesBulk a=1 b=1 c=1
      7 cpu1 t1 pagePcpuDrain 90
      ${freed(20, 100)}
      100 cpu1 t1 freePcppagesBulk a=1 b=16 c=1
      ${told(116, 100)}
      ${freed(200, 200)}
      300 cpu1 t1 freePcppagesBulk a=1 b=16 c=1
      305 cpu0 t2 drainAllPages a=0
      320 cpu0 t2 drainAllPages a=0
      ${told(330, 200)}`,
      [empty(machine)],
    );
    expect(drains.map(({ pages }) => pages)).toEqual([
      [0, 11],
      [0, 0],
    ]);
  });
});

describe('drains by kernel workers (4.11–5.19)', () => {
  it('disturb the CPUs on which work is queued, and are over when the last work is', () => {
    const machine = machineOf(4);
    const { drains, report } = replay(
      '5.10',
      machine,
      `${anchor}
      10 cpu1 t1 pageFree 100
      11 cpu2 t2 pageFree 101
      20 cpu0 t3 directReclaimEnd a=32
      21 cpu0 t3 drainAllPages a=0
      22 cpu0 t3 drainWorkQueued a=1
      23 cpu0 t3 drainWorkQueued a=2
      30 cpu1 t50 drainWorkStart
      31 cpu1 t50 drainLocalPagesWq
      32 cpu1 t50 drainPages a=1
      33 cpu1 t50 freePcppagesBulk a=1 b=1 c=1
      34 cpu1 t50 pagePcpuDrain 100
      35 cpu1 t50 drainWorkEnd
      40 cpu2 t51 drainWorkStart
      41 cpu2 t51 drainPages a=2
      42 cpu2 t51 freePcppagesBulk a=1 b=1 c=2
      43 cpu2 t51 pagePcpuDrain 101
      44 cpu2 t51 drainWorkEnd
      50 cpu0 t3 drainAllPages a=0`,
      [empty(machine)],
    );
    expect(drains[0]).toMatchObject({
      pages: [0, 1, 1, 0],
      cause: 'direct-reclaim',
      endNs: 44,
      targets: [1, 2],
      rebuiltHolders: [1, 2],
      pagesDrained: 2,
      turnedAway: false,
      kernelPolicy: 'worker',
    });
    expect(drains[1]).toMatchObject({ pages: [0, 0, 0, 0], targets: null });
    expect([report.drainsCompared, report.drainsEqual]).toEqual([1, 1]);
  });

  it('one that names a zone looks when its turn has come, and at that zone only', () => {
    const machine = machineOf(3, { zones: ['DMA32', 'Normal'] });
    const snapshot = { ...empty(machine), pages: Int32Array.of(0, 0, 0, 0, 0, 0) };
    const { drains } = replay(
      '5.10',
      machine,
      `${anchor}
      5 cpu0 t1 pageFree 50
      # Pointer 1 is zone Normal.
      6 cpu0 t1 pageFree 4096
      7 cpu0 t1 freePcppagesBulk a=1 b=1 c=1
      8 cpu0 t1 pagePcpuDrain 4096
      10 cpu1 t1 pageFree 4097
      20 cpu0 t99 drainAllPages a=1
      30 cpu2 t5 pageFree 4098
      40 cpu0 t99 drainWorkQueued a=1
      41 cpu0 t99 drainWorkQueued a=2`,
      [snapshot],
    );
    expect(drains[0]).toMatchObject({
      zone: 1,
      cause: 'compaction',
      pages: [0, 1, 1],
      targets: [1, 2],
      rebuiltHolders: [1, 2],
    });
  });
});

describe('drains by the caller (6.0 on)', () => {
  it('disturb the CPUs whose lists are walked; a walked list is empty afterwards', () => {
    const machine = machineOf(3);
    const { drains, report } = replay(
      '6.1',
      machine,
      `${anchor}
      10 cpu1 t1 pageFree 100
      11 cpu1 t1 pageFree 104/2
      20 cpu0 t3 drainAllPagesInner a=0 b=0
      21 cpu0 t3 drainPagesZone a=1 b=1
      22 cpu0 t3 freePcppagesBulk a=1 b=5 c=2
      23 cpu0 t3 pagePcpuDrain 100
      # The second page is told by nobody: taken by a call without events.
      24 cpu0 t3 pageAlloc 200
      30 cpu0 t3 drainAllPagesInner a=0 b=0
      31 cpu0 t3 drainPagesZone a=1 b=1
      32 cpu0 t3 pageAlloc 201
      40 cpu0 t3 drainAllPagesInner a=0 b=0`,
      [empty(machine)],
    );
    expect(drains[0]).toMatchObject({
      pages: [0, 5, 0],
      targets: [1],
      pagesDrained: 1,
      kernelPolicy: 'remote',
    });
    expect(drains[2].pages).toEqual([0, 0, 0]);
    expect(report.drainsCompared).toBe(2);
  });

  it('a forced one disturbs every CPU and is not compared', () => {
    const machine = machineOf(2);
    const { drains, report } = replay(
      '6.1',
      machine,
      `${anchor}
      10 cpu0 t3 softOfflinePage 5
      20 cpu0 t3 zonePcpDisable a=1
      21 cpu0 t3 drainAllPagesInner a=1 b=1
      22 cpu0 t3 drainPagesZone a=0 b=1
      23 cpu0 t3 drainPagesZone a=1 b=1`,
      [empty(machine)],
    );
    expect(drains[0]).toMatchObject({ forced: true, cause: 'soft-offline', targets: [0, 1] });
    expect(report.drainsCompared).toBe(0);
  });

  it('nested calls are one drain, and another task that asks meanwhile is concurrent', () => {
    const machine = machineOf(2);
    const { drains } = replay(
      '6.12',
      machine,
      `${anchor}
      10 cpu0 t3 drainAllPages a=0
      11 cpu0 t3 drainAllPagesInner a=0 b=0
      12 cpu1 t4 drainAllPagesInner a=0 b=0`,
      [empty(machine)],
    );
    expect(drains.map(({ concurrent }) => concurrent)).toEqual([0, 1]);
  });
});

describe('kernels patched with the policies of the thread', () => {
  it('tell their own holders, which are compared and never used', () => {
    const machine = machineOf(4);
    const { drains, report } = replay(
      '5.10',
      machine,
      `${anchor}
      10 cpu1 t1 pageFree 100
      20 cpu0 t3 drainAllPages a=0
      21 cpu0 t3 pcpDrainBegin a=1 b=3 c=-1 d=2 set=1-2
      30 cpu0 t3 pcpDrainEnd a=1 b=0 c=2 d=1 set=1-2`,
      [empty(machine)],
    );
    expect(drains[0]).toMatchObject({
      rebuiltHolders: [1],
      kernelHolders: [1, 2],
      targets: [1, 2],
      turnedAway: false,
      kernelPolicy: 'two-pass',
      endNs: 30,
    });
    expect([report.holdersCompared, report.holdersEqual, report.drainsCompared]).toEqual([1, 0, 0]);
    expect(Object.values(report.holderDifferences)).toEqual([1]);
  });
});

describe('drains in interrupts (up to 4.10)', () => {
  it('disturb the CPUs that run drain_local_pages before the caller goes on', () => {
    const machine = machineOf(3);
    const { drains } = replay(
      '3.4',
      machine,
      `${anchor}
      10 cpu1 t1 pageFree 100
      20 cpu0 t3 drainAllPages
      21 cpu1 t1 drainLocalPages
      22 cpu1 t1 pagePcpuDrain 100
      30 cpu0 t3 pageAlloc 200
      40 cpu2 t5 drainLocalPages`,
      [empty(machine)],
    );
    expect(drains[0]).toMatchObject({ pages: [0, 1, 0], targets: [1], rebuiltHolders: [1], endNs: 21 });
  });
});

describe('anchoring', () => {
  it('without a snapshot says nothing of a list that nobody has emptied or filled: unknown is not zero', () => {
    const { drains, report } = replay(
      '5.10',
      machineOf(3),
      '10 cpu1 t1 pageFree 100\n20 cpu0 t3 drainAllPages a=0',
    );
    expect(drains[0].pages).toEqual(['?', 1, '?']);
    expect(report.anchor).toBe('none');
  });

  it('what the first drain of a list brings out was there all along', () => {
    const { drains, report } = replay(
      '5.10',
      machineOf(2),
      `20 cpu0 t3 drainAllPages a=0
      21 cpu0 t3 drainWorkQueued a=1
      30 cpu1 t50 drainWorkStart
      31 cpu1 t50 drainPages a=1
      32 cpu1 t50 pagePcpuDrain 700
      33 cpu1 t50 pagePcpuDrain 701
      34 cpu1 t50 drainWorkEnd
      40 cpu0 t3 drainAllPages a=0`,
    );
    expect(drains[0].pages).toEqual(['?', 2]);
    expect(drains[1].pages).toEqual(['?', 0]);
    expect(report.anchor).toBe('drain');
  });

  it('a snapshot gives the pages of before the start, which leave one by one', () => {
    const machine = machineOf(2);
    const { drains } = replay(
      '5.10',
      machine,
      `${anchor}
      10 cpu1 t1 pageAlloc 300
      20 cpu0 t3 drainAllPages a=0`,
      [{ ...empty(machine), pages: Int32Array.of(7, 31) }],
    );
    expect(drains[0].pages).toEqual([7, 30]);
  });

  it('a later snapshot is compared list by list, at the moment at which each list was printed', () => {
    const machine = machineOf(2);
    const { report } = replay(
      '5.10',
      machine,
      `${anchor}
      10 cpu1 t1 pageFree 100
      100 cpu0 t9 marker 'snapshot 1 begin load'
      100 cpu0 t9 zoneinfoShow
      150 cpu1 t1 pageFree 101
      200 cpu0 t9 marker 'snapshot 1 end load'
      201 cpu0 t1 pageFree 102
      300 cpu0 t9 marker 'snapshot 2 begin load'
      300 cpu0 t9 marker 'snapshot 2 end load'`,
      [
        empty(machine),
        // CPU 1 is printed at 175, after frame 101 came.
        { number: 1, label: 'load', pages: Int32Array.of(0, 2), printedAt: Float32Array.of(0.25, 0.75) },
        { number: 2, label: 'load', pages: Int32Array.of(5, 2) },
      ],
    );
    expect([report.listsCompared, report.listsEqual, report.anchor]).toEqual([4, 3, 'snapshot']);
    expect(report.listDifferences).toEqual({ 'in flight': 1 });
  });

  it('each node is printed by a call of its own, and the last call for a node is the one that counts', () => {
    const one = machineOf(1, { zones: ['Normal', 'Normal'] });
    const machine = { ...one, zones: one.zones.map((zone, node) => ({ ...zone, node })) };
    const half = Float32Array.of(0.5, 0.5);
    const { report } = replay(
      '5.10',
      machine,
      `${anchor}
      100 cpu0 t9 marker 'snapshot 1 begin load'
      100 cpu0 t9 zoneinfoShow
      # The buffer was too small: node 0 again, its list at 250; then node 1, its list at 350.
      200 cpu0 t9 zoneinfoShow
      240 cpu0 t1 pageFree 100
      260 cpu0 t1 pageFree 101
      300 cpu0 t9 zoneinfoShow
      340 cpu0 t1 pageFree 4100
      360 cpu0 t1 pageFree 4101
      400 cpu0 t9 marker 'snapshot 1 end load'`,
      [empty(machine), { number: 1, label: 'load', pages: Int32Array.of(1, 1), printedAt: half }],
    );
    expect([report.listsCompared, report.listsEqual]).toEqual([2, 2]);
  });
});
