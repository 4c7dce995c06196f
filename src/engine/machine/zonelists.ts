/** In which order an allocation on each node tries the zones (build_zonelists, mm/page_alloc.c): its own node first, from the top. */

import type { MachineSpec } from '../input/scenario.ts';

const rank = { DMA: 0, DMA32: 1, Normal: 2, Movable: 3 } as const;

/** By node * zones + place; unused places are -1. */
export function zonelists(machine: MachineSpec): Int32Array {
  const { zones, nodes } = machine;
  const lists = new Int32Array(nodes * zones.length).fill(-1);
  for (let node = 0; node < nodes; node++) {
    const order = zones
      .map((_, zone) => zone)
      .sort(
        (a, b) =>
          distance(zones[a].node, node, nodes) - distance(zones[b].node, node, nodes) ||
          rank[zones[b].name] - rank[zones[a].name],
      );
    lists.set(order, node * zones.length);
  }
  return lists;
}

/** Nodes further round the ring are further away: neighbours share the load of a full node. */
function distance(of: number, from: number, nodes: number): number {
  return (of - from + nodes) % nodes;
}
