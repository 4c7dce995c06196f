/**
 * The file form of a scenario, for people: sizes and times with units, CPU lists in the kernel's syntax,
 * nearly everything optional. One description for the check, for the types of `defineScenario`, for the
 * JSON Schema that editors read, and for docs/scenario-format.md.
 */

import * as z from 'zod/mini';
import { scenarioSchema, taskKinds } from '../engine/input/scenario.ts';
import { distributionNames } from '../engine/machine/distributions.ts';
import { sizePattern, timePattern } from './units-text.ts';

/** What a field means; `default` as it would be written, or in words. */
export interface FieldMeta {
  readonly description: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

export const fieldMeta = z.registry<FieldMeta>();

/** An optional field. */
function field<T extends z.core.$ZodType>(
  schema: T,
  description: string,
  more: Omit<FieldMeta, 'description'> = {},
): z.ZodMiniOptional<T> {
  return needed(z.optional(schema), description, more);
}

/** A field that must be there. */
function needed<T extends z.core.$ZodType>(
  schema: T,
  description: string,
  more: Omit<FieldMeta, 'description'> = {},
): T {
  fieldMeta.add(schema, { description, ...more });
  return schema;
}

// Each message says what is expected: problems.ts puts "expected" before and "found" behind it.

function whole(from: number, to: number) {
  const text =
    to === Number.MAX_SAFE_INTEGER
      ? `a whole number from ${from} on`
      : `a whole number from ${from} to ${to}`;
  return z.int(text).check(z.gte(from, text), z.lte(to, text));
}

function amount(from: number, to: number) {
  const text = `a number from ${from} to ${to}`;
  return z.number(text).check(z.gte(from, text), z.lte(to, text));
}

function text(expected: string, lengthMax: number) {
  const tooLong = `${expected} of at most ${lengthMax} characters`;
  return z.string(expected).check(z.maxLength(lengthMax, tooLong));
}

/** Editors see `3.10` as a number, and so does YAML; what stands in the file is taken as text (yaml-text.ts), and no number gets here. */
function version() {
  const expected = 'a version as text, such as 3.0 or 6.12';
  const schema = z
    .union([z.string().check(z.maxLength(40)), z.number()], expected)
    .check(z.refine((value) => typeof value === 'string', expected));
  return schema as unknown as z.ZodMiniType<string, string>;
}

const sizeExpected = 'a size with its unit, such as 496 MiB or 300 pages';
const size = () => z.string(sizeExpected).check(z.regex(sizePattern, sizeExpected));

const timeExpected = 'a time with its unit, such as 3 ms or 60 s';
const time = () => z.union([z.literal(0), z.string().check(z.regex(timePattern))], timeExpected);

const cpusExpected = 'a list of CPUs as the kernel writes it, such as 0-3,8 or 4-N';
const cpuListPattern = /^(?:all|none|)$|^[\dN][\dN,:/ -]{0,4000}$/;
const cpuList = () =>
  z.union([z.int().check(z.gte(0), z.lte(8191)), z.string().check(z.regex(cpuListPattern))], cpusExpected);

function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, `one of ${values.join(', ')}`);
}

function flag() {
  return z.boolean('true or false');
}

function listOf<T extends z.core.$ZodType>(item: T, expected: string, lengthMax: number) {
  return z.array(item, expected).check(z.maxLength(lengthMax, `at most ${lengthMax} entries`));
}

function group<T extends z.core.$ZodShape>(shape: T, expected: string) {
  return z.strictObject(shape, expected);
}

export const cpusMax = 8192;
const pfnMax = 2 ** 31 - 1;

const zone = group(
  {
    name: needed(oneOf(['DMA', 'DMA32', 'Normal', 'Movable']), 'Name of the zone.'),
    node: field(whole(0, 1023), 'NUMA node it belongs to.', { default: 0 }),
    startPfn: needed(whole(0, pfnMax), 'First page frame; a multiple of 512 but for DMA.'),
    memory: needed(size(), 'What the allocator manages of it; a multiple of 2 MiB but for DMA.'),
  },
  'a zone: name, startPfn and memory',
);

