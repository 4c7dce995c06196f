import { describe, expect, test } from 'vitest';
import {
  type BufferSpec,
  buildTraceDat,
  type EventSpec,
  PageBuilder,
  record,
  type TraceDatSpec,
} from '../../../test/trace-dat-builder.ts';
import { Kind } from '../../engine/input/event-log.ts';
import { blobSource, bytesSource, openTrace, type ReadOptions } from '../index.ts';

const alloc: EventSpec = {
  system: 'kmem',
  name: 'mm_page_alloc',
  id: 300,
  fields: [
    { declaration: 'unsigned long pfn', offset: 8, size: 8 },
    { declaration: 'unsigned int order', offset: 16, size: 4 },
    { declaration: 'unsigned long gfp_flags', offset: 24, size: 8 },
    { declaration: 'int migratetype', offset: 32, size: 4, signed: true },
  ],
};
const alloc32: EventSpec = {
  ...alloc,
  fields: [
    { declaration: 'unsigned long pfn', offset: 8, size: 4 },
    { declaration: 'unsigned int order', offset: 12, size: 4 },
    { declaration: 'gfp_t gfp_flags', offset: 16, size: 4 },
    { declaration: 'int migratetype', offset: 20, size: 4, signed: true },
  ],
};
const free: EventSpec = {
  system: 'kmem',
  name: 'mm_page_free',
  id: 301,
  fields: [
    { declaration: 'unsigned long pfn', offset: 8, size: 8 },
    { declaration: 'unsigned int order', offset: 16, size: 4 },
  ],
};

/** Byte order and word size of a made-up machine, with its records. */
interface Machine {
  littleEndian: boolean;
  longBytes: 4 | 8;
}

function allocRecord(
  { littleEndian, longBytes }: Machine,
  pid: number,
  pfn: number,
  order: number,
): Uint8Array {
  return longBytes === 8
    ? record(littleEndian, 300, pid, 36, [
        [8, 8, pfn],
        [16, 4, order],
        [24, 8, 0xdc0],
        [32, 4, 1],
      ])
    : record(littleEndian, 300, pid, 24, [
        [8, 4, pfn],
        [12, 4, order],
        [16, 4, 0xdc0],
        [20, 4, 1],
      ]);
}

function freeRecord(pid: number, pfn: number): Uint8Array {
  return record(true, 301, pid, 20, [
    [8, 8, pfn],
    [16, 4, 0],
  ]);
}

interface Row {
  timeNs: number;
  cpu: number;
  kind: number;
  pid: number;
  pfn: number;
  order: number;
  a: number;
  b: number;
}

async function rowsOf(bytes: Uint8Array, options: ReadOptions = {}) {
  const reader = await openTrace(bytesSource('made.dat', bytes));
  const rows: Row[] = [];
  await reader.readRows((block) => {
    for (let i = 0; i < block.length; i++) {
      rows.push({
        timeNs: block.timeNs[i],
        cpu: block.cpu[i],
        kind: block.kind[i],
        pid: block.pid[i],
        pfn: block.pfn[i],
        order: block.order[i],
        a: block.a[i],
        b: block.b[i],
      });
    }
  }, options);
  return { reader, rows };
}

