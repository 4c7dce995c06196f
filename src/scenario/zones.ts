/**
 * Zones of a PC (arch/x86: MAX_DMA_PFN, MAX_DMA32_PFN): DMA below 16 MiB, DMA32 up to 4 GiB, Normal above. No holes:
 * memory that devices cover below 4 GiB is left out. Each node has an equal, contiguous part.
 */

import type { ZoneSpec } from '../engine/input/scenario.ts';
import type { Path } from './problems.ts';
import type { Findings } from './resolve.ts';
import type { ScenarioFile } from './schema.ts';
import { pagesOf, sizeText } from './units-text.ts';

/** Pages of a block: zones begin and end at a multiple. */
const blockPages = 512;
/** First page that is not in DMA; page 0 is never handed out. */
const dmaEnd = 4096;
/** What is left of DMA after the BIOS and the kernel's first pages, on a PC of any size (zoneinfo: managed 3977). */
const dmaPages = 3977;
const dma32End = 1_048_576;

type Fields = Pick<ScenarioFile['machine'], 'memory' | 'movable' | 'zones'>;

export function resolveZones(file: Fields, nodes: number, findings: Findings): ZoneSpec[] {
  if (file.zones !== undefined) {
    if (file.memory !== undefined) findings.add(['machine', 'memory'], 'memory or zones', 'both');
    return explicitZones(file.zones, nodes, findings);
  }
  if (file.memory === undefined) {
    findings.add(['machine', 'memory'], 'memory, zones or a preset', 'nothing');
    return [];
  }
  return zonesOfMemory(pagesOf(file.memory), pagesOf(file.movable ?? '0'), nodes, findings);
}

const memoryPath: Path = ['machine', 'memory'];
/** 64 TiB: page numbers must stay in 31 bits, and no host could hold the model of more. */
const memoryMax = 2 ** 34;

function zonesOfMemory(pages: number, movable: number, nodes: number, findings: Findings): ZoneSpec[] {
  const share = Math.floor(pages / nodes / blockPages) * blockPages;
  const movableShare = Math.ceil(movable / nodes / blockPages) * blockPages;
  if (pages > memoryMax) {
    findings.add(memoryPath, 'at most 64 TiB', sizeText(pages));
    return [];
  }
  if (share < 2 * dmaEnd) {
    findings.add(memoryPath, `at least 32 MiB for each of the ${nodes} nodes`, sizeText(pages));
    return [];
  }
  if (movableShare > share - 2 * dmaEnd) {
    findings.add(['machine', 'movable'], 'less than the memory, by 32 MiB a node', sizeText(movable));
    return [];
  }
  const zones: ZoneSpec[] = [];
  for (let node = 0; node < nodes; node++) {
    const start = node * share;
    const end = start + share;
    const fixed = end - movableShare;
    if (node === 0) zones.push({ name: 'DMA', node, startPfn: 1, pages: dmaPages });
    const dma32Start = Math.max(start, dmaEnd);
    const dma32Stop = Math.min(fixed, dma32End);
    if (dma32Stop > dma32Start) {
      zones.push({ name: 'DMA32', node, startPfn: dma32Start, pages: dma32Stop - dma32Start });
    }
    const normalStart = Math.max(start, dma32End);
    if (fixed > normalStart)
      zones.push({ name: 'Normal', node, startPfn: normalStart, pages: fixed - normalStart });
    if (movableShare > 0) zones.push({ name: 'Movable', node, startPfn: fixed, pages: movableShare });
  }
  return zones;
}

function explicitZones(
  list: NonNullable<ScenarioFile['machine']['zones']>,
  nodes: number,
  findings: Findings,
): ZoneSpec[] {
  if (list.length === 0) findings.add(['machine', 'zones'], 'at least one zone', 'an empty list');
  let end = 0;
  let before = '';
  return list.map((file, index) => {
    const path: Path = ['machine', 'zones', index];
    const { name, node = 0, startPfn } = file;
    const pages = pagesOf(file.memory);
    if (node >= nodes) {
      findings.add([...path, 'node'], `a node of 0-${nodes - 1} (machine.nodes is ${nodes})`, `node ${node}`);
    }
    if (pages === 0) findings.add([...path, 'memory'], 'some memory', file.memory);
    if (startPfn < end) {
      findings.add([...path, 'startPfn'], `at least ${end}, where zone ${before} ends`, String(startPfn));
    }
    if (name !== 'DMA' && startPfn % blockPages !== 0) {
      findings.add([...path, 'startPfn'], `a multiple of ${blockPages}`, String(startPfn));
    }
    if (name !== 'DMA' && pages % blockPages !== 0) {
      findings.add([...path, 'memory'], `a multiple of 2 MiB (${blockPages} pages)`, file.memory);
    }
    if (startPfn + pages > memoryMax)
      findings.add([...path, 'startPfn'], 'memory below 64 TiB', String(startPfn));
    end = Math.max(end, startPfn + pages);
    before = name;
    return { name, node, startPfn, pages };
  });
}
