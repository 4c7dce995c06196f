/** One picture of a simulated machine for the terminal: lists of the CPUs, free memory, drains. Pure: state in, lines out. */

import type { MachineView } from '../../engine/input/machine-view.ts';
import type { MachineSpec } from '../../engine/input/scenario.ts';
import { count, decimal, duration, plural } from '../../engine/report/numbers.ts';
import { wrap } from './layout.ts';
import type { Screen } from './screen.ts';

export interface WatchedDrain {
  readonly number: number;
  readonly startNs: number;
  readonly cpu: number;
  readonly holders: number;
  readonly online: number;
  disturbed: number;
  forNothing: number;
  pagesBack: number;
  /** -1: in progress. */
  endNs: number;
  turnedAway: boolean;
  fellBack: boolean;
}

export interface WatchState {
  readonly title: string;
  readonly machine: MachineSpec;
  readonly view: MachineView;
  readonly nowNs: number;
  readonly endNs: number;
  readonly playing: boolean;
  /** Simulated seconds in a second. */
  readonly rate: number;
  readonly over: boolean;
  readonly help: boolean;
  readonly drains: number;
  readonly turnedAway: number;
  readonly disturbed: number;
  readonly forNothing: number;
  /** Newest last. */
  readonly latest: readonly WatchedDrain[];
  /** By CPU since the last picture: 1 disturbed with pages, 2 for nothing. */
  readonly touched: Uint8Array;
}

/** Rows of the strip of lists; on larger machines a cell stands for several CPUs. */
const stripRows = 4;
const heatUnicode = ' ▁▂▃▄▅▆▇█';
const heatPlain = ' .:-=+*#%@';

export function watchFrame(state: WatchState, screen: Screen, rows: number): string[] {
  const { colours, width } = screen;
  const head = [colours.bold(cut(state.title, width)), statusLine(state, screen)];
  const parts = [
    head,
    strip(state, screen),
    memory(state, screen),
    [cut(totals(state), width)],
    state.help ? help(width) : [],
  ].filter((lines) => lines.length > 0);
  const lines = parts.flatMap((part, i) => (i === 0 ? part : ['', ...part]));
  const keys = colours.dim(cut('space play/pause · n next drain · + - rate · ? help · q quit', width));
  const room = Math.max(0, rows - lines.length - 3);
  const latest = state.latest.slice(-room).map((drain) => cut(drainLine(drain), width));
  return [...lines, '', ...latest, keys].slice(0, rows);
}

function statusLine({ nowNs, endNs, playing, over, rate }: WatchState, { colours, width }: Screen): string {
  const what = over ? 'over' : playing ? `playing, ${rateText(rate)}` : 'paused';
  const text = `${(nowNs / 1e9).toFixed(6)} of ${decimal(endNs / 1e9, 3)} s · ${what}`;
  return colours.dim(cut(text, width));
}

function rateText(rate: number): string {
  return `${duration(rate * 1e9)} a second`;
}

/** One cell a CPU, or a block of CPUs: how full the lists are of what they may hold, and who was disturbed. */
function strip({ machine, view, touched }: WatchState, screen: Screen): string[] {
  const { colours, width, unicode } = screen;
  const room = Math.max(8, width - 12);
  const each = Math.ceil(machine.cpus / (room * stripRows)) || 1;
  const cells = Math.ceil(machine.cpus / each);
  const heat = unicode ? heatUnicode : heatPlain;
  const lines = [
    colours.dim(
      cut(
        each === 1
          ? 'lists, one cell a CPU (below: ! disturbed, x for nothing)'
          : `lists, one cell for ${each} CPUs (below: ! disturbed, x for nothing)`,
        width,
      ),
    ),
  ];
  for (let from = 0; from < cells; from += room) {
    const to = Math.min(cells, from + room);
    let heatText = '';
    let marks = '';
    for (let cell = from; cell < to; cell++) {
      const first = cell * each;
      const last = Math.min(machine.cpus, first + each);
      heatText += heatCell(machine, view, first, last, heat, colours);
      marks += markCell(touched, first, last, colours);
    }
    lines.push(`${`CPU ${count(from * each)}`.padStart(10)} ${heatText}`, `${' '.repeat(11)}${marks}`);
  }
  return lines;
}

