/** Errors that a user can meet. Each has a stable code (listed in docs/errors.md), a place and advice. */

/** Exit codes of the command line. */
export const ExitCode = {
  ok: 0,
  checkFailed: 1,
  wrongUse: 2,
  badInput: 3,
  outside: 4,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface DrainlabErrorOptions {
  /** Stable name, `E_` and upper case: `E_TRACE_TRUNCATED`. */
  code: string;
  /** Where: `file, byte 4711` or `file:line:column`. Empty when there is no place. */
  where?: string;
  /** What the user can do about it, one sentence. */
  hint?: string;
  /** What the process exits with when nothing handles the error. */
  exitCode?: ExitCode;
  cause?: unknown;
}

/** A failure of the input, the use or the surroundings, with one clear message. */
export class DrainlabError extends Error {
  override readonly name = 'DrainlabError';
  readonly code: string;
  readonly where: string;
  readonly hint: string;
  readonly exitCode: ExitCode;

  constructor(message: string, options: DrainlabErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.where = options.where ?? '';
    this.hint = options.hint ?? '';
    this.exitCode = options.exitCode ?? ExitCode.badInput;
  }
}

/** The one way in which an error is shown: place, message, advice, code. No stack. */
export function errorText(error: DrainlabError): string {
  const place = error.where === '' ? '' : `${error.where}: `;
  const advice = error.hint === '' ? '' : `\n  ${error.hint}`;
  return `${place}${error.message} [${error.code}]${advice}`;
}
