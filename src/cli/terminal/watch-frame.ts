/** One picture of a simulated machine for the terminal: lists of the CPUs, free memory, drains. Pure: state in, lines out. */

import type { MachineView } from '../../engine/input/machine-view.ts';
import type { MachineSpec } from '../../engine/input/scenario.ts';
import { count, decimal, duration, plural } from '../../engine/report/numbers.ts';
import { type HeatSource, heatStrip } from './heat-strip.ts';
import { cut, wrap } from './layout.ts';
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

/** Lines of cells and of marks; on larger machines a cell stands for several CPUs. */
const stripRows = 8;

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

/** How full the lists are of what they may hold, and who was disturbed. */
function strip({ machine, view, touched }: WatchState, screen: Screen): string[] {
  const source: HeatSource = {
    groups: [{ label: '', cpus: Array.from({ length: machine.cpus }, (_, cpu) => cpu) }],
    levelOf: (cpu) => fullness(machine, view, cpu),
    isIsolated: (cpu) => machine.isolated.has(cpu),
    markOf: (cpu) => touched[cpu],
    what: 'lists',
    marksMean: '! disturbed, x for nothing',
  };
  return heatStrip(source, screen, stripRows);
}

function fullness(machine: MachineSpec, view: MachineView, cpu: number): number {
  if (!view.isOnline(cpu)) return -1;
  let pages = 0;
  let room = 0;
  for (let zone = 0; zone < machine.zones.length; zone++) {
    pages += view.pagesOnList(cpu, zone);
    room += view.high(cpu, zone);
  }
  return pages / Math.max(1, room);
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
