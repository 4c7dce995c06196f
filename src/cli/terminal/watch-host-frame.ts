/** One picture of a running host for the terminal: lists of the CPUs, zones, interrupts, reclaim, own cost. Pure: state in, lines out. */

import { formatCpuList } from '../../base/cpu-list.ts';
import { count, decimal, duration, percent, plural } from '../../engine/report/numbers.ts';
import { type HostSample, interruptsOfKind } from '../../host/host-sample.ts';
import { cellsOfLine, type HeatSource, heatStrip } from './heat-strip.ts';
import { type Column, cut, table, wrap } from './layout.ts';
import { withoutControls } from './line-output.ts';
import type { Screen } from './screen.ts';
import {
  kindHeads,
  type RecentRate,
  shownKinds,
  type WatchedHost,
  type WatchedPace,
} from './watched-host.ts';

const zoneRowsMax = 6;

export interface WatchedRest {
  readonly pace: WatchedPace;
  /** Where drainlab runs itself, in a sentence. */
  readonly runsOn: string;
  /** What is traced: null: nothing; else the function whose calls are counted as drains, '' where none can be. */
  readonly drainFunction: string | null;
}

export function watchHostFrame(
  watched: WatchedHost,
  rest: WatchedRest,
  screen: Screen,
  rows: number,
): string[] {
  const { sample, view } = watched;
  const { colours, width } = screen;
  if (sample === null) return ['looking …'];
  const head = [colours.bold(cut(titleText(sample), width)), statusLine(watched, rest.pace, screen)];
  const below = [
    ['', ...zoneLines(sample, screen)],
    ['', ...interruptLines(sample, screen)],
    ['', ...restLines(watched, rest, screen)],
  ];
  const help = view.help ? ['', ...helpLines(width)] : [];
  const keys = colours.dim(
    cut('q quit  ? help  space pause  + - rate  z zone  g group  d dots  c scale  x zoom', width),
  );
  // The strip takes what is left; where that is too little, zones go first, then interrupts.
  const stripLeast = sample.host.machine.isolated.count > 0 ? 3 : 2;
  const lengthOf = () => below.reduce((sum, part) => sum + part.length, head.length + help.length + 4);
  while (below.length > 1 && lengthOf() + stripLeast > rows) below.shift();
  const stripRoom = Math.max(stripLeast, rows - lengthOf());
  return [
    ...head,
    '',
    cut(holdersText(sample), width),
    '',
    ...strip(watched, screen, stripRoom),
    ...help,
    ...below.flat(),
    keys,
  ].slice(0, rows);
}

function titleText({ host, online }: HostSample): string {
  const { isolated } = host.machine;
  const apart = isolated.count === 0 ? '' : `, isolated ${formatCpuList(isolated)}`;
  const kernel = host.kernel === '' ? '' : ` · Linux ${host.kernel}`;
  return `${withoutControls(host.name)}${kernel} · ${plural(online.count, 'CPU')} online${apart}`;
}

function statusLine(watched: WatchedHost, pace: WatchedPace, { colours, width }: Screen): string {
  const { sample, view } = watched;
  const slower = pace.everyMs > pace.askedMs * 1.01;
  const rate = `every ${duration(pace.everyMs * 1e6)}${slower ? ` (${duration(pace.askedMs * 1e6)} would cost too much)` : ''}`;
  const time = `${((sample?.timeMs ?? 0) / 1000).toFixed(1)} s`;
  const text = [time, view.paused ? 'paused' : rate, loadText(sample)].join(' · ');
  return view.paused || slower ? colours.yellow(cut(text, width)) : colours.dim(cut(text, width));
}

function loadText(sample: HostSample | null): string {
  const average = sample?.load.loadAverage ?? null;
  const running = sample?.load.runningTasks ?? null;
  if (average === null) return 'load not known';
  return `load ${decimal(average)}${running === null ? '' : `, ${count(running)} running`}`;
}

