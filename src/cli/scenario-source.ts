/** The scenario that was named on the command line: a built-in name, a YAML file, a TypeScript file, or - for standard input. */

import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import type { Scenario } from '../engine/input/scenario.ts';
import { builtInScenario } from '../scenario/by-name.ts';
import { setsFromCosts } from '../scenario/cost-sets.ts';
import { fileFormOf } from '../scenario/define-scenario.ts';
import { readScenario } from '../scenario/read-scenario.ts';
import { nameOf, readYaml } from '../scenario/read-yaml.ts';
import { type SetValue, withSetValues } from '../scenario/set-values.ts';
import { isPolicyPath } from './policy-file.ts';
import { loadUserFile } from './user-file.ts';

export async function loadScenario(typed: string, sets: readonly SetValue[]): Promise<Scenario> {
  if (typed === '-')
    return readYaml(readText(0, 'standard input'), { file: 'standard input', sets, ...besides('.') });
  if (/\.[cm]?[jt]s$/.test(typed)) return scenarioFromModule(typed, sets);
  if (/[\\/]/.test(typed) || /\.(?:ya?ml|json)$/.test(typed)) {
    const folder = dirname(typed);
    return withPoliciesFrom(
      folder,
      readYaml(readText(typed, typed), { file: typed, sets, ...besides(folder) }),
    );
  }
  return builtInScenario(typed, sets);
}

/** Files that a scenario names are looked for beside it. */
function besides(folder: string) {
  return { readConfig: (path: string) => readText(resolve(folder, path), path) };
}

function withPoliciesFrom(folder: string, scenario: Scenario): Scenario {
  const found = (name: string) => (isPolicyPath(name) ? resolve(folder, name) : name);
  const { run } = scenario;
  return { ...scenario, run: { ...run, policies: run.policies.map(found), baseline: found(run.baseline) } };
}

async function scenarioFromModule(typed: string, sets: readonly SetValue[]): Promise<Scenario> {
  const example =
    "Write: import { defineScenario } from 'drainlab/scenario'; export default defineScenario({…}). See docs/scenario-format.md.";
  const form = fileFormOf(await loadUserFile(typed, 'E_SCENARIO_FILE', example));
  if (form === undefined) {
    throw new DrainlabError('it exports no scenario', {
      code: 'E_SCENARIO_FILE',
      where: typed,
      hint: example,
      exitCode: ExitCode.wrongUse,
    });
  }
  const { value, placeOf } = withSetValues(form, sets, () => typed);
  const folder = dirname(typed);
  const origin = { file: typed, name: nameOf(typed), placeOf, ...besides(folder) };
  return withPoliciesFrom(folder, readScenario(value, origin));
}

/** Values of a file that `drainlab calibrate --out` wrote. */
export function loadCosts(path: string): SetValue[] {
  return setsFromCosts(readText(path, path), path);
}

function readText(path: string | 0, shown: string): string {
  try {
    const bytes = readFileSync(path);
    return new TextDecoder().decode(bytes.subarray(0, 8 << 20));
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const absent = code === 'ENOENT';
    throw new DrainlabError(absent ? 'there is no such file' : message, {
      code: 'E_SCENARIO_FILE',
      where: shown,
      hint: absent
        ? `drainlab simulate --list shows the built-in scenarios; ${basename(shown)} was taken for a file.`
        : 'Check the file and its rights.',
      exitCode: absent ? ExitCode.wrongUse : ExitCode.outside,
      cause: error,
    });
  }
}
