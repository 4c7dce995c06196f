/** A survey of many hosts for people: the answer in one sentence, then the distribution, groups, hosts and what could not be read. */

import { boundsText } from '../../census/census-answers.ts';
import type { CpuShare, FleetCensus, FleetGroup, FleetPolicy, FleetZone } from '../../census/fleet.ts';
import { percentBounds } from '../../census/fleet-answers.ts';
import { type FleetError, type FleetHost, interruptsOf } from '../../census/fleet-host.ts';
import { count, percent, plural } from '../../engine/report/numbers.ts';
import { type Column, table, wrap } from './layout.ts';
import { withoutControls } from './line-output.ts';
import { forScreen, type Screen } from './screen.ts';

/** More hosts than this are in the CSV, the JSON and the HTML report. */
const hostsMax = 25;
const errorsMax = 20;
const barsRoomMax = 40;

/** Ends with a line feed. Text from files is shown without control characters. */
export function fleetText(fleet: FleetCensus, screen: Screen): string {
  const { colours } = screen;
  const [first, ...others] = fleet.answers;
  const sections = [
    [
      ...fleet.warnings.map((text) => colours.yellow(wrap(text, screen.width))),
      colours.bold(wrap(first, screen.width)),
      ...others.map((text) => wrap(text, screen.width)),
    ],
    distribution(fleet, screen),
    fleet.hosts.length === 0 ? [] : [cpuTable(fleet, screen)],
    fleet.bySeries.length === 0 ? [] : [groupTable('kernel', fleet.bySeries, screen)],
    fleet.byCpus.length === 0 ? [] : [groupTable('CPUs', fleet.byCpus, screen)],
    fleet.policies.length === 0 ? [] : [policyTable(fleet, screen)],
    hostLines(fleet, screen),
    errorLines(fleet.errors, screen),
    ignoredLines(fleet),
    fleet.caveats.map((text) => colours.dim(wrap(text, screen.width))),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return forScreen(`${text.join('\n\n')}\n`, screen);
}

function distribution({ emptyShare }: FleetCensus, screen: Screen): string[] {
  if (emptyShare.hosts === 0) return [];
  const hostsWidth = Math.max(5, ...emptyShare.bins.map(({ hosts }) => count(hosts).length));
  const most = Math.max(...emptyShare.bins.map(({ hosts }) => hosts));
  const room = Math.max(8, Math.min(barsRoomMax, screen.width - hostsWidth - 24));
  const lines = [screen.colours.dim(`  ${'empty CPUs'.padStart(10)}  ${'hosts'.padStart(hostsWidth)}`)];
  for (const { label, hosts, fromPercent } of emptyShare.bins) {
    if (fromPercent === 50) lines.push(screen.colours.dim(halfLine(screen)));
    const line = `  ${label.padStart(10)}  ${count(hosts).padStart(hostsWidth)}`;
    const bar = '█'.repeat(Math.max(1, Math.round((hosts / most) * room)));
    const share = percent((100 * hosts) / emptyShare.hosts);
    lines.push(hosts === 0 ? line : `${line} ${screen.colours.cyan(bar)} ${share}`);
  }
  return lines;
}

function halfLine({ width }: Screen): string {
  return '  ── below: at least half of the CPUs are empty, two-pass uses a mask '
    .padEnd(Math.min(width, 84), '─')
    .slice(0, width);
}

interface ShareRow {
  readonly what: string;
  readonly share: CpuShare | FleetZone;
  readonly all: number;
}

/** CPUs by kind, and lists by zone below them: one is not the other. */
function cpuTable({ cpus, isolated, housekeeping, zones }: FleetCensus, screen: Screen): string {
  const rows: ShareRow[] = [
    { what: 'all CPUs', share: cpus, all: cpus.online },
    ...(isolated.online === 0
      ? []
      : [
          { what: 'isolated CPUs', share: isolated, all: isolated.online },
          { what: 'other CPUs', share: housekeeping, all: housekeeping.online },
        ]),
    ...zones.map((zone) => ({
      what: `lists of ${withoutControls(zone.name)}`,
      share: zone,
      all: zone.lists,
    })),
  ];
  const columns: Array<Column<ShareRow>> = [
    { head: '', text: ({ what }) => what, weight: 9 },
    { head: 'hosts', text: ({ share }) => count(share.hosts), weight: 5 },
    { head: 'number', text: ({ all }) => count(all), weight: 6 },
    { head: 'empty', text: ({ share }) => count(share.empty), weight: 7 },
    {
      head: 'share',
      text: ({ share }) => (share.emptyPercent === null ? '–' : percent(share.emptyPercent)),
      weight: 8,
    },
    {
      head: '95 % interval',
      text: ({ share }) =>
        'interval' in share && share.interval !== null ? percentBounds(share.interval) : '',
      weight: 4,
    },
  ];
  return table(columns, rows, screen);
}

function groupTable(head: string, groups: readonly FleetGroup[], screen: Screen): string {
  const columns: Array<Column<FleetGroup>> = [
    { head, text: ({ name }) => withoutControls(name), weight: 9 },
    { head: 'hosts', text: ({ hosts }) => count(hosts), weight: 8 },
    { head: 'mean share\nof empty CPUs', text: ({ meanPercent }) => percent(meanPercent), weight: 7 },
    { head: 'median', text: ({ medianPercent }) => percent(medianPercent), weight: 5 },
    { head: 'hosts at least\nhalf empty', text: ({ halfEmptyHosts }) => count(halfEmptyHosts), weight: 6 },
  ];
  return table(columns, groups, screen);
}

function policyTable({ policies }: FleetCensus, screen: Screen): string {
  const columns: Array<Column<FleetPolicy>> = [
    { head: 'one drain\non each host', text: ({ name }) => name, weight: 9 },
    { head: 'interrupts', text: ({ interrupts }) => boundsText(interrupts), weight: 8 },
    {
      head: 'fewer than\neveryone',
      text: ({ savedPercent }) => (savedPercent === null ? '–' : percentBounds(savedPercent)),
      weight: 7,
    },
    { head: 'CPUs\ndisturbed', text: ({ disturbed }) => boundsText(disturbed), weight: 6 },
    { head: 'for\nnothing', text: ({ useless }) => boundsText(useless), weight: 5 },
    { head: 'isolated', text: ({ isolatedDisturbed }) => boundsText(isolatedDisturbed), weight: 4 },
  ];
  return table(columns, policies, screen);
}

function hostLines({ hosts }: FleetCensus, screen: Screen): string[] {
  if (hosts.length === 0) return [];
  const policyInterrupts = (policy: string) => (host: FleetHost) => {
    const interrupts = interruptsOf(host, policy);
    return interrupts === null ? '' : boundsText(interrupts);
  };
  const columns: Array<Column<FleetHost>> = [
    { head: 'host', text: ({ name }) => withoutControls(name).slice(0, 40), weight: 9 },
    { head: 'kernel', text: ({ kernel }) => withoutControls(kernel).slice(0, 30), weight: 4 },
    { head: 'CPUs', text: ({ cpus }) => count(cpus.online), weight: 8 },
    { head: 'empty', text: ({ cpus }) => count(cpus.empty), weight: 7 },
    {
      head: 'share',
      text: ({ emptyPercent }) => (emptyPercent === null ? '–' : percent(emptyPercent)),
      weight: 6,
    },
    {
      head: 'isolated',
      text: ({ isolated }) =>
        isolated.online === 0 ? '' : `${count(isolated.empty)} of ${count(isolated.online)}`,
      weight: 3,
    },
    { head: 'everyone\ninterrupts', text: policyInterrupts('everyone'), weight: 5 },
    { head: 'static-mask\ninterrupts', text: policyInterrupts('static-mask'), weight: 5 },
    {
      head: 'warnings',
      text: ({ warnings }) => (warnings.length === 0 ? '' : count(warnings.length)),
      weight: 2,
    },
  ];
  const lines = [table(columns, hosts.slice(0, hostsMax), screen)];
  const more = hosts.length - hostsMax;
  if (more > 0)
    lines.push(
      screen.colours.dim(
        wrap(
          `… and ${plural(more, 'host')} more: --csv, --json, --parquet FILE or --html FILE has them all.`,
          screen.width,
        ),
      ),
    );
  return lines;
}

function errorLines(errors: readonly FleetError[], screen: Screen): string[] {
  if (errors.length === 0) return [];
  const lines = errors
    .slice(0, errorsMax)
    .map(({ path, code, message }) =>
      wrap(withoutControls(`${path}: ${message} [${code}]`), screen.width, '  '),
    );
  const more = errors.length - errorsMax;
  return ['Could not be read:', ...lines, ...(more > 0 ? [`… and ${count(more)} more (--csv, --json)`] : [])];
}

function ignoredLines({ source }: FleetCensus): string[] {
  const kinds = Object.entries(source.ignored).sort(([a], [b]) => (a < b ? -1 : 1));
  if (kinds.length === 0) return [];
  return [`Passed over: ${kinds.map(([what, number]) => `${what} (${count(number)})`).join(', ')}.`];
}