async function errorOf(bytes: Uint8Array): Promise<unknown> {
  try {
    await rowsOf(bytes);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Two CPUs; CPU 1 has the first event and the last. */
function twoCpus(machine: Machine, spec: Omit<TraceDatSpec, 'buffers'>): TraceDatSpec {
  const page = (stamp: bigint) => new PageBuilder({ ...spec, ...machine }, stamp);
  const cpu0 = page(5_000_000_100n)
    .event(0, allocRecord(machine, 11, 1000, 0))
    .event(50, allocRecord(machine, 11, 1001, 1));
  const cpu1 = page(5_000_000_090n)
    .event(0, allocRecord(machine, 22, 2000, 0))
    .event(10, allocRecord(machine, 22, 2001, 0))
    .event(100, allocRecord(machine, 22, 2002, 3));
  return { ...spec, ...machine, buffers: [{ cpus: [[cpu0.done()], [cpu1.done()]] }] };
}

describe('a trace.dat', () => {
  const machines: Machine[] = [
    { littleEndian: true, longBytes: 8 },
    { littleEndian: false, longBytes: 8 },
    { littleEndian: true, longBytes: 4 },
    { littleEndian: false, longBytes: 4 },
  ];
  const forms = machines.flatMap((machine) =>
    ([6, 7] as const).flatMap((version) =>
      [1024, 4096, 65536].map((pageBytes) => ({ ...machine, version, pageBytes })),
    ),
  );

  test.each(forms)(
    'version $version, little endian $littleEndian, $longBytes-byte longs, sub-buffers of $pageBytes',
    async (form) => {
      const events = [form.longBytes === 8 ? alloc : alloc32];
      const { reader, rows } = await rowsOf(buildTraceDat(twoCpus(form, { ...form, events })));
      // At 10 ns both CPUs have an event: the lower CPU goes first.
      expect(rows.map(({ timeNs, cpu, pid, pfn, order }) => [timeNs, cpu, pid, pfn, order])).toEqual([
        [0, 1, 22, 2000, 0],
        [10, 0, 11, 1000, 0],
        [10, 1, 22, 2001, 0],
        [60, 0, 11, 1001, 1],
        [110, 1, 22, 2002, 3],
      ]);
      expect(rows.every(({ kind, a, b }) => kind === Kind.pageAlloc && a === 1 && b === 0xdc0)).toBe(true);
      expect(reader.info).toMatchObject({
        format: `trace.dat v${form.version}`,
        byteOrder: form.littleEndian ? 'little' : 'big',
        longBytes: form.longBytes,
        startStamp: 5_000_000_090n,
        cpuCount: 2,
      });
      expect(reader.diagnostics).toMatchObject({ events: 5, lastNs: 110, unknownLosses: 0 });
    },
  );

  test.each(['none', 'zlib', 'zstd'] as const)('with %s compression, many chunks', async (compression) => {
    const machine = machines[0];
    const pages = Array.from({ length: 7 }, (_, i) =>
      new PageBuilder({ pageBytes: 1024 }, BigInt(1000 + i * 100))
        .event(1, allocRecord(machine, 1, 10 + i, 0))
        .event(2, allocRecord(machine, 1, 20 + i, 0))
        .done(),
    );
    const bytes = buildTraceDat({
      compression,
      pageBytes: 1024,
      events: [alloc],
      buffers: [{ cpus: [pages] }],
    });
    const { reader, rows } = await rowsOf(bytes);
    expect(rows.map(({ pfn }) => pfn)).toEqual([10, 20, 11, 21, 12, 22, 13, 23, 14, 24, 15, 25, 16, 26]);
    expect(rows[13].timeNs).toBe(602);
    expect(reader.info.compression).toBe(compression);
  });

  test('from a Blob gives the same as from an array', async () => {
    const bytes = buildTraceDat(twoCpus(machines[0], { events: [alloc], compression: 'zstd' }));
    const reader = await openTrace(blobSource('blob', new Blob([Uint8Array.from(bytes)])));
    const pfns: number[] = [];
    await reader.readRows((block) => {
      pfns.push(...block.pfn.subarray(0, block.length));
    });
    expect(pfns).toEqual([2000, 1000, 2001, 1001, 2002]);
  });

  test('of several instances keeps them apart by name and merges their times', async () => {
    const machine = machines[0];
    const one = (stamp: bigint, pfn: number) =>
      new PageBuilder({}, stamp).event(0, allocRecord(machine, 1, pfn, 0)).done();
    const buffers: BufferSpec[] = [
      { cpus: [[one(100n, 1), one(300n, 3)]] },
      { name: 'second', cpus: [[one(200n, 2), one(300n, 4)]] },
    ];
    for (const version of [6, 7] as const) {
      const reader = await openTrace(bytesSource('x', buildTraceDat({ version, events: [alloc], buffers })));
      expect(reader.info.buffers).toEqual(['', 'second']);
      const seen: Array<[string, number]> = [];
      await reader.readEvents((event) => seen.push([event.buffer, event.timeNs]));
      expect(seen).toEqual([
        ['', 0],
        ['second', 100],
        ['', 200],
        ['second', 200],
      ]);
    }
  });
});

describe('the ring buffer', () => {
  const machine: Machine = { littleEndian: true, longBytes: 8 };
  const build = (pages: Uint8Array[], extra: Partial<TraceDatSpec> = {}) =>
    buildTraceDat({ events: [alloc, free], buffers: [{ cpus: [pages] }], ...extra });

  test.each([true, false])('adds extends, takes absolute stamps, little endian %s', async (littleEndian) => {
    const own = { littleEndian, longBytes: 8 } as const;
    const event = (pfn: number) => allocRecord(own, 1, pfn, 0);
    // The 5 high bits of an absolute stamp are not recorded: they stay those of the sub-buffer's stamp.
    const high = 3n << 59n;
    const page = new PageBuilder({ littleEndian }, high + 1_000n)
      .event(0, event(1))
      .extend(1n << 30n)
      .event(5, event(2))
      .absolute((1n << 40n) + 7n)
      .event(3, event(3));
    const { rows, reader } = await rowsOf(build([page.done()], { littleEndian }));
    expect(rows.map(({ timeNs }) => timeNs)).toEqual([0, 2 ** 30 + 5, 2 ** 40 + 10 - 1000]);
    expect(reader.info.startStamp).toBe(high + 1000n);
  });

  test('leaves discarded events out but counts their time, and stops at padding', async () => {
    const page = new PageBuilder({}, 100n)
      .event(0, allocRecord(machine, 1, 1, 0))
      .discarded(40, 16)
      .event(2, allocRecord(machine, 1, 2, 0))
      .endPadding();
    const next = new PageBuilder({}, 500n).event(0, allocRecord(machine, 1, 3, 0));
    const { rows } = await rowsOf(build([page.done(), next.done()]));
    expect(rows.map(({ timeNs, pfn }) => [timeNs, pfn])).toEqual([
      [0, 1],
      [42, 2],
      [400, 3],
    ]);
  });

  test('reads events whose length stands in a word of its own', async () => {
    const long = record(true, 300, 1, 200, [[8, 8, 77]]);
    const page = new PageBuilder({}, 0n).longEvent(0, long).event(1, freeRecord(1, 78));
    const { rows } = await rowsOf(build([page.done()]));
    expect(rows.map(({ pfn }) => pfn)).toEqual([77, 78]);
  });

  test.each([true, false])(
    'counts lost events where the kernel says how many, little endian %s',
    async (littleEndian) => {
      for (const longBytes of [4, 8] as const) {
        const own = { littleEndian, longBytes };
        const page = (stamp: bigint) => new PageBuilder(own, stamp).event(0, allocRecord(own, 1, 1, 0));
        const pages = [page(0n).done(), page(10n).missed(123).done(), page(20n).missed(-1).done()];
        const bytes = buildTraceDat({
          ...own,
          events: [longBytes === 8 ? alloc : alloc32],
          buffers: [{ cpus: [[], pages] }],
        });
        const { reader } = await rowsOf(bytes);
        expect([...reader.diagnostics.lostByCpu]).toEqual([[1, 123]]);
        expect(reader.diagnostics.unknownLosses).toBe(1);
      }
    },
  );

  test('keeps stamps exact far beyond 2^53', async () => {
    const start = 1_700_000_000_123_456_789n;
    const page = new PageBuilder({}, start).event(0, freeRecord(1, 1)).event(1, freeRecord(1, 2));
    const reader = await openTrace(bytesSource('x', build([page.done()])));
    const stamps: bigint[] = [];
    await reader.readEvents((event) => stamps.push(event.stamp));
    expect(stamps).toEqual([start, start + 1n]);
  });

  test('that runs backwards does not take the rows with it', async () => {
    const pages = [500n, 200n, 900n].map((stamp) =>
      new PageBuilder({}, stamp).event(0, freeRecord(1, Number(stamp))).done(),
    );
    const { reader, rows } = await rowsOf(build(pages));
    expect(rows.map(({ timeNs, pfn }) => [timeNs, pfn])).toEqual([
      [0, 500],
      [0, 200],
      [400, 900],
    ]);
    expect(reader.diagnostics.outOfOrder).toBe(1);
  });

  test('counts records of unknown types', async () => {
    const page = new PageBuilder({}, 0n).event(0, record(true, 999, 1, 12)).event(1, freeRecord(1, 5));
    const { reader, rows } = await rowsOf(build([page.done()]));
    expect(rows.length).toBe(1);
    expect([...reader.diagnostics.unknownTypes]).toEqual([[999, 1]]);
    expect(reader.diagnostics.events).toBe(2);
  });

  test('gives -1 as the pfn of a failed allocation', async () => {
    const page = new PageBuilder({}, 0n).event(
      0,
      record(true, 300, 1, 36, [
        [8, 8, -1],
        [16, 4, 9],
      ]),
    );
    const { rows } = await rowsOf(build([page.done()]));
    expect(rows.map(({ pfn, order }) => [pfn, order])).toEqual([[-1, 9]]);
  });
});

describe('a latency tracer', () => {
  const text = [
    '# tracer: irqsoff',
    '#',
    '          <idle>-0     [001] d.h1.   100.000001: mm_page_free: page=0x1 pfn=0x10 order=0',
    '          <idle>-0     [001] d.h1.   100.000003: mm_page_free: page=0x1 pfn=0x11 order=0',
    '',
  ].join('\n');

  test.each(['none', 'zlib', 'zstd'] as const)(
    'leaves text in the file, which is read as such (%s)',
    async (compression) => {
      const bytes = buildTraceDat({ compression, events: [free], latencyText: text, buffers: [] });
      const { rows, reader } = await rowsOf(bytes);
      expect(rows.map(({ cpu, timeNs, pfn }) => [cpu, timeNs, pfn])).toEqual([
        [1, 0, 0x10],
        [1, 2000, 0x11],
      ]);
      expect(reader.info.format).toBe('ftrace text');
    },
  );

  test('in version 6 too', async () => {
    const { rows } = await rowsOf(
      buildTraceDat({ version: 6, events: [free], latencyText: text, buffers: [{ cpus: [[]] }] }),
    );
    expect(rows.length).toBe(2);
  });
});

describe('clocks and offsets', () => {
  const page = (stamp: bigint) =>
    new PageBuilder({}, stamp).event(0, freeRecord(1, 1)).event(1000, freeRecord(1, 2)).done();
  const bytesOf = (text: string) => new TextEncoder().encode(`${text}\0`);
  const words = (...values: Array<[number | bigint, number]>) => {
    const view = new DataView(new ArrayBuffer(values.reduce((sum, [, size]) => sum + size, 0)));
    let at = 0;
    for (const [value, size] of values) {
      if (size === 4) view.setUint32(at, Number(value), true);
      else view.setBigInt64(at, BigInt(value), true);
      at += size;
    }
    return new Uint8Array(view.buffer);
  };

  test('OFFSET and DATE move the stamps, not the distances', async () => {
    const options = [
      { id: 7, data: bytesOf('500') },
      { id: 1, data: bytesOf('0x10') },
    ];
    const bytes = buildTraceDat({ events: [free], options, buffers: [{ cpus: [[page(100n)]] }] });
    const { reader, rows } = await rowsOf(bytes);
    expect(reader.info.startStamp).toBe(100n + 500n + 16_000n);
    expect(rows.map(({ timeNs }) => timeNs)).toEqual([0, 1000]);
  });

  test('TSC2NSEC turns cycles into nanoseconds', async () => {
    // 3 / 2^1 ns a cycle.
    const options = [{ id: 14, data: words([3, 4], [1, 4], [0, 8]) }];
    const bytes = buildTraceDat({
      events: [free],
      options,
      buffers: [{ clock: 'x86-tsc', cpus: [[page(100n)]] }],
    });
    const { reader, rows } = await rowsOf(bytes);
    expect(reader.info).toMatchObject({ clock: 'x86-tsc', clockUnit: 'ns', startStamp: 150n });
    expect(rows.map(({ timeNs }) => timeNs)).toEqual([0, 1500]);
  });

  test('TIME_SHIFT moves each CPU by its own offset, and the order follows', async () => {
    const cpuShift = (offset: bigint): Array<[number | bigint, number]> => [
      [1, 4],
      [0, 8],
      [offset, 8],
      [1, 8],
    ];
    const options = [{ id: 12, data: words([7, 8], [0, 4], [2, 4], ...cpuShift(0n), ...cpuShift(-600n)) }];
    const bytes = buildTraceDat({
      events: [free],
      options,
      buffers: [{ cpus: [[page(1000n)], [page(1500n)]] }],
    });
    const { reader, rows } = await rowsOf(bytes);
    expect(reader.info.startStamp).toBe(900n);
    expect(rows.map(({ cpu, timeNs }) => [cpu, timeNs])).toEqual([
      [1, 0],
      [0, 100],
      [1, 1000],
      [0, 1100],
    ]);
  });
});

describe('a damaged trace.dat', () => {
  const machine: Machine = { littleEndian: true, longBytes: 8 };
  const whole = (extra: Partial<TraceDatSpec> = {}) =>
    buildTraceDat({ ...twoCpus(machine, { events: [alloc] }), ...extra });

  test('cut at any byte gives one error with its place', async () => {
    for (const version of [6, 7] as const) {
      const bytes = whole({ version });
      for (let length = 0; length < bytes.length; length += 97) {
        const error = await errorOf(bytes.subarray(0, length));
        expect(error, `${version} cut at ${length}`).toMatchObject({
          code: expect.stringMatching(/^E_TRACE_/),
          where: expect.stringMatching(/byte \d+/),
        });
      }
    }
  });

  test('whose sub-buffer claims more than it has is refused, or kept up to there with partial', async () => {
    const good = new PageBuilder({}, 100n).event(0, allocRecord(machine, 1, 1, 0)).done();
    const bad = new PageBuilder({}, 200n).event(0, allocRecord(machine, 1, 2, 0)).done();
    new DataView(bad.buffer).setUint32(8, 5000, true);
    const bytes = buildTraceDat({ events: [alloc], buffers: [{ cpus: [[good, bad]] }] });
    expect(await errorOf(bytes)).toMatchObject({ code: 'E_TRACE_DAMAGED' });
    const { reader, rows } = await rowsOf(bytes, { partial: true });
    expect(rows.map(({ pfn }) => pfn)).toEqual([1]);
    expect(reader.diagnostics.events).toBe(1);
    expect(reader.diagnostics.stoppedAt).toContain('5000 bytes');
  });

  test('whose record is shorter than its format is refused', async () => {
    const page = new PageBuilder({}, 0n).event(0, record(true, 300, 1, 12)).done();
    const bytes = buildTraceDat({ events: [alloc], buffers: [{ cpus: [[page]] }] });
    expect(await errorOf(bytes)).toMatchObject({ code: 'E_TRACE_DAMAGED' });
  });

  test('that unpacks to more than it says, or claims absurd sizes, is refused', async () => {
    const bytes = whole({ compression: 'zlib' });
    const view = new DataView(bytes.buffer);
    // The plain size of the first packed section stands 20 bytes behind the head (25 bytes and `zlib\01.0\0`, offset).
    const plainAt = 18 + 9 + 8 + 16 + 4;
    const size = view.getUint32(plainAt, true);
    view.setUint32(plainAt, size - 1, true);
    expect(await errorOf(bytes)).toMatchObject({ code: 'E_TRACE_DAMAGED' });
    view.setUint32(plainAt, 0xfffffff0, true);
    expect(await errorOf(bytes)).toMatchObject({ code: 'E_TRACE_LIMIT' });
  });

  test('whose CPUs share their data is refused: it would be read for ever', async () => {
    const page = new PageBuilder({}, 0n).event(0, freeRecord(1, 1)).done();
    const bytes = buildTraceDat({
      version: 6,
      events: [free],
      buffers: [
        {
          cpus: [
            [page, page],
            [page, page],
          ],
        },
      ],
    });
    const view = new DataView(bytes.buffer);
    const table = new TextDecoder('latin1').decode(bytes).indexOf('flyrecord') + 10;
    for (let cpu = 0; cpu < 2; cpu++) {
      view.setBigUint64(table + cpu * 16, 0n, true);
      view.setBigUint64(table + cpu * 16 + 8, BigInt(bytes.length - 100), true);
    }
    expect(await errorOf(bytes)).toMatchObject({ code: 'E_TRACE_DAMAGED' });
  });

  test('an empty file and another version say what they are', async () => {
    expect(await errorOf(new Uint8Array(0))).toMatchObject({ code: 'E_TRACE_EMPTY' });
    const bytes = whole();
    bytes[10] = 0x39;
    expect(await errorOf(bytes)).toMatchObject({ code: 'E_TRACE_VERSION' });
  });

  test('is read only once', async () => {
    const reader = await openTrace(bytesSource('x', whole()));
    await reader.readRows(() => undefined);
    await expect(reader.readRows(() => undefined)).rejects.toMatchObject({ code: 'E_TRACE_READ_TWICE' });
  });
});
