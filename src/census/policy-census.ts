/** What a drain of every zone would do now, by the engine's own policies (`decide`) and its own counting (`measure`). */

import { Cell, cellCount, measure } from '../engine/accounting/measure.ts';
import { Decision, decide } from '../engine/policy/decide.ts';
import type { Policy } from '../engine/policy/policy.ts';
import { type CpuPages, requestNow } from './cpu-pages.ts';
import type { Bounds, CensusPolicy, CensusTwoPass } from './host-census.ts';

/** `kernelsOwn`: name of the policy of this host's kernel, or ''. `zoneCount`: lists that each CPU has. */
export function policyCensus(
  policy: Policy,
  lists: CpuPages,
  zoneCount: number,
  kernelsOwn: string,
): CensusPolicy {
  const rows: Float64Array[] = [];
  for (const isHolding of lists.unknown.count > 0 ? [false, true] : [false]) {
    for (const cpu of askers(policy, lists)) rows.push(measured(policy, lists, cpu, isHolding, zoneCount));
  }
  const bounds = (cell: Cell): Bounds =>
    rows.length === 0
      ? [0, 0]
      : [Math.min(...rows.map((row) => row[cell])), Math.max(...rows.map((row) => row[cell]))];
  return {
    name: policy.name,
    isKernels: policy.name === kernelsOwn,
    interrupts: bounds(Cell.interrupts),
    disturbed: bounds(Cell.disturbed),
    useless: bounds(Cell.useless),
    isolatedDisturbed: bounds(Cell.isolatedDisturbed),
    workers: bounds(Cell.workers),
    locked: bounds(Cell.locked),
    maskAllocated: bounds(Cell.maskAllocations)[1] > 0,
    pagesBack: bounds(Cell.pagesBack),
    strandedPages: bounds(Cell.pagesStranded),
    basis: lists.unknown.count > 0 ? 'not-known' : 'exact',
  };
}

function measured(
  policy: Policy,
  lists: CpuPages,
  cpu: number,
  isHolding: boolean,
  zoneCount: number,
): Float64Array {
  const request = requestNow(lists, cpu, isHolding);
  const decision = new Decision(lists.online.size);
  decide(policy, request, decision);
  const row = new Float64Array(cellCount);
  measure(policy, request, decision, zoneCount, row, 0);
  return row;
}

/**
 * CPUs that stand for all that could ask. A built-in policy chooses the same CPUs whoever asks, so what it costs depends only on
 * whether the asking CPU holds pages and is isolated: one of each kind is enough. A user's own rule may look at who asks.
 */
function askers(policy: Policy, { online, holders, unknown, isolated }: CpuPages): number[] {
  if (policy.select.who === 'custom') return [...online];
  const found = new Map<string, number>();
  for (const cpu of online) {
    const kind = `${holders.has(cpu)} ${unknown.has(cpu)} ${isolated.has(cpu)}`;
    if (!found.has(kind)) found.set(kind, cpu);
  }
  return [...found.values()];
}

/** What a policy that counts first decides now, and how far it is from the other decision. `share` is that of `policy`. */
export function twoPassCensus(policy: Policy, share: number, lists: CpuPages): CensusTwoPass {
  const online = lists.online.count;
  const needed = Math.ceil(share * online);
  const decisions = [false, true].map((isHolding) => {
    const decision = new Decision(lists.online.size);
    decide(policy, requestNow(lists, lists.online.next(0), isHolding), decision);
    return decision.maskAllocated ? 'mask' : 'everyone';
  });
  const empty = online - lists.holders.count - lists.unknown.count;
  const isKnown = decisions[0] === decisions[1];
  const change = decisions[0] === 'mask' ? empty - needed + 1 : needed - empty;
  return {
    share,
    empty,
    needed,
    decision: isKnown ? (decisions[0] as 'mask' | 'everyone') : 'not-known',
    marginCpus: isKnown && lists.unknown.count === 0 && change <= online && needed > 0 ? change : null,
  };
}
