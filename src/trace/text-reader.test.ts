import { describe, expect, test } from 'vitest';
import { type EventBlock, Kind } from '../engine/input/event-log.ts';
import { openTextStream } from './open-text.ts';
import type { ReadOptions, TraceReader } from './trace-reader.ts';

/** A recording in text; `chunkBytes` cuts it into pieces as a pipe does. */
async function open(text: string, chunkBytes = 1 << 20): Promise<TraceReader> {
  const bytes = new TextEncoder().encode(text);
  return openTextStream({
    name: 'text',
    size: bytes.length,
    chunks: async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
    },
  });
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
  c: number;
  d: number;
  text?: string;
  cpus?: number[];
}

async function rowsOf(reader: TraceReader, options?: ReadOptions): Promise<Row[]> {
  const rows: Row[] = [];
  await reader.readRows((block: EventBlock) => {
    for (let i = 0; i < block.length; i++) {
      const { timeNs, cpu, kind, pid, pfn, order, a, b, c, d } = block;
      rows.push({
        timeNs: timeNs[i],
        cpu: cpu[i],
        kind: kind[i],
        pid: pid[i],
        pfn: pfn[i],
        order: order[i],
        a: a[i],
        b: b[i],
        c: c[i],
        d: d[i],
        text: block.texts.get(i),
        cpus: block.cpuSets.has(i) ? [...(block.cpuSets.get(i) ?? [])] : undefined,
      });
    }
  }, options);
  return rows;
}

const at = (seconds: string, body: string, cpu = 0) =>
  `            task-7     [00${cpu}]     ${seconds}: ${body}\n`;

