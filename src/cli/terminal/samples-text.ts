/** Many looks at one host for people: the answer, the distribution, isolated CPUs, the load beside it, what the looking cost. */

import type { CpuSamples, HostSamples } from '../../census/host-samples.ts';
import { intervalText } from '../../census/sample-answers.ts';
import { count, decimal, duration, percent, plural } from '../../engine/report/numbers.ts';
import { barChart, rangeLabel } from './holders-chart.ts';
import { type Column, table, wrap } from './layout.ts';
import { withoutControls } from './line-output.ts';
import { forScreen, type Screen } from './screen.ts';

/** Larger machines show the CPUs that differ most from the others. */
const cpuRowsMax = 16;

/** Ends with a line feed. */
export function samplesText(samples: HostSamples, screen: Screen): string {
  const { colours, width } = screen;
  const [first, ...others] = samples.answers;
  const sections = [
    [
      ...samples.warnings.map((text) => colours.yellow(wrap(text, width))),
      colours.bold(wrap(first, width)),
      ...others.map((text) => wrap(text, width)),
    ],
    [colours.dim(wrap(sourceLine(samples), width))],
    distribution(samples, screen),
    cpuTable(samples, screen),
    [wrap(`Load beside it: ${loadText(samples)}.`, width), wrap(selfText(samples), width)],
    samples.caveats.map((text) => colours.dim(wrap(text, width))),
  ];
  return forScreen(`${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`, screen);
}

function sourceLine({ source, timing, cpus }: HostSamples): string {
  const { gapMs } = timing;
  const apart = gapMs === null ? '' : `, ${decimal(gapMs.mean, 1)} ms apart`;
  return [
    withoutControls(source.name),
    source.kernel === '' ? 'kernel not known' : `Linux ${source.kernel}`,
    plural(cpus.onlineCount.most, 'CPU') + (cpus.isolated === '' ? '' : ` (isolated ${cpus.isolated})`),
    `${plural(timing.samples, 'sample')} in ${duration(timing.seconds * 1e9)}${apart}`,
  ].join(' · ');
}

function distribution({ distribution: ranges, cpus }: HostSamples, screen: Screen): string[] {
  const half = Math.ceil(cpus.onlineCount.most / 2);
  const isFixed = cpus.onlineCount.least === cpus.onlineCount.most;
  const bars = ranges.map(({ from, to, samples, interval }) => ({
    label: rangeLabel(from, to),
    times: samples,
    note: intervalText(interval),
    ...(from === half && isFixed
      ? { lineAbove: 'below: at least half are empty, two-pass uses a mask; above: everyone' }
      : {}),
  }));
  return [
    'How many CPUs were empty, in how many samples (95 % interval in percent):',
    ...barChart(bars, { label: 'empty', times: 'samples' }, screen),
  ];
}

function cpuTable({ byCpu }: HostSamples, screen: Screen): string[] {
  const sorted = [...byCpu].sort((a, b) => b.percent - a.percent || a.cpu - b.cpu);
  const isCut = sorted.length > cpuRowsMax;
  const rows = isCut
    ? [...sorted.slice(0, cpuRowsMax / 2), ...sorted.slice(-cpuRowsMax / 2)]
    : [...byCpu].sort((a, b) => a.cpu - b.cpu);
  const columns: Array<Column<CpuSamples>> = [
    { head: 'CPU', text: ({ cpu, isolated }) => `${cpu}${isolated ? ' isolated' : ''}`, weight: 9 },
    { head: 'empty', text: (row) => percent(row.percent), weight: 8 },
    { head: '95 %', text: ({ interval }) => intervalText(interval).trim() || '–', weight: 7 },
    { head: 'mean pages', text: ({ meanPages }) => decimal(meanPages, 1), weight: 6 },
    { head: 'online in', text: ({ online }) => plural(online, 'sample'), weight: 2 },
  ];
  const head = isCut
    ? `How often each CPU was empty (the ${cpuRowsMax / 2} most and least often of ${count(byCpu.length)}; --json has all):`
    : 'How often each CPU was empty:';
  return [wrap(head, screen.width), table(columns, rows, screen)];
}

function loadText({ load }: HostSamples): string {
  const { loadAverage, runningTasks, allocationStalls, pressure } = load;
  return [
    loadAverage === null
      ? 'load average not known'
      : `load average ${decimal(loadAverage.first)} to ${decimal(loadAverage.last)}`,
    runningTasks === null
      ? 'running tasks not known'
      : `${decimal(runningTasks.mean, 1)} running tasks on average, ${runningTasks.most} at most`,
    allocationStalls === null
      ? 'direct reclaims not known'
      : `${plural(allocationStalls.total, 'direct reclaim')} (${decimal(allocationStalls.perSecond)} a second)`,
    pressure === null
      ? 'memory pressure not known'
      : `some task waited for memory ${percent(pressure.somePercent, 2)} of the time, all ${percent(pressure.fullPercent, 2)}`,
  ].join(', ');
}

function selfText({ self }: HostSamples): string {
  const cost = `Its own cost: ${percent(self.corePercent, 2)} of a core (${decimal(self.cpuMs, 0)} ms), ${decimal(self.residentBytes / 1e6, 0)} MB.`;
  return `${cost} ${self.said}`;
}
