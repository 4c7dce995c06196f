import { describe, expect, test } from 'vitest';
import { buildTraceDat, type EventSpec, PageBuilder, record } from '../../../test/trace-dat-builder.ts';
import { type EventBlock, Kind } from '../../engine/input/event-log.ts';
import { bytesSource, openTrace } from '../index.ts';

interface SeenRow {
  kind: number;
  pfn: number;
  order: number;
  a: number;
  b: number;
  c: number;
  d: number;
  text: string | undefined;
  cpus: number[] | undefined;
}

function members(words: Uint32Array | undefined): number[] | undefined {
  if (words === undefined) return undefined;
  return [...words].flatMap((word, i) =>
    Array.from({ length: 32 }, (_, bit) => i * 32 + bit).filter((cpu) => ((word >>> (cpu & 31)) & 1) === 1),
  );
}

/** Rows of one CPU whose records come one nanosecond apart. */
async function rowsOf(
  events: EventSpec[],
  records: Uint8Array[],
  extra: { kallsyms?: string; printk?: string } = {},
) {
  const page = new PageBuilder({}, 1000n);
  for (const bytes of records) page.longEvent(1, bytes);
  const bytes = buildTraceDat({ events, buffers: [{ cpus: [[page.done()]] }], ...extra });
  const reader = await openTrace(bytesSource('made.dat', bytes));
  const rows: SeenRow[] = [];
  await reader.readRows((block: EventBlock) => {
    for (let i = 0; i < block.length; i++) {
      rows.push({
        kind: block.kind[i],
        pfn: block.pfn[i],
        order: block.order[i],
        a: block.a[i],
        b: block.b[i],
        c: block.c[i],
        d: block.d[i],
        text: block.texts.get(i),
        cpus: members(block.cpuSets.get(i)),
      });
    }
  });
  return { reader, rows };
}

const u64 = (name: string, offset: number) => ({ declaration: `unsigned long ${name}`, offset, size: 8 });
const probeIp = u64('__probe_ip', 8);

describe('probes', () => {
  test('are known by the function in their name, whoever named them', async () => {
    const names = [
      'drain_all_pages',
      'p_drain_all_pages_0',
      'drain_all_part0',
      'alloc_bulk',
      'unreserve_highatomic',
    ];
    const events = names.map((name, i) => ({
      system: 'probes',
      name,
      id: 400 + i,
      fields: [probeIp, u64('zone', 16)],
    }));
    const records = events.map(({ id }) => record(true, id, 1, 24, [[16, 8, 0]]));
    const { rows } = await rowsOf(events, records);
    expect(rows.map(({ kind }) => kind)).toEqual([
      Kind.drainAllPages,
      Kind.drainAllPages,
      Kind.drainAllPagesLocked,
      Kind.allocBulk,
      Kind.unreserveHighatomic,
    ]);
    // NULL is zone 0; what was not fetched is -1.
    expect(rows.map(({ a }) => a).slice(0, 2)).toEqual([0, 0]);
    expect(rows[3].a).toBe(-1);
  });

  test('with a name of their own are known by their address', async () => {
    const kallsyms =
      'ffffffff81000000 T _stext\nffffffff81270c10 T drain_all_pages\nffffffff81270c80 t free_one_page\n';
    const events = ['first', 'second', 'third'].map((name, i) => ({
      system: 'myprobes',
      name,
      id: 400 + i,
      fields: [probeIp, u64('zone', 16)],
    }));
    const at = [0xffffffff81270c10n, 0xffffffff81270c84n, 0xffffffff81000000n];
    const records = events.map(({ id }, i) =>
      record(true, id, 1, 24, [
        [8, 8, at[i]],
        [16, 8, 5],
      ]),
    );
    const { rows } = await rowsOf(events, [...records, ...records], { kallsyms });
    const kinds = [Kind.drainAllPages, Kind.freeOnePage];
    expect(rows.map(({ kind }) => kind)).toEqual([...kinds, ...kinds]);
    expect(rows[1]).toMatchObject({ pfn: -1, order: -1, a: 1 });
  });

  test('tell pointers apart by all 64 bits and number them as they come', async () => {
    const events = [
      {
        system: 'kprobes',
        name: 'free_pcppages_bulk',
        id: 400,
        fields: [
          probeIp,
          u64('zone', 16),
          { declaration: 's32 count', offset: 24, size: 4, signed: true },
          u64('pcp', 28),
        ],
      },
    ];
    const zones = [0xffff888000000100n, 0xffff888100000100n, 0xffff888000000100n, 0n];
    const records = zones.map((zone, i) =>
      record(true, 400, 1, 36, [
        [16, 8, zone],
        [24, 4, -i],
        [28, 8, 7n],
      ]),
    );
    const { rows } = await rowsOf(events, records);
    expect(rows.map(({ a, b, c }) => [a, b, c])).toEqual([
      [1, 0, 2],
      [3, -1, 2],
      [1, -2, 2],
      [0, -3, 2],
    ]);
  });
});

