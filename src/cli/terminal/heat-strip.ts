/** How full the lists of every CPU are, as a strip of cells: one a CPU, or one for several where the screen is small. Pure. */

import { count } from '../../engine/report/numbers.ts';
import type { Screen } from './screen.ts';

export interface HeatSource {
  /** CPUs in the order of the cells. A group begins a new line, with its label. */
  readonly groups: readonly CpuGroup[];
  /** From 0 (no page) to 1 (full); -1: not online. */
  readonly levelOf: (cpu: number) => number;
  readonly isIsolated: (cpu: number) => boolean;
  /** 0: nothing, 1: `!`, 2: `x`, in a line below the cells; -1: never marked. A line of CPUs that are never marked has none below. */
  readonly markOf: (cpu: number) => number;
  /** What a cell shows and what the marks mean ('' : there are none), for the head: `lists`, `! disturbed, x for nothing`. */
  readonly what: string;
  readonly marksMean: string;
}

export interface CpuGroup {
  /** '' : the line is labelled with its first CPU. */
  readonly label: string;
  readonly cpus: ArrayLike<number>;
}

/** `heat`: a cell is as dark as its fullest CPU is full. `dots`: eight CPUs in a cell, a dot for each that holds pages. */
export type CellForm = 'heat' | 'dots';

const heatUnicode = ' ▁▂▃▄▅▆▇█';
const heatPlain = ' .:-=+*#%@';
/** Bits of U+2800 from the top left down, then the right column. */
const brailleBits = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80];
const labelWidth = 10;

/** `rows`: lines of cells and marks; the head comes to them. */
export function heatStrip(
  source: HeatSource,
  screen: Screen,
  rows: number,
  form: CellForm = 'heat',
): string[] {
  const { colours, width } = screen;
  const { each, lines, isMerged } = fitted(
    source,
    cellsOfLine(screen),
    rows,
    form === 'dots' ? brailleBits.length : 1,
  );
  const cellText = form === 'dots' ? dotsCell : heatCell;
  const texts = [
    colours.dim(
      `${headText(source, form, each)}${isMerged ? ', too few lines for groups' : ''}`.slice(0, width),
    ),
  ];
  for (const { label, cpus, from, to, isMarked } of lines) {
    let cells = '';
    let marks = '';
    for (let first = from; first < to; first += each) {
      const last = Math.min(to, first + each);
      cells += cellText(source, cpus, first, last, screen);
      if (isMarked) marks += markCell(source, cpus, first, last, colours);
    }
    texts.push(`${label.padStart(labelWidth)} ${cells}`);
    if (isMarked) texts.push(`${' '.repeat(labelWidth + 1)}${marks}`);
  }
  return texts;
}

/** Cells that stand side by side. */
export function cellsOfLine({ width }: Screen): number {
  return Math.max(8, width - labelWidth - 2);
}

interface StripLine {
  readonly label: string;
  readonly cpus: ArrayLike<number>;
  /** Part of `cpus`. */
  readonly from: number;
  readonly to: number;
  readonly isMarked: boolean;
}

/** As few CPUs a cell (a multiple of `unit`) as make the lines fit. Groups that need more lines than there are become one. */
function fitted(
  source: HeatSource,
  room: number,
  rows: number,
  unit: number,
): { each: number; lines: StripLine[]; isMerged: boolean } {
  const most = Math.max(1, ...source.groups.map(({ cpus }) => cpus.length));
  const all = source.groups.reduce((sum, { cpus }) => sum + cpus.length, 0);
  let { groups } = source;
  let isMerged = false;
  // Fewer CPUs a cell cannot fit, whatever the groups and marks.
  const least = unit * Math.max(1, Math.ceil(all / (Math.max(1, rows) * room * unit)));
  for (let each = least; ; each += unit) {
    const lines = linesOf(groups, each * room, source.markOf);
    if (lines.reduce((sum, { isMarked }) => sum + (isMarked ? 2 : 1), 0) <= rows)
      return { each, lines, isMerged };
    if (each * room < most) continue;
    if (groups.length === 1) return { each, lines, isMerged };
    isMerged = true;
    groups = [{ label: '', cpus: groups.flatMap(({ cpus }) => Array.from(cpus)) }];
    each = least - unit;
  }
}

function linesOf(groups: readonly CpuGroup[], cpusOfLine: number, markOf: HeatSource['markOf']): StripLine[] {
  return groups.flatMap(({ label, cpus }) => {
    const lines: StripLine[] = [];
    for (let from = 0; from < cpus.length; from += cpusOfLine) {
      const to = Math.min(cpus.length, from + cpusOfLine);
      let isMarked = false;
      for (let i = from; i < to && !isMarked; i++) isMarked = markOf(cpus[i]) >= 0;
      const name = label !== '' && from === 0 ? label : `CPU ${count(cpus[from])}`;
      lines.push({ label: name, cpus, from, to, isMarked });
    }
    return lines;
  });
}

function headText({ what, marksMean }: HeatSource, form: CellForm, each: number): string {
  const marks = marksMean === '' ? '' : ` (${marksMean})`;
  if (form === 'dots') {
    const dot = each / brailleBits.length;
    return dot === 1
      ? `${what}, a dot for each CPU that holds pages${marks}`
      : `${what}, a dot for ${count(dot)} CPUs of which one holds pages${marks}`;
  }
  return each === 1
    ? `${what}, one cell a CPU${marks}`
    : `${what}, one cell for ${count(each)} CPUs, the fullest shown${marks}`;
}

function heatCell(
  source: HeatSource,
  cpus: ArrayLike<number>,
  first: number,
  last: number,
  { colours, unicode }: Screen,
): string {
  let level = -1;
  let isolated = false;
  for (let i = first; i < last; i++) {
    level = Math.max(level, source.levelOf(cpus[i]));
    if (source.isIsolated(cpus[i])) isolated = true;
  }
  if (level < 0) return colours.dim('-');
  const heat = unicode ? heatUnicode : heatPlain;
  const steps = heat.length - 1;
  const sign = level === 0 ? '·' : heat[Math.min(steps, Math.max(1, Math.ceil(level * steps)))];
  return isolated ? colours.magenta(sign) : level === 0 ? colours.dim(sign) : colours.cyan(sign);
}

/** In ASCII a digit: how many of the eight hold pages. */
function dotsCell(
  source: HeatSource,
  cpus: ArrayLike<number>,
  first: number,
  last: number,
  { colours, unicode }: Screen,
): string {
  const each = Math.ceil((last - first) / brailleBits.length);
  let bits = 0;
  let dots = 0;
  let isolated = false;
  for (let i = first; i < last; i++) {
    if (source.isIsolated(cpus[i])) isolated = true;
    const bit = brailleBits[Math.floor((i - first) / each)];
    if (source.levelOf(cpus[i]) <= 0 || (bits & bit) !== 0) continue;
    bits |= bit;
    dots++;
  }
  const sign = unicode ? String.fromCharCode(0x2800 + bits) : String(dots);
  return isolated ? colours.magenta(sign) : dots === 0 ? colours.dim(sign) : colours.cyan(sign);
}

function markCell(
  { markOf }: HeatSource,
  cpus: ArrayLike<number>,
  first: number,
  last: number,
  colours: Screen['colours'],
): string {
  let worst = 0;
  for (let i = first; i < last; i++) worst = Math.max(worst, markOf(cpus[i]));
  return worst === 0 ? ' ' : worst === 1 ? colours.yellow('!') : colours.red('x');
}
