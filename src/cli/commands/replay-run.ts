/** Runs `drainlab replay`: opens each recording, asks the policies, writes the answer. */

import { parseCpuList } from '../../base/cpu-list.ts';
import type { ExitCode } from '../../base/errors.ts';
import { builtInPolicies, everyone } from '../../engine/policy/built-in.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import { replay } from '../../engine/replay.ts';
import { type Condition, checkMetric, parseCondition } from '../../engine/report/check.ts';
import type { Verdict } from '../../engine/report/verdict.ts';
import { type Packed, recordedViews } from '../../engine/timeline/pack.ts';
import { Timeline } from '../../engine/timeline/timeline.ts';
import { loadPolicies, policyError } from '../policy-file.ts';
import { cpusToReadAgain, openRecording } from '../recording.ts';
import { Progress } from '../terminal/progress.ts';
import { checkedVerdicts, writtenVerdicts } from '../verdict-output.ts';
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
  const views: Packed[] = [];
  for (const [index, file] of files.entries()) {
    const progress = new Progress(
      process.stderr,
      flags.progress,
      files.length > 1 ? `${index + 1}/${files.length} ` : '',
    );
    try {
      verdicts.push(await replayFile(file, flags, asked, progress, views));
    } finally {
      progress.done();
    }
  }
  if (flags.html !== undefined) {
    const { writeHtml } = await import('../write-html.ts');
    const { bytes, exact } = await writeHtml(flags.html, views);
    const coarse = exact ? '' : '; pages are coarse in it, so that it stays small';
    process.stderr.write(`drainlab: wrote ${flags.html}: ${(bytes / 1e6).toFixed(1)} MB${coarse}\n`);
  }
  process.stdout.write(writtenVerdicts(verdicts, flags));
  return checkedVerdicts(verdicts, conditions);
}

/** Adds to `views` what a page shows, where one is asked for. `cpus`: how many CPUs a first reading has seen. */
async function replayFile(
  file: string,
  flags: ReplayFlags,
  asked: Asked,
  progress: Progress,
  views: Packed[],
  cpus?: number,
): Promise<Verdict> {
  const { isolated } = asked;
  const recording = await openRecording(file, { cpus: flags.cpus ?? cpus, isolated });
  const timeline = flags.html === undefined ? undefined : new Timeline(recording.machine);
  try {
    const verdict = await replay(recording.reader, recording.machine, recording.snapshots, {
      name: recording.name,
      kernel: recording.kernel,
      policies: asked.policies,
      baseline: asked.baseline,
      partial: flags.partial === true,
      timeline,
      onProgress: (bytesRead, bytesTotal) => progress.update(bytesRead, bytesTotal),
    });
    const again = cpusToReadAgain(file, recording, { cpus: flags.cpus });
    if (again > 0) return await replayFile(file, flags, asked, progress, views, again);
    if (timeline !== undefined) views.push(recordedViews(verdict, timeline, recording.reader.diagnostics));
    return verdict;
  } catch (error) {
    throw policyError(error);
  } finally {
    await recording.reader.close();
  }
}