describe('other sources of the same facts', () => {
  test('the function tracer gives drains by the address of the function', async () => {
    const kallsyms = 'ffffffff81270c10 T drain_all_pages\nffffffff81270bb0 T drain_local_pages\n';
    const events = [
      { system: 'ftrace', name: 'function', id: 1, fields: [u64('ip', 8), u64('parent_ip', 16)] },
    ];
    const records = [0xffffffff81270c10n, 0xffffffff81111111n, 0xffffffff81270bb4n].map((ip) =>
      record(true, 1, 1, 24, [[8, 8, ip]]),
    );
    const { rows, reader } = await rowsOf(events, records, { kallsyms });
    expect(rows.map(({ kind, a }) => [kind, a])).toEqual([
      [Kind.drainAllPages, -1],
      [Kind.drainLocalPages, -1],
    ]);
    expect(reader.diagnostics.events).toBe(3);
  });

  test('work items are drains only when their function is drain_local_pages_wq; old kernels end them by address', async () => {
    const kallsyms = 'ffffffff8126fed0 t drain_local_pages_wq\n';
    const events = [
      {
        system: 'workqueue',
        name: 'workqueue_queue_work',
        id: 50,
        fields: [
          { declaration: 'void * work', offset: 8, size: 8 },
          { declaration: 'void * function', offset: 16, size: 8 },
          { declaration: 'unsigned int cpu', offset: 24, size: 4 },
        ],
      },
      {
        system: 'workqueue',
        name: 'workqueue_execute_end',
        id: 51,
        fields: [{ declaration: 'void * work', offset: 8, size: 8 }],
      },
    ];
    const queue = (work: number, cpu: number, high: bigint) =>
      record(true, 50, 1, 28, [
        [8, 8, work],
        [16, 8, high + 0x8126fed0n],
        [24, 4, cpu],
      ]);
    const ends = (work: number) => record(true, 51, 1, 16, [[8, 8, work]]);
    const kernel = 0xffffffffn << 32n;
    const { rows } = await rowsOf(
      events,
      [queue(10, 3, kernel), queue(20, 4, 0n), ends(20), ends(10), ends(10)],
      { kallsyms },
    );
    expect(rows.map(({ kind, a }) => [kind, kind === Kind.drainWorkQueued ? a : -1])).toEqual([
      [Kind.drainWorkQueued, 3],
      [Kind.drainWorkEnd, -1],
    ]);
  });

  test('kernels before 3.3 free under other names and record pages by address', async () => {
    const page = { declaration: 'struct page * page', offset: 8, size: 8 };
    const order = { declaration: 'unsigned int order', offset: 16, size: 4 };
    const events = [
      { system: 'kmem', name: 'mm_page_free_direct', id: 60, fields: [page, order] },
      { system: 'kmem', name: 'mm_pagevec_free', id: 61, fields: [page] },
    ];
    // Page frame 0x1234 of x86-64: vmemmap + 64 × 0x1234.
    const address = 0xffffea0000000000n + 64n * 0x1234n;
    const records = [60, 61].map((id) =>
      record(true, id, 1, 20, [
        [8, 8, address],
        [16, 4, 0],
      ]),
    );
    const { rows } = await rowsOf(events, records);
    expect(rows.map(({ kind, pfn }) => [kind, pfn])).toEqual([
      [Kind.pageFree, 0x1234],
      [Kind.pageFreeBatched, 0x1234],
    ]);
  });

  test('a missing percpu_refill is -1', async () => {
    const events = [
      {
        system: 'kmem',
        name: 'mm_page_alloc_zone_locked',
        id: 70,
        fields: [
          u64('pfn', 8),
          { declaration: 'unsigned int order', offset: 16, size: 4 },
          { declaration: 'int migratetype', offset: 20, size: 4, signed: true },
        ],
      },
    ];
    const one = record(true, 70, 1, 24, [
      [8, 8, 5],
      [16, 4, 1],
      [20, 4, 2],
    ]);
    const { rows } = await rowsOf(events, [one, one]);
    expect(rows.map(({ pfn, order, a, b }) => [pfn, order, a, b])).toEqual([
      [5, 1, 2, -1],
      [5, 1, 2, -1],
    ]);
  });
});

