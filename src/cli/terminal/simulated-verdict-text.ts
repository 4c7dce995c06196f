/** A verdict on a scenario for people: the answer, the table, who held pages, the thread's ledger. */

import { count, decimal, duration, eachText, percent, plural } from '../../engine/report/numbers.ts';
import type { SimulatedPolicy, SimulationFigures } from '../../engine/report/simulation-figures.ts';
import { ledgerText } from '../../engine/report/thread-ledger.ts';
import type { PolicyVerdict, Verdict } from '../../engine/report/verdict.ts';
import { type Column, table, wrap } from './layout.ts';
import { forScreen, type Screen } from './screen.ts';
import { causeSection, counterSection, holderSection } from './verdict-text.ts';

/** A policy's figures of both parts of the verdict. */
interface Row {
  readonly policy: PolicyVerdict;
  readonly own: SimulatedPolicy;
}

/** Ends with a line feed. `simulation` is that of `verdict`. */
export function simulatedVerdictText(
  verdict: Verdict,
  simulation: SimulationFigures,
  screen: Screen,
): string {
  const { colours } = screen;
  const rows = simulation.policies.map((own, i): Row => ({ policy: verdict.policies[i], own }));
  const drained = verdict.drains.carriedOut > 0;
  const sections = [
    [
      ...verdict.warnings.map((text) => colours.yellow(wrap(text, screen.width))),
      ...verdict.answers.map((text) => colours.bold(wrap(text, screen.width))),
      ...verdict.caveats.map((text) => wrap(text, screen.width, '  ')),
    ],
    [colours.dim(wrap(sourceText(verdict, simulation), screen.width))],
    drained ? [policyTable(verdict, rows, screen), ...notes(rows, verdict, screen)] : [],
    drained ? [timeTable(rows, verdict.lead.baseline, screen)] : [],
    holders(verdict, screen),
    causeSection(verdict, screen),
    drained ? ledgerSection(verdict, rows, screen) : [],
    drained ? counterSection(verdict, screen) : [],
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return forScreen(`${text.join('\n\n')}\n`, screen);
}

function sourceText({ source }: Verdict, { seeds, secondsPerRun, title, runs }: SimulationFigures): string {
  return [
    `${source.name}: ${title}`,
    `Linux ${source.kernel}`,
    plural(source.cpus, 'CPU') + (source.isolated === '' ? '' : ` (isolated ${source.isolated})`),
    `${plural(runs.length, 'run')} of ${decimal(secondsPerRun, secondsPerRun < 1 ? 3 : 1)} s`,
    seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]}–${seeds[seeds.length - 1]}`,
    `${count(source.events)} steps`,
    `run ${source.runHash}`,
  ].join(' · ');
}

function policyTable(verdict: Verdict, rows: readonly Row[], screen: Screen): string {
  const { lead, source } = verdict;
  const any = (value: (row: Row) => number) => rows.some((row) => value(row) > 0);
  const each = (value: number, own: SimulatedPolicy) =>
    own.carriedOut === 0 ? '–' : eachText(value / own.carriedOut);
  const columns: Array<Column<Row>> = [
    { head: 'policy', text: ({ policy }) => policy.name, weight: 9 },
    { head: 'kernels', text: ({ policy }) => policy.origin, weight: 1 },
    { head: 'drains', text: ({ own }) => count(own.carriedOut), weight: 7 },
    { head: 'interrupts\na drain', text: ({ policy, own }) => each(policy.interrupts, own), weight: 8 },
    {
      head: 'saved\na drain',
      text: ({ policy }) => savedText(policy.name === lead.baseline ? null : policy.savedPercent),
      weight: 7.5,
      paint: (text, { policy }) => painted(text, policy.savedPercent ?? 0, screen),
    },
    {
      head: 'saved,\n95 %',
      text: ({ policy }) => (policy.name === lead.baseline ? '' : intervalText(policy.savedPercentInterval)),
      weight: 5.5,
    },
    {
      head: 'saved\nin all',
      text: ({ policy, own }) => savedText(policy.name === lead.baseline ? null : own.savedPercentInAll),
      weight: 5,
    },
    {
      head: 'for\nnothing',
      text: ({ policy }) =>
        policy.disturbed === 0 ? '–' : percent((100 * policy.useless) / policy.disturbed),
      weight: 6,
    },
  ];
  if (source.isolated !== '') {
    columns.push({
      head: 'isolated\na drain',
      text: ({ policy, own }) => each(policy.isolatedDisturbed, own),
      weight: 6.5,
    });
  }
  if (any(({ own }) => own.turnedAway))
    columns.push({ head: 'turned\naway', text: ({ own }) => count(own.turnedAway), weight: 4.5 });
  if (any(({ policy }) => policy.workers))
    columns.push({ head: 'works\na drain', text: ({ policy, own }) => each(policy.workers, own), weight: 4 });
  if (any(({ policy }) => policy.locked))
    columns.push({ head: 'locked\na drain', text: ({ policy, own }) => each(policy.locked, own), weight: 3 });
  if (any(({ own }) => own.retriesTried)) {
    columns.push({
      head: 'retry\ngot page',
      text: ({ own }) => (own.retriesGotPercent === null ? '–' : percent(own.retriesGotPercent)),
      weight: 3.5,
    });
  }
  const shown = columns.filter(
    ({ text, head }) => head !== 'saved,\n95 %' || rows.some((row) => text(row) !== ''),
  );
  return table(shown, rows, screen);
}

function savedText(saved: number | null): string {
  return saved === null ? '–' : percent(saved);
}

function painted(text: string, saved: number, { colours }: Screen): string {
  return saved > 0 ? colours.green(text) : saved < 0 ? colours.red(text) : text;
}

function intervalText(interval: readonly [number, number] | null): string {
  if (interval === null || interval[1] - interval[0] < 0.05) return '';
  return `${decimal(interval[0], 1)}–${decimal(interval[1], 1)}`;
}

/** Whom the drains cost how much time. */
function timeTable(rows: readonly Row[], baseline: string, screen: Screen): string {
  const time = (ns: number | null | undefined) =>
    ns === null || ns === undefined ? '–' : ns === 0 ? '0' : duration(ns);
  const each = (ns: number, own: SimulatedPolicy) =>
    own.carriedOut === 0 ? '–' : ns === 0 ? '0' : duration(ns / own.carriedOut);
  const columns: Array<Column<Row>> = [
    { head: 'time', text: ({ policy }) => policy.name, weight: 9 },
    { head: 'other CPUs\na drain', text: ({ own }) => time(own.disturbedNsPerDrain), weight: 8 },
    { head: 'caller\np50', text: ({ policy }) => time(policy.stallNs?.p50), weight: 7 },
    { head: 'caller\np99', text: ({ policy }) => time(policy.stallNs?.p99), weight: 6 },
    { head: 'caller\nmax', text: ({ policy }) => time(policy.stallNs?.max), weight: 5 },
    { head: 'looking\na drain', text: ({ own }) => each(own.scanNs, own), weight: 4 },
    { head: 'masks\na drain', text: ({ own }) => each(own.maskNs, own), weight: 3 },
    { head: 'idle CPUs\nwoken', text: ({ own }) => count(own.idleWoken), weight: 2 },
  ];
  const base = rows.find(({ own }) => own.name === baseline)?.own.pageOperations ?? 0;
  if (base > 0) {
    // What the machine got done in the same time: pages allocated and freed.
    columns.push({
      head: 'page work\nin all',
      text: ({ own }) =>
        own.name === baseline ? count(base) : signedPercent(100 * (own.pageOperations / base - 1)),
      weight: 6.2,
    });
  }
  if (rows.some(({ own }) => own.isolatedDisturbedNs > 0)) {
    columns.push({
      head: 'isolated\nin all',
      text: ({ own }) => time(own.isolatedDisturbedNs),
      weight: 6.5,
    });
  }
  return table(columns, rows, screen);
}

function signedPercent(value: number): string {
  return value < 0 ? percent(value) : `+${percent(value)}`;
}

function notes(rows: readonly Row[], { lead }: Verdict, screen: Screen): string[] {
  const lines = [
    `modelled: nothing here was recorded. "for nothing": of the CPUs that were disturbed, those that held no page by then. ` +
      `"in all": over whole runs, in which policies have more or fewer drains than ${lead.baseline}.`,
  ];
  const stuck = rows.filter(({ own }) => own.unfinished > 0);
  if (stuck.length > 0) {
    const each = stuck.map(({ own }) => `${own.name} ${count(own.unfinished)}`);
    lines.push(`drains that were not over when their run ended: ${each.join(', ')}.`);
  }
  return [screen.colours.dim(lines.map((line) => wrap(line, screen.width)).join('\n'))];
}

function holders(verdict: Verdict, screen: Screen): string[] {
  const lines = holderSection(verdict, screen);
  if (lines.length === 0) return [];
  return [wrap(`Under ${verdict.lead.baseline}:`, screen.width), ...lines];
}

/** Of the policies that were asked about and of all that allocate a mask. */
function ledgerSection(verdict: Verdict, rows: readonly Row[], screen: Screen): string[] {
  const { lead } = verdict;
  const shown = rows.filter(
    ({ policy }) =>
      policy.name !== lead.baseline && (lead.asked.includes(policy.name) || policy.mask === 'allocated'),
  );
  if (shown.length === 0) return [];
  const lines = shown.flatMap(({ policy, own }) => {
    const [first, ...rest] = ledgerText(policy.name, lead.baseline, own.ledger);
    return [
      wrap(`  ${first}`, screen.width, '    '),
      ...rest.map((line) => wrap(`    ${line}`, screen.width, '      ')),
    ];
  });
  return [
    screen.colours.bold(wrap("The thread's ledger: what the mask cost, what it saved", screen.width)),
    ...lines,
  ];
}
