/** One look at a running host in one line, for pipes and plain terminals. */

import { count, decimal, percent, plural } from '../../engine/report/numbers.ts';
import { interruptsOfKind } from '../../host/host-sample.ts';
import type { InterruptKind } from '../../snapshot/interrupts.ts';
import type { WatchedHost, WatchedPace } from './watched-host.ts';

export function watchHostLine({ sample, stalls, tracedDrains }: WatchedHost, { cost }: WatchedPace): string {
  if (sample === null) return '';
  const { cpus, load, interrupts, host } = sample;
  const isolated =
    cpus.isolatedOnline === 0 ? '' : ` (isolated ${cpus.isolatedEmpty} of ${cpus.isolatedOnline})`;
  const rate = (kind: InterruptKind) =>
    interrupts === null ? '–' : count(interruptsOfKind(interrupts, kind, null) / (interrupts.sinceMs / 1000));
  const calls =
    interrupts === null || host.machine.isolated.count === 0
      ? ''
      : ` (isolated ${count(interruptsOfKind(interrupts, 'call', host.machine.isolated) / (interrupts.sinceMs / 1000))})`;
  return [
    `${(sample.timeMs / 1000).toFixed(1)} s`,
    `empty ${count(cpus.empty)} of ${plural(cpus.online, 'CPU')}${isolated}`,
    `${count(cpus.parkedPages)} pages on lists`,
    `a second: calls ${rate('call')}${calls}, reschedules ${rate('reschedule')}, reclaims ${stalls.perSecond === null ? '–' : count(stalls.perSecond)}${tracedDrains.perSecond === null ? '' : `, drains ${count(tracedDrains.perSecond)}`}`,
    `pressure ${load.pressure === null ? '–' : percent(load.pressure.some.avg10, 2)}`,
    `load ${load.loadAverage === null ? '–' : decimal(load.loadAverage)}`,
    `own cost ${cost === null ? '–' : percent(cost.corePercent, 2)}`,
  ].join(' · ');
}
