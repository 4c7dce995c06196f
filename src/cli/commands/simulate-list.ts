/** `drainlab simulate --list` and `--describe`: what scenarios show. */

import { formatCpuList } from '../../base/cpu-list.ts';
import type { Scenario } from '../../engine/input/scenario.ts';
import { builtInNames, builtInScenario } from '../../scenario/by-name.ts';
import { sizeText } from '../../scenario/units-text.ts';
import { wrap } from '../terminal/layout.ts';

export function scenarioList(width: number): string {
  const nameWidth = Math.max(...builtInNames.map((name) => name.length)) + 2;
  const lines = builtInNames.map((name) =>
    wrap(`  ${name}`.padEnd(nameWidth + 2) + builtInScenario(name).title, width, ' '.repeat(nameWidth + 2)),
  );
  return `${lines.join('\n')}\n\ndrainlab simulate --describe NAME tells more about one.\n`;
}

export function scenarioDescription(scenario: Scenario, typed: string, width: number): string {
  const paragraphs = [
    scenario.name,
    scenario.title,
    scenario.about,
    scenario.thread === '' ? '' : `The thread: ${scenario.thread}`,
  ];
  const facts = factsOf(scenario).map(([key, text]) =>
    wrap(`  ${key.padEnd(9)}${text}`, width, ' '.repeat(11)),
  );
  return [
    ...paragraphs
      .filter((text) => text !== '')
      .map((text) => `${wrap(text.trim().replace(/\s+/g, ' '), width)}\n`),
    ...facts,
    '',
    `drainlab simulate ${typed}`,
    '',
  ].join('\n');
}

function factsOf({ machine, kernel, tasks, calls, run }: Scenario): [string, string][] {
  const isolated = machine.isolated.count === 0 ? '' : `, isolated ${formatCpuList(machine.isolated)}`;
  const nodes = machine.nodes === 1 ? '' : ` in ${machine.nodes} nodes`;
  const pages = machine.zones.reduce((sum, zone) => sum + (zone.name === 'DMA' ? 4096 : zone.pages), 0);
  const where = kernel.offstack ? 'off the stack' : 'on the stack';
  return [
    ['machine', `${machine.cpus} CPUs${nodes}${isolated}, ${sizeText(pages)}, idle states: ${machine.idle}`],
    ['kernel', `${kernel.version}, NR_CPUS ${kernel.nrCpus}, sets of CPUs ${where}, ${kernel.slab}`],
    ...tasks.map((task): [string, string] => {
      const name = task.name === task.kind ? '' : ` "${task.name}"`;
      return ['task', `${task.count} × ${task.kind}${name} on CPUs ${formatCpuList(task.cpus)}`];
    }),
    ...calls.map((call): [string, string] => {
      const every = call.everyNs > 0 ? `, every ${call.everyNs / 1e9} s` : '';
      return ['call', `${call.cause} on CPU ${call.cpu} at ${call.startNs / 1e9} s${every}`];
    }),
    [
      'run',
      `${run.seconds} s, ${run.seeds === 1 ? `seed ${run.seed}` : `${run.seeds} seeds from ${run.seed}`}`,
    ],
  ];
}
