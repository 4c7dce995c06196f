/** What the colours of amounts mean: a strip from one page to the most, with round amounts below. */

import { useEffect, useRef } from 'preact/hooks';
import { count } from '../../engine/report/numbers.ts';
import { isDark } from '../theme.ts';
import { amountColours, amountStep } from './colours.ts';
import '../styles/amount-legend.css';

const width = 240;
const height = 12;

/** Logarithmic, as the colours are. */
export function AmountLegend({ most }: { most: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark();
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const colours = amountColours(dark);
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i++) {
      pixels[i] = colours[1 + Math.floor(((i % width) * (colours.length - 1)) / width)];
    }
    context.putImageData(image, 0, 0);
  }, [dark]);
  return (
    <span class="amount-legend">
      <span>Pages of a CPU</span>
      <span class="scale">
        <canvas
          ref={canvas}
          width={width}
          height={height}
          role="img"
          aria-label={`Colours from 1 to ${count(most)} pages, on a logarithmic scale`}
        />
        <svg width={width} height={16} aria-hidden="true">
          {roundAmounts(most).map((pages) => (
            <text key={pages} x={(amountStep(pages, most) / 255) * width} y={12}>
              {count(pages)}
            </text>
          ))}
        </svg>
      </span>
    </span>
  );
}

/** Powers of ten below the most, and the most. */
export function roundAmounts(most: number): number[] {
  const amounts: number[] = [];
  for (let pages = 1; pages * 4 < most; pages *= 10) amounts.push(pages);
  return [...amounts, most];
}
