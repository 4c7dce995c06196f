/** A file of costs (`drainlab calibrate --out`), put into a scenario as so many --set: what is wrong in it has its own place. */

import { DrainlabError, ExitCode } from '../base/errors.ts';
import type { SetValue } from './set-values.ts';
import { readYamlText } from './yaml-text.ts';

/** `costs:` and names with nanoseconds below it, as in a scenario. Names and values are checked with the scenario. */
export function setsFromCosts(text: string, file: string): SetValue[] {
  const { value, placeOf } = readYamlText(text, file);
  const costs = (value as { costs?: unknown } | null)?.costs;
  if (typeof costs !== 'object' || costs === null || Array.isArray(costs)) {
    throw new DrainlabError('it has no key "costs" with names and nanoseconds', {
      code: 'E_SCENARIO_FILE',
      where: file,
      hint: 'drainlab calibrate --out FILE writes one; docs/scenario-format.md lists the names.',
      exitCode: ExitCode.wrongUse,
    });
  }
  return Object.entries(costs).map(([name, ns]) => ({
    path: ['costs', name],
    value: ns,
    place: placeOf(['costs', name], false),
  }));
}
