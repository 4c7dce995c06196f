/** What replay and simulate print: verdicts in the form that was asked for, and the checks that failed. */

import { ExitCode } from '../base/errors.ts';
import { type Condition, failure } from '../engine/report/check.ts';
import { compare } from '../engine/report/comparison.ts';
import type { Verdict } from '../engine/report/verdict.ts';
import { writeCsv } from '../engine/report/write-csv.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { writeMmtests } from '../engine/report/write-mmtests.ts';
import { comparisonText } from './terminal/comparison-text.ts';
import { screenOf } from './terminal/screen.ts';
import { simulatedVerdictText } from './terminal/simulated-verdict-text.ts';
import { verdictText } from './terminal/verdict-text.ts';

export interface OutputFlags {
  readonly json?: true;
  readonly csv?: true;
  readonly format?: 'text' | 'json' | 'csv' | 'mmtests';
}

export function writtenVerdicts(verdicts: readonly Verdict[], flags: OutputFlags): string {
  const format = flags.json ? 'json' : flags.csv ? 'csv' : (flags.format ?? 'text');
  switch (format) {
    case 'json':
      return writeJson(verdicts.length === 1 ? verdicts[0] : compare(verdicts));
    case 'csv':
      return writeCsv(verdicts);
    case 'mmtests':
      return verdicts.map(writeMmtests).join('\n');
    case 'text': {
      const screen = screenOf(process.stdout, process.env);
      if (verdicts.length > 1) return comparisonText(compare(verdicts), screen);
      const [verdict] = verdicts;
      return verdict.simulation === null
        ? verdictText(verdict, screen)
        : simulatedVerdictText(verdict, verdict.simulation, screen);
    }
  }
}

/** Says on standard error which conditions hold, so that the output stays as it is without them. */
export function checkedVerdicts(verdicts: readonly Verdict[], conditions: readonly Condition[]): ExitCode {
  const failures = verdicts.flatMap((verdict) =>
    conditions.flatMap((condition) => {
      const why = failure(condition, verdict);
      return why === '' ? [] : [`${verdict.source.name}: ${why}`];
    }),
  );
  for (const why of failures) process.stderr.write(`drainlab: check failed: ${why}\n`);
  return failures.length === 0 ? ExitCode.ok : ExitCode.checkFailed;
}