export const idleNames = [
  'none',
  'nehalem',
  'sandy-bridge',
  'haswell',
  'skylake-sp',
  'ice-lake-sp',
  'sapphire-rapids',
  'sierra-forest',
] as const;

const machine = group(
  {
    preset: field(
      oneOf(['vm-4', 'vm-8', 'server-16', 'server-64', 'server-128', 'huge-4096']),
      'A machine of a usual size; the other keys override its values.',
    ),
    cpus: field(whole(1, cpusMax), 'Possible CPUs, numbered from 0. Needed unless a preset gives it.'),
    online: field(cpuList(), 'CPUs that are online. N is the last CPU.', { default: 'all' }),
    isolated: field(
      cpuList(),
      'CPUs that must not be disturbed (isolcpus, nohz_full): only tasks that name them run there.',
      { default: 'none' },
    ),
    memory: field(
      size(),
      'Memory that the kernel manages. Zones are made of it as a PC has them: DMA below 16 MiB, DMA32 up to 4 GiB, Normal above; nodes have equal shares.',
      { examples: ['496 MiB', '16 GiB'] },
    ),
    movable: field(size(), 'The end of each node’s memory, in all so much, is zone Movable (movablecore=).', {
      default: '0',
    }),
    used: field(size(), 'Of it: what the kernel and what is not modelled hold from the start.', {
      default: '0',
    }),
    cache: field(size(), 'Of it: pages of files that are in memory at the start, which reclaim can take.', {
      default: '0',
    }),
    zones: field(
      listOf(zone, 'a list of zones', 256),
      'The zones one by one, in place of memory and movable.',
    ),
    nodes: field(whole(1, 1024), 'NUMA nodes.', { default: 1 }),
    nodeCpus: field(
      listOf(cpuList(), 'a list of CPU lists, one a node', 1024),
      'CPUs of each node, one list a node; left out: equal parts in order.',
      { examples: [['0-3', '4-7']] },
    ),
    idle: field(oneOf(idleNames), 'Idle states, by generation of the processor; none: idle CPUs poll.', {
      default: 'sandy-bridge',
    }),
    interrupts: field(
      oneOf(['physical', 'x2apic-cluster', 'shorthand']),
      'How an interrupt goes to several CPUs: one write a CPU, one a cluster of 16, or one to all but the sender where that is allowed.',
      { default: 'x2apic-cluster' },
    ),
    host: field(
      group(
        {
          cpus: needed(whole(1, cpusMax), 'Processors of the host.'),
          slice: field(time(), 'Time slice of a guest CPU when others wait.', { default: '4 ms' }),
        },
        'a host: cpus and slice',
      ),
      'The machine is a guest whose CPUs share these processors of a host; left out: each CPU runs at all times.',
    ),
  },
  'a machine: cpus and memory',
);

const kernel = group(
  {
    version: field(version(), 'Version: chooses the rules. Needed unless the distribution gives it.', {
      examples: ['3.0', '5.10', '6.12'],
    }),
    distribution: field(
      oneOf(distributionNames),
      'Takes version, nrCpus, offstack, slab and batchScaleMax from this distribution.',
    ),
    config: field(
      text('the path of a kernel configuration', 4096),
      'Path of a kernel .config, from which the same values and thp are taken. Only on the command line.',
    ),
    nrCpus: field(whole(1, 65536), 'CONFIG_NR_CPUS.', {
      default: '512, or 8192 for more CPUs (4096 before 3.13)',
    }),
    offstack: field(flag(), 'CONFIG_CPUMASK_OFFSTACK: sets of CPUs are allocated, not on the stack.', {
      default: 'true if nrCpus is above 512',
    }),
    slab: field(oneOf(['slab', 'slub']), 'Object allocator behind the mask.', { default: 'slub' }),
    batchScaleMax: field(whole(0, 6), 'CONFIG_PCP_BATCH_SCALE_MAX, from 6.7 on.', { default: 5 }),
    minFreeKbytes: field(whole(1, 2 ** 31), 'vm.min_free_kbytes.', { default: 'the kernel’s rule' }),
    watermarkScaleFactor: field(whole(1, 3000), 'vm.watermark_scale_factor, from 4.6 on.', { default: 10 }),
    pagelistFraction: field(
      whole(0, 2 ** 31),
      'vm.percpu_pagelist_fraction (5.14 on: _high_fraction); 0: off, else at least 8.',
      { default: 0 },
    ),
    thp: field(flag(), 'CONFIG_TRANSPARENT_HUGEPAGE: lists for huge pages from 5.14 on.', { default: true }),
    maskBytes: field(whole(1, 8192), 'Bytes of an allocated set of CPUs, whatever the rules say.', {
      default: 'the kernel’s rule',
    }),
    sendAllocatesMask: field(
      flag(),
      'Sending to several CPUs allocates a set of CPUs of its own, as x86 did up to 5.3.',
      { default: 'by version' },
    ),
    lastZoneDecides: field(
      flag(),
      'The mistake of versions 5 and 6 of the patch: only the last populated zone decides whether a CPU is chosen.',
      { default: false },
    ),
  },
  'a kernel: version',
);

