/** Recordings in forms that no machine at hand makes: other byte orders and sizes, zlib, instances, every sort of record and option. */

import {
  buildTraceDat,
  type EventSpec,
  PageBuilder,
  record,
  type TraceDatSpec,
} from '../trace-dat-builder.ts';

type Machine = Required<Pick<TraceDatSpec, 'littleEndian' | 'longBytes' | 'pageBytes'>>;

const kmem = (name: string, id: number): EventSpec => ({
  system: 'kmem',
  name,
  id,
  fields: [
    { declaration: 'unsigned long pfn', offset: 8, size: 8 },
    { declaration: 'unsigned int order', offset: 16, size: 4 },
    { declaration: 'int migratetype', offset: 20, size: 4, signed: true },
  ],
  print:
    '"pfn=0x%lx order=%d %s", REC->pfn, REC->order, __print_symbolic(REC->migratetype, {0, "a"}, {1, "b"})',
});

const events: EventSpec[] = [
  kmem('mm_page_alloc', 300),
  kmem('mm_page_free', 301),
  {
    system: 'kmem',
    name: 'pcp_drain_begin',
    id: 302,
    fields: [
      { declaration: 'unsigned long seq', offset: 8, size: 8 },
      { declaration: 'int zone', offset: 16, size: 4, signed: true },
      { declaration: '__data_loc cpumask_t holders_mask', offset: 20, size: 4 },
    ],
    print: '"seq=%lu zone=%d holders_mask=%s", REC->seq, REC->zone, __get_cpumask(holders_mask)',
  },
  {
    system: 'workqueue',
    name: 'workqueue_queue_work',
    id: 303,
    fields: [
      { declaration: 'void * work', offset: 8, size: 8 },
      { declaration: 'void * function', offset: 16, size: 8 },
      { declaration: '__rel_loc char[] workqueue', offset: 24, size: 4 },
      { declaration: 'int cpu', offset: 28, size: 4, signed: true },
    ],
    print:
      '"work struct=%p function=%ps workqueue=%s cpu=%d", REC->work, REC->function, __get_rel_str(workqueue), REC->cpu',
  },
  {
    system: 'kprobes',
    name: 'drain_all_pages',
    id: 304,
    fields: [
      { declaration: 'unsigned long __probe_ip', offset: 8, size: 8 },
      { declaration: 'u64 zone', offset: 16, size: 8 },
    ],
    print: '"(%lx) zone=0x%Lx", REC->__probe_ip, REC->zone',
  },
  {
    system: 'ftrace',
    name: 'print',
    id: 5,
    fields: [
      { declaration: 'unsigned long ip', offset: 8, size: 8 },
      { declaration: 'char buf[]', offset: 16, size: 0 },
    ],
    print: '"%ps: %s", (void *)REC->ip, REC->buf',
  },
  {
    system: 'ftrace',
    name: 'function',
    id: 1,
    fields: [
      { declaration: 'unsigned long ip', offset: 8, size: 8 },
      { declaration: 'unsigned long parent_ip', offset: 16, size: 8 },
    ],
    print: '" %ps <-- %ps", (void *)REC->ip, (void *)REC->parent_ip',
  },
  {
    system: 'ftrace',
    name: 'bprint',
    id: 6,
    fields: [
      { declaration: 'unsigned long ip', offset: 8, size: 8 },
      { declaration: 'const char * fmt', offset: 16, size: 8 },
      { declaration: 'u32 buf[]', offset: 24, size: 0 },
    ],
    print: '"%ps: %s", (void *)REC->ip, REC->fmt',
  },
];

/** Sub-buffers of one CPU with every sort of record. */
function pagesOf(machine: Machine, cpu: number): Uint8Array[] {
  const { littleEndian } = machine;
  const page = (stamp: bigint) => new PageBuilder(machine, stamp + BigInt(cpu));
  const entry = (type: number, pfn: number) =>
    record(littleEndian, type, 7 + cpu, 24, [
      [8, 8, pfn],
      [16, 4, 0],
      [20, 4, 1],
    ]);
  const first = page(1000n)
    .event(0, entry(300, 100))
    .event(40, entry(301, 100))
    .extend(1n << 30n);
  first.event(1, entry(300, 101)).discarded(5, 12).longEvent(3, entry(301, 101));
  const second = page(3n << 30n)
    .missed(cpu === 0 ? 17 : -1)
    .absolute((3n << 30n) + 500n);
  second.event(
    0,
    record(littleEndian, 302, 7, 32, [
      [8, 8, 1],
      [16, 4, -1],
      [20, 4, 24 | (8 << 16)],
      [24, 8, 5],
    ]),
  );
  second.event(
    9,
    record(littleEndian, 303, 7, 36, [
      [8, 8, 0x1234n],
      [16, 8, 0x2000n],
      [24, 4, 4 | (4 << 16)],
      [28, 4, 1],
      [32, 4, 'mm\0'],
    ]),
  );
  second.event(
    9,
    record(littleEndian, 304, 7, 24, [
      [8, 8, 0x1000n],
      [16, 8, 0x9000n],
    ]),
  );
  second.event(
    9,
    record(littleEndian, 5, 7, 40, [
      [8, 8, 0x1000n],
      [16, 20, 'snapshot 0 begin a\n'],
    ]),
  );
  second.event(
    9,
    record(littleEndian, 1, 7, 24, [
      [8, 8, 0x1000n],
      [16, 8, 0x2000n],
    ]),
  );
  second.event(
    9,
    record(littleEndian, 6, 7, 32, [
      [8, 8, 0x1000n],
      [16, 8, 0x5000n],
      [24, 4, 42],
    ]),
  );
  return [first.done(), second.endPadding().done()];
}

function spec(machine: Machine): TraceDatSpec {
  const text = (value: string) => new TextEncoder().encode(value);
  return {
    ...machine,
    events,
    kallsyms: '1000 T drain_all_pages\n2000 t drain_local_pages_wq\n',
    printk: '0x5000 : "answer %d\\n"\n',
    cmdlines: '7 init\n8 hackbench\n',
    options: [
      { id: 7, data: text('500') },
      { id: 4, data: text('local [global] counter') },
      { id: 5, data: text('Linux host 6.1.0 x86_64') },
      { id: 2, data: text('CPU: 0\nentries: 5\noverrun: 0\n') },
    ],
    buffers: [
      { cpus: [pagesOf(machine, 0), pagesOf(machine, 1)], clock: 'global' },
      { name: 'other', cpus: [pagesOf(machine, 2), []], clock: 'global' },
    ],
  };
}

export function madeSeeds(): Array<{ name: string; bytes: Uint8Array }> {
  const usual: Machine = { littleEndian: true, longBytes: 8, pageBytes: 1024 };
  const old: Machine = { littleEndian: false, longBytes: 4, pageBytes: 512 };
  return [
    { name: 'made-v6.dat', bytes: buildTraceDat({ ...spec(usual), version: 6 }) },
    { name: 'made-v6-big-endian-32.dat', bytes: buildTraceDat({ ...spec(old), version: 6 }) },
    { name: 'made-v7-zlib.dat', bytes: buildTraceDat({ ...spec(usual), version: 7, compression: 'zlib' }) },
    { name: 'made-v7-zstd.dat', bytes: buildTraceDat({ ...spec(usual), version: 7, compression: 'zstd' }) },
    {
      name: 'made-v7-big-endian.dat',
      bytes: buildTraceDat({ ...spec({ ...old, longBytes: 8 }), version: 7 }),
    },
  ];
}
