/** Figures of a report by name, for checks: `isolatedInterrupts`, `latencyNs.p99`. */

import { type Condition, failureBy, noSuchFigure } from '../engine/report/check.ts';
import type { AuditReport, AuditTotals, TimeFigures } from './audit-report.ts';

type Figure = (report: AuditReport) => number | null;

const totalFigures = [
  'interrupts',
  'works',
  'disturbances',
  'calls',
  'sent',
  'handled',
  'selfInterrupts',
  'drains',
] as const satisfies ReadonlyArray<keyof AuditTotals>;

const timeFigures = ['p50', 'p99', 'max'] as const satisfies ReadonlyArray<keyof TimeFigures>;

const figures: ReadonlyMap<string, Figure> = new Map<string, Figure>([
  ...totalFigures.flatMap(
    (name): Array<[string, Figure]> => [
      [name, ({ totals }) => totals[name]],
      [
        `isolated${name[0].toUpperCase()}${name.slice(1)}`,
        ({ isolatedTotals }) => isolatedTotals?.[name] ?? null,
      ],
    ],
  ),
  ['uselessDrains', ({ totals }) => (totals.drains === null ? null : totals.drainsUseless)],
  ['callsPerInterrupt', ({ coalescing }) => coalescing?.callsPerInterrupt ?? null],
  ...timeFigures.flatMap(
    (name): Array<[string, Figure]> => [
      [`latencyNs.${name}`, ({ totals }) => totals.latencyNs?.[name] ?? null],
      [`isolatedLatencyNs.${name}`, ({ isolatedTotals }) => isolatedTotals?.latencyNs?.[name] ?? null],
      [`durationNs.${name}`, ({ totals }) => totals.durationNs?.[name] ?? null],
      [`isolatedDurationNs.${name}`, ({ isolatedTotals }) => isolatedTotals?.durationNs?.[name] ?? null],
    ],
  ),
  ['lostEvents', ({ source }) => source.lostEvents],
  ['unknownLosses', ({ source }) => source.unknownLosses],
]);

/** Throws E_FAIL_ON with the nearest name when an audit has no such figure. */
export function checkFigure({ metric }: Condition): void {
  if (!figures.has(metric)) throw noSuchFigure(metric, [...figures.keys()]);
}

/** Why the check fails by this condition, or '' when it does not. A figure that is not known fails: nothing was checked. */
export function auditFailure(condition: Condition, report: AuditReport): string {
  checkFigure(condition);
  return failureBy(condition, figures.get(condition.metric)?.(report) ?? null);
}
