/** What cells and marks mean, and a CPU chosen by its number. */

import { choose } from '../address.ts';
import { AmountLegend } from './amount-legend.tsx';
import { Word } from './word.tsx';

export function MachineLegend({
  most,
  policy,
  cpu,
  cpuCount,
}: {
  most: number;
  policy: string;
  cpu: number;
  cpuCount: number;
}) {
  return (
    <div class="machine-legend">
      <AmountLegend most={most} />
      <span>
        <Cell kind="empty" /> no pages
      </span>
      <span>
        <Cell kind="useful" /> {policy} disturbs it
      </span>
      <span>
        <Cell kind="useless" /> … for <Word of="useless">nothing</Word>
      </span>
      <span>
        <Cell kind="requester" /> asked for the drain
      </span>
      <label>
        CPU{' '}
        <input
          type="number"
          min={0}
          max={cpuCount - 1}
          value={cpu >= 0 ? cpu : ''}
          onChange={({ currentTarget: { value } }) => choose({ cpu: value })}
        />
      </label>
    </div>
  );
}

function Cell({ kind }: { kind: 'empty' | 'useful' | 'useless' | 'requester' }) {
  return (
    <svg class="cell" width={14} height={14} viewBox="0 0 14 14" aria-hidden="true">
      <rect width={14} height={14} class="ground" />
      {kind === 'useful' && <circle cx={7} cy={7} r={3} class="ink" />}
      {kind === 'useless' && <path d="M3 3 11 11M11 3 3 11" class="line" />}
      {kind === 'requester' && <rect x={1} y={1} width={12} height={12} class="line" />}
    </svg>
  );
}
