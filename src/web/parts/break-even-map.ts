/** The map of break-even points as pixels: number of CPUs by share of them that hold pages, coloured by who is cheapest there. */

import type { BreakEvenMap } from '../../thread/messages.ts';
import { packed } from './colours.ts';

export const mapCpusMin = 2;
export const mapCpusMax = 8192;

export type PriceOf = 'totalNs' | 'callerNs';

/** Prices closer than this are one: the clock of no machine tells them apart. */
const equalNs = 0.5;

/** Which numbers of CPUs are priced: so many to each power of two, and those that are asked for. */
export function mapCpus(also: readonly number[], octaveSteps: number): number[] {
  const numbers = new Set(also.filter((cpus) => cpus >= mapCpusMin && cpus <= mapCpusMax));
  const octaves = Math.log2(mapCpusMax / mapCpusMin);
  for (let i = 0; i <= octaves * octaveSteps; i++)
    numbers.add(Math.round(mapCpusMin * 2 ** (i / octaveSteps)));
  return [...numbers].sort((a, b) => a - b);
}

/** By point: bits of the policies (by position in `map.series`) that are cheapest there; several where prices are equal. */
export function cheapest(map: BreakEvenMap, rivals: readonly number[], priceOf: PriceOf): Uint32Array {
  const best = new Uint32Array(map.holders.length);
  for (let point = 0; point < best.length; point++) {
    const least = Math.min(...rivals.map((at) => map.series[at][priceOf][point]));
    for (const at of rivals) if (map.series[at][priceOf][point] <= least + equalNs) best[point] |= 1 << at;
  }
  return best;
}

/** Part of the width at which a number of CPUs stands, and back: equal steps for each power of two. */
export function placeOfCpus(cpus: number): number {
  return Math.log2(cpus / mapCpusMin) / Math.log2(mapCpusMax / mapCpusMin);
}

/** Position in `cpus` of the priced number that is nearest on the axis. */
export function nearestCpus(cpus: readonly number[], place: number): number {
  let best = 0;
  for (let i = 1; i < cpus.length; i++) {
    if (Math.abs(placeOfCpus(cpus[i]) - place) < Math.abs(placeOfCpus(cpus[best]) - place)) best = i;
  }
  return best;
}

/** The priced point nearest to a share (0 … 1) of one of the numbers of CPUs. */
export function pointAt({ first, cpus, holders }: BreakEvenMap, at: number, share: number): number {
  const wanted = share * cpus[at];
  let best = first[at];
  for (let point = first[at]; point < first[at + 1]; point++) {
    if (Math.abs(holders[point] - wanted) < Math.abs(holders[best] - wanted)) best = point;
  }
  return best;
}

/** What is drawn for each policy: never a colour alone. */
export interface Region {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly letter: string;
  readonly pattern: Pattern;
}

export type Pattern = 'plain' | 'rising' | 'falling' | 'level' | 'upright' | 'dots';

/** Colours that stay apart for the colour-blind (Okabe and Ito, 2008). */
export const regions: Readonly<Record<string, Region>> = {
  everyone: { red: 153, green: 153, blue: 153, letter: 'E', pattern: 'plain' },
  selective: { red: 0, green: 114, blue: 178, letter: 'S', pattern: 'rising' },
  'two-pass': { red: 86, green: 180, blue: 233, letter: 'T', pattern: 'dots' },
  'static-mask': { red: 0, green: 158, blue: 115, letter: 'M', pattern: 'falling' },
  worker: { red: 230, green: 159, blue: 0, letter: 'W', pattern: 'level' },
  remote: { red: 204, green: 121, blue: 167, letter: 'R', pattern: 'upright' },
};

/** Any other policy, should there be one. */
const otherRegion: Region = { red: 213, green: 94, blue: 0, letter: '?', pattern: 'plain' };

export function regionOf(policy: string): Region {
  return regions[policy] ?? otherRegion;
}

const patternStep = 8;

function isInked(pattern: Pattern, x: number, y: number): boolean {
  switch (pattern) {
    case 'plain':
      return false;
    case 'rising':
      return (x + y) % patternStep === 0;
    case 'falling':
      return (x - y + (patternStep << 16)) % patternStep === 0;
    case 'level':
      return y % patternStep === 0;
    case 'upright':
      return x % patternStep === 0;
    case 'dots':
      return x % patternStep < 2 && y % patternStep < 2;
  }
}

/** Bits of the cheapest at every cell of a grid of `width` by `height`; the top is a share of 1. */
export function gridOf(map: BreakEvenMap, best: Uint32Array, width: number, height: number): Uint32Array {
  const grid = new Uint32Array(width * height);
  for (let x = 0; x < width; x++) {
    const at = nearestCpus(map.cpus, (x + 0.5) / width);
    for (let y = 0; y < height; y++) {
      // Points of one number of CPUs are evenly spread from none to all.
      const last = map.first[at + 1] - map.first[at] - 1;
      grid[y * width + x] = best[map.first[at] + Math.round((1 - (y + 0.5) / height) * last)];
    }
  }
  return grid;
}

