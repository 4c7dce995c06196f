/** A scenario from YAML text. Every mistake is told as `file:line:column path: expected …, found …`. */

import type { Scenario } from '../engine/input/scenario.ts';
import { readScenario } from './read-scenario.ts';
import { type SetValue, withSetValues } from './set-values.ts';
import { readYamlText } from './yaml-text.ts';

export interface ReadOptions {
  /** For messages, and the scenario's name if it gives none: the file name without its ending. */
  readonly file?: string;
  /** Values put in before the checks; mistakes in them have the text of the --set as their place. */
  readonly sets?: readonly SetValue[];
  /** Text of a kernel configuration at a path (`kernel.config`); absent: the key is a mistake. */
  readonly readConfig?: (path: string) => string;
}

export function readYaml(text: string, options: ReadOptions = {}): Scenario {
  const file = options.file ?? 'scenario.yaml';
  const yaml = readYamlText(text, file);
  const { value, placeOf } = withSetValues(yaml.value, options.sets ?? [], yaml.placeOf);
  return readScenario(value, { file, name: nameOf(file), placeOf, readConfig: options.readConfig });
}

/** `some/where/night-run.yaml` → `night-run`. */
export function nameOf(file: string): string {
  const base = file.replace(/^.*[\\/]/, '').replace(/(?:\.scenario)?\.(?:ya?ml|[cm]?[jt]s)$/, '');
  return base.replace(/[^\w.-]+/g, '-').slice(0, 64) || 'scenario';
}