function holdersText({ cpus }: HostSample): string {
  const share = cpus.online === 0 ? '' : ` (${percent((100 * cpus.empty) / cpus.online)})`;
  const apart =
    cpus.isolatedOnline === 0
      ? ''
      : `, of the isolated ${count(cpus.isolatedEmpty)} of ${count(cpus.isolatedOnline)}`;
  return `empty: ${count(cpus.empty)} of ${plural(cpus.online, 'CPU')}${share}${apart} · ${plural(cpus.parkedPages, 'page')} on lists`;
}

/** `rows`: lines of the strip, its head included. */
function strip(watched: WatchedHost, screen: Screen, rows: number): string[] {
  const { sample, view } = watched;
  if (sample === null) return [];
  const isolated = sample.host.machine.isolated;
  const zone = sample.host.machine.zones[view.zone];
  const lists = zone === undefined ? 'lists' : `lists of node ${zone.node} ${zone.name}`;
  const scale = view.form === 'dots' ? '' : `, ${view.scale} to ${count(watched.mostPages)}`;
  let groups = watched.groups();
  let shown = '';
  if (view.zoomed) {
    const cpus = groups.flatMap((group) => Array.from(group.cpus));
    const page = cpusOfPage(screen, rows - 1);
    groups = [{ label: '', cpus: cpus.slice(view.firstCpu, view.firstCpu + page) }];
    shown = `, ${count(view.firstCpu + 1)} to ${count(Math.min(cpus.length, view.firstCpu + page))} of ${count(cpus.length)} (arrows)`;
  }
  const source: HeatSource = {
    groups,
    levelOf: (cpu) => watched.levelOf(cpu),
    isIsolated: (cpu) => isolated.has(cpu),
    markOf: (cpu) => (isolated.has(cpu) ? watched.disturbed[cpu] : -1),
    what: `${lists}${scale}${shown}`,
    marksMean: isolated.count === 0 ? '' : '! interrupted',
  };
  return heatStrip(source, screen, rows - 1, view.form);
}

/** CPUs of one screen with one cell each; every line may need one of marks. */
export function cpusOfPage(screen: Screen, rows: number): number {
  return cellsOfLine(screen) * Math.max(1, rows >> 1);
}

interface ZoneRow {
  readonly name: string;
  readonly free: number;
  readonly low: number;
  readonly min: number;
  readonly parked: number;
  readonly lists: number;
  readonly empty: number;
}

function zoneRows({ host, pages, zones }: HostSample): ZoneRow[] {
  const { machine } = host;
  return machine.zones.map(({ node, name }, zone) => {
    const row = { parked: 0, lists: 0, empty: 0 };
    for (let list = zone; list < pages.length; list += machine.zones.length) {
      if (pages[list] < 0) continue;
      row.lists++;
      row.parked += pages[list];
      if (pages[list] === 0) row.empty++;
    }
    return {
      name: `node ${node} ${name}`,
      free: zones.freePages[zone],
      low: zones.lowPages[zone],
      min: zones.minPages[zone],
      ...row,
    };
  });
}

/** The zones with the most pages on lists, if not all fit. */
function zoneLines(sample: HostSample, screen: Screen): string[] {
  const all = zoneRows(sample);
  const rows =
    all.length <= zoneRowsMax ? all : [...all].sort((a, b) => b.parked - a.parked).slice(0, zoneRowsMax);
  const { colours } = screen;
  const columns: Array<Column<ZoneRow>> = [
    { head: 'zone', text: ({ name }) => withoutControls(name), weight: 9 },
    {
      head: 'free pages',
      text: ({ free }) => (free < 0 ? '–' : count(free)),
      weight: 8,
      paint: (text, { free, low, min }) =>
        free < 0 || low < 0
          ? text
          : free < min
            ? colours.red(text)
            : free < low
              ? colours.yellow(text)
              : text,
    },
    { head: 'low mark', text: ({ low }) => (low < 0 ? '–' : count(low)), weight: 6 },
    { head: 'on lists', text: ({ parked }) => count(parked), weight: 7 },
    { head: 'empty lists', text: ({ empty, lists }) => `${count(empty)} of ${count(lists)}`, weight: 7 },
  ];
  const more = all.length - rows.length;
  return [
    ...table(columns, rows, screen).split('\n'),
    ...(more > 0 ? [colours.dim(`${plural(more, 'zone')} with fewer pages on lists`)] : []),
  ];
}

