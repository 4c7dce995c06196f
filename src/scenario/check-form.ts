/** A value of any origin against the file form: every mistake, with its path. */

import * as z from 'zod/mini';
import { closestWord } from '../base/closest-word.ts';
import { foundText, type Path, type Problem, pathText } from './problems.ts';
import { type ScenarioFile, scenarioFileSchema } from './schema.ts';

export type FormResult =
  | { readonly file: ScenarioFile; readonly problems: readonly [] }
  | { readonly file: null; readonly problems: readonly Problem[] };

export function checkForm(value: unknown): FormResult {
  const result = z.safeParse(scenarioFileSchema, value);
  if (result.success) return { file: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, value));
  // A value can fail several checks of one kind: too large, and not whole.
  const first = new Map(problems.map((problem) => [pathText(problem.path), problem] as const).reverse());
  return { file: null, problems: [...first.values()].reverse() };
}

function problemsOf(issue: z.core.$ZodIssue, value: unknown): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path);
    return issue.keys.map((key) => unknownKey([...path, key], key, known));
  }
  const found = valueAt(value, path);
  return [{ path, expected: issue.message, found: foundText(found) }];
}

/** A key that the form does not have, with the one that was meant, if that can be guessed. */
export function unknownKey(path: Path, key: string, known: readonly string[]): Problem {
  const closest = closestWord(key, known);
  return {
    path,
    expected: closest === '' ? `one of the keys ${known.join(', ')}` : 'a key of this form',
    found: `${JSON.stringify(key.slice(0, 60))}, which is none`,
    atKey: true,
    ...(closest === '' ? {} : { hint: `did you mean ${closest}?` }),
  };
}

/** Keys that the form has at a path. */
export function keysAt(path: Path): readonly string[] {
  let schema: z.core.$ZodType | undefined = scenarioFileSchema;
  for (const part of path) {
    schema = schema && below(inner(schema), part);
  }
  const def = schema && inner(schema)._zod.def;
  return def && isObject(def) ? Object.keys(def.shape) : [];
}

function below(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  const def = schema._zod.def;
  if (isObject(def)) return Object.hasOwn(def.shape, part) ? def.shape[part] : undefined;
  return def.type === 'array' ? (def as z.core.$ZodArrayDef).element : undefined;
}

function inner(schema: z.core.$ZodType): z.core.$ZodType {
  const def = schema._zod.def;
  return def.type === 'optional' ? inner((def as z.core.$ZodOptionalDef).innerType) : schema;
}

function isObject(def: z.core.$ZodTypeDef): def is z.core.$ZodObjectDef {
  return def.type === 'object';
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}
