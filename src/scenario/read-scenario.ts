/** The two steps from any value to a scenario: the form, then what contradicts itself. */

import type { Scenario } from '../engine/input/scenario.ts';
import { checkContradictions } from './check.ts';
import { checkForm } from './check-form.ts';
import { type PlaceOf, ScenarioError } from './problems.ts';
import { Findings, resolve } from './resolve.ts';

export interface Origin {
  /** File or other name of the whole, for messages. */
  readonly file: string;
  /** Name of the scenario if it gives none. */
  readonly name: string;
  readonly placeOf: PlaceOf;
  /** Text of the kernel configuration at a path; absent: `kernel.config` is a mistake. Throws a DrainlabError if it cannot. */
  readonly readConfig?: ((path: string) => string) | undefined;
}

/** Throws a ScenarioError that lists every mistake of the form, or else every contradiction. */
export function readScenario(value: unknown, { file, name, placeOf, readConfig }: Origin): Scenario {
  const form = checkForm(value);
  if (form.file === null) throw new ScenarioError('E_SCENARIO', form.problems, placeOf, file);
  const findings = new Findings();
  const scenario = resolve(form.file, { name, readConfig }, findings);
  checkContradictions(scenario, form.file, findings);
  if (findings.problems.length > 0) {
    throw new ScenarioError('E_SCENARIO_CONTRADICTION', findings.problems, placeOf, file);
  }
  return scenario;
}
