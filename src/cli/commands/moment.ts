/** Moments of a recording as a user writes them: `18.983` on its own clock, `+2.5` after its first event. */

import { InvalidArgumentError } from 'commander';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { TraceReader } from '../../trace/index.ts';

export interface Moment {
  readonly nanoseconds: bigint;
  readonly isRelative: boolean;
}

export function parseMoment(value: string): Moment {
  const match = /^(\+?)(\d{1,15})(?:\.(\d{1,9}))?$/.exec(value);
  if (match === null)
    throw new InvalidArgumentError('Write seconds, as 18.983, or +2.5 after the first event.');
  return {
    nanoseconds: BigInt(match[2]) * 1_000_000_000n + BigInt((match[3] ?? '').padEnd(9, '0')),
    isRelative: match[1] === '+',
  };
}

/** In ns since the first event. Throws E_TRACE_NO_SECONDS where the clock does not count time. */
export function momentNs(moment: Moment, reader: TraceReader): number {
  if (reader.info.clockUnit !== 'ns') {
    throw new DrainlabError(`its stamps are ${reader.info.clockUnit}, not seconds`, {
      code: 'E_TRACE_NO_SECONDS',
      where: reader.info.format,
      hint: 'Leave --from and --to out, or record with a clock that counts time (trace-cmd record -C global).',
      exitCode: ExitCode.wrongUse,
    });
  }
  return Number(moment.isRelative ? moment.nanoseconds : moment.nanoseconds - reader.info.startStamp);
}
