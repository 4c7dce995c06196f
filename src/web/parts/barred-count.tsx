/** A count with a bar that shows its part of the most in its column. */

import { count } from '../../engine/report/numbers.ts';

export function BarredCount({ value, most }: { value: number; most: number }) {
  return (
    <span class="barred">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" class="share" aria-hidden="true">
        <rect width={(100 * value) / most} height="10" />
      </svg>
      {count(value)}
    </span>
  );
}
