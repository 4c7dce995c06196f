/** A scenario in TypeScript: `export default defineScenario({...})`, with the same keys and checks as in YAML. */

import type { Scenario } from '../engine/input/scenario.ts';
import { readScenario } from './read-scenario.ts';
import type { ScenarioFile } from './schema.ts';

/** The file form stays with the scenario, so that --set can change it. Registered: a file may be loaded beside another copy of this module. */
const fileForm = Symbol.for('drainlab.scenario.file');

/** Throws a ScenarioError that lists every mistake. */
export function defineScenario(file: ScenarioFile): Scenario {
  const scenario = readScenario(file, { file: 'defineScenario', name: 'scenario', placeOf: () => '' });
  Object.defineProperty(scenario, fileForm, { value: file });
  return scenario;
}

/** What `defineScenario` was given, or undefined for anything else. */
export function fileFormOf(scenario: unknown): unknown {
  return typeof scenario === 'object' && scenario !== null
    ? (scenario as { [fileForm]?: unknown })[fileForm]
    : undefined;
}