describe('rows of a text recording', () => {
  test('have the columns of their kind, with times from the first event', async () => {
    const reader = await open(
      'cpus=8\n' +
        at(
          '9.000000100',
          'mm_page_alloc:        page=0xffff pfn=50811 order=1 migratetype=2 gfp_flags=GFP_KERNEL',
        ) +
        at('9.000000350', 'mm_page_free:         page=0xffff pfn=0xc67b order=3', 2) +
        at('9.000001000', 'mm_page_pcpu_drain:   page=0x1 pfn=9539 order=0 migratetype=1') +
        at('9.500000000', 'mm_vmscan_direct_reclaim_end: nr_reclaimed=32'),
    );
    const rows = await rowsOf(reader);
    expect(rows[0]).toMatchObject({
      timeNs: 0,
      cpu: 0,
      kind: Kind.pageAlloc,
      pid: 7,
      pfn: 50811,
      order: 1,
      a: 2,
      b: -1,
    });
    expect(rows[1]).toMatchObject({ timeNs: 250, cpu: 2, kind: Kind.pageFree, pfn: 0xc67b, order: 3 });
    expect(rows[2]).toMatchObject({ timeNs: 900, kind: Kind.pagePcpuDrain, pfn: 9539, order: 0, a: 1 });
    expect(rows[3]).toMatchObject({ timeNs: 499_999_900, kind: Kind.directReclaimEnd, a: 32 });
    expect(reader.info).toMatchObject({
      format: 'trace-cmd report text',
      clockUnit: 'ns',
      startStamp: 9_000_000_100n,
    });
    expect(reader.cpuCount).toBe(8);
    expect(reader.commOf(7)).toBe('task');
  });

  test('of a failed allocation have pfn -1, however it is printed', async () => {
    const printed = at(
      '1.000000',
      'mm_page_alloc: page=(null) pfn=0 order=0 migratetype=0 gfp_flags=GFP_ATOMIC',
    );
    const raw = at('1.000001', 'mm_page_alloc: pfn=0xffffffffffffffff order=0 gfp_flags=32 migratetype=0');
    const rows = await rowsOf(await open(printed + raw));
    expect(rows.map(({ pfn }) => pfn)).toEqual([-1, -1]);
    expect(rows[1].b).toBe(32);
  });

  test('of probes have zones and lists as small numbers, the same pointer the same number', async () => {
    const rows = await rowsOf(
      await open(
        at(
          '1.000000',
          'free_pcppages_bulk:   (ffffffff8126fa20) zone=0xffff88801da385c0 count=31 pcp=0xffff88801d0b9340',
        ) +
          at('1.000001', 'drain_all_pages: (drain_all_pages+0x0/0x30) zone=0x0') +
          at('1.000002', 'drain_pages_zone: (ffffffff813b1160) cpu=3 zone=0xffff88801da385c0') +
          at('1.000003', 'alloc_bulk_ret: (ffffffff813b8444 <- ffffffff813a930f) ret=4'),
      ),
    );
    expect(rows[0]).toMatchObject({ kind: Kind.freePcppagesBulk, a: 1, b: 31, c: 2 });
    expect(rows[1]).toMatchObject({ kind: Kind.drainAllPages, a: 0 });
    expect(rows[2]).toMatchObject({ kind: Kind.drainPagesZone, a: 3, b: 1 });
    expect(rows[3]).toMatchObject({ kind: Kind.allocBulkReturn, a: 4 });
  });

  test('of a probe with a name of its own are told by the function that it stands on', async () => {
    const rows = await rowsOf(await open(at('1.0', 'myprobe: (drain_local_pages+0x4/0x40) zone=0x0')));
    expect(rows).toMatchObject([{ kind: Kind.drainLocalPages, a: 0 }]);
  });

  test('come from the function tracer too, without arguments', async () => {
    const kernel =
      '            task-7     [000] .....     1.000000: drain_all_pages <-__alloc_pages_slowpath\n';
    const report = at('1.000001', 'function:             drain_all_pages <-- __alloc_pages_slowpath');
    const rows = await rowsOf(await open(kernel + report));
    expect(rows).toMatchObject([
      { kind: Kind.drainAllPages, a: -1 },
      { kind: Kind.drainAllPages, a: -1 },
    ]);
  });

  test('of work items are those of drains only', async () => {
    const queue = 'workqueue_queue_work: work struct=0xffff88801d030c28 function=';
    const rows = await rowsOf(
      await open(
        at('1.000000', `${queue}drain_local_pages_wq workqueue=0xffff req_cpu=8192 cpu=5`) +
          at('1.000001', `${queue}lru_add_drain_per_cpu workqueue=0xffff req_cpu=0 cpu=0`) +
          at(
            '1.000002',
            'workqueue_execute_start: work struct 0xffff88801d0b0c28: function drain_local_pages_wq',
          ),
      ),
    );
    expect(rows).toMatchObject([{ kind: Kind.drainWorkQueued, a: 5 }, { kind: Kind.drainWorkStart }]);
  });

  test('of the patched kernel have the set of holders', async () => {
    const rows = await rowsOf(
      await open(
        at(
          '1.0',
          'pcp_drain_begin: seq=3 policy=1 req_cpu=1 zone=-1 online=8 holders=5 holders_mask=0x1f holders_list=0-4 pages=781 free=9 caller=0xffff',
        ) +
          at(
            '1.1',
            'pcp_drain_end: seq=3 policy=1 req_cpu=2 result=3 holders=5 targets=8 targets_mask=0xff ipis=7 alloc=-1',
          ),
      ),
    );
    expect(rows[0]).toMatchObject({ kind: Kind.pcpDrainBegin, a: 3, b: 1, c: -1, d: 5, cpus: [0x1f] });
    expect(rows[1]).toMatchObject({ kind: Kind.pcpDrainEnd, a: 3, b: 3, c: 7, d: -1, cpus: [0xff] });
  });

  test('of markers have their text, in each form', async () => {
    const kernel =
      '            bash-5751    [001] ...1.   928.201279: tracing_mark_write: snapshot 0 begin quiet a\n';
    const report = at('929.0', 'print:                tracing_mark_write: snapshot 0 end quiet-a');
    const raw = at('930.0', 'print:                 ip=tracing_mark_write buf=snapshot 1 begin load');
    const rows = await rowsOf(await open(kernel + report + raw));
    expect(rows.map(({ text }) => text)).toEqual([
      'snapshot 0 begin quiet a',
      'snapshot 0 end quiet-a',
      'snapshot 1 begin load',
    ]);
  });

  test('stay in order: an older line gets the time before it and is counted', async () => {
    const free = 'mm_page_free: page=0x1 pfn=1 order=0';
    const reader = await open(
      at('1.000000', free) + at('1.000005', free) + at('1.000003', free) + at('1.000006', free),
    );
    expect((await rowsOf(reader)).map(({ timeNs }) => timeNs)).toEqual([0, 5000, 5000, 6000]);
    expect(reader.diagnostics.outOfOrder).toBe(1);
  });

  test('are the same wherever the input is cut into chunks', async () => {
    const text = [1, 2, 3, 4, 5]
      .map((n) => at(`1.00000${n}`, `mm_page_free: page=0x1 pfn=${n} order=0`))
      .join('');
    const whole = await rowsOf(await open(text));
    expect(whole).toHaveLength(5);
    for (const chunkBytes of [1, 2, 3, 7, 50, 97])
      expect(await rowsOf(await open(text, chunkBytes))).toEqual(whole);
  });
});

