/** Runs `drainlab validate`: drives the list code with a recording, in each mode that was asked for, and prints the score. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { type Knowledge, knowledges } from '../../engine/driven/driven.ts';
import { type DrivenReport, validateDriven } from '../../engine/driven/validate.ts';
import { percent } from '../../engine/report/numbers.ts';
import { openRecording } from '../recording.ts';
import { drivenText } from '../terminal/driven-text.ts';
import { Progress } from '../terminal/progress.ts';
import { screenOf } from '../terminal/screen.ts';
import type { ValidateFlags } from './validate.ts';

export const validateSchema = 'drainlab.validate/1';

export async function runValidate(typed: string, flags: ValidateFlags): Promise<ExitCode> {
  if (typed === '-') {
    throw new DrainlabError('validate reads a recording several times, which standard input does not allow', {
      code: 'E_DRIVEN_STDIN',
      hint: 'Save it to a file first.',
      exitCode: ExitCode.wrongUse,
    });
  }
  const modes = flags.mode === 'both' ? knowledges : [flags.mode];
  const progress = new Progress(process.stderr, flags.progress);
  const reports: DrivenReport[] = [];
  try {
    for (const [index, knowledge] of modes.entries()) {
      reports.push(
        await drive(typed, knowledge, flags, (done) =>
          progress.show(percent((100 * (index + done)) / modes.length)),
        ),
      );
    }
  } finally {
    progress.done();
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ schema: validateSchema, reports }, null, 2)}\n`);
  else process.stdout.write(drivenText(reports, screenOf(process.stdout, process.env)));
  return ExitCode.ok;
}

async function drive(
  typed: string,
  knowledge: Knowledge,
  flags: ValidateFlags,
  onProgress: (done: number) => void,
): Promise<DrivenReport> {
  let first: Awaited<ReturnType<typeof openRecording>> | null = await openRecording(typed);
  const { machine, snapshots, name, kernel } = first;
  // The one that told the machine is also the first that is read.
  const open = async () => {
    const { reader } = first ?? (await openRecording(typed));
    first = null;
    return reader;
  };
  return validateDriven(open, machine, snapshots, {
    name,
    knowledge,
    kernel: flags.kernel ?? kernel,
    partial: flags.partial === true,
    onProgress,
  });
}
