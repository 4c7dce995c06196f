/** A histogram of times as a report shows it. */

import type { Histogram } from '../base/histogram.ts';
import type { TimeFigures } from './audit-report.ts';

/** null: there are none, or stamps are no times. */
export function timeFigures(times: Histogram, hasTimes: boolean): TimeFigures | null {
  if (times.count === 0 || !hasTimes) return null;
  const { count, max } = times;
  return { count, mean: Math.round(times.mean), p50: times.quantile(0.5), p99: times.quantile(0.99), max };
}
