/** Text of /proc/zoneinfo of a large machine in the form of 6.13 and later: every online CPU is printed in every zone that has pages. */

/** Lines that a zone of node 0 has before its own: as many statistics as a real 6.18 prints. */
const nodeStatistics = 50;
const zoneStatistics = 19;

/**
 * Node 0 has DMA, DMA32 and Normal, every other node Normal; each node prints its empty zones Movable and Device. Counts follow a
 * rule that a reader can check: CPU c holds (c * 7 + 3 * node) % 64 pages of its own node's Normal, minus 31 but not below 0, and
 * nothing elsewhere. CPUs are dealt to the nodes in blocks.
 */
export function largeZoneinfo(cpus: number, nodes: number): string {
  const zones: string[] = [];
  for (let node = 0; node < nodes; node++) {
    if (node === 0)
      zones.push(zoneText(0, 'DMA', 1, cpus, nodes, true), zoneText(0, 'DMA32', 4096, cpus, nodes, false));
    zones.push(zoneText(node, 'Normal', (node + 1) * 33554432, cpus, nodes, node > 0));
    for (const name of ['Movable', 'Device']) zones.push(emptyZone(node, name));
  }
  return zones.join('');
}

/** Pages of `cpu` in the zone `name` of `node`. */
export function largeCount(cpu: number, node: number, name: string, cpus: number, nodes: number): number {
  if (name !== 'Normal' || Math.floor((cpu * nodes) / cpus) !== node) return 0;
  return Math.max(0, ((cpu * 7 + 3 * node) % 64) - 31);
}

function zoneText(
  node: number,
  name: string,
  startPfn: number,
  cpus: number,
  nodes: number,
  isFirst: boolean,
): string {
  const lines = [`Node ${node}, zone ${name.padStart(8)}`];
  if (isFirst) lines.push('  per-node stats', ...statistics('nr_node_statistic', nodeStatistics));
  lines.push(
    '  pages free     1234567',
    '        boost    0',
    '        min      4567',
    '        low      5708',
  );
  lines.push('        high     6850', '        promo    7992', '        spanned  33554432');
  lines.push('        present  33554432', '        managed  33000000', '        cma      0');
  lines.push(
    '        protection: (0, 0, 0, 0, 0)',
    ...statistics('nr_zone_statistic', zoneStatistics),
    '  pagesets',
  );
  for (let cpu = 0; cpu < cpus; cpu++) {
    lines.push(`    cpu: ${cpu}`, `              count:    ${largeCount(cpu, node, name, cpus, nodes)}`);
    lines.push('              high:     1911', '              batch:    63', '              high_min: 1902');
    lines.push('              high_max: 21322', '  vm stats threshold: 125');
  }
  lines.push('  node_unreclaimable:  0', `  start_pfn:           ${startPfn}`);
  return `${lines.join('\n')}\n  reserved_highatomic: 0\n  free_highatomic:     0\n`;
}

function emptyZone(node: number, name: string): string {
  const lines = [`Node ${node}, zone ${name.padStart(8)}`, '  pages free     0', '        boost    0'];
  for (const key of ['min', 'low', 'high', 'promo', 'spanned', 'present', 'managed', 'cma'])
    lines.push(`        ${key.padEnd(8)} 0`);
  return `${lines.join('\n')}\n        protection: (0, 0, 0, 0, 0)\n`;
}

function statistics(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `      ${name}_${i} ${i * 1000}`);
}
