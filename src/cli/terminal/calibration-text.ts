/** What `drainlab calibrate` found, for people. */

import { defaultCosts } from '../../engine/machine/costs.ts';
import { count, decimal, duration, percent } from '../../engine/report/numbers.ts';
import type { Calibration, RoundTrip, Spread } from '../../host/calibrate/calibration.ts';
import { type Column, table, wrap } from './layout.ts';
import { forScreen, type Screen } from './screen.ts';

/** Ends with a line feed. */
export function calibrationText(calibration: Calibration, screen: Screen): string {
  const { colours, width } = screen;
  const { host, warnings, lines, idleStates } = calibration;
  const sections = [
    [colours.bold(wrap(sentence(calibration), width))],
    warnings.map((warning) => colours.yellow(wrap(`note: ${warning}`, width, '  '))),
    calibration.roundTrips.length === 0
      ? []
      : [
          `Call that interrupts other CPUs and waits (CPU ${host.cpu} asks ${host.targets || 'nobody'})`,
          table(tripColumns, calibration.roundTrips, screen),
        ],
    lines === null
      ? []
      : [
          `Lines as a drain reads them, written by CPU ${lines.writer} (${lines.lines} lines, ${lines.rounds} rounds)${lines.counts ? '' : ': not counted'}`,
          `  written by another CPU  ${spreadText(lines.remoteNs)}`,
          `  read before             ${spreadText(lines.ownNs)}`,
          `  atomic, by another CPU  ${spreadText(lines.remoteAtomicNs)}`,
        ],
    idleStates.length === 0
      ? []
      : [
          'Idle states, as the kernel declares them (not measured)',
          ...idleStates.map(
            ({ name, exitUs, residencyUs }) =>
              `  ${name.padEnd(10)} exit ${exitUs} µs, residency ${residencyUs} µs`,
          ),
        ],
    calibration.costs.length === 0
      ? []
      : ['Costs for a scenario', table(costColumns, calibration.costs, screen)],
  ];
  const shown = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return forScreen(`${shown.join('\n\n')}\n`, screen);
}

function sentence({ roundTrips, costs, host }: Calibration): string {
  const base = roundTrips.find(({ targets }) => targets === 0)?.callNs?.median;
  const counted = roundTrips.flatMap(({ targets, callNs }) =>
    targets > 0 && callNs !== null ? [{ targets, ns: callNs.median - (base ?? 0) }] : [],
  );
  const first = counted.at(0);
  const last = counted.at(-1);
  const place = `${host.name}, kernel ${host.kernel}`;
  if (base === undefined || first === undefined || last === undefined)
    return `${place}: the cost of an interrupt could not be measured here${costs.length > 0 ? ', only that of reading lines' : ''}.`;
  const more = last.targets === first.targets ? '' : `, of ${last.targets} CPUs ${duration(last.ns)}`;
  return `${place}: interrupting ${first.targets === 1 ? 'one CPU' : `${first.targets} CPUs`} and waiting for it takes ${duration(first.ns)}${more}.`;
}

const tripColumns: ReadonlyArray<Column<RoundTrip>> = [
  { head: 'CPUs interrupted', text: ({ targets }) => count(targets), weight: 9 },
  { head: 'batches', text: ({ batches }) => count(batches), weight: 2 },
  { head: 'counted', text: ({ counted }) => count(counted), weight: 6 },
  {
    head: 'interrupts\na call and CPU',
    text: ({ targets, arrivedPerCall }) => (targets === 0 ? '' : decimal(arrivedPerCall)),
    weight: 5,
  },
  { head: 'one call:\nmedian', text: ({ callNs }) => nsText(callNs?.median), weight: 8 },
  { head: '10 %', text: ({ callNs }) => nsText(callNs?.low), weight: 4 },
  { head: '90 %', text: ({ callNs }) => nsText(callNs?.high), weight: 4 },
];

const costColumns: ReadonlyArray<Column<Calibration['costs'][number]>> = [
  { head: 'cost', text: ({ name }) => name, weight: 9 },
  { head: 'here', text: ({ ns }) => `${ns < 100 ? decimal(ns, 1) : count(ns)} ns`, weight: 8 },
  { head: 'default', text: ({ name }) => `${count(defaultCosts[name])} ns`, weight: 6 },
  {
    head: 'here by\ndefault',
    text: ({ name, ns }) => percent((100 * ns) / defaultCosts[name], 0),
    weight: 5,
  },
  { head: 'basis', text: ({ basis }) => basis, weight: 7 },
];

function nsText(ns: number | undefined): string {
  return ns === undefined ? 'not counted' : duration(ns);
}

function spreadText({ median, low, high }: Spread): string {
  return `${decimal(median, 1)} ns (10 % below ${decimal(low, 1)}, 10 % above ${decimal(high, 1)})`;
}
