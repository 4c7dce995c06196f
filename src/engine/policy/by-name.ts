/** Policies from what a user types: `everyone`, `two-pass:share=0.3`. */

import { closestWord } from '../../base/closest-word.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { builtInPolicies } from './built-in.ts';
import type { Policy } from './policy.ts';

/** `two-pass:share=0.3` → the policy, named as it was typed. Throws E_POLICY for a name or parameter that is not known. */
export function policyByName(typed: string): Policy {
  const [name, ...parameters] = typed.trim().split(':');
  const policy = builtInPolicies.find((candidate) => candidate.name === name);
  if (!policy) throw unknownPolicy(name);
  return parameters.reduce((changed, parameter) => withParameter(changed, typed, parameter), policy);
}

/** The error for a name that no policy has; `also` are names of the user's own policies. */
export function unknownPolicy(name: string, also: readonly string[] = []): DrainlabError {
  const names = [...builtInPolicies.map((policy) => policy.name), ...also];
  const closest = closestWord(name, names);
  const question = closest === '' ? '' : `Did you mean ${closest}? `;
  return wrongPolicy(
    `there is no policy "${name}"`,
    `${question}There are ${names.join(', ')}, and your own file: ./mine.ts.`,
  );
}

function withParameter(policy: Policy, typed: string, parameter: string): Policy {
  const [key, value = ''] = parameter.split('=');
  if (policy.select.who !== 'holders-if-empty' || key !== 'share') {
    const has =
      policy.select.who === 'holders-if-empty' ? 'only share, as in two-pass:share=0.3' : 'no parameters';
    throw wrongPolicy(
      `policy "${typed}" has a parameter "${key}" that it does not know`,
      `${policy.name} has ${has}.`,
    );
  }
  const share = /^\d*\.?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(share >= 0 && share <= 1)) {
    throw wrongPolicy(
      `policy "${typed}" has share "${value}", which is not a number from 0 to 1`,
      'The share of online CPUs that must be empty for a mask to be used: two-pass:share=0.3.',
    );
  }
  return { ...policy, name: `${policy.name}:share=${share}`, select: { who: 'holders-if-empty', share } };
}

function wrongPolicy(message: string, hint: string): DrainlabError {
  return new DrainlabError(message, { code: 'E_POLICY', hint, exitCode: ExitCode.wrongUse });
}
