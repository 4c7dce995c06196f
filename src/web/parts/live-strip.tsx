/** Pages of every CPU over the last minutes: a row a CPU (or some neighbours), the newest on the right. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { formatCpuList } from '../../base/cpu-list.ts';
import { count, plural } from '../../engine/report/numbers.ts';
import type { LiveRecord } from '../live-record.ts';
import { isDark } from '../theme.ts';
import { amountColours, amountSteps } from './colours.ts';
import { drawHeatMap, entryAt, rowPlan } from './heat-map.ts';
import { useWidth } from './use-width.ts';

interface LiveStripProps {
  readonly record: LiveRecord;
  readonly fromMs: number;
  readonly toMs: number;
  readonly isolated: boolean;
}

const heightMax = 320;
const rowMax = 26;

export function LiveStrip({ record, fromMs, toMs, isolated }: LiveStripProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const columns = useWidth(frame).value;
  const under = useSignal<{ row: number; atMs: number; pages: number } | null>(null);
  const dark = isDark();
  const rows = [...record.rows.keys()].filter((row) => record.rows[row].isIsolated === isolated);
  const plan = rowPlan(Int32Array.from(rows.keys()), heightMax, rowMax);
  const drawn = useRef<Int32Array>(new Int32Array(0));
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || columns === 0) return;
    const most = record.strip(rows, fromMs, toMs, columns);
    drawn.current = most;
    const image = new ImageData(columns, plan.height);
    const pixels = new Uint32Array(image.data.buffer);
    const steps = amountSteps(Math.max(1, record.mostPages));
    drawHeatMap(pixels, most, columns, plan, steps, amountColours(dark));
    clearUnknown(pixels, most, columns, plan.top);
    context.putImageData(image, 0, 0);
  });
  if (rows.length === 0) return null;
  const cpus = rows.flatMap((row) => record.rows[row].cpus);
  const online = cpus.filter((cpu) => record.pagesByCpu[cpu] >= 0);
  const empty = online.filter((cpu) => record.pagesByCpu[cpu] === 0);
  const what = isolated ? 'isolated CPU' : record.rows.some((row) => row.isIsolated) ? 'other CPU' : 'CPU';
  const says = `${plural(online.length, what)}: ${count(empty.length)} without a page now`;
  const look = (event: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined || columns === 0) return;
    const row = entryAt(plan, Math.floor(event.clientY - box.top));
    const column = Math.floor(event.clientX - box.left);
    if (row < 0 || column < 0 || column >= columns) under.value = null;
    else
      under.value = {
        row: rows[row],
        atMs: fromMs + ((column + 0.5) / columns) * (toMs - fromMs),
        pages: drawn.current[row * columns + column],
      };
  };
  return (
    <figure class={`live-strip${isolated ? ' isolated' : ''}`}>
      <figcaption>
        {says} <small>{underText(record, under.value)}</small>
      </figcaption>
      <div ref={frame}>
        <canvas
          ref={canvas}
          width={Math.max(1, columns)}
          height={plan.height}
          role="img"
          aria-label={`Pages on the lists of ${plural(cpus.length, what)} (${formatCpuList(cpus.sort((a, b) => a - b))}) over the last minutes. ${says}.`}
          onPointerMove={look}
          onPointerLeave={() => {
            under.value = null;
          }}
        />
      </div>
    </figure>
  );
}

/** Where there was no sample, or the CPU was offline, the hatched ground is seen. */
function clearUnknown(pixels: Uint32Array, most: Int32Array, columns: number, top: Int32Array): void {
  for (let i = 0; i + 1 < top.length; i++) {
    for (let column = 0; column < columns; column++) {
      if (most[i * columns + column] >= 0) continue;
      for (let y = top[i]; y < top[i + 1]; y++) pixels[y * columns + column] = 0;
    }
  }
}

function underText(record: LiveRecord, under: { row: number; atMs: number; pages: number } | null): string {
  if (under === null) return '';
  const { cpus } = record.rows[under.row];
  const name = cpus.length === 1 ? `CPU ${cpus[0]}` : `CPUs ${formatCpuList(cpus)}, the fullest`;
  const pages = under.pages < 0 ? 'no sample, or offline' : plural(under.pages, 'page');
  return `${name} at ${new Date(under.atMs).toLocaleTimeString()}: ${pages}`;
}
