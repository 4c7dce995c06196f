/** Policies by name or from a user's own TypeScript or JavaScript file. jiti loads the file; it is loaded only then. */

import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import { builtInPolicies } from '../engine/policy/built-in.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import { carriers, masks, type Policy, selections, turns } from '../engine/policy/policy.ts';

/** What `import … from 'drainlab'` means in a user's file, from whatever folder it is loaded. */
const door = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../engine/index.ts' : '../engine/index.js', import.meta.url),
);

/** drainlab's own code, where no user's mistake lies. */
const own = fileURLToPath(new URL('..', import.meta.url));

/** Each of `typed` is a name with parameters, or a path. No two may have the same name. */
export async function loadPolicies(typed: readonly string[]): Promise<Policy[]> {
  const policies: Policy[] = [];
  for (const text of typed) {
    const policy = isPath(text) ? await policyFromFile(text) : policyByName(text);
    const same = policies.findIndex(({ name }) => name === policy.name);
    if (same >= 0 && isPath(text))
      throw wrong(`two policies are called "${policy.name}"`, text, 'Give each a name of its own.');
    if (same < 0) policies.push(policy);
  }
  return policies;
}

function isPath(text: string): boolean {
  return /[\\/]/.test(text) || /\.[cm]?[jt]s$/.test(text);
}

async function policyFromFile(typed: string): Promise<Policy> {
  const path = resolve(typed);
  if (!existsSync(path))
    throw wrong('there is no such file', typed, 'A policy of your own is a file: --policy ./mine.ts.');
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, { alias: { drainlab: door }, fsCache: false, sourceMaps: true });
  javaScriptOf = (file) =>
    jiti.transform({ source: readFileSync(file, 'utf8'), filename: file, ts: true, async: true });
  let loaded: unknown;
  try {
    loaded = await jiti.import(path, { default: true });
  } catch (error) {
    throw loadError(error, typed, path);
  }
  return checkedPolicy(loaded, typed);
}

/** The axes of a user's policy are checked one by one: a slip must not become a wrong answer. */
function checkedPolicy(loaded: unknown, typed: string): Policy {
  const policy = loaded as Partial<Policy> | null | undefined;
  if (typeof policy !== 'object' || policy === null || !('select' in policy)) {
    throw wrong('it exports no policy', typed, example);
  }
  const name =
    typeof policy.name === 'string' && policy.name !== ''
      ? policy.name
      : basename(typed).replace(/\.[cm]?[jt]s$/, '');
  if (/[,\s]/.test(name))
    throw wrong(`name must have no comma and no blank, and is "${name}"`, typed, example);
  if (builtInPolicies.some((builtIn) => builtIn.name === name)) {
    throw wrong(`"${name}" is the name of a built-in policy`, typed, 'Give it a name of its own.');
  }
  const who = (policy.select as { who?: unknown } | undefined)?.who;
  mustBe('select.who', who, selections, typed);
  mustBe('mask', policy.mask ?? 'static', masks, typed);
  mustBe('carrier', policy.carrier ?? 'interrupt', carriers, typed);
  mustBe('turn', policy.turn ?? 'all-proceed', turns, typed);
  const { select } = policy as Policy;
  if (select.who === 'custom' && typeof select.choose !== 'function') {
    throw wrong('select.choose must be a function', typed, example);
  }
  if (select.who === 'holders-if-empty' && !(select.share >= 0 && select.share <= 1)) {
    throw wrong('select.share must be a number from 0 to 1', typed, example);
  }
  const defaults = {
    origin: basename(typed),
    mask: 'static',
    carrier: 'interrupt',
    turn: 'all-proceed',
  } as const;
  return { ...defaults, ...(policy as Policy), name };
}

function mustBe(axis: string, value: unknown, allowed: readonly string[], typed: string): void {
  if (allowed.includes(value as string)) return;
  throw wrong(
    `${axis} must be one of ${allowed.join(', ')}, and is ${JSON.stringify(value) ?? 'missing'}`,
    typed,
    example,
  );
}

const example =
  "Write: import { definePolicy } from 'drainlab'; export default definePolicy({ name: 'mine', select: { who: 'holders' } }). See docs/policies.md.";

/** Why a file could not be loaded, with file:line:column where that is known. */
function loadError(error: unknown, typed: string, path: string): DrainlabError {
  const { message = String(error), stack = '' } = error as Error;
  const [place, text] = syntaxPlace(message, path) ?? [placeIn(stack), message.split('\n')[0]];
  return new DrainlabError(text, {
    code: 'E_POLICY_FILE',
    where: place === '' ? typed : place,
    hint: "It is loaded as TypeScript; it may import from 'drainlab' and from files beside it.",
    exitCode: ExitCode.wrongUse,
    cause: error,
  });
}

/** The parser says `ParseError: text \n path:line:column`, columns from 0. */
function syntaxPlace(message: string, path: string): [place: string, text: string] | null {
  const match = /^(?:ParseError|SyntaxError): ([^\n]*?)\s*\n\s*(.*):(\d+):(\d+)/.exec(message);
  return match && [`${match[2] || path}:${match[3]}:${Number(match[4]) + 1}`, match[1]];
}

/** An error of a user's rule gets the place in the file in which it arose; others are returned as they are. */
export function policyError(error: unknown): unknown {
  if (!(error instanceof DrainlabError) || error.code !== 'E_POLICY_ANSWER') return error;
  const { message, hint, exitCode, code, cause } = error;
  return new DrainlabError(message, {
    code,
    hint,
    exitCode,
    cause,
    where: placeIn((cause as Error | undefined)?.stack ?? ''),
  });
}

/** `file:line:column` of the innermost call that is the user's, or ''. */
function placeIn(stack: string): string {
  for (const line of stack.split('\n')) {
    const match = /\(?((?:file:\/\/)?[^()]*?):(\d+):(\d+)\)?$/.exec(line.trim().replace(/^at /, ''));
    if (!match) continue;
    const path = match[1].startsWith('file://') ? fileURLToPath(match[1]) : match[1].replace(/^.*\s/, '');
    if (path.startsWith(own) || /^node:|[\\/]node_modules[\\/]/.test(path)) continue;
    return `${path}:${match[2]}:${originalColumn(path, Number(match[2]), Number(match[3]))}`;
  }
  return '';
}

/** What jiti makes of a user's file, with a source map at its end. */
let javaScriptOf = (_path: string): string => '';

/** Types are taken out before the file runs, which keeps lines and moves columns: this moves them back. */
function originalColumn(path: string, line: number, column: number): number {
  try {
    const map =
      /sourceMappingURL=data:application\/json;[^,]*base64,(\S+)/.exec(javaScriptOf(path))?.[1] ?? '';
    const entry = new SourceMap(JSON.parse(Buffer.from(map, 'base64').toString())).findEntry(
      line - 1,
      column - 1,
    );
    return 'originalColumn' in entry ? entry.originalColumn + 1 : column;
  } catch {
    // Without a map the column is that of the JavaScript: near enough to find the place.
    return column;
  }
}

function wrong(message: string, where: string, hint: string): DrainlabError {
  return new DrainlabError(message, { code: 'E_POLICY_FILE', where, hint, exitCode: ExitCode.wrongUse });
}
