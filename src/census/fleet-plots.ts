/** The plots of a survey as SVG: text and shapes in the colours of the page around them, each with a title that says what it shows. */

import { count, percent, plural } from '../engine/report/numbers.ts';
import type { FleetCensus, FleetGroup } from './fleet.ts';
import { escaped } from './html-text.ts';

const width = 720;
const left = 64;
const right = 16;
const top = 12;
const bottom = 52;

interface Plot {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly height: number;
  readonly body: string;
}

/** Hosts by share of empty CPUs. */
export function sharePlot({ emptyShare, halfEmpty }: FleetCensus): string {
  const { bins } = emptyShare;
  const height = 320;
  /** Room for the words above the highest bar. */
  const head = 44;
  const most = Math.max(1, ...bins.map(({ hosts }) => hosts));
  const step = (width - left - right) / bins.length;
  const scale = (height - head - bottom) / most;
  const bars = bins.map(({ hosts, label, fromPercent }, i) => {
    const tall = hosts * scale;
    const x = left + i * step;
    const y = height - bottom - tall;
    const name = fromPercent >= 50 ? 'bar half' : 'bar';
    return (
      `<rect class="${name}" x="${at(x + 2)}" y="${at(y)}" width="${at(step - 4)}" height="${at(tall)}"/>` +
      (hosts === 0 ? '' : text(x + step / 2, y - 4, count(hosts), 'middle', 'value')) +
      text(x + step / 2, height - bottom + 16, shortLabel(label), 'middle')
    );
  });
  const half = left + bins.findIndex(({ fromPercent }) => fromPercent === 50) * step;
  const line = `<line class="half" x1="${at(half)}" x2="${at(half)}" y1="${top}" y2="${height - bottom}"/>`;
  return svg({
    id: 'plot-share',
    title: 'Hosts by share of empty CPUs',
    description: `${plural(halfEmpty.hosts, 'host')} of ${count(halfEmpty.of)} stand right of the line: at least half of their CPUs are empty.`,
    height,
    body: [
      axis(height),
      ...bars,
      line,
      text(half + 6, top + 8, 'at least half are empty: two-pass uses a mask', 'start'),
      text(
        left + (width - left - right) / 2,
        height - 8,
        'share of the CPUs that hold no page, percent',
        'middle',
      ),
    ].join(''),
  });
}

/** Share of empty CPUs against the number of CPUs; hosts at one place are one circle of their joint area. */
export function sizePlot({ hosts }: FleetCensus): string {
  const height = 340;
  const places = new Map<string, { cpus: number; percent: number; hosts: number }>();
  for (const { cpus, emptyPercent } of hosts) {
    if (emptyPercent === null) continue;
    const rounded = Math.round(emptyPercent);
    const key = `${cpus.online} ${rounded}`;
    const place = places.get(key) ?? { cpus: cpus.online, percent: rounded, hosts: 0 };
    place.hosts++;
    places.set(key, place);
  }
  const doublings = Math.max(
    1,
    Math.ceil(Math.log2(Math.max(2, ...[...places.values()].map(({ cpus }) => cpus)))),
  );
  const x = (cpus: number) => left + 16 + (Math.log2(cpus) / doublings) * (width - left - right - 32);
  const y = (share: number) => height - bottom - (share / 100) * (height - top - bottom);
  const circles = [...places.values()]
    .sort((a, b) => b.hosts - a.hosts)
    .map(({ cpus, percent: share, hosts: number }) => {
      const radius = Math.min(18, 2.5 + Math.sqrt(number));
      return `<circle class="dot" cx="${at(x(cpus))}" cy="${at(y(share))}" r="${at(radius)}"/>`;
    });
  const labels = Array.from({ length: doublings + 1 }, (_, i) =>
    text(x(2 ** i), height - bottom + 16, count(2 ** i), 'middle'),
  );
  const marks = [0, 25, 50, 75, 100].map(
    (share) =>
      `<line class="${share === 50 ? 'half' : 'grid'}" x1="${left}" x2="${width - right}" y1="${at(y(share))}" y2="${at(y(share))}"/>` +
      text(left - 8, y(share) + 4, `${share} %`, 'end'),
  );
  return svg({
    id: 'plot-size',
    title: 'Share of empty CPUs against the number of CPUs',
    description:
      'One circle for the hosts at one place, larger where there are more. The table of sizes below says the same in numbers.',
    height,
    body: [
      ...marks,
      ...circles,
      ...labels,
      text((left + width) / 2, height - 8, 'online CPUs of the host', 'middle'),
    ].join(''),
  });
}

/** Mean share by group, the median as a mark. */
export function groupPlot(id: string, title: string, groups: readonly FleetGroup[]): string {
  const row = 26;
  const height = top + groups.length * row + 40;
  const from = 110;
  const to = width - 150;
  const x = (share: number) => from + (share / 100) * (to - from);
  const rows = groups.map(({ name, hosts, meanPercent, medianPercent }, i) => {
    const y = top + i * row;
    return (
      text(from - 8, y + 16, name, 'end') +
      `<rect class="bar" x="${from}" y="${y + 4}" width="${at(x(meanPercent) - from)}" height="${row - 10}"/>` +
      `<line class="median" x1="${at(x(medianPercent))}" x2="${at(x(medianPercent))}" y1="${y + 1}" y2="${y + row - 3}"/>` +
      text(to + 8, y + 16, `${percent(meanPercent)} · ${plural(hosts, 'host')}`, 'start', 'value')
    );
  });
  const marks = [0, 50, 100].map(
    (share) =>
      `<line class="${share === 50 ? 'half' : 'grid'}" x1="${at(x(share))}" x2="${at(x(share))}" y1="${top}" y2="${height - 36}"/>` +
      text(x(share), height - 20, `${share} %`, 'middle'),
  );
  return svg({
    id,
    title,
    description: 'Bars are means over hosts, marks are medians.',
    height,
    body: [...marks, ...rows, text((from + to) / 2, height - 4, 'empty CPUs', 'middle')].join(''),
  });
}

function svg({ id, title, description, height, body }: Plot): string {
  return (
    `<svg role="img" aria-labelledby="${id}-title ${id}-description" viewBox="0 0 ${width} ${height}">` +
    `<title id="${id}-title">${escaped(title)}</title><desc id="${id}-description">${escaped(description)}</desc>${body}</svg>`
  );
}

function axis(height: number): string {
  return `<line class="axis" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/>`;
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end', name = ''): string {
  const style = name === '' ? '' : ` class="${name}"`;
  return `<text${style} x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

/** `20–30 %` → `20–30`. */
function shortLabel(label: string): string {
  return label.replace(' %', '').replace('below ', '< ');
}

/** A tenth of a unit is finer than anybody sees. */
function at(value: number): string {
  return `${Math.round(value * 10) / 10}`;
}