describe('markers and masks', () => {
  test('text of trace_marker and of trace_printk', async () => {
    const printk =
      '0xffffffff82000010 : "pages %d of %s, %llx %5u|%-4d|\\n"\n0xffffffff82000020 : "plain\\n"\n';
    const ip = u64('ip', 8);
    const events = [
      {
        system: 'ftrace',
        name: 'print',
        id: 5,
        fields: [ip, { declaration: 'char buf[]', offset: 16, size: 0 }],
      },
      {
        system: 'ftrace',
        name: 'bprint',
        id: 6,
        fields: [
          ip,
          { declaration: 'const char * fmt', offset: 16, size: 8 },
          { declaration: 'u32 buf[]', offset: 24, size: 0 },
        ],
      },
      {
        system: 'ftrace',
        name: 'bputs',
        id: 14,
        fields: [ip, { declaration: 'const char * str', offset: 16, size: 8 }],
      },
    ];
    const records = [
      record(true, 5, 1, 40, [[16, 0, 'snapshot 1 begin quiet\n']]),
      record(true, 6, 1, 56, [
        [16, 8, 0xffffffff82000010n],
        [24, 4, -3],
        [28, 0, 'ab'],
        [32, 8, 0x1234567890n],
        [40, 4, 7],
        [44, 4, -1],
      ]),
      record(true, 14, 1, 24, [[16, 8, 0xffffffff82000020n]]),
    ];
    const { rows } = await rowsOf(events, records, { printk });
    expect(rows.map(({ kind, text }) => [kind, text])).toEqual([
      [Kind.marker, 'snapshot 1 begin quiet'],
      [Kind.marker, 'pages -3 of ab, 1234567890     7|-1  |'],
      [Kind.marker, 'plain'],
    ]);
  });

  test('the set of CPUs that hold pages, as mask and, beyond 64, as list', async () => {
    const events = [
      {
        system: 'kmem',
        name: 'pcp_drain_begin',
        id: 80,
        fields: [
          { declaration: 'unsigned int seq', offset: 8, size: 4 },
          { declaration: 'int policy', offset: 12, size: 4, signed: true },
          { declaration: 'int zone', offset: 16, size: 4, signed: true },
          { declaration: 'unsigned int nr', offset: 20, size: 4 },
          { declaration: 'u64 mask', offset: 24, size: 8 },
          { declaration: 'char list[16]', offset: 32, size: 16, signed: true },
        ],
      },
    ];
    const drain = (list: string) =>
      record(true, 80, 1, 48, [
        [8, 4, 9],
        [12, 4, 2],
        [16, 4, -1],
        [20, 4, 3],
        [24, 8, 0x8000000000000005n],
        [32, 0, list],
      ]);
    const { rows } = await rowsOf(events, [drain('0,2,63,70'), drain('0,2,63,70,8000')]);
    expect(rows[0]).toMatchObject({
      kind: Kind.pcpDrainBegin,
      a: 9,
      b: 2,
      c: -1,
      d: 3,
      cpus: [0, 2, 63, 70],
    });
    expect(rows[1].cpus).toEqual([0, 2, 63, 70, 8000]);
  });
});