/** Paints the grid in the colour and pattern of the cheapest, in bands where several are; with a line where they change. */
export function drawRegions(
  pixels: Uint32Array,
  grid: Uint32Array,
  width: number,
  policies: readonly string[],
  dark: boolean,
): void {
  const line = dark ? packed(255, 255, 255) : packed(0, 0, 0);
  const drawn = policies.map(regionOf);
  for (let i = 0; i < grid.length; i++) {
    const x = i % width;
    const right = x + 1 < width ? grid[i + 1] : grid[i];
    const below = i + width < grid.length ? grid[i + width] : grid[i];
    if (right !== grid[i] || below !== grid[i]) {
      pixels[i] = line;
      continue;
    }
    const y = (i - x) / width;
    const { red, green, blue, pattern } = drawn[inBand(grid[i], x + y)];
    const ink = isInked(pattern, x, y) ? 0.72 : 1;
    pixels[i] = packed(Math.round(red * ink), Math.round(green * ink), Math.round(blue * ink));
  }
}

/** Width of the bands, across a diagonal. */
const bandWidth = 24;

/** Position of the one of these bits whose band runs through here; that of the only one where there is one. */
function inBand(bits: number, diagonal: number): number {
  const lowest = 31 - Math.clz32(bits & -bits);
  if ((bits & (bits - 1)) === 0) return lowest;
  const each = bitsOf(bits);
  return each[Math.floor(diagonal / bandWidth) % each.length];
}

/** Positions of the bits that are set. */
export function bitsOf(bits: number): number[] {
  return Array.from({ length: 32 }, (_, at) => at).filter((at) => (bits >>> at) & 1);
}

export interface RegionLabel {
  readonly bits: number;
  /** Parts of the width and of the height. */
  readonly x: number;
  readonly y: number;
}

/** Where the name of each region fits best: its cell that is farthest from every other region; small islands get none. */
export function regionLabels(grid: Uint32Array, width: number): RegionLabel[] {
  const height = grid.length / width;
  const away = distances(grid, width);
  const best = new Map<number, number>();
  for (let i = 0; i < grid.length; i++) {
    const known = best.get(grid[i]);
    if (known === undefined || away[i] > away[known]) best.set(grid[i], i);
  }
  return [...best].flatMap(([bits, i]) =>
    away[i] < 2 ? [] : [{ bits, x: ((i % width) + 0.5) / width, y: (Math.floor(i / width) + 0.5) / height }],
  );
}

/** Steps to the nearest cell of another region or to the edge, sideways counted a third: names are wide. */
function distances(grid: Uint32Array, width: number): Float32Array {
  const height = grid.length / width;
  const away = new Float32Array(grid.length).fill(Number.POSITIVE_INFINITY);
  const reach = (i: number, from: number, step: number, inside: boolean) => {
    const least = inside && grid[from] === grid[i] ? away[from] + step : step;
    if (least < away[i]) away[i] = least;
  };
  for (let i = 0; i < grid.length; i++) {
    reach(i, i - 1, sideways, i % width > 0);
    reach(i, i - width, 1, i >= width);
  }
  for (let i = grid.length - 1; i >= 0; i--) {
    reach(i, i + 1, sideways, i % width < width - 1);
    reach(i, i + width, 1, i < (height - 1) * width);
  }
  return away;
}

const sideways = 1 / 3;

/** Shares (0 … 1) at which the cheapest changes on so many CPUs, from few to many holders. */
export function boundariesAt(map: BreakEvenMap, best: Uint32Array, at: number): number[] {
  const shares: number[] = [];
  for (let point = map.first[at] + 1; point < map.first[at + 1]; point++) {
    if (best[point] !== best[point - 1])
      shares.push((map.holders[point - 1] + map.holders[point]) / 2 / map.cpus[at]);
  }
  return shares;
}

/** What a recording found: the mean share of CPUs that held pages, and between which shares four of five drains lie. */
export interface HolderShares {
  readonly cpus: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** `holders[n]`: drains at which n CPUs held pages; null where no drain tells. */
export function holderShares(holders: readonly number[], cpus: number): HolderShares | null {
  const drains = holders.reduce((sum, n) => sum + n, 0);
  if (drains === 0 || cpus < mapCpusMin) return null;
  const sum = holders.reduce((all, n, held) => all + n * held, 0);
  const quantile = (part: number) => {
    let seen = 0;
    return holders.findIndex((n) => {
      seen += n;
      return seen >= part * drains;
    });
  };
  return { cpus, mean: sum / drains / cpus, low: quantile(0.1) / cpus, high: quantile(0.9) / cpus };
}

/** `selective = two-pass`. */
export function namesOf({ series }: BreakEvenMap, bits: number): string {
  return bitsOf(bits)
    .map((i) => series[i].policy)
    .join(' = ');
}

/** As it stands in the address. */
export function shareText(share: number): string {
  return String(Math.round(share * 1e4) / 1e4);
}
