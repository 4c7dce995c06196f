/** Numbers in cells that are large enough for them: the CPU's above, its pages below. */

import { count } from '../../engine/report/numbers.ts';
import { drawnSide } from './machine-canvas.ts';
import type { MachinePlan } from './machine-plan.ts';

const numberFrom = 26;
const pagesFrom = 42;

/** `pixels`: what was drawn, for a colour of text that is seen on it. */
export function writeCells(
  context: CanvasRenderingContext2D,
  { cell, left, top, width }: MachinePlan,
  pages: Int32Array,
  pixels: Uint32Array,
): void {
  if (cell < numberFrom) return;
  const side = drawnSide(cell);
  context.font = '11px system-ui, "DejaVu Sans", sans-serif';
  for (let cpu = 0; cpu < left.length; cpu++) {
    if (left[cpu] < 0) continue;
    context.fillStyle = isLight(pixels[(top[cpu] + (side >> 1)) * width + left[cpu] + 3]) ? '#000' : '#fff';
    context.textAlign = 'left';
    context.fillText(String(cpu), left[cpu] + 4, top[cpu] + 12);
    if (cell < pagesFrom || pages[cpu] <= 0) continue;
    context.textAlign = 'right';
    context.fillText(count(pages[cpu]), left[cpu] + side - 4, top[cpu] + side - 4);
  }
}

/** By the weights of ITU-R BT.709. */
function isLight(colour: number): boolean {
  const red = colour & 255;
  const green = (colour >>> 8) & 255;
  const blue = (colour >>> 16) & 255;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 110;
}
