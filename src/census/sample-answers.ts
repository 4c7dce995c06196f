/** What many looks at one host say, in sentences: the answer, what comes before it, what must be read with it. */

import { formatCpuList } from '../base/cpu-list.ts';
import type { Interval } from '../engine/accounting/interval.ts';
import { count, decimal, percent, plural } from '../engine/report/numbers.ts';
import type { HostSamples, SampleTiming } from './host-samples.ts';

/** Fills `answers`, `warnings` and `caveats`. */
export function sayOfSamples(samples: HostSamples): void {
  samples.answers.push(...answers(samples));
  samples.warnings.push(...warnings(samples));
  samples.caveats.push(...caveats(samples));
}

function answers({ timing, cpus, halfEmpty, meanEmpty, isolated }: HostSamples): string[] {
  const { most } = cpus.onlineCount;
  const said = [
    `At least half of the ${count(most)} CPUs were empty in ${shareText(halfEmpty)} of ${plural(timing.samples, 'sample')}; on average ${percentOf(meanEmpty.percent)}${intervalText(meanEmpty.interval)} of the CPUs held no page.`,
  ];
  if (isolated !== null)
    said.push(
      `Isolated CPUs: ${percentOf(isolated.percent)}${intervalText(isolated.interval)} of them empty on average, all of them at once in ${shareText(isolated.allEmpty)}.`,
    );
  return said;
}

function warnings({ timing, cpus, self }: HostSamples): string[] {
  const said: string[] = [];
  if (timing.samples < timing.asked)
    said.push(`Stopped after ${count(timing.samples)} of ${plural(timing.asked, 'sample')}.`);
  if (timing.samples < 20) said.push('Fewer than 20 samples tell nothing of their spread: no intervals.');
  if (timing.gapMs !== null && timing.gapMs.most > 3 * timing.everyMs)
    said.push(
      `Two samples were ${decimal(timing.gapMs.most, 0)} ms apart instead of ${decimal(timing.everyMs, 0)}: the host was too busy to look in time.`,
    );
  if (cpus.changes > 0)
    said.push(
      `CPUs came or went ${plural(cpus.changes, 'time')}: ${count(cpus.onlineCount.least)} to ${count(cpus.onlineCount.most)} were online.`,
    );
  if (self.onAvoided !== '') said.push(self.said);
  return said;
}

function caveats(samples: HostSamples): string[] {
  const { timing, self } = samples;
  const said = [effectiveText(timing)];
  if (self.ranOn.length > 0)
    said.push(
      `The looking itself takes and frees pages: CPU ${formatCpuList(self.ranOn.map(({ cpu }) => cpu))}, where it ran, may have held pages because of it.`,
    );
  said.push(
    `Reading a sample took ${decimal(timing.readMs.mean, 2)} ms (at most ${decimal(timing.readMs.most, 2)}): lists of one sample are that far apart. The kernel holds a zone's lock while it prints the zone.`,
  );
  return said;
}

function effectiveText({ samples, effectiveSamples }: SampleTiming): string {
  if (samples < 20) return `${plural(samples, 'sample')}: how alike neighbours are is not known.`;
  if (effectiveSamples === null)
    return 'The share of empty CPUs never changed, so nothing tells how alike neighbouring samples are; intervals count each block of neighbours as one.';
  if (effectiveSamples === samples)
    return `Neighbouring samples seem not to depend on each other. Intervals (95 %) draw whole blocks of them all the same.`;
  return `Neighbouring samples are alike: ${count(samples)} are worth about ${count(effectiveSamples)} that do not depend on each other. Intervals (95 %) draw whole blocks of neighbours.`;
}

function shareText({ percent: value, interval }: { percent: number; interval: Interval | null }): string {
  return `${percent(value)}${intervalText(interval)}`;
}

function percentOf(value: number | null): string {
  return value === null ? 'not known how many' : percent(value);
}

export function intervalText(interval: Interval | null): string {
  return interval === null ? '' : ` (${decimal(interval[0], 1)} to ${decimal(interval[1], 1)})`;
}
