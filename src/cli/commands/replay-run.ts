/** Runs `drainlab replay`: opens each recording, asks the policies, writes the answer. */

import { parseCpuList } from '../../base/cpu-list.ts';
import { ExitCode } from '../../base/errors.ts';
import { builtInPolicies, everyone } from '../../engine/policy/built-in.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import { replay } from '../../engine/replay.ts';
import { type Condition, checkMetric, failure, parseCondition } from '../../engine/report/check.ts';
import { compare } from '../../engine/report/comparison.ts';
import type { Verdict } from '../../engine/report/verdict.ts';
import { writeCsv } from '../../engine/report/write-csv.ts';
import { writeJson } from '../../engine/report/write-json.ts';
import { writeMmtests } from '../../engine/report/write-mmtests.ts';
import { loadPolicies, policyError } from '../policy-file.ts';
import { cpusToReadAgain, openRecording } from '../recording.ts';
import { comparisonText } from '../terminal/comparison-text.ts';
import { Progress } from '../terminal/progress.ts';
import { screenOf } from '../terminal/screen.ts';
import { verdictText } from '../terminal/verdict-text.ts';
import type { ReplayFlags } from './replay.ts';

interface Asked {
  /** undefined: all built-in policies. */
  readonly policies: readonly Policy[] | undefined;
  readonly baseline: Policy;
  readonly conditions: readonly Condition[];
  readonly isolated: readonly number[] | undefined;
}

/** The exit code. Everything that a user can get wrong without a recording is found before one is read. */
export async function runReplay(files: readonly string[], flags: ReplayFlags): Promise<ExitCode> {
  const conditions = (flags.failOn ?? []).map(parseCondition);
  const isolated = flags.isolated === undefined ? undefined : parseCpuList(flags.isolated, '--isolated');
  const policies = flags.policy && (await loadPolicies(flags.policy));
  const baseline = flags.baseline === undefined ? everyone : (await loadPolicies([flags.baseline]))[0];
  const names = [baseline, ...(policies ?? builtInPolicies)].map(({ name }) => name);
  for (const condition of conditions) checkMetric(condition, names);
  const asked: Asked = { policies, baseline, conditions, isolated };
  const verdicts: Verdict[] = [];
  for (const [index, file] of files.entries()) {
    const progress = new Progress(
      process.stderr,
      flags.progress,
      files.length > 1 ? `${index + 1}/${files.length} ` : '',
    );
    try {
      verdicts.push(await replayFile(file, flags, asked, progress));
    } finally {
      progress.done();
    }
  }
  process.stdout.write(written(verdicts, flags));
  return checked(verdicts, conditions);
}

/** `cpus`: how many CPUs a first reading has seen. */
async function replayFile(
  file: string,
  flags: ReplayFlags,
  asked: Asked,
  progress: Progress,
  cpus?: number,
): Promise<Verdict> {
  const { isolated } = asked;
  const recording = await openRecording(file, { cpus: flags.cpus ?? cpus, isolated });
  try {
    const verdict = await replay(recording.reader, recording.machine, recording.snapshots, {
      name: recording.name,
      kernel: recording.kernel,
      policies: asked.policies,
      baseline: asked.baseline,
      partial: flags.partial === true,
      onProgress: (bytesRead, bytesTotal) => progress.update(bytesRead, bytesTotal),
    });
    const again = cpusToReadAgain(file, recording, { cpus: flags.cpus });
    return again === 0 ? verdict : await replayFile(file, flags, asked, progress, again);
  } catch (error) {
    throw policyError(error);
  } finally {
    await recording.reader.close();
  }
}

function written(verdicts: readonly Verdict[], flags: ReplayFlags): string {
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
      return verdicts.length === 1
        ? verdictText(verdicts[0], screen)
        : comparisonText(compare(verdicts), screen);
    }
  }
}

/** Says on standard error which conditions hold, so that the output stays as it is without them. */
function checked(verdicts: readonly Verdict[], conditions: readonly Condition[]): ExitCode {
  const failures = verdicts.flatMap((verdict) =>
    conditions.flatMap((condition) => {
      const why = failure(condition, verdict);
      return why === '' ? [] : [`${verdict.source.name}: ${why}`];
    }),
  );
  for (const why of failures) process.stderr.write(`drainlab: check failed: ${why}\n`);
  return failures.length === 0 ? ExitCode.ok : ExitCode.checkFailed;
}
