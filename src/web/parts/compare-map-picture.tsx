/** The map itself: coloured regions with their names, where they meet, the recording at hand, and a cursor that reads prices. */

import { useEffect, useRef } from 'preact/hooks';
import { count, percent } from '../../engine/report/numbers.ts';
import type { BreakEvenMap } from '../../thread/messages.ts';
import { choose } from '../address.ts';
import { isDark } from '../theme.ts';
import {
  bitsOf,
  boundariesAt,
  drawRegions,
  gridOf,
  type HolderShares,
  mapCpusMax,
  namesOf,
  nearestCpus,
  placeOfCpus,
  regionLabels,
  regionOf,
  shareText,
} from './break-even-map.ts';
import { useWidth } from './use-width.ts';

const height = 400;
/** Left of the map: shares; below it: numbers of CPUs; right of it: where the cheapest changes. */
const margin = { left: 52, right: 52, top: 10, bottom: 40 };
/** Of the names, about. */
const letterWidth = 10;
/** Names are placed on a coarse copy of the map. */
const labelGrid = { width: 72, height: 40 };
export interface AtHand extends HolderShares {
  readonly name: string;
}

interface MapPictureProps {
  readonly map: BreakEvenMap;
  readonly best: Uint32Array;
  readonly hand: AtHand | null;
  readonly at: number;
  readonly point: number;
}

export function MapPicture({ map, best, hand, at, point }: MapPictureProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const outer = useWidth(frame);
  const width = Math.max(1, outer.value - margin.left - margin.right);
  const tall = height - margin.top - margin.bottom;
  const dark = isDark();
  const policies = map.series.map(({ policy }) => policy);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = new ImageData(width, tall);
    drawRegions(new Uint32Array(image.data.buffer), gridOf(map, best, width, tall), width, policies, dark);
    context.putImageData(image, 0, 0);
  }, [map, best, width, dark]);
  const x = (cpus: number) => margin.left + placeOfCpus(cpus) * width;
  const y = (share: number) => margin.top + (1 - share) * tall;
  const pointed = (event: MouseEvent & { currentTarget: Element }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const cpus = map.cpus[nearestCpus(map.cpus, (event.clientX - box.left - margin.left) / width)];
    const share = Math.max(0, Math.min(1, 1 - (event.clientY - box.top - margin.top) / tall));
    choose({ mapCpus: cpus, mapShare: shareText(share) }, true);
  };
  const share = map.holders[point] / map.cpus[at];
  const label = (bits: number) => {
    const names = namesOf(map, bits);
    const letters = bitsOf(bits).map((i) => regionOf(policies[i]).letter);
    return `${letters.join(' = ')}  ${names}`;
  };
  return (
    <figure>
      <div
        ref={frame}
        class="map"
        onPointerMove={(event) => {
          if (event.pointerType === 'mouse' || event.buttons > 0) pointed(event);
        }}
        onPointerDown={pointed}
      >
        <canvas
          ref={canvas}
          width={width}
          height={tall}
          role="img"
          aria-label={`Cheapest policy by number of CPUs and share of them that hold pages: ${[
            ...new Set(best),
          ]
            .map((bits) => namesOf(map, bits))
            .join('; ')}. Arrow keys read the prices at a point.`}
        />
        <svg width={outer.value} height={height} aria-hidden="true">
          <Axes x={x} y={y} width={width} />
          {regionLabels(gridOf(map, best, labelGrid.width, labelGrid.height), labelGrid.width).map((each) => {
            const text = width < 420 ? label(each.bits).replace(/ {2}.*/, '') : label(each.bits);
            const half = Math.min(width / 2, (text.length * letterWidth) / 2);
            const middle = Math.max(half, Math.min(width - half, each.x * width));
            return (
              <text key={each.bits} class="region" x={margin.left + middle} y={margin.top + each.y * tall}>
                {text}
              </text>
            );
          })}
          {boundariesAt(map, best, map.cpus.length - 1).map((each) => (
            <text key={each} class="boundary" x={margin.left + width + 4} y={y(each) + 4}>
              {percent(100 * each, 0)}
            </text>
          ))}
          {hand !== null && hand.cpus <= mapCpusMax && (
            <g class="hand">
              <rect x={x(hand.cpus) - 5} width={10} y={y(hand.high)} height={y(hand.low) - y(hand.high)} />
              <circle cx={x(hand.cpus)} cy={y(hand.mean)} r={5} />
              <text
                x={x(hand.cpus) + (placeOfCpus(hand.cpus) > 0.7 ? -10 : 10)}
                y={y(hand.mean) + 4}
                class={placeOfCpus(hand.cpus) > 0.7 ? 'before' : undefined}
              >
                {hand.name}
              </text>
            </g>
          )}
          <g class="cursor">
            <line x1={x(map.cpus[at])} x2={x(map.cpus[at])} y1={margin.top} y2={margin.top + tall} />
            <line x1={margin.left} x2={margin.left + width} y1={y(share)} y2={y(share)} />
          </g>
        </svg>
      </div>
      <figcaption class="dim">
        Each block is one number of CPUs that was priced, in the colour, hatching and letter of the cheapest
        policy; bands of both where the prices are the same (“=”). At the right: where the cheapest changes on{' '}
        {count(mapCpusMax)} CPUs.
      </figcaption>
    </figure>
  );
}

function Axes({ x, y, width }: { x: (cpus: number) => number; y: (share: number) => number; width: number }) {
  const every = width < 420 ? 4 : width < 700 ? 2 : 1;
  const numbers = Array.from({ length: 13 }, (_, i) => 2 ** (i + 1)).filter((_, i) => i % every === 0);
  return (
    <g class="axes">
      {numbers.map((cpus) => (
        <g key={cpus}>
          <line x1={x(cpus)} x2={x(cpus)} y1={y(0)} y2={y(0) + 5} />
          <text x={x(cpus)} y={y(0) + 17} class="middle">
            {count(cpus)}
          </text>
        </g>
      ))}
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <g key={share}>
          <line x1={margin.left - 5} x2={margin.left} y1={y(share)} y2={y(share)} />
          <text x={margin.left - 8} y={y(share) + 4} class="end">
            {percent(100 * share, 0)}
          </text>
        </g>
      ))}
      <text x={margin.left + width / 2} y={y(0) + 34} class="middle">
        CPUs; up: share of them that hold pages
      </text>
    </g>
  );
}
