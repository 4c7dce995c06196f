/** What one decision costs whom, in counts: one row of cells for each policy and request. */

import type { BitSet } from '../../base/bit-set.ts';
import type { DrainRequest } from '../input/drain-request.ts';
import type { Decision } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';

/** Positions in a row. Every cell is a count, and rows add up to the sums of the ledger. */
export const Cell = {
  /** Interrupts to other CPUs; the requester's own part is none. */
  interrupts: 0,
  /** Writes to the interrupt controller, if an x2APIC sends one for each cluster of 16 CPU numbers. */
  sends: 1,
  /** 1: every other online CPU is interrupted. */
  broadcasts: 2,
  /** Other CPUs that are interrupted, get work queued or have their list locked. */
  disturbed: 3,
  /** Of these, CPUs that held nothing. */
  useless: 4,
  /** Interrupts to isolated CPUs other than the requester. */
  isolatedInterrupts: 5,
  /** Isolated CPUs among `disturbed`. */
  isolatedDisturbed: 6,
  /** Works queued; the requester's own CPU gets one too if it is chosen. */
  workers: 7,
  /** Lists of other CPUs that are locked from afar. */
  locked: 8,
  /** 1: a mask was asked of the allocator. */
  maskAllocations: 9,
  /** 1: fewer than half of the online CPUs were chosen (the v9 patch's pcp_global_ipi_saved). */
  saved: 10,
  /** 1: every online CPU was chosen. */
  wholeMachine: 11,
  /** Pages that go back to the free lists. */
  pagesBack: 12,
  /** Pages that stay on lists of CPUs that were not chosen. */
  pagesStranded: 13,
  /** CPUs whose counts are read to choose: each costs a remote cache line for each zone up to the first that is not empty. */
  scanned: 14,
} as const;
export type Cell = (typeof Cell)[keyof typeof Cell];

export const cellCount = 15;

/** CPU numbers that one x2APIC cluster send reaches. */
const clusterBits = 16;

/** Writes the cells of one decision at `row[at]`. `zoneCount`: lists that each CPU has. Costs what holders and words of the sets cost. */
export function measure(
  policy: Policy,
  request: DrainRequest,
  decision: Decision,
  zoneCount: number,
  row: Float64Array,
  at: number,
): void {
  const { targets } = decision;
  const { cpu } = request;
  const own = targets.has(cpu) ? 1 : 0;
  const chosen = targets.count;
  const online = request.online.count;
  const others = policy.carrier === 'nobody' ? 0 : chosen - own;
  const ownHolds = own === 1 && request.holders.has(cpu) ? 1 : 0;
  const ownIsolated = own === 1 && request.isolated.has(cpu) ? 1 : 0;
  const interrupts = policy.carrier === 'interrupt' ? others : 0;
  const isolated = targets.countCommon(request.isolated) - ownIsolated;
  row[at + Cell.interrupts] = interrupts;
  row[at + Cell.sends] = interrupts > 0 ? countClusters(targets, cpu) : 0;
  row[at + Cell.broadcasts] =
    interrupts > 0 && interrupts === online - (request.online.has(cpu) ? 1 : 0) ? 1 : 0;
  row[at + Cell.disturbed] = others;
  row[at + Cell.useless] = others === 0 ? 0 : others - (targets.countCommon(request.holders) - ownHolds);
  row[at + Cell.isolatedInterrupts] = policy.carrier === 'interrupt' ? isolated : 0;
  row[at + Cell.isolatedDisturbed] = others === 0 ? 0 : isolated;
  row[at + Cell.workers] = policy.carrier === 'worker' ? chosen : 0;
  row[at + Cell.locked] = policy.carrier === 'lock' ? others * (request.zone >= 0 ? 1 : zoneCount) : 0;
  row[at + Cell.maskAllocations] = decision.maskAllocated ? 1 : 0;
  row[at + Cell.saved] = policy.select.who !== 'nobody' && chosen < Math.floor(online / 2) ? 1 : 0;
  row[at + Cell.wholeMachine] = chosen === online ? 1 : 0;
  row[at + Cell.scanned] = decision.scanned ? online : 0;
  measurePages(request, targets, row, at);
}

function measurePages(request: DrainRequest, targets: BitSet, row: Float64Array, at: number): void {
  const { holders, pages } = request;
  let back = 0;
  let stranded = 0;
  for (let cpu = holders.next(0); cpu >= 0; cpu = holders.next(cpu + 1)) {
    if (targets.has(cpu)) back += pages[cpu];
    else stranded += pages[cpu];
  }
  row[at + Cell.pagesBack] = back;
  row[at + Cell.pagesStranded] = stranded;
}

/** Clusters of CPU numbers with at least one target that is not the requester. */
function countClusters(targets: BitSet, requester: number): number {
  const { words } = targets;
  let clusters = 0;
  for (let i = 0; i < words.length; i++) {
    const bits = requester >>> 5 === i ? words[i] & ~(1 << (requester & 31)) : words[i];
    if ((bits & 0xffff) !== 0) clusters++;
    if (bits >>> clusterBits !== 0) clusters++;
  }
  return clusters;
}
