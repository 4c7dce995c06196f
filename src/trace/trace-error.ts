/** The errors of this folder: one message with the place in the input and advice. Codes: docs/errors.md. */

import { DrainlabError } from '../base/errors.ts';

export type TraceErrorCode =
  | 'E_TRACE_EMPTY'
  | 'E_TRACE_UNKNOWN_FORMAT'
  | 'E_TRACE_VERSION'
  | 'E_TRACE_TRUNCATED'
  | 'E_TRACE_DAMAGED'
  | 'E_TRACE_LIMIT'
  | 'E_TRACE_COMPRESSION'
  | 'E_TRACE_NEEDS_FILE'
  | 'E_TRACE_READ_TWICE';

const hints: Record<TraceErrorCode, string> = {
  E_TRACE_EMPTY: 'Record again: trace-cmd record writes trace.dat when it ends.',
  E_TRACE_UNKNOWN_FORMAT:
    'drainlab reads trace.dat (version 6 and 7), ftrace text, perf script text and what drainlab record --light wrote.',
  E_TRACE_VERSION: 'Convert it with `trace-cmd convert --file-version 7`, or update drainlab.',
  E_TRACE_TRUNCATED: 'The file ends too early: copy it again, or use --partial to report what is there.',
  E_TRACE_DAMAGED: 'The file is damaged: copy it again, or use --partial to report what was read before.',
  E_TRACE_LIMIT: 'No recording needs this much: the file is damaged or hostile.',
  E_TRACE_COMPRESSION: 'Convert it with `trace-cmd convert --compression none` where it was recorded.',
  E_TRACE_NEEDS_FILE: 'Write it to a file first, then name the file.',
  E_TRACE_READ_TWICE: 'Open the recording again for a second pass.',
};

/** An error at byte `offset` of `name`; the usual advice of the code unless `hint` is given. */
export function traceError(
  code: TraceErrorCode,
  message: string,
  name: string,
  offset: number,
  hint: string = hints[code],
): DrainlabError {
  return new DrainlabError(message, { code, where: `${name}, byte ${offset}`, hint });
}
