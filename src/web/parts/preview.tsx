/** The first picture of a recording, while it is still being read. */

import { useEffect, useRef } from 'preact/hooks';
import type { PagesTile } from '../../engine/timeline/pages-log.ts';
import { isDark } from '../theme.ts';
import { amountColours, amountSteps } from './colours.ts';
import { drawHeatMap, rowPlan } from './heat-map.ts';

const height = 96;

export function Preview({ tile }: { tile: PagesTile }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark();
  const cpus = tile.most.length / tile.columns;
  const plan = rowPlan(
    Int32Array.from({ length: cpus }, (_, cpu) => cpu),
    height,
  );
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const most = tile.most.reduce((a, b) => Math.max(a, b), 1);
    const image = new ImageData(tile.columns, plan.height);
    const pixels = new Uint32Array(image.data.buffer);
    drawHeatMap(pixels, tile.most, tile.columns, plan, amountSteps(most), amountColours(dark));
    context.putImageData(image, 0, 0);
  });
  return (
    <canvas
      ref={canvas}
      class="preview"
      width={tile.columns}
      height={plan.height}
      role="img"
      aria-label="Pages on the lists of every CPU, as far as read"
    />
  );
}
