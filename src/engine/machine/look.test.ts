import { expect, test } from 'vitest';
import { park, scenarioWith } from '../../../test/machines.ts';
import type { ZoneSpec } from '../input/scenario.ts';
import { CpuStates } from './cpu-states.ts';
import { kernelRules } from './kernel-rules.ts';
import { Look } from './look.ts';
import { Memory } from './memory.ts';

/** Two zones of 65,536 pages. */
const zones: ZoneSpec[] = [
  { name: 'DMA32', node: 0, startPfn: 512, pages: 65_536 },
  { name: 'Normal', node: 0, startPfn: 512 + 65_536, pages: 65_536 },
];

function machine(lastZoneDecides = false) {
  const scenario = scenarioWith({ cpus: 5, offline: [4], isolated: [3], machine: { zones } });
  const memory = new Memory(scenario, kernelRules('5.10'), null);
  const states = new CpuStates(scenario.machine);
  const look = new Look(scenario.machine, lastZoneDecides, memory);
  const at = (zone: number) => {
    const request = look.at(7, 1000, 42, 1, 'direct-reclaim', zone, false, 2, states);
    return { request, holders: [...request.holders], pages: [...request.pages], seen: look.pagesSeen };
  };
  return { memory, look, at };
}

test('holders of any zone, with their pages of all zones', () => {
  const { memory, at } = machine();
  park(memory, 0, 3, 0);
  park(memory, 0, 4, 1);
  park(memory, 2, 5, 0);
  park(memory, 3, 6, 1);
  const { request, holders, pages, seen } = at(-1);
  expect(holders).toEqual([0, 2, 3]);
  expect(pages).toEqual([7, 0, 5, 6, 0]);
  expect(seen).toBe(18);
  expect(request).toMatchObject({ number: 7, timeNs: 1000, pid: 42, cpu: 1, zone: -1, concurrent: 2 });
  expect([...request.online]).toEqual([0, 1, 2, 3]);
  expect([...request.isolated]).toEqual([3]);
});

test('a zone that is named: only its lists count', () => {
  const { memory, at } = machine();
  park(memory, 0, 3, 0);
  park(memory, 2, 5, 1);
  expect(at(0)).toMatchObject({ holders: [0], pages: [3, 0, 0, 0, 0], seen: 3 });
  expect(at(1)).toMatchObject({ holders: [2], pages: [0, 0, 5, 0, 0], seen: 5 });
});

test('a CPU that is offline is not seen, and what the last look saw is forgotten', () => {
  const { memory, at } = machine();
  park(memory, 4, 3, 0);
  park(memory, 1, 2, 0);
  expect(at(-1)).toMatchObject({ holders: [1], seen: 2 });
  memory.drainLists(1, -1, 1);
  expect(at(-1)).toMatchObject({ holders: [], pages: [0, 0, 0, 0, 0], seen: 0 });
});

test('v5 and v6: a CPU with pages in the first zone only is missed, though the accounts know it', () => {
  const { memory, look, at } = machine(true);
  park(memory, 0, 3, 0);
  park(memory, 2, 5, 1);
  expect(at(-1).holders).toEqual([0, 2]);
  expect([...look.seen().holders]).toEqual([2]);
  // A drain of one zone has no last zone to go wrong with.
  at(0);
  expect([...look.seen().holders]).toEqual([0]);
});

test('without that mistake the policy sees what is there', () => {
  const { memory, look, at } = machine(false);
  park(memory, 0, 3, 0);
  expect(look.seen()).toBe(at(-1).request);
});
