/** How many CPUs held pages at the drains of A and of B, side by side, with the difference below each pair of bars. */

import { count, decimal, percent } from '../../engine/report/numbers.ts';
import { type HolderBins, holderBins } from './compare-figures.ts';
import type { Side, Sides } from './compare-sides.ts';
import { Word } from './word.tsx';

const width = 760;
const barsHeight = 160;
const differenceHeight = 60;
const bottom = 34;

export function HoldersPair({ sides: { a, b, isOne } }: { sides: Sides }) {
  if (isOne) return null;
  const [onlineA, onlineB] = [onlineOf(a), onlineOf(b)];
  const [drainsA, drainsB] = [a, b].map(({ recording }) => recording.verdict.drains);
  const known = [drainsA, drainsB].map(({ holders }) => holders.reduce((sum, n) => sum + n, 0));
  if (known.includes(0))
    return (
      <p>Who held pages at a drain is not known of {known[0] === 0 ? 'A' : 'B'}: no drain of it tells.</p>
    );
  const bins = holderBins(drainsA.holders, onlineA, drainsB.holders, onlineB);
  return (
    <section>
      <h2>
        Who held pages at a <Word>drain</Word>
      </h2>
      <p>
        A: {meanText(drainsA.holdersMean, onlineA)}; B: {meanText(drainsB.holdersMean, onlineB)}. Bars are
        shares of the drains of each, so that a longer recording is not taller.
      </p>
      <PairedBars bins={bins} />
    </section>
  );
}

function onlineOf({ recording: { opened } }: Side): number {
  return opened.machine.online.reduce((sum, each) => sum + each, 0);
}

function meanText(mean: number | null, online: number): string {
  if (mean === null) return 'not known';
  return `on average ${decimal(mean)} of ${count(online)} CPUs (${percent((100 * mean) / online)})`;
}

function PairedBars({ bins: { ends, a, b } }: { bins: HolderBins }) {
  const most = Math.max(1, ...a, ...b);
  const mostApart = Math.max(1, ...a.map((value, i) => Math.abs(value - b[i])));
  const each = width / ends.length;
  const bar = each / 2 - 2;
  const tall = (value: number) => (value / most) * (barsHeight - 18);
  const middle = barsHeight + bottom + differenceHeight / 2;
  const label = (i: number) =>
    i === 0 ? 'no CPU' : `up to ${percent(ends[i], 0)}${i === ends.length - 1 ? ' (all)' : ''}`;
  const everyLabel = Math.ceil(ends.length / 12);
  return (
    <figure class="holders-pair">
      <svg
        viewBox={`0 0 ${width} ${barsHeight + bottom + differenceHeight}`}
        role="img"
        aria-label={`Share of drains by share of CPUs that held pages: ${ends
          .map((_, i) => `${label(i)}: A ${percent(a[i], 0)}, B ${percent(b[i], 0)}`)
          .join('; ')}`}
      >
        <defs>
          <pattern
            id="side-b"
            width="5"
            height="5"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect width="2.5" height="5" class="b" />
          </pattern>
        </defs>
        {ends.map((end, i) => {
          const apart = b[i] - a[i];
          const high = (Math.abs(apart) / mostApart) * (differenceHeight / 2 - 12);
          return (
            <g key={end}>
              <title>{`${label(i)} held pages: A ${percent(a[i])}, B ${percent(b[i])} of the drains`}</title>
              <rect class="a" x={i * each + 2} y={barsHeight - tall(a[i])} width={bar} height={tall(a[i])} />
              <rect
                class="b-hatched"
                x={i * each + 2 + bar}
                y={barsHeight - tall(b[i])}
                width={bar}
                height={tall(b[i])}
                fill="url(#side-b)"
              />
              {i % everyLabel === 0 && (
                <text x={i * each + each / 2} y={barsHeight + 14} class="middle">
                  {percent(end, 0)}
                </text>
              )}
              <rect
                class={apart < 0 ? 'a' : 'b'}
                x={i * each + each / 4}
                y={apart < 0 ? middle : middle - high}
                width={each / 2}
                height={high}
              />
              {Math.abs(apart) >= 1 && (
                <text
                  x={i * each + each / 2}
                  y={apart < 0 ? middle + high + 10 : middle - high - 3}
                  class="middle"
                >
                  {`${apart > 0 ? '+' : '−'}${Math.abs(apart).toFixed(0)}`}
                </text>
              )}
            </g>
          );
        })}
        <line x1={0} x2={width} y1={barsHeight} y2={barsHeight} />
        <line x1={0} x2={width} y1={middle} y2={middle} />
      </svg>
      <figcaption class="dim">
        Above: share of the drains of <span class="key a">A</span> and of <span class="key b">B</span> by the
        share of CPUs that held pages. Below: B less A, in points.
      </figcaption>
    </figure>
  );
}
