/** `--explain drain=17`: one drain of a simulated run, told step by step. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { Scenario } from '../../engine/input/scenario.ts';
import { machineViewOf } from '../../engine/machine-view-of.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import { type DrainStory, DrainStoryteller } from '../../engine/report/drain-story.ts';
import { count, duration, plural } from '../../engine/report/numbers.ts';
import { Simulation } from '../../engine/simulation.ts';
import { wrap } from '../terminal/layout.ts';
import { forScreen, type Screen } from '../terminal/screen.ts';

/** `drain=17` or `17` → 17. Drains are numbered from 0. Throws E_EXPLAIN. */
export function parseExplain(text: string): number {
  const match = /^(?:drain=)?(\d{1,9})$/.exec(text.trim());
  if (match !== null) return Number(match[1]);
  throw new DrainlabError(`--explain ${text} names no drain`, {
    code: 'E_EXPLAIN',
    hint: 'Write: --explain drain=17. Drains are numbered from 0, in the order in which they were asked for.',
    exitCode: ExitCode.wrongUse,
  });
}

/** Runs one policy with one seed up to the end of that drain. Throws E_EXPLAIN when the run has no such drain. */
export function drainStory(scenario: Scenario, policy: Policy, seed: number, drain: number): DrainStory {
  const teller = new DrainStoryteller(drain, () => machineViewOf(simulation));
  const simulation: Simulation = new Simulation(scenario, policy, seed, { observer: teller });
  const sliceNs = 1e6;
  while (!teller.done && simulation.runUntil(simulation.nowNs + sliceNs));
  const story = teller.story(scenario, policy);
  if (story !== null) return story;
  const { length } = simulation.drains.columns;
  throw new DrainlabError(
    length === 0
      ? `nobody asks for a drain in this run (${policy.name}, seed ${seed})`
      : `this run (${policy.name}, seed ${seed}) has ${plural(length, 'drain')}, numbered 0 to ${count(length - 1)}`,
    {
      code: 'E_EXPLAIN',
      hint:
        length === 0
          ? 'Choose a scenario that is shorter of memory: --list.'
          : 'Name one of these, or simulate longer: --seconds.',
      exitCode: ExitCode.wrongUse,
    },
  );
}

/** Ends with a line feed. */
export function storyText({ title, steps, sum }: DrainStory, screen: Screen): string {
  const { colours, width } = screen;
  const numberWidth = `${steps.length}`.length;
  const times = steps.map(({ sinceNs }) => `+${duration(sinceNs)}`);
  const timeWidth = Math.max(...times.map((time) => time.length));
  const margin = ' '.repeat(numberWidth + timeWidth + 5);
  const lines = steps.flatMap(({ text, kernel }, i) => {
    const head = `${`${i + 1}`.padStart(numberWidth + 1)}. ${times[i].padStart(timeWidth)}  `;
    const told = wrap(`${margin}${text}`, width, margin);
    const first = `${head}${told.slice(margin.length)}`;
    // What the step before did too is not said again.
    return kernel === '' || kernel === steps[i - 1]?.kernel
      ? [first]
      : [first, colours.dim(wrap(`${margin}${kernel}`, width, margin))];
  });
  return forScreen(
    `${[colours.bold(wrap(title, width)), '', ...lines, '', wrap(sum, width)].join('\n')}\n`,
    screen,
  );
}
