/** A policy from a user's own file: its axes are checked one by one, since a slip must not become a wrong answer. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { builtInPolicies } from './built-in.ts';
import { carriers, masks, type Policy, selections, turns } from './policy.ts';

/** What a file exports, as a policy. `typed`: the file, for messages and for the policy's name. Throws E_POLICY_FILE. */
export function checkedPolicy(loaded: unknown, typed: string): Policy {
  const policy = loaded as Partial<Policy> | null | undefined;
  if (typeof policy !== 'object' || policy === null || !('select' in policy)) {
    throw wrong('it exports no policy', typed, example);
  }
  const name =
    typeof policy.name === 'string' && policy.name !== ''
      ? policy.name
      : fileName(typed).replace(/\.[cm]?[jt]s$/, '');
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
    origin: fileName(typed),
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

function fileName(path: string): string {
  return path.replace(/^.*[\\/]/, '');
}

function wrong(message: string, where: string, hint: string): DrainlabError {
  return new DrainlabError(message, { code: 'E_POLICY_FILE', where, hint, exitCode: ExitCode.wrongUse });
}
