import { expect, test } from 'vitest';
import { BitSet } from '../../base/bit-set.ts';
import type { Machine } from '../input/machine.ts';
import { ZoneFlag } from '../machine/list-supply.ts';
import { ZonePressure } from './zone-pressure.ts';

const ms = 1e6;
const dma = 0;
const main = 1;

/** Marks of the recorded 6.12 machine: low 786, high 943; DMA keeps 402 pages for those who need it. */
const machine: Machine = {
  cpuCount: 1,
  online: BitSet.full(1),
  isolated: new BitSet(1),
  zones: [
    {
      name: 'DMA',
      node: 0,
      startPfn: 0,
      endPfn: 4096,
      managedPages: 3840,
      lowWatermark: 28,
      highWatermark: 33,
      reservePages: 402,
    },
    {
      name: 'DMA32',
      node: 0,
      startPfn: 4096,
      endPfn: 131072,
      managedPages: 105743,
      lowWatermark: 786,
      highWatermark: 943,
      reservePages: 0,
    },
  ],
};

function zonePressure(freePages: number, kswapdNs: readonly number[] = []) {
  const flags = new Uint8Array(2);
  const free = Float64Array.of(3800, freePages);
  return { flags, free, pressure: new ZonePressure(machine, flags, free, kswapdNs) };
}

test('below high from an allocation until a give-back above the mark', () => {
  const { flags, free, pressure } = zonePressure(944);
  pressure.allocates(main, 0);
  expect(flags[main]).toBe(0);
  free[main] = 943;
  pressure.allocates(main, 1);
  expect(flags[main]).toBe(ZoneFlag.belowHigh);
  free[main] = 1000;
  pressure.allocates(main, 2);
  expect(flags[main]).toBe(ZoneFlag.belowHigh);
  pressure.gaveBack(main);
  expect(flags[main]).toBe(0);
});

test('a steal lifts the mark by a page block, three times at most by half', () => {
  const { flags, free, pressure } = zonePressure(2358);
  // 943 + min(3 * 512, 1.5 * 943 = 1414) = 2357.
  for (let i = 0; i < 3; i++) pressure.stolen(main, 3, 0);
  pressure.allocates(main, 0);
  expect(flags[main] & ZoneFlag.belowHigh).toBe(0);
  free[main] = 2357;
  pressure.allocates(main, 0);
  expect(flags[main] & ZoneFlag.belowHigh).toBe(ZoneFlag.belowHigh);
});

test('a whole page block that changes hands lifts nothing', () => {
  const { flags, pressure } = zonePressure(1000);
  pressure.stolen(main, 9, 0);
  pressure.allocates(main, 0);
  expect(flags[main]).toBe(0);
});

test('kswapd reclaims from the low mark until it is quiet above the high one', () => {
  const { flags, free, pressure } = zonePressure(786);
  pressure.allocates(main, 0);
  expect(flags[main] & ZoneFlag.reclaimActive).toBe(ZoneFlag.reclaimActive);
  pressure.kswapd(10 * ms, 32);
  free[main] = 1000;
  pressure.at(10.5 * ms);
  expect(flags[main] & ZoneFlag.reclaimActive).toBe(ZoneFlag.reclaimActive);
  pressure.at(11.5 * ms);
  expect(flags[main] & ZoneFlag.reclaimActive).toBe(0);
});

test('with hindsight kswapd scans before its first event', () => {
  const { flags, pressure } = zonePressure(50000, [100 * ms]);
  pressure.at(69 * ms);
  expect(flags[main]).toBe(0);
  pressure.at(71 * ms);
  expect(flags[main]).toBe(ZoneFlag.reclaimActive);
});

test('bulk allocations go to the first zone above its low mark and reserve', () => {
  const { free, pressure } = zonePressure(791);
  // 786 + 4 pages asked for.
  expect(pressure.zoneOfBulk(4)).toBe(main);
  free[main] = 790;
  expect(pressure.zoneOfBulk(4)).toBe(dma);
  // 28 + 4 + 402 = 434: neither has enough; the main zone is the better guess.
  free[dma] = 434;
  expect(pressure.zoneOfBulk(4)).toBe(main);
});
