/** Policies by name or from a user's own TypeScript or JavaScript file. */

import { DrainlabError, ExitCode } from '../base/errors.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import { checkedPolicy } from '../engine/policy/checked-policy.ts';
import type { Policy } from '../engine/policy/policy.ts';
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