const task = group(
  {
    kind: needed(oneOf(taskKinds), 'What the task does; see below.'),
    name: field(text('a name', 60), 'Name in reports; left out: the kind.'),
    count: field(whole(1, 1_000_000), 'How many such tasks (hackbench: groups).', { default: 1 }),
    cpus: field(
      cpuList(),
      'CPUs on which they may run, dealt out in turn; left out: all online ones that are not isolated.',
    ),
    memory: field(size(), 'What one task grows to or streams over.', { default: 'by kind' }),
    pages: field(whole(0, 2 ** 31 - 1), 'The same as a number: pages, blocks or objects, as the kind says.', {
      default: 'by kind',
    }),
    order: field(whole(0, 10), 'Order of its allocations.', { default: 0 }),
    rate: field(amount(0, 1e9), 'Page operations a second while it runs; 0: as fast as the costs allow.', {
      default: 0,
    }),
    lifetime: field(time(), 'After it the task exits and is started anew; 0: it lives on.', { default: 0 }),
    sleep: field(time(), 'Pause between two rounds of work.', { default: 0 }),
    start: field(time(), 'When it starts.', { default: 0 }),
    fifo: field(flag(), 'SCHED_FIFO: kernel workers of its CPU wait while it runs.', { default: false }),
    objectBytes: field(whole(8, 8192), 'Bytes of an object, for slab-user.', { default: 512 }),
    extra: field(
      z.record(z.string(), z.number('a number'), 'names and numbers'),
      'Further numbers that only this kind knows; see below.',
    ),
  },
  'a task: kind',
);

export const callCauses = [
  'compaction',
  'memory-offline',
  'memory-failure',
  'soft-offline',
  'contiguous-range',
  'cpu-offline',
  'debug-read',
] as const;

const call = group(
  {
    cause: needed(oneOf(callCauses), 'Who asks for the drain.'),
    cpu: field(whole(0, cpusMax - 1), 'CPU that asks.', { default: 0 }),
    start: field(time(), 'When it happens.', { default: 0 }),
    every: field(time(), 'Repeated after so much time; 0: once.', { default: 0 }),
    zone: field(
      z
        .string('the name of a zone')
        .check(
          z.regex(
            /^(?:DMA|DMA32|Normal|Movable)(?: [0-9]{1,4})?$/,
            'the name of a zone, as Normal or Normal 1 for that of node 1',
          ),
        ),
      'The zone concerned, with its node where several have the name (Normal 1); left out: what the kernel version names.',
    ),
    victim: field(whole(0, cpusMax - 1), 'cpu-offline: the CPU that goes.'),
    back: field(time(), 'cpu-offline: it comes back after this; 0: never.', { default: 0 }),
    memory: field(size(), 'memory-offline, contiguous-range: size of the range.'),
  },
  'a call: cause',
);

const faultShape = {
  probability: field(amount(0, 100), 'Percent of the candidate calls that fail.', { default: 0 }),
  interval: field(whole(1, 2 ** 31), 'Only each n-th call is a candidate.', { default: 1 }),
  times: field(whole(-1, 2 ** 31), 'Failures at most; -1: without end.', { default: -1 }),
  space: field(whole(0, 2 ** 31), 'Bytes (pages) that are let through first.', { default: 0 }),
  taskFilter: field(flag(), 'Only tasks that are marked (make-it-fail).', { default: false }),
  ignoreGfpWait: field(flag(), 'Requests that may sleep never fail.', { default: true }),
};

