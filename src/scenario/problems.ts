/** What is wrong with a scenario, each with its place; and the error that tells all of it at once. */

import { DrainlabError, ExitCode } from '../base/errors.ts';

/** Keys and positions from the top of the file: `['tasks', 0, 'cpus']`. */
export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  /** What would be right, without "expected". */
  readonly expected: string;
  /** What stands there, without "found". */
  readonly found: string;
  /** Where the path tells nothing. */
  readonly place?: string;
  /** Asks for the place of the key itself, not of its value. */
  readonly atKey?: boolean;
  /** One more sentence: a key that was meant, how to get out of it. */
  readonly hint?: string;
}

/** `file:line:column` of what stands at a path, or as much of it as is known. */
export type PlaceOf = (path: Path, atKey: boolean) => string;

export type ScenarioCode =
  /** No YAML. */
  | 'E_SCENARIO_YAML'
  /** A key or a value that the form does not have. */
  | 'E_SCENARIO'
  /** Each value is possible, all together are not. */
  | 'E_SCENARIO_CONTRADICTION';

const shownMax = 50;

/** Every problem is a line `place path: expected …, found …`. */
export class ScenarioError extends DrainlabError {
  readonly problems: readonly Problem[];

  constructor(code: ScenarioCode, problems: readonly Problem[], placeOf: PlaceOf, file: string) {
    const placed = problems.map((problem) => ({
      ...problem,
      place: problem.place ?? placeOf(problem.path, problem.atKey === true),
    }));
    const lines = inOrder(placed)
      .slice(0, shownMax)
      .map(({ place, path, expected, found, hint }) => {
        const at = [place, pathText(path)].filter((part) => part !== '').join(' ');
        return `${at}${at === '' ? '' : ': '}expected ${expected}, found ${found}${hint ? ` (${hint})` : ''}`;
      });
    if (problems.length > shownMax) lines.push(`… and ${problems.length - shownMax} more`);
    const several = problems.length > 1;
    const title = code === 'E_SCENARIO_CONTRADICTION' ? 'contradictions' : 'mistakes';
    super(several ? `${problems.length} ${title}\n  ${lines.join('\n  ')}\n ` : lines[0], {
      code,
      where: several ? file : '',
      hint:
        code === 'E_SCENARIO_YAML'
          ? 'A scenario is a YAML file; drainlab simulate --describe quiet-drain --yaml prints one.'
          : 'docs/scenario-format.md lists every key; drainlab schema scenario prints the form for editors.',
      exitCode: ExitCode.badInput,
    });
    this.problems = problems;
  }
}

/** In the order of the file, as far as places have line and column. */
function inOrder<T extends { readonly place: string }>(problems: readonly T[]): T[] {
  const position = ({ place }: T) => {
    const match = /:(\d+):(\d+)$/.exec(place);
    return match ? Number(match[1]) * 1e6 + Number(match[2]) : 0;
  };
  return [...problems].sort((a, b) => position(a) - position(b));
}

/** `tasks.0.cpus`. */
export function pathText(path: Path): string {
  return path.join('.');
}

const foundLengthMax = 60;

/** What stands there, short, on one line. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (value instanceof Uint8Array) return 'binary data';
  switch (typeof value) {
    case 'string':
      return shortened(JSON.stringify(value));
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
    default:
      return `a ${typeof value}`;
  }
}

function shortened(text: string): string {
  return text.length <= foundLengthMax ? text : `${text.slice(0, foundLengthMax)}…"`;
}
