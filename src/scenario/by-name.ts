/** The built-in scenarios: their texts are those of scenarios/*.yaml, so that a browser needs no file. */

import { closestWord } from '../base/closest-word.ts';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import type { Scenario } from '../engine/input/scenario.ts';
import { builtInTexts } from './built-in.ts';
import { readYaml } from './read-yaml.ts';
import type { SetValue } from './set-values.ts';

export const builtInNames: readonly string[] = Object.keys(builtInTexts);

/** YAML text of a built-in scenario. Throws E_SCENARIO_NAME with the nearest name. */
export function builtInText(name: string): string {
  if (Object.hasOwn(builtInTexts, name)) return builtInTexts[name];
  const closest = closestWord(name, builtInNames);
  throw new DrainlabError(`there is no scenario "${name}"`, {
    code: 'E_SCENARIO_NAME',
    hint: `${closest === '' ? '' : `Did you mean ${closest}? `}drainlab simulate --list shows them; a file is named with its ending: ./mine.yaml.`,
    exitCode: ExitCode.wrongUse,
  });
}

export function builtInScenario(name: string, sets: readonly SetValue[] = []): Scenario {
  return readYaml(builtInText(name), { file: `${name}.yaml`, sets });
}
