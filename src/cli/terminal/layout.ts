/** Paragraphs and tables in a given width. */

import Table from 'cli-table3';
import type { Screen } from './screen.ts';

/** Breaks at blanks so that no line is longer than `width`; lines after the first start with `indent`. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  const margin = /^ */.exec(text)?.[0] ?? '';
  for (const word of text.slice(margin.length).split(/ (?!%)/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    const room = width - (lines.length === 0 ? margin : indent).length;
    if (longer.length <= room || line === '') line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return margin + lines.join(`\n${indent}`);
}

/** One line; that it was cut shows, since half a number is another number. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

export interface Column<Row> {
  /** May have two lines. */
  readonly head: string;
  readonly text: (row: Row) => string;
  /** The columns of least weight go first where the width does not suffice. The first column always stays. */
  readonly weight: number;
  /** Coloured after the width is known. */
  readonly paint?: (text: string, row: Row) => string;
}

const gap = 2;

/** A table without lines: first column left, the others right. */
export function table<Row>(
  columns: ReadonlyArray<Column<Row>>,
  rows: readonly Row[],
  screen: Screen,
): string {
  const shown = fitting(columns, rows, screen.width);
  const writer = new Table({
    head: lowered(shown.map(({ column }) => column.head)),
    colAligns: shown.map((_, i) => (i === 0 ? 'left' : 'right')),
    chars: noChars,
    style: { 'padding-left': 0, 'padding-right': gap, head: [], border: [] },
  });
  for (const row of rows) {
    writer.push(shown.map(({ column }) => column.paint?.(column.text(row), row) ?? column.text(row)));
  }
  return writer
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Heads of fewer lines stand low. */
function lowered(heads: readonly string[]): string[] {
  const lines = heads.map((head) => head.split('\n').length);
  return heads.map((head, i) => '\n'.repeat(Math.max(...lines) - lines[i]) + head);
}

function fitting<Row>(columns: ReadonlyArray<Column<Row>>, rows: readonly Row[], width: number) {
  const shown = columns.map((column) => ({
    column,
    width:
      gap +
      Math.max(
        ...column.head.split('\n').map((line) => line.length),
        ...rows.map((row) => column.text(row).length),
      ),
  }));
  const total = () => shown.reduce((sum, { width }) => sum + width, -gap);
  while (shown.length > 2 && total() > width) {
    const lightest = shown.slice(1).reduce((a, b) => (b.column.weight < a.column.weight ? b : a));
    shown.splice(shown.indexOf(lightest), 1);
  }
  return shown;
}

const noChars = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, '']),
);
