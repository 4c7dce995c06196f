/** Who else drains, by version: docs/model.md has the table. And what each call does in a run. */

import { describe, expect, test } from 'vitest';
import { type MachineByHand, park, rowsOf, simulationWith, Witness } from '../../../test/machines.ts';
import type { CallSpec, ZoneSpec } from '../input/scenario.ts';
import { staticMask } from '../policy/built-in.ts';
import { callPlan } from './callers.ts';
import { kernelRules } from './kernel-rules.ts';

type Cause = CallSpec['cause'];

/** drains, whether the zone is named, whether it is forced. */
const plans: [Cause, string, number, boolean, boolean][] = [
  ['memory-offline', '3.0', 2, false, false],
  ['memory-offline', '3.18', 2, false, false],
  ['memory-offline', '3.19', 2, true, false],
  ['memory-offline', '5.10', 2, true, false],
  ['memory-offline', '5.11', 1, true, true],
  ['memory-failure', '3.18', 1, false, false],
  ['memory-failure', '4.9', 1, true, false],
  ['memory-failure', '5.10', 1, true, false],
  ['memory-failure', '5.11', 0, true, false],
  ['memory-failure', '6.9', 0, true, false],
  ['memory-failure', '6.10', 1, true, false],
  ['soft-offline', '3.10', 1, false, false],
  ['soft-offline', '5.15', 1, true, true],
  ['contiguous-range', '3.0', 0, false, false],
  ['contiguous-range', '3.4', 2, false, false],
  ['contiguous-range', '4.9', 2, true, false],
  ['contiguous-range', '5.11', 1, true, false],
  ['compaction', '4.9', 0, true, false],
  ['compaction', '4.19', 1, true, false],
  ['debug-read', '4.5', 0, false, false],
  ['debug-read', '4.9', 1, false, false],
  ['debug-read', '6.12', 1, false, false],
  ['cpu-offline', '3.0', 0, false, false],
  ['cpu-offline', '6.12', 0, false, false],
];

test.each(plans)(
  '%s on %s: %i drains, zone named: %s, forced: %s',
  (cause, version, drains, zone, forced) => {
    const plan = callPlan(cause, kernelRules(version));
    expect(plan.drains).toBe(drains);
    if (drains > 0) expect(plan).toMatchObject({ namesZone: zone, forced });
  },
);

const zones: ZoneSpec[] = [
  { name: 'DMA32', node: 0, startPfn: 512, pages: 65_536 },
  { name: 'Normal', node: 0, startPfn: 512 + 65_536, pages: 65_536 },
];

function run(calls: MachineByHand['calls'], version: string, parked: readonly number[] = [5, 5, 5]) {
  const witness = new Witness();
  const simulation = simulationWith({ version, machine: { zones }, calls }, staticMask, witness);
  parked.forEach((pages, cpu) => {
    for (const zone of [0, 1]) park(simulation.memory, cpu, pages, zone);
  });
  const more = simulation.runUntil(1e9);
  return { simulation, witness, more, rows: rowsOf(simulation.finish().drains) };
}

describe('in a run', () => {
  test('memory off-lining drains twice on 3.0, all zones', () => {
    const { rows, witness } = run([{ cause: 'memory-offline', pages: 512 }], '3.0');
    expect(rows.map(({ zone, pagesBack, targets }) => [zone, pagesBack, targets])).toEqual([
      [-1, 30, 3],
      [-1, 0, 0],
    ]);
    expect(witness.kinds('offlinePages', 'drainAllPages')).toEqual([
      'offlinePages',
      'drainAllPages',
      'drainAllPages',
    ]);
  });

  test('on 5.15 once, the last zone by default, every online CPU', () => {
    const { rows, simulation } = run([{ cause: 'memory-offline', pages: 512 }], '5.15', [5, 0, 0]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      zone: 1,
      forced: 1,
      targets: 3,
      interrupts: 2,
      pagesBack: 5,
      useless: 2,
    });
    // The other zone keeps its pages.
    expect(simulation.memory.pagesOnLists(0, 0)).toBe(5);
  });

  test('4.19 drains all zones of its targets, though one was asked for', () => {
    const { rows } = run([{ cause: 'compaction', zone: 0 }], '4.19');
    expect(rows[0]).toMatchObject({ zone: 0, holderPages: 15, pagesBack: 30 });
  });

  test('a call comes again after each pause', () => {
    const { rows } = run([{ cause: 'debug-read', startNs: 1000, everyNs: 300e6 }], '5.10');
    // At 1 µs, then 300 ms after the end of the one before: 4 in a second.
    expect(rows).toHaveLength(4);
    expect(rows[1].timeNs).toBe(rows[0].endNs + 300e6);
  });

  test('when the last call is over the run ends', () => {
    const { simulation, more } = run([{ cause: 'debug-read' }], '5.10');
    expect(more).toBe(false);
    expect(simulation.endedBy).toBe('all-tasks-dead');
  });

  test('a kernel that does not drain there leaves no row', () => {
    expect(run([{ cause: 'memory-failure' }], '5.15').rows).toEqual([]);
  });

  test('a CPU that goes offline gives its lists back, and is not seen by drains until it is back', () => {
    const calls = [
      { cause: 'cpu-offline', cpu: 0, victim: 2, startNs: 1000, backNs: 500e6 },
      { cause: 'debug-read', cpu: 0, startNs: 100e6 },
      { cause: 'debug-read', cpu: 0, startNs: 600e6 },
    ] as const;
    const { rows, witness, simulation } = run(calls, '5.10');
    expect(witness.kinds('cpuDead')).toHaveLength(1);
    expect(rows.map(({ online, holders }) => [online, holders])).toEqual([
      [2, 2],
      [3, 0],
    ]);
    expect(simulation.memory.pagesOnLists(2, -1)).toBe(0);
    expect([...simulation.processors.states.online]).toEqual([0, 1, 2]);
  });

  test('a CPU that is offline already does not go again', () => {
    const calls = [
      { cause: 'cpu-offline', cpu: 0, victim: 2, startNs: 1000, backNs: 500e6 },
      { cause: 'cpu-offline', cpu: 0, victim: 2, startNs: 100e6, backNs: 500e6 },
    ] as const;
    const { witness, simulation } = run(calls, '5.10');
    expect(witness.kinds('cpuDead')).toHaveLength(1);
    expect(simulation.processors.states.online.has(2)).toBe(simulation.nowNs >= 500e6);
  });
});
