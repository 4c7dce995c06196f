/** The survey in sentences, the leading one first, and what must be read with it. */

import type { Interval } from '../engine/accounting/interval.ts';
import { count, percent, plural } from '../engine/report/numbers.ts';
import { boundsText } from './census-answers.ts';
import type { CpuShare, FleetFigures, HostShare } from './fleet.ts';

export function fleetAnswers(figures: FleetFigures): string[] {
  const { source } = figures;
  if (source.hosts === 0) return ['No host could be read.'];
  return [leadingAnswer(figures), shareAnswer(figures), isolatedAnswer(figures), drainAnswer(figures)].filter(
    (text) => text !== '',
  );
}

function leadingAnswer({ halfEmpty, noneEmpty, source }: FleetFigures): string {
  const hosts = plural(source.hosts, 'host');
  if (halfEmpty.of === 0) return `Of ${hosts} it is not known whether half of the CPUs are empty.`;
  const of = halfEmpty.of === source.hosts ? hosts : `${plural(halfEmpty.of, 'host')} of which it is known`;
  if (halfEmpty.of === 1) return singleAnswer(halfEmpty.hosts === 1, noneEmpty.hosts === 1, of);
  const none = noneEmpty.of === 0 ? '' : `; every CPU holds pages on ${shareText(noneEmpty)}`;
  if (halfEmpty.hosts === 0)
    return `At least half of the CPUs are empty nowhere: on ${shareText(halfEmpty)} of ${of} would two-pass use a mask${none}.`;
  return `At least half of the CPUs hold no page on ${shareText(halfEmpty)} of ${of}, where two-pass would use a mask${none}.`;
}

/** A survey of which one host is left has no distribution. */
function singleAnswer(isHalfEmpty: boolean, isFull: boolean, hosts: string): string {
  if (isHalfEmpty) return `At least half of the CPUs of ${hosts} hold no page: two-pass would use a mask.`;
  const held = isFull ? 'Every CPU' : 'More than half of the CPUs';
  return `${held} of ${hosts} ${isFull ? 'holds' : 'hold'} pages: two-pass would interrupt everyone.`;
}

/** `12 (1.2 %, 95 % interval 0.6 to 2.1 %)`, `none`, `all 6`. */
function shareText({ hosts, of, percent: share, interval }: HostShare): string {
  const notes = [
    ...(share === null || hosts === 0 || hosts === of ? [] : [percent(share)]),
    ...(interval === null ? [] : [intervalText(interval)]),
  ];
  const number = hosts === 0 ? 'none' : hosts === of ? `all ${count(hosts)}` : count(hosts);
  return notes.length === 0 ? number : `${number} (${notes.join(', ')})`;
}

export function intervalText([low, high]: Interval): string {
  return `95 % interval ${low.toFixed(1)} to ${percent(high)}`;
}

function shareAnswer({ emptyShare, cpus }: FleetFigures): string {
  const { meanPercent, meanInterval, quantiles } = emptyShare;
  if (meanPercent === null || quantiles === null) return '';
  const interval = meanInterval === null ? '' : ` (${intervalText(meanInterval)})`;
  const all =
    cpus.emptyPercent === null ? '' : ` Of all ${plural(cpus.online, 'CPU')} together ${cpuText(cpus)}.`;
  if (emptyShare.hosts === 1) return all.trim();
  const high = quantiles.p90 > quantiles.p50 ? `; one host in ten has ${percent(quantiles.p90)} or more` : '';
  return `On the mean host ${percent(meanPercent)} of the CPUs hold no page${interval}, on the median host ${percent(quantiles.p50)}${high}.${all}`;
}

function cpuText({ empty, emptyPercent }: CpuShare): string {
  return `${count(empty)} (${percent(emptyPercent ?? 0)}) hold none`;
}

function isolatedAnswer({ isolated, housekeeping }: FleetFigures): string {
  if (isolated.online === 0 || isolated.emptyPercent === null) return '';
  const others =
    housekeeping.emptyPercent === null ? '' : `; of the others ${percent(housekeeping.emptyPercent)}`;
  return `${plural(isolated.hosts, 'host')} ${isolated.hosts === 1 ? 'has' : 'have'} ${plural(isolated.online, 'isolated CPU')}, of which ${cpuText(isolated)}${others}.`;
}

function drainAnswer({ policies }: FleetFigures): string {
  const everyone = policies.find(({ name }) => name === 'everyone');
  const selective = policies.find(({ name }) => name === 'static-mask');
  const twoPass = policies.find(({ name }) => name.startsWith('two-pass'));
  if (everyone === undefined || everyone.interrupts[1] === 0) return '';
  const others = [selective, twoPass].flatMap((policy) =>
    policy?.savedPercent == null
      ? []
      : [`${boundsText(policy.interrupts)} by ${policy.name} (${percentBounds(policy.savedPercent)} fewer)`],
  );
  if (others.length === 0) return '';
  return `One drain of every zone on each host sends ${boundsText(everyone.interrupts)} ${everyone.interrupts[1] === 1 ? 'interrupt' : 'interrupts'} by everyone, ${others.join(' and ')}.`;
}

/** `45.8 %`, or `45.8 to 46.1 %` where it depends on who asks. */
export function percentBounds([least, most]: readonly [number, number]): string {
  return percent(least) === percent(most) ? percent(most) : `${least.toFixed(1)} to ${percent(most)}`;
}

export function fleetWarnings({ source, hosts, emptyShare, errors }: FleetFigures): string[] {
  const lines: string[] = [];
  if (source.notRead > 0)
    lines.push(`Stopped: ${plural(source.notRead, 'host')} not looked at. The survey is of those before.`);
  if (errors.length > 0)
    lines.push(`${plural(errors.length, 'host')} could not be read; each is told below.`);
  const odd = hosts.filter(({ warnings }) => warnings.length > 0).length;
  if (odd > 0)
    lines.push(`${plural(odd, 'host')} ${odd === 1 ? 'has' : 'have'} files that are missing, cut or odd.`);
  const unknown = source.hosts - emptyShare.hosts;
  if (unknown > 0)
    lines.push(
      `${plural(unknown, 'host')} left out of the distribution: of some of the CPUs it is not known.`,
    );
  return lines;
}

export function fleetCaveats({ source, hosts, emptyShare, halfEmpty }: FleetFigures): string[] {
  if (source.hosts === 0) return [];
  const lines = [
    'Each host was looked at once. The kernel prints the lists one after the other and holds nothing still, and whatever collects the files fills the lists of the CPUs that it runs on.',
  ];
  if (halfEmpty.interval !== null || emptyShare.meanInterval !== null)
    lines.push(
      'Intervals are over hosts, taken as a sample in which no host has to do with another; hosts of one kind or one load are alike, so the true uncertainty is larger.',
    );
  if (source.hostNames < source.hosts)
    lines.push(
      `The ${count(source.hosts)} reports are of ${plural(source.hostNames, 'host name')}: some hosts count more than once.`,
    );
  const single = hosts.filter(({ cpus }) => cpus.online === 1).length;
  if (single > 0)
    lines.push(
      `${plural(single, 'host')} with one CPU ${single === 1 ? 'is' : 'are'} among them: a drain can disturb nobody there.`,
    );
  return lines;
}
