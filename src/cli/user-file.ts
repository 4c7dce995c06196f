/** Loads a user's own TypeScript or JavaScript file (jiti, loaded only then), and tells where in it an error arose. */

import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DrainlabError, ExitCode } from '../base/errors.ts';

const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const ownPath = (path: string) => fileURLToPath(new URL(`../${path}.${ending}`, import.meta.url));

/** What `import … from 'drainlab'` means in a user's file, from whatever folder it is loaded. The longer name first. */
const doors = { 'drainlab/scenario': ownPath('scenario/index'), drainlab: ownPath('engine/index') };

/** drainlab's own code, where no user's mistake lies. */
const own = fileURLToPath(new URL('..', import.meta.url));

/** Default export of the file. `code`: of the error when there is none, or when it throws. */
export async function loadUserFile(typed: string, code: string, ifAbsent: string): Promise<unknown> {
  const path = resolve(typed);
  if (!existsSync(path)) {
    throw new DrainlabError('there is no such file', {
      code,
      where: typed,
      hint: ifAbsent,
      exitCode: ExitCode.wrongUse,
    });
  }
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, { alias: doors, fsCache: false, sourceMaps: true });
  javaScriptOf = (file) =>
    jiti.transform({ source: readFileSync(file, 'utf8'), filename: file, ts: true, async: true });
  try {
    return await jiti.import(path, { default: true });
  } catch (error) {
    throw loadError(error, typed, path, code);
  }
}

/** Why a file could not be loaded, with file:line:column where that is known. */
function loadError(error: unknown, typed: string, path: string, code: string): DrainlabError {
  const { message = String(error), stack = '' } = error as Error;
  const [place, text] = syntaxPlace(message, path) ?? [placeIn(stack), message.split('\n')[0]];
  const own = ownError(error);
  return new DrainlabError(own?.message ?? text, {
    code: own?.code ?? code,
    where: place === '' ? typed : place,
    hint: own?.hint || "It is loaded as TypeScript; it may import from 'drainlab' and from files beside it.",
    exitCode: own?.exitCode ?? ExitCode.wrongUse,
    cause: error,
  });
}

/** The file has its own copy of drainlab's code, and so of DrainlabError. */
function ownError(error: unknown): DrainlabError | null {
  return (error as Error | null)?.name === 'DrainlabError' ? (error as DrainlabError) : null;
}

/** The parser says `ParseError: text \n path:line:column`, columns from 0. */
function syntaxPlace(message: string, path: string): [place: string, text: string] | null {
  const match = /^(?:ParseError|SyntaxError): ([^\n]*?)\s*\n\s*(.*):(\d+):(\d+)/.exec(message);
  return match && [`${match[2] || path}:${match[3]}:${Number(match[4]) + 1}`, match[1]];
}

/** `file:line:column` of the innermost call that is the user's, or ''. */
export function placeIn(stack: string): string {
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
