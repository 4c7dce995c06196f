/** What can stand at the cursor of a scenario's text: keys of the group, or values of the key, from the schema. */

import { builtInPolicies } from '../../engine/policy/built-in.ts';
import { type JsonSchema, schemaAt } from './json-schema.ts';
import { isSame, type LinePath, yamlLines } from './yaml-lines.ts';

export interface Suggestion {
  /** What is shown, and matched with what was typed. */
  readonly label: string;
  /** What is put in place of the text from `from` to `to`. */
  readonly insert: string;
  readonly description: string;
}

export interface Completion {
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
}

/** `costs`: names of costs and their values, which the schema leaves open. */
export function completionAt(
  text: string,
  cursor: number,
  schema: JsonSchema,
  costs: Readonly<Record<string, number>>,
): Completion {
  const lineAt = text.lastIndexOf('\n', cursor - 1) + 1;
  const before = text.slice(lineAt, cursor);
  const nothing = { from: cursor, to: cursor, suggestions: [] };
  if (/(?:^|\s)#/.test(before)) return nothing;
  const value = /^(\s*(?:- +)*)([\w$-]+):[ \t]+(?:.*[[,][ \t]*)?([^\s,[\]]*)$/.exec(before);
  if (value !== null) {
    const path = [...groupAt(text, lineAt, value[1].length), value[2]];
    return matching(valuesOf(schema, path), value[3], cursor);
  }
  const key = /^(\s*(?:- +)*)([\w$-]*)$/.exec(before);
  if (key === null) return nothing;
  const group = groupAt(text, lineAt, key[1].length, key[1].includes('-'));
  if (group.length === 1 && group[0] === 'costs') {
    const names = Object.entries(costs).map(([name, ns]) => ({
      label: name,
      insert: `${name}: `,
      description: `ns; ${ns} unless given`,
    }));
    return matching(names, key[2], cursor);
  }
  const taken = yamlLines(text)
    .filter(({ path, line }) => isSame(path.slice(0, -1), group) && line !== lineNumber(text, lineAt))
    .map(({ path }) => path.at(-1));
  return matching(
    keysOf(schemaAt(schema, group), key[1].length).filter(({ label }) => !taken.includes(label)),
    key[2],
    cursor,
  );
}

/** Path of the group to which a line belongs whose key begins at `indent`. `isEntry`: it begins an entry of a list. */
function groupAt(text: string, lineAt: number, indent: number, isEntry = false): LinePath {
  // A key that could stand there tells where it is.
  const probe = isEntry
    ? text
        .slice(lineAt)
        .match(/^\s*(?:- +)+/)?.[0]
        .slice(0, indent)
    : ' '.repeat(indent);
  const own = text.slice(lineAt).match(/^\s*(?:- +)+/)?.[0];
  const start = own !== undefined && own.length === indent ? own : (probe ?? ' '.repeat(indent));
  const lines = yamlLines(`${text.slice(0, lineAt)}${start}probe: 0`);
  return lines.at(-1)?.path.slice(0, -1) ?? [];
}

function lineNumber(text: string, at: number): number {
  return text.slice(0, at).split('\n').length - 1;
}

function keysOf(schema: JsonSchema | null, indent: number): Suggestion[] {
  return Object.entries(schema?.properties ?? {}).map(([name, { description, type, required, ...rest }]) => {
    const isGroup = rest.properties !== undefined;
    const isList = type === 'array' && rest.items?.properties !== undefined;
    const below = `\n${' '.repeat(indent + 2)}`;
    return {
      label: name,
      insert: isGroup ? `${name}:${below}` : isList ? `${name}:${below}- ` : `${name}: `,
      description: [
        description ?? '',
        rest.default === undefined || rest.default === '' ? '' : `Default: ${shown(rest.default)}.`,
      ]
        .filter((part) => part !== '')
        .join(' '),
    };
  });
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function valuesOf(schema: JsonSchema, path: LinePath): Suggestion[] {
  const last = path.at(-1);
  if (path[0] === 'run' && (last === 'policies' || last === 'baseline')) {
    return builtInPolicies.map(({ name, origin }) => ({ label: name, insert: name, description: origin }));
  }
  const at = schemaAt(schema, path);
  if (at === null) return [];
  const values = new Map<string, string>();
  const add = (value: unknown, why: string) => {
    const text = shown(value);
    if (!values.has(text)) values.set(text, why);
  };
  for (const value of at.enum ?? []) add(value, value === at.default ? 'default' : '');
  if (at.type === 'boolean')
    for (const value of [true, false]) add(value, value === at.default ? 'default' : '');
  for (const value of at.examples ?? []) if (typeof value !== 'object') add(value, 'example');
  // A default in words is no value.
  if (typeof at.default === 'number' || (typeof at.default === 'string' && /^\S{1,12}$/.test(at.default)))
    add(at.default, 'default');
  return [...values].map(([label, description]) => ({ label, insert: label, description }));
}

function matching(all: readonly Suggestion[], typed: string, cursor: number): Completion {
  const start = typed.toLowerCase();
  const begins = all.filter(({ label }) => label.toLowerCase().startsWith(start));
  const holds = all.filter((one) => !begins.includes(one) && one.label.toLowerCase().includes(start));
  const suggestions = typed === '' ? all : [...begins, ...holds];
  return { from: cursor - typed.length, to: cursor, suggestions };
}
