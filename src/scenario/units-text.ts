/** Sizes and times as people write them: `496 MiB`, `3 ms`. */

import type { Nanoseconds, Pages } from '../base/units.ts';

const pageBytes = 4096;

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  page: pageBytes,
  pages: pageBytes,
};

const timeUnits: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  min: 60e9,
  h: 3600e9,
};

export const sizePattern = /^(?:0|\d{1,15}(?:\.\d{1,9})? ?(?:B|KiB|MiB|GiB|TiB|pages?))$/;
export const timePattern = /^(?:0|\d{1,15}(?:\.\d{1,9})? ?(?:ns|us|µs|ms|s|min|h))$/;

/** `496 MiB` → 126976 pages of 4 KiB; a part of a page counts as one. The text must match `sizePattern`. */
export function pagesOf(text: string): Pages {
  return Math.ceil(amountOf(text, sizeUnits) / pageBytes);
}

/** `3 ms` → 3000000. The text must match `timePattern`. */
export function nanosecondsOf(text: string): Nanoseconds {
  return Math.round(amountOf(text, timeUnits));
}

function amountOf(text: string, units: Readonly<Record<string, number>>): number {
  const match = /^([\d.]+) ?([a-zA-Zµ]*)$/.exec(text);
  return match ? Number(match[1]) * (units[match[2]] ?? 1) : Number.NaN;
}

/** 126976 → `496 MiB`: the largest unit in which the number is whole, or `n pages`. */
export function sizeText(pages: Pages): string {
  for (const unit of ['TiB', 'GiB', 'MiB'] as const) {
    const value = (pages * pageBytes) / sizeUnits[unit];
    if (value >= 1 && Number.isInteger(value)) return `${value} ${unit}`;
  }
  return `${pages} pages`;
}
