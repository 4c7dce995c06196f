/** Pages of each CPU over time, and above it at each drain: a mask, or everyone. */

import { useEffect, useRef } from 'preact/hooks';
import { decimal, plural } from '../../engine/report/numbers.ts';
import { AmountLegend } from '../parts/amount-legend.tsx';
import { amountColours, amountSteps } from '../parts/colours.ts';
import { cpuOrder, drawHeatMap, rowPlan } from '../parts/heat-map.ts';
import { isDark } from '../theme.ts';
import { choiceColumns } from './choice-strip.ts';
import type { Choice, RunPages } from './claim.ts';

const columns = 100;
const rowHeight = 12;

export function ChoicesPicture({ run, choices }: { run: RunPages; choices: readonly Choice[] }) {
  const { machine, tile } = run;
  const found = choiceColumns(choices, tile.fromNs, tile.toNs, columns);
  const most = Math.max(1, ...found.flatMap(({ masks, everyone }) => [masks, everyone]));
  const masks = choices.filter(({ usesMask }) => usesMask).length;
  const mostPages = tile.most.reduce((a, b) => Math.max(a, b), 1);
  return (
    <figure class="choices">
      <svg
        viewBox={`0 0 ${columns} 50`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Drains over time: ${plural(masks, 'drain')} with a mask, ${plural(choices.length - masks, 'drain')} to everyone, in turns of half a second`}
      >
        {found.map(({ at, masks: withMask, everyone }) => {
          const up = (24 * withMask) / most;
          const down = (24 * everyone) / most;
          return (
            <g key={at}>
              <rect x={at} y={25 - up} width={0.9} height={up} class="fill useful" />
              <rect x={at} y={25} width={0.9} height={down} class="fill useless" />
            </g>
          );
        })}
        <line x1={0} x2={columns} y1={25} y2={25} class="axis" />
      </svg>
      <p class="choice-key">
        <span>
          <b class="useful">▲</b> drains with a mask
        </span>
        <span>
          <b class="useless">▼</b> drains to everyone
        </span>
      </p>
      <Pages run={run} mostPages={mostPages} />
      <p class="times">
        <span>0 s</span>
        <span>{decimal((tile.toNs - tile.fromNs) / 1e9, 1)} s</span>
      </p>
      <figcaption>
        Above: what two-pass chose at each drain. Below: pages of the {machine.cpuCount} CPUs, one row each.
      </figcaption>
      <AmountLegend most={mostPages} />
    </figure>
  );
}

function Pages({ run: { machine, tile }, mostPages }: { run: RunPages; mostPages: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark();
  const order = cpuOrder(machine.online, machine.isolated, machine.nodeOfCpu);
  const plan = rowPlan(order, rowHeight * order.length, rowHeight);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = new ImageData(tile.columns, plan.height);
    drawHeatMap(
      new Uint32Array(image.data.buffer),
      tile.most,
      tile.columns,
      plan,
      amountSteps(mostPages),
      amountColours(dark),
    );
    context.putImageData(image, 0, 0);
  }, [tile, dark, mostPages, plan.height]);
  return (
    <canvas
      ref={canvas}
      width={tile.columns}
      height={plan.height}
      role="img"
      aria-label={`Pages of ${order.length} CPUs over time: the first four always hold some, the others do for half a second and hardly for the next`}
    />
  );
}
