/** Simulated runs and a scenario by hand, for sums that a reader can check. */

import { BitSet } from '../src/base/bit-set.ts';
import { addDrain, makeDrainColumns } from '../src/engine/accounting/drain-columns.ts';
import { type DrainColumns, DrainResult, type Run, type RunCounters } from '../src/engine/accounting/run.ts';
import { newRunCounters } from '../src/engine/accounting/run-counters.ts';
import type { Scenario } from '../src/engine/input/scenario.ts';
import type { Policy } from '../src/engine/policy/policy.ts';

type ColumnName = Exclude<keyof DrainColumns, 'length'>;

/** Columns that are not named are 0; a drain is done, takes 1 µs and sees `cpus` online CPUs unless said otherwise. */
export type DrainRow = Partial<Record<ColumnName, number>>;

export interface RunByHand {
  policy: Policy;
  seed?: number;
  cpus?: number;
  drains?: readonly DrainRow[];
  counters?: Partial<RunCounters>;
  endedBy?: Run['endedBy'];
  simulatedNs?: number;
}

export function runOf(by: RunByHand): Run {
  const { policy, seed = 1, cpus = 8, drains: rows = [], endedBy = 'time' } = by;
  const drains = makeDrainColumns();
  rows.forEach((row, i) => {
    const at = addDrain(drains);
    const timeNs = row.timeNs ?? 1000 * i;
    const whole = { result: DrainResult.done, online: cpus, timeNs, endNs: timeNs + 1000, ...row };
    for (const [name, value] of Object.entries(whole)) drains[name as ColumnName][at] = value;
  });
  return {
    policy,
    seed,
    simulatedNs: by.simulatedNs ?? 2e9,
    events: 1000,
    endedBy,
    drains,
    heldByCpu: new Int32Array(cpus),
    counters: { ...newRunCounters(), ...by.counters },
    hash: `0000000${seed}`,
  };
}

/** 8 CPUs and one zone of 65,536 pages under Linux 3.0, unless said otherwise. */
export function scenarioOf({
  cpus = 8,
  isolated = [] as readonly number[],
  version = '3.0',
  nrCpus = 4096,
  offstack = true,
} = {}): Scenario {
  return {
    name: 'by-hand',
    title: 'sums by hand',
    about: '',
    thread: '',
    machine: {
      cpus,
      online: BitSet.full(cpus),
      isolated: BitSet.of(cpus, isolated),
      nodes: 1,
      nodeOfCpu: new Int32Array(cpus),
      zones: [{ name: 'Normal', node: 0, startPfn: 0, pages: 65536 }],
      idle: 'none',
      interruptMode: 'physical',
      host: null,
      usedPages: 0,
      cachePages: 0,
    },
    kernel: {
      version,
      nrCpus,
      offstack,
      slab: 'slab',
      batchScaleMax: 5,
      minFreeKbytes: -1,
      watermarkScaleFactor: 10,
      pagelistFraction: 0,
      thp: false,
      maskBytes: -1,
      sendAllocatesMask: false,
      lastZoneDecides: false,
    },
    tasks: [],
    calls: [],
    faults: { failslab: null, failPageAlloc: null },
    costs: {},
    run: {
      seconds: 2,
      seed: 1,
      seeds: 1,
      policies: [],
      baseline: 'everyone',
      stepPages: 64,
      checkEvery: 0,
      maxEvents: 1e9,
    },
  };
}
