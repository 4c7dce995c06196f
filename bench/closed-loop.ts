/**
 * The closed loop in figures: each kind of run of the patched kernel, simulated and real, with the bars; then the stock kernels under
 * other loads. The tables of docs/validation.md.
 *
 *     npx tsx bench/closed-loop.ts [SEEDS]
 */

import {
  cells,
  distance,
  type Figures,
  pooled,
  realRuns,
  scenarioOf,
  shares,
  simulated,
} from '../test/closed-loop/compare.ts';

const seeds = Number(process.argv[2] ?? 16);
const two = (value: number) => (Number.isNaN(value) ? '–' : value.toFixed(2));
const percent = (value: number) => (Number.isNaN(value) ? '–' : `${(100 * value).toFixed(0)} %`);
const row = (columns: readonly string[]) => console.log(`| ${columns.join(' | ')} |`);

function columnsOf(figures: Figures, worker: boolean): string[] {
  return [
    String(figures.drains),
    two(figures.holders.reduce((sum, share, holders) => sum + share * holders, 0)),
    worker ? '–' : two(figures.interruptsPerDrain),
    worker ? '–' : percent(figures.empty),
    percent(figures.got),
    worker ? percent(figures.busy) : '–',
    percent(figures.saved),
  ];
}

console.log(`load-a, ${seeds} seeds of ${scenarioOf('load-a').run.seconds} s\n`);
row([
  'run',
  '',
  'drains',
  'mean holders',
  'interrupts a drain',
  'of these empty',
  'retry got',
  'busy',
  'saved',
  'distance',
  'misses',
]);
row(new Array(11).fill('---'));
for (const { label, policy, sets, real } of cells) {
  const model = simulated(scenarioOf('load-a', sets), policy, seeds);
  const kernel = pooled(real);
  const worker = policy === 'worker';
  const apart = real.map((run) => distance(model.holders, shares(run.holders)));
  const misses = [
    ...(distance(model.holders, kernel.holders) > 0.15 ? ['holders'] : []),
    ...(!worker && Math.abs(model.interruptsPerDrain / kernel.interruptsPerDrain - 1) > 0.15
      ? ['interrupts']
      : []),
    ...(!worker && Math.abs(model.empty - kernel.empty) > 0.1 ? ['empty'] : []),
    ...(Math.abs(model.got - kernel.got) > 0.1 ? ['retry'] : []),
    ...(worker && Math.abs(model.busy - kernel.busy) > 0.1 ? ['busy'] : []),
  ];
  row([
    label,
    'model',
    ...columnsOf(model, worker),
    `${two(distance(model.holders, kernel.holders))} (${apart.map(two).join(', ')})`,
    misses.join(', ') || 'none',
  ]);
  row(['', `kernel, ${real.length} run${real.length > 1 ? 's' : ''}`, ...columnsOf(kernel, worker), '', '']);
  console.log(
    `  holders model ${model.holders.map((x) => x.toFixed(3)).join(' ')} kernel ${kernel.holders.map((x) => x.toFixed(3)).join(' ')}`,
  );
}

console.log('\nother loads, stock kernel (workers): effective drains by CPUs on which work was queued\n');
for (const [scenario, name] of [
  ['load-a', '5.10-oom'],
  ['load-b-stream', '5.10-stream'],
  ['load-c-isolated', '5.10-isolated'],
] as const) {
  const stock = realRuns.stock.find((run) => run.name === name);
  if (stock === undefined) continue;
  const model = simulated(scenarioOf(scenario), 'worker', Math.max(2, seeds / 2));
  const kernel = shares(stock.chosen.map((n, cpus) => (cpus === 0 ? 0 : n)));
  console.log(
    `${name}: distance ${two(distance(model.holdersDone, kernel))}, nothing drained: model ${percent(model.busy)}, kernel ${percent(stock.chosen[0] / stock.drains)}`,
  );
  console.log(`  model  ${model.holdersDone.map(two).join(' ')}\n  kernel ${kernel.map(two).join(' ')}`);
}
