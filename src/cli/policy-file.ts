/** Policies by name or from a user's own TypeScript or JavaScript file. */

import { basename } from 'node:path';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import { builtInPolicies } from '../engine/policy/built-in.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import { carriers, masks, type Policy, selections, turns } from '../engine/policy/policy.ts';
import { loadUserFile, placeIn } from './user-file.ts';

/** Each of `typed` is a name with parameters, or a path. No two may have the same name. */
export async function loadPolicies(typed: readonly string[]): Promise<Policy[]> {
  const policies: Policy[] = [];
  for (const text of typed) {
    const policy = isPolicyPath(text) ? await policyFromFile(text) : policyByName(text);
    const same = policies.findIndex(({ name }) => name === policy.name);
    if (same >= 0 && isPolicyPath(text))
      throw wrong(`two policies are called "${policy.name}"`, text, 'Give each a name of its own.');
    if (same < 0) policies.push(policy);
  }
  return policies;
}

/** A path, not a name. */
export function isPolicyPath(text: string): boolean {
  return /[\\/]/.test(text) || /\.[cm]?[jt]s$/.test(text);
}

async function policyFromFile(typed: string): Promise<Policy> {
  const ifAbsent = 'A policy of your own is a file: --policy ./mine.ts.';
  return checkedPolicy(await loadUserFile(typed, 'E_POLICY_FILE', ifAbsent), typed);
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

function wrong(message: string, where: string, hint: string): DrainlabError {
  return new DrainlabError(message, { code: 'E_POLICY_FILE', where, hint, exitCode: ExitCode.wrongUse });
}
