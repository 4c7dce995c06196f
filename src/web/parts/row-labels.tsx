/** Beside the heat map: numbers of CPUs, and bands for nodes and isolated CPUs. */

import type { OpenedMachine } from '../../thread/messages.ts';
import type { RowPlan } from './heat-map.ts';
import { type RowBand, rowBands, rowNumbers } from './row-bands.ts';

/** Of the whole column of labels, in pixels. */
export const labelsWidth = 64;
const bandWidth = 16;

export function RowLabels({ plan, machine }: { plan: RowPlan; machine: OpenedMachine }) {
  return (
    <svg class="row-labels" width={labelsWidth} height={plan.height} aria-hidden="true">
      {rowBands(plan, machine)
        .filter(({ name }) => name !== '')
        .map((band) => (
          <Band key={band.top} band={band} />
        ))}
      {rowNumbers(plan).map(({ cpu, middle }) => (
        <text key={cpu} class="number" x={labelsWidth - 6} y={middle}>
          {cpu}
        </text>
      ))}
    </svg>
  );
}

/** Shorter names are left out where there is no room; the title has them all. */
function Band({ band: { top, height, isIsolated, name } }: { band: RowBand }) {
  const middle = top + height / 2;
  return (
    <g class={isIsolated ? 'band isolated' : 'band'}>
      <title>{name}</title>
      <rect x={0} y={top + 0.5} width={bandWidth} height={Math.max(1, height - 1)} />
      {height >= 6.5 * name.length && (
        <text x={bandWidth / 2} y={middle} transform={`rotate(-90 ${bandWidth / 2} ${middle})`}>
          {name}
        </text>
      )}
    </g>
  );
}
