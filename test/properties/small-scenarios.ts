/** Random small machines that are short of memory from the start, so that a few hundred events bring reclaim and drains. */

import fc from 'fast-check';
import { BitSet } from '../../src/base/bit-set.ts';
import type { CallSpec, Scenario, TaskSpec, ZoneSpec } from '../../src/engine/input/scenario.ts';
import { idleStates } from '../../src/engine/machine/idle-states.ts';
import { builtInPolicies } from '../../src/engine/policy/built-in.ts';
import { scenarioWith } from '../machines.ts';

const versions = ['3.0', '3.4', '4.9', '4.19', '5.10', '5.15', '6.1', '6.12', '6.19', '7.0'];

const zonesOf = (layout: string): ZoneSpec[] => {
  const zone = (name: ZoneSpec['name'], node: number, startPfn: number, pages: number) => ({
    name,
    node,
    startPfn,
    pages,
  });
  if (layout === 'one') return [zone('Normal', 0, 512, 16_384)];
  if (layout === 'pc') return [zone('DMA', 0, 1, 3977), zone('DMA32', 0, 4096, 12_288)];
  return [zone('DMA32', 0, 512, 8192), zone('Normal', 1, 512 + 8192, 8192)];
};

const task = (cpus: number) =>
  fc.record({
    kind: fc.constantFrom<TaskSpec['kind']>(
      'anonymous',
      'anonymous',
      'reader',
      'reader',
      'page-cache',
      'network',
      'slab-user',
      'fork-storm',
      'hackbench',
      'sleeper',
      'spinner',
      'walker',
    ),
    count: fc.integer({ min: 1, max: 3 }),
    on: fc.uniqueArray(fc.nat({ max: cpus - 1 }), { minLength: 1 }),
    pages: fc.integer({ min: 1, max: 6000 }),
    order: fc.constantFrom(0, 0, 0, 1, 3),
    sleepNs: fc.constantFrom(0, 0, 20_000, 1_000_000),
    lifetimeNs: fc.constantFrom(0, 0, 0, 2_000_000),
    startNs: fc.constantFrom(0, 0, 150_000),
    fifo: fc.boolean().map((fifo) => fifo && cpus > 1),
  });

const call = (cpus: number) =>
  fc.record({
    cause: fc.constantFrom<CallSpec['cause']>(
      'memory-offline',
      'memory-failure',
      'soft-offline',
      'contiguous-range',
      'compaction',
      'debug-read',
      'cpu-offline',
    ),
    cpu: fc.nat({ max: cpus - 1 }),
    startNs: fc.nat({ max: 500_000 }),
    everyNs: fc.constantFrom(0, 200_000),
    victim: fc.nat({ max: cpus - 1 }),
    backNs: fc.constantFrom(0, 300_000),
    pages: fc.constant(512),
  });

export const policies = fc.constantFrom(...builtInPolicies);

export const smallScenarios: fc.Arbitrary<Scenario> = fc.integer({ min: 1, max: 6 }).chain((cpus) =>
  fc
    .record({
      version: fc.constantFrom(...versions),
      layout: fc.constantFrom('one', 'pc', 'two-nodes'),
      tasks: fc.array(task(cpus), { minLength: 1, maxLength: 4 }),
      calls: fc.array(call(cpus), { maxLength: 2 }),
      isolated: fc.uniqueArray(fc.nat({ max: cpus - 1 }), { maxLength: cpus - 1 }),
      idle: fc.constantFrom(...(Object.keys(idleStates) as (keyof typeof idleStates)[])),
      interruptMode: fc.constantFrom('physical' as const, 'x2apic-cluster' as const, 'shorthand' as const),
      host: fc.constantFrom(null, null, { cpus: 1, sliceNs: 1e6 }, { cpus: 2, sliceNs: 4e6 }),
      slab: fc.constantFrom('slab' as const, 'slub' as const),
      offstack: fc.boolean(),
      nrCpus: fc.constantFrom(64, 4096),
      sendAllocatesMask: fc.boolean(),
      lastZoneDecides: fc.boolean(),
      failslab: fc.constantFrom(undefined, undefined, 10, 100),
      free: fc.integer({ min: 250, max: 2000 }),
      cachePages: fc.constantFrom(0, 500, 4000),
    })
    .map((by) => {
      const zones = zonesOf(by.layout);
      const pages = zones.reduce((sum, zone) => sum + zone.pages, 0);
      const nodes = by.layout === 'two-nodes' ? 2 : 1;
      return scenarioWith({
        cpus,
        version: by.version,
        isolated: by.isolated,
        machine: {
          zones,
          nodes,
          nodeOfCpu: Int32Array.from({ length: cpus }, (_, cpu) => cpu % nodes),
          idle: by.idle,
          interruptMode: by.interruptMode,
          host: by.host,
          cachePages: by.cachePages,
          usedPages: pages - by.cachePages - by.free,
        },
        kernel: {
          slab: by.slab,
          offstack: by.offstack,
          nrCpus: by.nrCpus,
          sendAllocatesMask: by.sendAllocatesMask,
          lastZoneDecides: by.lastZoneDecides,
          minFreeKbytes: 1000,
        },
        // A page of the start that is being read can not be reclaimed: here it has been read long ago.
        costs: { diskReadNs: 0 },
        tasks: by.tasks.map(({ on, ...spec }) => ({
          ...spec,
          cpus: BitSet.of(cpus, on),
          extra: { tasksPerGroup: 4, messages: 20, burst: 16 },
        })),
        calls: by.calls,
        ...(by.failslab === undefined ? {} : { failslab: { probability: by.failslab, times: -1 } }),
        run: { seconds: 0.02, checkEvery: 0, maxEvents: 3000 },
      });
    }),
);

/** What a counterexample is shown as: sets of CPUs in full. */
export function told(scenario: Scenario): string {
  return JSON.stringify(scenario, (_, value) => (value instanceof BitSet ? [...value] : value));
}
