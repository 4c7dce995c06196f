/** Verdicts as CSV (RFC 4180, line feeds): one row for each recording and policy. An empty cell is a figure that is not known. */

import { drainsOf, type PolicyVerdict, type Verdict } from './verdict.ts';

type CellValue = string | number | null | undefined;

const columns: ReadonlyArray<[name: string, value: (policy: PolicyVerdict, verdict: Verdict) => CellValue]> =
  [
    ['recording', (_, { source }) => source.name],
    ['kernel', (_, { source }) => source.kernel],
    ['cpus', (_, { source }) => source.cpus],
    ['lost_events', (_, { source }) => source.lostEvents],
    ['drains_requested', ({ name }, verdict) => drainsOf(verdict, name).requested],
    ['drains', ({ name }, verdict) => drainsOf(verdict, name).carriedOut],
    ['policy', (policy) => policy.name],
    ['basis', (policy) => policy.basis],
    ['interrupts', (policy) => policy.interrupts],
    ['interrupts_low', (policy) => policy.interruptsBounds?.[0] ?? policy.interrupts],
    ['interrupts_high', (policy) => policy.interruptsBounds?.[1] ?? policy.interrupts],
    ['interrupts_per_drain', (policy) => policy.interruptsPerDrain],
    ['saved', (policy) => policy.saved],
    ['saved_percent', (policy) => policy.savedPercent],
    ['saved_percent_95_low', (policy) => policy.savedPercentInterval?.[0]],
    ['saved_percent_95_high', (policy) => policy.savedPercentInterval?.[1]],
    ['broadcasts', (policy) => policy.broadcasts],
    ['hardware_sends', (policy) => policy.hardwareSends],
    ['disturbed', (policy) => policy.disturbed],
    ['useful', (policy) => policy.useful],
    ['useless', (policy) => policy.useless],
    ['isolated_interrupts', (policy) => policy.isolatedInterrupts],
    ['isolated_disturbed', (policy) => policy.isolatedDisturbed],
    ['workers', (policy) => policy.workers],
    ['locked', (policy) => policy.locked],
    ['cpus_scanned', (policy) => policy.cpusScanned],
    ['pages_back', (policy) => policy.pagesBack],
    ['stranded_pages', (policy) => policy.strandedPages],
    ['returned_at_once', (policy) => policy.returnedAtOnce],
    ['turned_away_interrupts', (policy) => policy.turnedAwayInterrupts],
    ['pcp_global_drain', ({ vmstat }) => vmstat.pcp_global_drain],
    ['pcp_global_ipi_saved', ({ vmstat }) => vmstat.pcp_global_ipi_saved],
    ['pcp_mask_alloc', ({ vmstat }) => vmstat.pcp_mask_alloc],
    ['pcp_mask_alloc_fail', ({ vmstat }) => vmstat.pcp_mask_alloc_fail],
    ['pcp_mask_alloc_pages', ({ vmstat }) => vmstat.pcp_mask_alloc_pages],
    ['stall_ns_p50', ({ stallNs }) => stallNs?.p50],
    ['stall_ns_p99', ({ stallNs }) => stallNs?.p99],
    ['stall_ns_max', ({ stallNs }) => stallNs?.max],
    // Of simulations only.
    ['seeds', (_, { simulation }) => simulation?.seeds.length],
    ['disturbed_ns', ({ name }, { simulation }) => ofPolicy(simulation, name)?.disturbedNs],
    ['isolated_disturbed_ns', ({ name }, { simulation }) => ofPolicy(simulation, name)?.isolatedDisturbedNs],
    ['run_hash', (_, { source }) => source.runHash],
  ];

export function writeCsv(verdicts: readonly Verdict[]): string {
  const rows = verdicts.flatMap((verdict) =>
    verdict.policies.map((policy) => columns.map(([, value]) => cell(value(policy, verdict))).join(',')),
  );
  return `${[columns.map(([name]) => name).join(','), ...rows].join('\n')}\n`;
}

function ofPolicy(simulation: Verdict['simulation'], name: string) {
  return simulation?.policies.find((policy) => policy.name === name);
}

/** One field. null and undefined: not known. */
export function cell(value: CellValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return `${Number.isInteger(value) ? value : Math.round(value * 1e4) / 1e4}`;
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
