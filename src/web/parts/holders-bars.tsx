/** At how many drains how many CPUs held pages, with the line at which two-pass begins to use a mask. */

import { count, percent, plural } from '../../engine/report/numbers.ts';

/** Wider ranges on larger machines. */
const barsMax = 64;
const width = 720;
const height = 200;
const bottom = 28;

interface Bar {
  readonly from: number;
  readonly to: number;
  readonly drains: number;
}

/** `holders[n]`: drains at which n CPUs held pages. No bar crosses the half of the CPUs. */
export function barsOf(holders: readonly number[], online: number): Bar[] {
  const half = Math.floor(online / 2);
  const step = Math.ceil((online + 1) / barsMax);
  const bars: Bar[] = [];
  const add = (first: number, last: number) => {
    for (let from = first; from <= last; from += step) {
      const to = Math.min(last, from + step - 1);
      bars.push({ from, to, drains: holders.slice(from, to + 1).reduce((sum, n) => sum + n, 0) });
    }
  };
  add(0, half);
  add(half + 1, online);
  return bars;
}

export function HoldersBars({ holders, online }: { holders: readonly number[]; online: number }) {
  const bars = barsOf(holders, online);
  const total = bars.reduce((sum, { drains }) => sum + drains, 0);
  const most = Math.max(1, ...bars.map(({ drains }) => drains));
  const each = width / bars.length;
  const half = bars.findIndex(({ from }) => from > Math.floor(online / 2)) * each;
  const label = (bar: Bar) => (bar.from === bar.to ? `${bar.from}` : `${bar.from}–${bar.to}`);
  const shown = Math.ceil(bars.length / 16);
  return (
    <figure>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label="Drains by number of CPUs that held pages"
        class="holders"
      >
        {bars.map((bar, i) => {
          const tall = (bar.drains / most) * (height - bottom - 40);
          return (
            <g key={bar.from}>
              <title>{`${label(bar)} CPUs held pages at ${plural(bar.drains, 'drain')} (${percent((100 * bar.drains) / Math.max(1, total))})`}</title>
              <rect
                x={i * each + 1}
                y={height - bottom - tall}
                width={Math.max(1, each - 2)}
                height={tall}
                class="bar"
              />
              {each > 34 && bar.drains > 0 && (
                <text x={(i + 0.5) * each} y={height - bottom - tall - 4} class="value">
                  {count(bar.drains)}
                </text>
              )}
              {i % shown === 0 && (
                <text x={(i + 0.5) * each} y={height - 10} class="tick">
                  {bar.from}
                </text>
              )}
            </g>
          );
        })}
        <line x1={half} x2={half} y1={14} y2={height - bottom} class="half" />
        <text x={half - 6} y={12} class="half-left">
          two-pass uses a mask
        </text>
        <text x={half + 6} y={12} class="half-right">
          two-pass interrupts everyone
        </text>
      </svg>
      <figcaption>CPUs that held pages at a drain, and at how many drains</figcaption>
      <details>
        <summary>As a table</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">CPUs</th>
              <th scope="col">Drains</th>
            </tr>
          </thead>
          <tbody>
            {bars
              .filter(({ drains }) => drains > 0)
              .map((bar) => (
                <tr key={bar.from}>
                  <th scope="row">{label(bar)}</th>
                  <td>{count(bar.drains)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
