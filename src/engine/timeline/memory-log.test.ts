import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machineOf } from '../../../test/hand-made.ts';
import { shippedRecordings } from '../../../test/recordings.ts';
import { openRecording } from '../../cli/recording.ts';
import { builtInScenario } from '../../scenario/by-name.ts';
import { parseSet } from '../../scenario/set-values.ts';
import { machineViewOf } from '../machine-view-of.ts';
import { staticMask } from '../policy/built-in.ts';
import { replay } from '../replay.ts';
import { Simulation } from '../simulation.ts';
import { RunTimeline } from './run-timeline.ts';
import { Timeline } from './timeline.ts';

describe('free memory against the watermarks', () => {
  it('is of a recording what /proc/zoneinfo printed, at the time of its marks', async () => {
    const { reader, machine, snapshots } = await openRecording(join(shippedRecordings, '6.12-remote'));
    const timeline = new Timeline(machine);
    await replay(reader, machine, snapshots, { timeline });
    await reader.close();
    const { timeNs, free, min, low, high } = timeline.memory.points();
    expect(timeNs.length).toBe(snapshots.length);
    expect(timeNs[0]).toBeLessThan(timeNs[1]);
    expect(machine.zones.map(({ name }) => name)).toEqual(['DMA', 'DMA32']);
    // By eye from the texts in recordings/6.12-remote/zoneinfo; the marks are printed with their boost.
    expect([free, min, low, high].map((column) => [...column])).toEqual([
      [477, 1380, 450, 786],
      [23, 2043, 535, 2043],
      [28, 2200, 540, 2200],
      [33, 2357, 545, 2357],
    ]);
  });

  it('is of a run sampled with the pages of its CPUs, and the watermarks keep their order', () => {
    const scenario = builtInScenario('reclaim-storm', ['run.seconds=0.1', 'run.seeds=1'].map(parseSet));
    const zones = scenario.machine.zones.map(({ name }) => name);
    const timeline = new Timeline(machineOf(scenario.machine.cpus, { zones }));
    const observer = new RunTimeline(timeline, 0.1e9, 20);
    const simulation = new Simulation(scenario, staticMask, 1, { observer });
    observer.view = machineViewOf(simulation);
    observer.sample(0);
    simulation.runUntil(0.1e9);
    simulation.finish();
    const { timeNs, free, min, low, high } = timeline.memory.points();
    expect(timeNs.length).toBeGreaterThanOrEqual(20);
    expect(free.length).toBe(timeNs.length * zones.length);
    for (let i = 0; i < free.length; i++) {
      expect(free[i]).toBeGreaterThanOrEqual(0);
      expect(min[i]).toBeLessThanOrEqual(low[i]);
      expect(low[i]).toBeLessThanOrEqual(high[i]);
    }
    expect(new Set(free).size).toBeGreaterThan(2);
  });
});