describe('a text recording', () => {
  test('counts every event by name, losses by CPU, and lines that it cannot read', async () => {
    const reader = await open(
      at('1.0', 'sched_switch: prev_comm=a b prev_pid=1 ==> next_comm=c next_pid=2') +
        'CPU:1 [LOST 380 EVENTS]\nCPU:1 [LOST 20 EVENTS]\nCPU:0 [LOST EVENTS]\nsomething else\n' +
        at('1.5', 'my_event: x=1'),
    );
    await rowsOf(reader);
    const { diagnostics } = reader;
    expect(Object.fromEntries(diagnostics.eventsByType)).toEqual({ sched_switch: 1, my_event: 1 });
    expect(diagnostics).toMatchObject({
      events: 2,
      unknownLosses: 1,
      unreadableLines: 1,
      lastNs: 500_000_000,
    });
    expect([...diagnostics.lostByCpu]).toEqual([[1, 400]]);
  });

  test('knows percpu_refill as a field only when a line shows that it is none of the older kernels', async () => {
    const refill = (order: number, value: number) =>
      at(
        '1.0',
        `mm_page_alloc_zone_locked: page=0x1 pfn=1 order=${order} migratetype=0 percpu_refill=${value}`,
      );
    const has = (reader: TraceReader) =>
      reader.features.hasField('kmem', 'mm_page_alloc_zone_locked', 'percpu_refill');
    // Before 5.19 the kernel prints order == 0 under this name.
    const old = await open(refill(0, 1) + refill(1, 0));
    expect(has(old)).toBe(false);
    expect((await rowsOf(old)).map(({ b }) => b)).toEqual([-1, -1]);
    const recent = await open(refill(0, 1) + refill(2, 1));
    expect(has(recent)).toBe(true);
    expect((await rowsOf(recent)).map(({ b }) => b)).toEqual([1, 1]);
  });

  test('gives events with their fields, also of types that nobody follows', async () => {
    const reader = await open(
      at('1.0', 'sched_switch: prev_comm=a b prev_pid=1 prev_state=S ==> next_comm=c next_pid=0x10') +
        at('1.0', 'drain_all_pages: (ffffffff81270c10) zone=0xffff88801da385c0'),
    );
    const seen: unknown[] = [];
    await reader.readEvents((event) => {
      seen.push([event.name, event.comm, event.stamp, event.fields()]);
    });
    expect(seen).toEqual([
      [
        'sched_switch',
        'task',
        1_000_000_000n,
        [
          ['prev_comm', 'a b'],
          ['prev_pid', 1],
          ['prev_state', 'S'],
          ['next_comm', 'c'],
          ['next_pid', 16],
        ],
      ],
      [
        'drain_all_pages',
        'task',
        1_000_000_000n,
        [
          ['__probe_ip', 'ffffffff81270c10'],
          ['zone', 0xffff88801da385c0n],
        ],
      ],
    ]);
  });

  test('is filtered by name, CPU and time, and stops when told so', async () => {
    const text = [0, 1, 2, 3].map((cpu) => at(`1.00000${cpu}`, `e${cpu % 2}: x=${cpu}`, cpu)).join('');
    const namesOf = async (filter: object, limit = 9) => {
      const seen: string[] = [];
      const reader = await open(text);
      await reader.readEvents((event) => seen.push(event.printed()) < limit, { filter });
      return seen;
    };
    expect(await namesOf({ names: new Set(['e1']) })).toEqual(['x=1', 'x=3']);
    expect(await namesOf({ names: new Set(['kmem:e0']), cpus: new Set([2, 3]) })).toEqual(['x=2']);
    expect(await namesOf({ fromNs: 1000, toNs: 2000 })).toEqual(['x=1', 'x=2']);
    expect(await namesOf({}, 2)).toEqual(['x=0', 'x=1']);
  });

  test('of perf script without CPUs is listed but not followed', async () => {
    const text = 'perf  6013   961.920101:  kmem:mm_page_free: page=0x1 pfn=0x1 order=0\n';
    await expect(rowsOf(await open(text))).rejects.toMatchObject({ code: 'E_TRACE_NO_CPU' });
    let count = 0;
    await (await open(text)).readEvents(() => count++);
    expect(count).toBe(1);
  });

  test('is read once', async () => {
    const reader = await open(at('1.0', 'x: y=1'));
    await rowsOf(reader);
    await expect(rowsOf(reader)).rejects.toMatchObject({ code: 'E_TRACE_READ_TWICE' });
  });

  test('with a line that never ends is read around it', async () => {
    const reader = await open(`${at('1.0', 'x: y=1')}${'z'.repeat(200_000)}\n${at('1.5', 'x: y=2')}`, 1000);
    await rowsOf(reader);
    expect(reader.diagnostics).toMatchObject({ events: 2, unreadableLines: 1 });
  });

  test('with a header only has no events', async () => {
    const reader = await open('# tracer: nop\n#\n# entries-in-buffer/entries-written: 0/0   #P:2\n#\n');
    await rowsOf(reader);
    expect(reader.diagnostics.events).toBe(0);
    expect(reader.cpuCount).toBe(2);
  });

  test('without CPU and time is refused, with advice', async () => {
    const text = '# tracer: nop\n#\nmm_page_alloc: page=0x1 pfn=0x104d9e order=0 migratetype=0\n';
    await expect(open(text)).rejects.toMatchObject({
      code: 'E_TRACE_UNKNOWN_FORMAT',
      hint: expect.stringContaining('context-info'),
    });
  });

  test.each(['', 'hello\nworld\n', '\u0000\u0001\u0002'])('that is none (%j) is refused', async (text) => {
    await expect(open(text)).rejects.toMatchObject({
      code: text === '' ? 'E_TRACE_EMPTY' : 'E_TRACE_UNKNOWN_FORMAT',
    });
  });
});
