/** An audit for people: the answer in one sentence, then by cause, by victim, who disturbs whom, over time, what was checked. */

import type {
  AuditCause,
  AuditReport,
  AuditVictim,
  KernelCount,
  TimeFigures,
} from '../../audit/audit-report.ts';
import { secondsText, shortCauseText } from '../../audit/lead.ts';
import { withoutControls } from '../../base/printable.ts';
import { count, decimal, duration, percent, plural } from '../../engine/report/numbers.ts';
import { auditMatrix } from './audit-matrix.ts';
import { type Column, table, wrap } from './layout.ts';
import { forScreen, type Screen } from './screen.ts';
import { spark } from './spark.ts';

const causesShown = 15;
const victimsShown = 16;

/** Ends with a line feed. */
export function auditText(report: AuditReport, screen: Screen): string {
  const { colours, width } = screen;
  const sections = [
    [colours.bold(wrap(`${withoutControls(report.source.name)}: ${report.lead}`, width))],
    [sourceLine(report, screen)],
    causes(report, screen),
    victims(report, screen),
    auditMatrix(report, screen),
    timeline(report, screen),
    coalescing(report, screen),
    kernelCounts(report, screen),
    unmatched(report, screen),
    missing(report, screen),
    report.notes.map((note) => colours.dim(wrap(note, width))),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return forScreen(`${text.join('\n\n')}\n`, screen);
}

function sourceLine({ source, isolated }: AuditReport, screen: Screen): string {
  const from = isolated.from === '' ? '' : ` (by ${isolated.from})`;
  const parts = [
    source.kernel === '' ? 'kernel not known' : `kernel ${source.kernel}`,
    plural(source.cpus, 'CPU'),
    `isolated ${isolated.cpus === '' ? (isolated.from === '' ? 'not known' : 'none') : isolated.cpus}${from}`,
    ...(source.seconds === null ? [] : [secondsText(source.seconds)]),
    `${plural(source.events, 'event')} in the recording`,
    source.format,
  ];
  return screen.colours.dim(wrap(parts.join(' · '), screen.width));
}

function causes(report: AuditReport, screen: Screen): string[] {
  const { colours, width } = screen;
  const shown = report.causes.filter(({ disturbances, calls }) => disturbances + calls > 0);
  if (shown.length === 0) return [];
  const lines = [colours.bold('By cause'), table(causeColumns(report), shown.slice(0, causesShown), screen)];
  if (shown.length > causesShown)
    lines.push(wrap(`  … and ${plural(shown.length - causesShown, 'other cause')} (--csv, --json)`, width));
  return lines;
}

function causeColumns(report: AuditReport): Array<Column<AuditCause>> {
  const { totals, recorded } = report;
  const columns: Array<Column<AuditCause>> = [
    { head: '', text: (cause) => causeName(cause), weight: 9 },
    { head: 'disturbs', text: ({ disturbances }) => count(disturbances), weight: 9 },
  ];
  if (report.isolatedTotals !== null)
    columns.push({
      head: 'isolated',
      text: ({ isolatedDisturbances }) => count(isolatedDisturbances),
      weight: 9,
    });
  if (totals.calls !== null) columns.push({ head: 'calls', text: ({ calls }) => count(calls), weight: 8 });
  if (recorded.interruptsFrom === 'sent' && totals.handled !== null)
    columns.push({ head: 'handled', text: ({ handled }) => count(handled), weight: 4 });
  if (totals.drainsJudged > 0) columns.push({ head: 'useless', text: uselessText, weight: 7 });
  columns.push(
    { head: 'until it\nruns p50', text: ({ latencyNs }) => timeText(latencyNs, 'p50'), weight: 5 },
    { head: 'p99', text: ({ latencyNs }) => timeText(latencyNs, 'p99'), weight: 4 },
    { head: 'runs for\np50', text: ({ durationNs }) => timeText(durationNs, 'p50'), weight: 5 },
    { head: 'longest', text: ({ durationNs }) => timeText(durationNs, 'max'), weight: 6 },
    { head: 'most by task', text: taskText, weight: 3 },
  );
  return columns;
}

function causeName(cause: AuditCause): string {
  const name = shortCauseText(cause);
  if (cause.callback === '' || cause.callsite === '') return name;
  return `${name}, ${cause.kind === 'work' ? cause.callsite : `from ${cause.callsite}`}`;
}

function uselessText({ drainsJudged, drainsUseless }: AuditCause): string {
  return drainsJudged === 0 ? '–' : `${count(drainsUseless)} of ${count(drainsJudged)}`;
}

function taskText({ tasks }: AuditCause): string {
  if (tasks.length === 0) return '–';
  const sum = tasks.reduce((total, task) => total + task.count, 0);
  return `${tasks[0].comm || 'not named'} ${percent((100 * tasks[0].count) / sum, 0)}`;
}

function timeText(times: TimeFigures | null, figure: 'p50' | 'p99' | 'max'): string {
  return times === null ? '–' : duration(times[figure]);
}

function victims(report: AuditReport, screen: Screen): string[] {
  const { colours, width } = screen;
  const shown = report.victims.filter(({ disturbances, calls }) => disturbances + calls > 0);
  if (shown.length === 0) return [];
  const isolated = shown.filter((victim) => victim.isolated).length;
  const lines = [
    colours.bold(isolated > 0 ? 'By victim, isolated CPUs first' : 'By victim'),
    table(victimColumns(report, screen), shown.slice(0, victimsShown), screen),
  ];
  if (shown.length > victimsShown)
    lines.push(wrap(`  … and ${plural(shown.length - victimsShown, 'other CPU')} (--json)`, width));
  const quiet = report.isolatedTotals === null ? 0 : isolatedCount(report) - isolated;
  if (quiet > 0) lines.push(wrap(`  Nothing disturbed the other ${plural(quiet, 'isolated CPU')}.`, width));
  return lines;
}

function isolatedCount({ isolated }: AuditReport): number {
  return isolated.cpus
    .split(',')
    .map((part) => part.split('-').map(Number))
    .reduce((sum, [from, to = from]) => sum + to - from + 1, 0);
}

function victimColumns(report: AuditReport, { colours }: Screen): Array<Column<AuditVictim>> {
  const columns: Array<Column<AuditVictim>> = [
    {
      head: 'CPU',
      text: ({ cpu, isolated }) => `${cpu}${isolated ? ' isolated' : ''}`,
      weight: 9,
      paint: (text, { isolated, disturbances }) =>
        isolated && disturbances > 0 ? colours.yellow(text) : text,
    },
    { head: 'disturbed', text: ({ disturbances }) => count(disturbances), weight: 9 },
    { head: 'most by', text: (victim) => mostBy(victim, report), weight: 8 },
    { head: 'first', text: ({ firstNs }) => momentText(firstNs), weight: 5 },
    { head: 'last', text: ({ lastNs }) => momentText(lastNs), weight: 5 },
  ];
  if (report.totals.calls !== null)
    columns.push({ head: 'calls', text: ({ calls }) => count(calls), weight: 6 });
  if (report.totals.works !== null)
    columns.push({ head: 'works', text: ({ works }) => count(works), weight: 6 });
  if (report.totals.durationNs !== null)
    columns.push({
      head: 'longest',
      text: ({ longestNs }) => (longestNs < 0 ? '–' : duration(longestNs)),
      weight: 7,
    });
  return columns;
}

function mostBy({ causes: list }: AuditVictim, report: AuditReport): string {
  if (list.length === 0) return '–';
  return `${shortCauseText(report.causes[list[0].cause])} ${count(list[0].disturbances)}`;
}

/** `+1.342 s` after the first event of the recording, as --from takes it. */
function momentText(ns: number): string {
  return ns < 0 ? '–' : `+${(ns / 1e9).toFixed(3)} s`;
}

function timeline(report: AuditReport, screen: Screen): string[] {
  const { bucketNs, interrupts, works, isolatedInterrupts, isolatedWorks } = report.timeline;
  const all = interrupts.map((times, i) => times + works[i]);
  const isolated = isolatedInterrupts.map((times, i) => times + isolatedWorks[i]);
  if (all.every((times) => times === 0)) return [];
  const room = screen.width - 26;
  const lines = [
    ['all CPUs', all],
    ['isolated', isolated],
  ] as const;
  return [
    screen.colours.bold(
      `Over time${report.source.seconds === null ? '' : ` (each sign ${duration(bucketNs * Math.ceil(all.length / room))})`}`,
    ),
    ...lines
      .filter(([, times]) => times === all || report.isolatedTotals !== null)
      .map(([name, times]) => {
        const { bars, most } = spark(times, room, screen);
        return `  ${name}  ${screen.colours.cyan(bars)}  ${screen.colours.dim(`max ${count(most)}`)}`;
      }),
  ];
}

function coalescing({ coalescing: figures, isolatedTotals }: AuditReport, { width }: Screen): string[] {
  if (figures === null) return [];
  const { calls, interrupts, callsPerInterrupt, outsideInterrupt } = figures;
  const isolated =
    isolatedTotals === null
      ? ''
      : ` Isolated CPUs: ${plural(figures.isolatedCalls, 'call')}, ${plural(figures.isolatedInterrupts, 'interrupt')}.`;
  const each = callsPerInterrupt === null ? '' : ` (${decimal(callsPerInterrupt)} an interrupt)`;
  const outside =
    outsideInterrupt === null || outsideInterrupt === 0
      ? ''
      : ` ${plural(outsideInterrupt, 'function')} ran without an interrupt: the CPU polled while idle.`;
  return [
    wrap(
      `${plural(calls, 'call')} to other CPUs were queued and ${plural(interrupts, 'interrupt')} sent for them${each}.${isolated}${outside}`,
      width,
    ),
  ];
}

function kernelCounts({ kernelCounts: rows, isolatedTotals }: AuditReport, screen: Screen): string[] {
  if (rows === null || rows.length === 0) return [];
  const known = (value: number | null) => (value === null ? 'not recorded' : count(value));
  const columns: Array<Column<KernelCount>> = [
    { head: '', text: ({ label, text }) => `${label} ${text}`, weight: 9 },
    { head: 'counted', text: ({ delta }) => count(delta), weight: 9 },
    { head: 'handled here', text: ({ recorded }) => known(recorded), weight: 9 },
    { head: 'sent here', text: ({ sent }) => known(sent), weight: 8 },
  ];
  if (isolatedTotals !== null)
    columns.push(
      { head: 'isolated\ncounted', text: ({ isolatedDelta }) => known(isolatedDelta), weight: 7 },
      { head: 'handled\nhere', text: ({ isolatedRecorded }) => known(isolatedRecorded), weight: 7 },
    );
  return [
    screen.colours.bold("Beside the kernel's own counters (/proc/interrupts, end minus start)"),
    table(columns, rows, screen),
    screen.colours.dim(
      wrap(
        '  The counters cover also the time between their reading and the recording, before and after; one interrupt may be sent and merged with another.',
        screen.width,
        '  ',
      ),
    ),
  ];
}

const unmatchedTexts = {
  sentWithoutHandler: 'sent, no handler seen',
  sentMerged: 'sent while another was on its way',
  handledWithoutSend: 'handled, no send seen',
  handlersWithoutExit: 'handlers without their end',
  callsWithoutEntry: 'calls, no function seen',
  entriesWithoutCall: 'functions, no call seen',
  worksWithoutStart: 'works, no begin seen',
  startsWithoutQueue: 'works begun, no queueing seen',
  unreadable: 'events that could not be read',
} as const satisfies Record<keyof AuditReport['unmatched'], string>;

function unmatched({ unmatched: counts }: AuditReport, { width, colours }: Screen): string[] {
  const parts = (Object.keys(unmatchedTexts) as Array<keyof typeof unmatchedTexts>)
    .filter((key) => counts[key] > 0)
    .map((key) => `${count(counts[key])} ${unmatchedTexts[key]}`);
  return parts.length === 0 ? [] : [colours.dim(wrap(`Not paired: ${parts.join(', ')}.`, width))];
}

function missing({ recorded }: AuditReport, { width, colours }: Screen): string[] {
  if (recorded.missing.length === 0) return [];
  return [
    colours.bold('Not in this recording, so not known'),
    ...recorded.missing.map(({ events, since, notKnown }) =>
      wrap(`  ${notKnown}: ${events} (from ${since})`, width, '    '),
    ),
    wrap(`  Next time: ${recorded.recordWith}`, width, '    '),
  ];
}