function interruptLines({ interrupts, host }: HostSample, screen: Screen): string[] {
  if (interrupts === null)
    return ['interrupts: two readings, a second apart, are needed, or they cannot be read'];
  const { isolated } = host.machine;
  const seconds = interrupts.sinceMs / 1000;
  const rows = [
    { name: 'all CPUs', only: null },
    ...(isolated.count === 0 ? [] : [{ name: 'isolated', only: isolated }]),
  ];
  const columns: Array<Column<(typeof rows)[number]>> = [
    { head: 'interrupts a second', text: ({ name }) => name, weight: 9 },
    ...shownKinds.map((kind, i) => ({
      head: kindHeads[kind],
      text: ({ only }: (typeof rows)[number]) => count(interruptsOfKind(interrupts, kind, only) / seconds),
      weight: 8 - i,
      paint: (text: string, { only }: (typeof rows)[number]) =>
        only !== null && kind !== 'timer' && interruptsOfKind(interrupts, kind, only) > 0
          ? screen.colours.red(text)
          : text,
    })),
  ];
  const backwards =
    interrupts.backwards === 0
      ? []
      : [screen.colours.yellow(`${plural(interrupts.backwards, 'counter')} went backwards and are left out`)];
  return [...table(columns, rows, screen).split('\n'), ...backwards];
}

function drainsText(
  { tracedReclaims, tracedDrains, lostEvents }: WatchedHost,
  drainFunction: string | null,
): string {
  if (drainFunction === null) return 'drains: not traced (--trace)';
  const lost = lostEvents === 0 ? '' : ` · ${plural(lostEvents, 'event')} lost: these are too few`;
  const reclaims = `reclaims ${rateText(tracedReclaims)}`;
  const drains =
    drainFunction === ''
      ? 'drains: this kernel lets no function be traced; at most one a reclaim'
      : `drains ${rateText(tracedDrains)} (${drainFunction})`;
  return `${drains} · traced ${reclaims}${lost}`;
}

function rateText({ perSecond, total }: RecentRate): string {
  return `${count(perSecond ?? 0)}/s, ${count(total)} so far`;
}

function restLines(
  watched: WatchedHost,
  { pace, runsOn, drainFunction }: WatchedRest,
  { colours, width }: Screen,
): string[] {
  const { sample, stalls } = watched;
  const pressure = sample?.load.pressure;
  const reclaim =
    stalls.perSecond === null ? 'direct reclaims not known' : `direct reclaims ${rateText(stalls)}`;
  const waits =
    pressure === null || pressure === undefined
      ? 'pressure not known'
      : `pressure some ${decimal(pressure.some.avg10)}, full ${percent(pressure.full.avg10, 2)}`;
  const { cost } = pace;
  const own =
    cost === null
      ? 'own cost: measuring'
      : `own cost${pace.isStarting ? ' at the start' : ''}: ${percent(cost.corePercent, 2)} of a core, ${decimal(cost.residentBytes / 1e6, 0)} MB`;
  return [
    cut(`${reclaim} · ${waits}`, width),
    cut(drainsText(watched, drainFunction), width),
    colours.dim(cut(`${own}; reading takes ${decimal(sample?.readMs ?? 0, 1)} ms`, width)),
    colours.dim(cut(runsOn, width)),
  ];
}

function helpLines(width: number): string[] {
  return [
    'A cell is a CPU: the fuller its lists the higher; · nothing, - offline, magenta isolated. !: an isolated CPU that was sent an interrupt.',
    'z: one zone after the other, or all. g: by number, node, isolated apart. d: a dot for each CPU with pages (8 a cell).',
    'c: logarithmic or linear. x: one cell a CPU, arrows and page keys move. + and -: twice and half as often.',
    'Pressure: the share of the last 10 s in which some, or all, tasks waited for memory.',
    'TLB flushes are counted among function calls too (x86 from 4.8 on). Interrupts are read once a second.',
  ].flatMap((line) => wrap(line, width, '  ').split('\n'));
}
