/** A piece of the break-even map with the colour, the hatching and the letter of a policy. */

import { useEffect, useRef } from 'preact/hooks';
import { isDark } from '../theme.ts';
import { drawRegions, regionOf } from './break-even-map.ts';

const swatchWidth = 26;
const swatchHeight = 18;

export function Swatch({ policy }: { policy: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark();
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = new ImageData(swatchWidth, swatchHeight);
    const grid = new Uint32Array(swatchWidth * swatchHeight).fill(1);
    drawRegions(new Uint32Array(image.data.buffer), grid, swatchWidth, [policy], dark);
    context.putImageData(image, 0, 0);
  }, [policy, dark]);
  return (
    <span class="swatch" aria-hidden="true">
      <canvas ref={canvas} width={swatchWidth} height={swatchHeight} />
      <b>{regionOf(policy).letter}</b>
    </span>
  );
}
