import { expect, test } from 'vitest';
import { scenarioWith } from '../../../test/machines.ts';
import type { ZoneSpec } from '../input/scenario.ts';
import { zonelists } from './zonelists.ts';

const zone = (name: ZoneSpec['name'], node: number, index: number): ZoneSpec => ({
  name,
  node,
  startPfn: 4096 * (index + 1),
  pages: 4096,
});

const listsOf = (nodes: number, zones: ZoneSpec[]) => [
  ...zonelists({ ...scenarioWith().machine, nodes, zones }),
];

test('one node: from the highest zone down', () => {
  const zones = (['DMA', 'DMA32', 'Normal', 'Movable'] as const).map((name, i) => zone(name, 0, i));
  expect(listsOf(1, zones)).toEqual([3, 2, 1, 0]);
});

test('three nodes: the own node from the top, then the next ones round the ring', () => {
  const zones = [zone('DMA', 0, 0), zone('DMA32', 0, 1), zone('Normal', 1, 2), zone('Normal', 2, 3)];
  // Node 0: its DMA32 (1), its DMA (0), then node 1 (2), node 2 (3). Node 1: 2, then 3, then round to node 0.
  expect(listsOf(3, zones)).toEqual([1, 0, 2, 3, /**/ 2, 3, 1, 0, /**/ 3, 1, 0, 2]);
});

test('a node without memory takes that of its neighbours', () => {
  expect(listsOf(2, [zone('DMA32', 0, 0), zone('Normal', 0, 1)])).toEqual([1, 0, /**/ 1, 0]);
});