const faults = group(
  {
    failslab: field(
      group(
        {
          ...faultShape,
          cacheFilter: field(flag(), 'Only caches that are marked.', { default: false }),
        },
        'attributes of failslab',
      ),
      'Allocations of objects fail (failslab), the mask’s among them.',
    ),
    failPageAlloc: field(
      group(
        { ...faultShape, minOrder: field(whole(0, 10), 'Smaller requests never fail.', { default: 1 }) },
        'attributes of fail_page_alloc',
      ),
      'Allocations of pages fail (fail_page_alloc).',
    ),
  },
  'failslab or failPageAlloc',
);

const run = group(
  {
    seconds: field(
      z
        .number('a number of seconds above 0')
        .check(z.gt(0, 'a number of seconds above 0'), z.lte(1e6, 'at most 1000000 seconds')),
      'Simulated time.',
      { default: 10 },
    ),
    seed: field(whole(0, 2 ** 32 - 1), 'First seed. The same seed gives the same run.', { default: 1 }),
    seeds: field(whole(1, 10_000), 'Runs of each policy, with seed, seed + 1, …', { default: 1 }),
    policies: field(
      listOf(text('the name of a policy', 4096), 'a list of policies', 100),
      'Policies, each run with the same seeds; left out: all eight.',
    ),
    baseline: field(text('the name of a policy', 4096), 'The policy with which the others are compared.', {
      default: 'everyone',
    }),
    stepPages: field(whole(1, 512), 'Page operations that a task does at one point in time, at most.', {
      default: 16,
    }),
    checkEvery: field(
      whole(0, 2 ** 31),
      'Checks that no page is lost after so many events; 0: at the end only.',
      {
        default: 0,
      },
    ),
    maxEvents: field(whole(1, Number.MAX_SAFE_INTEGER), 'A run ends after so many events.', {
      default: 2_000_000_000,
    }),
  },
  'how it is run: seconds, seeds, policies',
);

export const scenarioFileSchema = group(
  {
    $schema: field(text('the address of the schema', 4096), 'For editors.'),
    name: field(
      z
        .string('a name')
        .check(z.regex(/^[\w.-]{1,64}$/, 'a name of letters, digits, dots and hyphens, at most 64')),
      'Name in reports; left out: that of the file.',
    ),
    title: field(text('a sentence', 300), 'One sentence: what it shows.', { default: '' }),
    about: field(text('text', 20_000), 'What happens, and what to look at.', { default: '' }),
    thread: field(text('text', 20_000), 'Which lines of the 2011 mail it answers.', { default: '' }),
    machine: needed(machine, 'The machine.'),
    kernel: needed(kernel, 'Its kernel.'),
    tasks: field(listOf(task, 'a list of tasks', 10_000), 'What runs on it.', { default: [] }),
    calls: field(
      listOf(call, 'a list of calls', 10_000),
      'Drains that somebody other than direct reclaim asks for.',
      { default: [] },
    ),
    faults: field(faults, 'Allocations that are made to fail.'),
    costs: field(
      z.record(
        z.string(),
        z
          .number('a number of nanoseconds')
          .check(z.gte(0, 'a number of nanoseconds from 0 on'), z.lte(1e12, 'at most 1e12 ns')),
        'names of costs and nanoseconds',
      ),
      'Times of single steps in ns, by name; see below.',
    ),
    run: field(run, 'How it is run.'),
  },
  'a scenario: machine, kernel, tasks',
);

/** What stands in a YAML file, and what `defineScenario` takes. */
export type ScenarioFile = z.input<typeof scenarioFileSchema>;

/** JSON Schema 2020-12 of the file form; `drainlab schema scenario` prints it. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioFileSchema, {
    target: 'draft-2020-12',
    io: 'input',
    metadata: fieldMeta,
  });
  const { $schema, ...rest } = schema;
  return {
    $schema,
    $id: `urn:${scenarioSchema.replace(/[./]/g, ':')}`,
    title: 'drainlab scenario, version 1',
    ...rest,
  };
}
