/** `--set machine.cpus=512`: values put into a scenario before it is checked. */

import { parseDocument } from 'yaml';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import type { Path, PlaceOf } from './problems.ts';

export interface SetValue {
  readonly path: readonly string[];
  readonly value: unknown;
  /** As typed, with the option: where mistakes in it are. */
  readonly place: string;
}

/** `machine.cpus=512`, `tasks.0.rate=100`, `tasks.reader.count=3`: a path with dots, then a value as YAML writes it. */
export function parseSet(text: string): SetValue {
  const match = /^([\w$-]+(?:\.[\w$-]+)*)=([\s\S]*)$/.exec(text);
  if (!match) throw wrong(`--set ${text}`, 'is no key and value', 'Write --set machine.cpus=512.');
  const path = match[1].split('.');
  if (path.some((part) => part === '__proto__' || part === 'constructor' || part === 'prototype')) {
    throw wrong(`--set ${text}`, 'names no key of a scenario', 'docs/scenario-format.md lists every key.');
  }
  return { path, value: valueTyped(match[2], path, text), place: `--set ${text}` };
}

function valueTyped(typed: string, path: readonly string[], text: string): unknown {
  // A version is text, whatever it looks like.
  if (path.join('.') === 'kernel.version') return typed;
  if (typed.length > 10_000) throw wrong(`--set ${text.slice(0, 80)}…`, 'is too long', 'Put it into a file.');
  try {
    const document = parseDocument(typed, { schema: 'core', prettyErrors: false, logLevel: 'silent' });
    if (document.errors.length === 0) return document.toJS({ maxAliasCount: 0 });
  } catch {
    // Told below.
  }
  throw wrong(
    `--set ${text}`,
    'has a value that is no YAML',
    "Quote it: --set 'run.policies=[everyone, two-pass]'.",
  );
}

/** A copy of `file` with the values in it. Maps on the way are made; entries of lists must be there, by position or `name`. */
export function withSetValues(
  file: unknown,
  sets: readonly SetValue[],
  placeOf: PlaceOf,
): { value: unknown; placeOf: PlaceOf } {
  if (sets.length === 0) return { value: file, placeOf };
  const value = structuredClone(file);
  const places: { path: Path; place: string }[] = [];
  for (const set of sets) places.push({ path: put(value, set), place: set.place });
  return {
    value,
    placeOf: (path, atKey) => {
      const set = places.findLast(({ path: given }) => given.every((part, index) => path[index] === part));
      return set?.place ?? placeOf(path, atKey);
    },
  };
}

function put(root: unknown, { path, value, place }: SetValue): Path {
  const taken: (string | number)[] = [];
  let at = root;
  for (const [index, part] of path.entries()) {
    if (typeof at !== 'object' || at === null) {
      throw wrong(
        place,
        `${taken.join('.') || 'the scenario'} has no keys`,
        'docs/scenario-format.md lists every key.',
      );
    }
    const key = Array.isArray(at) ? positionIn(at, part, place) : part;
    const map = at as Record<string | number, unknown>;
    taken.push(key);
    if (index === path.length - 1) map[key] = value;
    else {
      if (!Object.hasOwn(map, key) || map[key] === null) map[key] = {};
      at = map[key];
    }
  }
  return taken;
}

function positionIn(list: readonly unknown[], part: string, place: string): number {
  const entryName = (entry: unknown) =>
    (entry as { name?: unknown } | null)?.name ?? (entry as { kind?: unknown } | null)?.kind;
  const position = /^\d{1,6}$/.test(part)
    ? Number(part)
    : list.findIndex((entry) => entryName(entry) === part);
  if (position >= 0 && position < list.length) return position;
  const names = list.map((entry, index) => `${index} (${String(entryName(entry) ?? '')})`).slice(0, 20);
  throw wrong(
    place,
    `names "${part}", and the list has ${names.join(', ') || 'no entries'}`,
    'Entries are named by position or by name.',
  );
}

function wrong(place: string, why: string, hint: string): DrainlabError {
  return new DrainlabError(`${place} ${why}`, { code: 'E_SET', hint, exitCode: ExitCode.wrongUse });
}