function heatCell(
  machine: MachineSpec,
  view: MachineView,
  first: number,
  last: number,
  heat: string,
  colours: Screen['colours'],
): string {
  let pages = 0;
  let room = 0;
  let offline = true;
  let isolated = false;
  for (let cpu = first; cpu < last; cpu++) {
    if (machine.isolated.has(cpu)) isolated = true;
    if (!view.isOnline(cpu)) continue;
    offline = false;
    for (let zone = 0; zone < machine.zones.length; zone++) {
      pages += view.pagesOnList(cpu, zone);
      room += view.high(cpu, zone);
    }
  }
  if (offline) return colours.dim('-');
  const steps = heat.length - 1;
  const level =
    pages === 0 ? 0 : Math.min(steps, Math.max(1, Math.ceil((pages / Math.max(1, room)) * steps)));
  const sign = pages === 0 ? '·' : heat[level];
  return isolated ? colours.magenta(sign) : pages === 0 ? colours.dim(sign) : colours.cyan(sign);
}

function markCell(touched: Uint8Array, first: number, last: number, colours: Screen['colours']): string {
  let worst = 0;
  for (let cpu = first; cpu < last; cpu++) worst = Math.max(worst, touched[cpu]);
  return worst === 0 ? ' ' : worst === 1 ? colours.yellow('!') : colours.red('x');
}

/** Free pages of each zone on a scale to twice its high mark, with the marks min, low, high. */
function memory({ machine, view }: WatchState, screen: Screen): string[] {
  const { colours, unicode, width } = screen;
  const nameWidth = Math.max(...machine.zones.map(({ name }) => name.length)) + 2;
  const room = Math.max(10, Math.min(60, width - nameWidth - 26));
  return machine.zones.flatMap((zone, index) => {
    const free = view.freePages(index);
    const marks = (['min', 'low', 'high'] as const).map((which) => view.watermark(index, which));
    const scale = 2 * Math.max(1, marks[2]);
    const filled = Math.min(room, Math.round((free / scale) * room));
    const cells: string[] = Array.from({ length: room }, (_, i) =>
      i < filled ? (unicode ? '█' : '#') : unicode ? '·' : '.',
    );
    marks.forEach((pages, i) => {
      cells[Math.min(room - 1, Math.round((pages / scale) * room))] = 'mlh'[i];
    });
    const low = free < marks[0] ? colours.red : free < marks[1] ? colours.yellow : colours.green;
    const more = free > scale ? '+' : ' ';
    return [
      `${zone.name.padStart(nameWidth)} ${low(cells.join(''))}${more} ${count(free).padStart(11)} free`,
    ];
  });
}

function totals({ drains, turnedAway, disturbed, forNothing }: WatchState): string {
  const away = turnedAway === 0 ? '' : `, ${count(turnedAway)} calls turned away`;
  return `${plural(drains, 'drain')}${away} · ${count(disturbed)} CPUs disturbed, ${count(forNothing)} for nothing`;
}

function drainLine(drain: WatchedDrain): string {
  const head = `${(drain.startNs / 1e9).toFixed(6)} s  drain ${count(drain.number)} by CPU ${drain.cpu}: ${count(drain.holders)} of ${count(drain.online)} hold pages`;
  if (drain.turnedAway) return `${head}; turned away`;
  const disturbed = `${count(drain.disturbed)} disturbed, ${count(drain.forNothing)} for nothing`;
  const fell = drain.fellBack ? ', no mask' : '';
  if (drain.endNs < 0) return `${head}; ${disturbed}${fell}; in progress`;
  return `${head}; ${disturbed}${fell}; ${count(drain.pagesBack)} pages in ${duration(drain.endNs - drain.startNs)}`;
}

function help(width: number): string[] {
  return [
    'space: play or pause. n: on to the end of the next drain, and pause. + and -: twice and half as fast.',
    'Cells: how full the lists of a CPU are, of what they may hold; · nothing; magenta: isolated; - offline.',
    'Bars: free pages, those on lists left out; m l h: the watermarks min, low and high. q: quit. ?: this help.',
  ].flatMap((line) => wrap(line, width, '  ').split('\n'));
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : text.slice(0, width);
}
