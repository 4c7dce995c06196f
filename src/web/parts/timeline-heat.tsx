/** The heat map of CPUs and time: what was drawn last is stretched while the engine makes the next tile. */

import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { count } from '../../engine/report/numbers.ts';
import { fail, type OpenRecording } from '../state.ts';
import { isDark } from '../theme.ts';
import { amountColours, amountSteps } from './colours.ts';
import { type RowPlan, sharedRows } from './heat-map.ts';
import { drawPictures, TilePicture } from './timeline-canvas.ts';
import type { Span } from './timeline-span.ts';

interface HeatProps {
  readonly recording: OpenRecording;
  readonly plan: RowPlan;
  readonly span: Span;
  readonly columns: number;
  readonly most: ReadonlySignal<number>;
}

export function Heat({ recording, plan, span, columns, most }: HeatProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const coarse = useRef<TilePicture | null>(null);
  const fine = useRef<TilePicture | null>(null);
  const asked = useRef('');
  const busy = useRef(false);
  const shown = useSignal(span);
  shown.value = span;
  const shared = useMemo(() => sharedRows(plan, recording.opened.machine.cpuCount), [plan, recording]);
  const drawing = useComputed(() => ({
    colours: amountColours(isDark()),
    steps: amountSteps(Math.max(1, most.value)),
  }));
  const draw = () => {
    if (canvas.current !== null) drawPictures(canvas.current, [coarse.current, fine.current], shown.value);
  };
  const fetchTile = () => {
    const { fromNs, toNs } = shown.value;
    const key = `${fromNs} ${toNs} ${columns}`;
    if (busy.current || key === asked.current || columns < 2 || most.value === 0) return;
    asked.current = key;
    busy.current = true;
    const { colours, steps } = drawing.value;
    const { recording: id } = recording.opened;
    void recording.engine
      .ask('tile', {
        recording: id,
        fromNs,
        toNs,
        columns,
        ...(shared === null ? {} : { rowOf: shared.rowOf }),
      })
      .then((tile) => {
        fine.current = new TilePicture(tile, shared?.plan ?? plan, steps, colours);
        coarse.current ??= fine.current;
        draw();
      }, fail)
      .finally(() => {
        busy.current = false;
        fetchTile();
      });
  };
  useSignalEffect(() => {
    drawing.value;
    coarse.current = null;
    asked.current = '';
    fetchTile();
  });
  useLayoutEffect(() => {
    draw();
    fetchTile();
  }, [span.fromNs, span.toNs, columns, plan.height]);
  const cpus = plan.order.length;
  return (
    <canvas
      ref={canvas}
      class="heat"
      width={columns}
      height={plan.height}
      role="img"
      aria-label={`Pages on the lists of ${count(cpus)} CPUs, one row for each, from few to ${count(most.value)} pages`}
    />
  );
}
