/** A policy that the user wrote in the page, run in a worker that does nothing else and that the page ends when it takes too long. */

import { DrainlabError } from '../base/errors.ts';
import { checkedPolicy } from '../engine/policy/checked-policy.ts';
import { definePolicy, type Policy } from '../engine/policy/policy.ts';
import { cage } from './cage.ts';
import type { PolicyFile } from './messages.ts';

/** Loads it and gives it to `task`. What goes wrong in its text is told with `NAME:LINE:COLUMN` of it. */
export async function withOwnPolicy<Result>(
  file: PolicyFile,
  task: (policy: Policy) => Result | Promise<Result>,
): Promise<Result> {
  const javascript = withoutImports(file);
  const url = URL.createObjectURL(
    new Blob([`const { definePolicy } = globalThis.drainlab;\n${javascript}`], { type: 'text/javascript' }),
  );
  Object.assign(globalThis, { drainlab: { definePolicy } });
  cage(globalThis);
  try {
    const loaded = (await import(/* @vite-ignore */ url)) as { default?: unknown };
    return await task(checkedPolicy(loaded.default, file.name));
  } catch (error) {
    throw placed(error, file, url);
  }
}

/** `definePolicy` is there; there is nothing else to be imported. Lines stay where they are. */
export function withoutImports({ name, javascript }: PolicyFile): string {
  const left = javascript.replace(
    /^[ \t]*import\s*(?:type\s*)?\{[^}]*\}\s*from\s*(['"])drainlab\1[ \t]*;?/gm,
    (statement) => statement.replace(/[^\n]/g, ' '),
  );
  const at = left.search(/\bimport\b/);
  if (at < 0) return left;
  const before = left.slice(0, at).split('\n');
  throw new DrainlabError('nothing but definePolicy can be imported in the page', {
    code: 'E_POLICY_FILE',
    where: `${name}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`,
    hint: 'Also the word import in a comment or a text is refused. On the command line a policy may import files beside it.',
  });
}

function placed(error: unknown, { name }: PolicyFile, url: string): unknown {
  const place = placeIn(error, url);
  const where = place === null ? name : `${name}:${place.line}:${place.column}`;
  if (error instanceof DrainlabError) {
    const { code, message, hint } = error;
    if (place === null) return error;
    return new DrainlabError(message, { code, where, hint, cause: error });
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new DrainlabError(message, {
    code: 'E_POLICY_FILE',
    where,
    hint: 'docs/policies.md shows a policy and what a request holds.',
    cause: error,
  });
}

/** The innermost place of the policy's own text on the way to an error, or to what caused it. */
function placeIn(error: unknown, url: string): { line: number; column: number } | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const stack = String(at.stack);
    const from = stack.indexOf(`${url}:`);
    const match = from < 0 ? null : /^(\d+):(\d+)/.exec(stack.slice(from + url.length + 1));
    // The line with definePolicy stands before it.
    if (match !== null) return { line: Number(match[1]) - 1, column: Number(match[2]) };
  }
  return null;
}
