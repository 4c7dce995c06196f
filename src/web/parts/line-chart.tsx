/** Lines over wall-clock time (uPlot), with a legend in words: each line differs from the others by its dashes too. */

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { isDark } from '../theme.ts';
import { useWidth } from './use-width.ts';
import '../styles/line-chart.css';

export interface ChartLine {
  readonly label: string;
  /** Newest value as people read it. */
  readonly newest: string;
  /** By time; null: not known, the line is broken there. */
  readonly values: ReadonlyArray<number | null>;
}

interface LineChartProps {
  readonly title: string;
  /** What is to be seen, for who cannot see it. */
  readonly says: string;
  /** s since 1970, ascending. */
  readonly seconds: readonly number[];
  /** What the axis of time shows, s. */
  readonly range: readonly [number, number];
  readonly lines: readonly ChartLine[];
}

const height = 150;
/** Blue, orange, green, purple, grey: told apart by those who see no red or no green; for a light and a dark page. */
const colours = [
  ['#0a5fb4', '#6fb4ff'],
  ['#b4530a', '#ffa657'],
  ['#0b7a5c', '#4fd1a5'],
  ['#7a3db8', '#c99bff'],
  ['#515a66', '#a6afba'],
] as const;
const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5]];

export function LineChart(props: LineChartProps) {
  const { title, says, lines } = props;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame).value;
  const dark = isDark();
  const labels = lines.map(({ label }) => label).join();
  return (
    <figure class="line-chart">
      <figcaption>{title}</figcaption>
      <div ref={frame} role="img" aria-label={says}>
        {width > 0 && <Plot key={`${width} ${dark} ${labels}`} {...props} width={width} dark={dark} />}
      </div>
      <ul>
        {lines.map(({ label, newest }, i) => (
          <li key={label}>
            <svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">
              <line
                x1="0"
                x2="28"
                y1="5"
                y2="5"
                stroke={colours[i % colours.length][dark ? 1 : 0]}
                stroke-width="2"
                stroke-dasharray={dashes[i % dashes.length].join(' ')}
              />
            </svg>{' '}
            {label} <strong>{newest}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** Made anew (by its key) only when its lines, its size or its colours change; new samples are set into it. */
function Plot(props: LineChartProps & { width: number; dark: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const first = useRef(props);
  useEffect(() => {
    const { lines, width, dark, seconds } = first.current;
    if (place.current === null) return;
    const made = new uPlot(options(lines, width, dark), dataOf(seconds, lines), place.current);
    plot.current = made;
    return () => made.destroy();
  }, []);
  const { seconds, lines, range } = props;
  useEffect(() => {
    plot.current?.batch((made: uPlot) => {
      made.setData(dataOf(seconds, lines), false);
      made.setScale('x', { min: range[0], max: range[1] });
    });
  }, [seconds, lines, range]);
  return <div ref={place} />;
}

function dataOf(seconds: readonly number[], lines: readonly ChartLine[]): uPlot.AlignedData {
  return [[...seconds], ...lines.map(({ values }) => [...values])];
}

function options(lines: readonly ChartLine[], width: number, dark: boolean): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const axis: uPlot.Axis = {
    stroke: style.getPropertyValue('--dim'),
    grid: { stroke: style.getPropertyValue('--line'), width: 0.5 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] } },
    axes: [
      { ...axis, space: 80 },
      { ...axis, size: 56 },
    ],
    series: [
      {},
      ...lines.map(({ label }, i) => ({
        label,
        stroke: colours[i % colours.length][dark ? 1 : 0],
        dash: dashes[i % dashes.length],
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
