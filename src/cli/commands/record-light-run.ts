/** Runs `drainlab record --light`: one line for each drain of this host, by bpftrace. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { plural } from '../../engine/report/numbers.ts';
import { type LightOrder, LightRecorder, lightPlan } from '../../host/record/backend-light.ts';
import { type LightKernel, lightKernelOf } from '../../host/record/light-kernel.ts';
import { type LightCounts, lostLines, openCalls } from '../../host/record/light-lines.ts';
import { lightCpusMax } from '../../host/record/light-program.ts';
import {
  type LightRights,
  lightRightsOfThisHost,
  refuseLightWithoutRights,
  whatKeepsLight,
} from '../../host/record/light-rights.ts';
import { planText } from '../../host/record/plan.ts';
import { type HostRecording, recordHost } from '../../host/record/record-host.ts';
import { makeRecordingFolder } from '../../host/record/recording-folder.ts';
import { readThisHost } from '../../host/this-host.ts';
import { readOr } from '../../host/tracefs.ts';
import { Progress } from '../terminal/progress.ts';
import type { RecordFlags } from './record.ts';
import { isolatedCpus, nameByTime, refuseUnknownProgram, say } from './record-run.ts';

export async function runRecordLight(command: readonly string[], flags: RecordFlags): Promise<ExitCode> {
  const rights = lightRightsOfThisHost();
  const folder = flags.output ?? nameByTime();
  if (flags.dryRun === true) {
    process.stdout.write(dryRunText(rights, folder, command));
    return ExitCode.ok;
  }
  refuseLightWithoutRights(rights);
  refuseUnknownProgram(command);
  const order = { folder, command, kernel: kernelOfThisHost(rights) };
  const plan = lightPlan(order);
  makeRecordingFolder(folder);
  for (const sentence of [plan.writes, ...plan.notes]) say(sentence);
  const { recording, counts } = await recordShown(order, flags);
  sayWhatCame(recording, counts, folder);
  const isLossy = lostLines(counts) !== 0 && flags.allowLost !== true;
  return isLossy ? ExitCode.checkFailed : ExitCode.ok;
}

/** Throws E_RECORD_LIGHT_KERNEL. */
function kernelOfThisHost({ knowsTypes }: LightRights): LightKernel {
  const kernel = lightKernelOf(readThisHost().snapshot, readOr('/proc/kallsyms'), knowsTypes);
  if (kernel.cpuCount <= lightCpusMax) return kernel;
  throw new DrainlabError(
    `this machine may have ${kernel.cpuCount} CPUs, and a line of bpftrace holds ${lightCpusMax}`,
    { code: 'E_RECORD_LIGHT_KERNEL', hint: 'Record without --light.', exitCode: ExitCode.outside },
  );
}

function dryRunText(rights: LightRights, folder: string, command: readonly string[]): string {
  const reasons = whatKeepsLight(rights);
  let plan = '';
  try {
    plan = planText(lightPlan({ folder, command, kernel: kernelOfThisHost(rights) }));
  } catch (error) {
    if (!(error instanceof DrainlabError)) throw error;
    reasons.push(`${error.message}. ${error.hint}`);
  }
  return `# With bpftrace, into ${folder}/.\n${reasons.map((reason) => `# Not possible yet: ${reason}\n`).join('')}${plan}`;
}

async function recordShown(
  order: LightOrder,
  flags: RecordFlags,
): Promise<{ recording: HostRecording; counts: LightCounts }> {
  const progress = new Progress(process.stderr, flags.progress && order.command.length === 0);
  let recorder: LightRecorder | null = null;
  try {
    const recording = await recordHost(
      {
        folder: order.folder,
        plan: lightPlan(order),
        isolated: isolatedCpus(),
        lengthMs: flags.length === undefined ? undefined : flags.length / 1e6,
        onProgress: (seconds, bytes) =>
          progress.show(
            `recording drains · ${Math.floor(seconds)} s · ${(bytes / 1e3).toFixed(1)} kB · Ctrl-C ends it`,
          ),
      },
      (onStart) => {
        recorder = new LightRecorder(order, onStart);
        return recorder;
      },
    );
    return { recording, counts: countsOf(recorder) };
  } catch (error) {
    rmSync(order.folder, { recursive: true, force: true });
    throw error;
  } finally {
    progress.done();
  }
}

function countsOf(recorder: LightRecorder | null): LightCounts {
  const counts = recorder?.counts ?? null;
  if (counts === null) throw new Error('the plan has no step that finishes');
  return counts;
}

function sayWhatCame(recording: HostRecording, counts: LightCounts, folder: string): void {
  const { commandEnd, signal, seconds, file } = recording;
  if (signal !== '') say(`Ended by ${signal}.`);
  if (commandEnd !== null && commandEnd !== 0) say(`The command ended with ${commandEnd}.`);
  for (const line of counts.strange) say(`bpftrace: ${line}`);
  say(`${join(folder, file)}: ${plural(counts.drains, 'drain')} in ${seconds.toFixed(1)} s.`);
  if (openCalls(counts) > 0)
    say(`Of ${plural(openCalls(counts), 'further call')} no return was seen; they have no line.`);
  say(lostText(lostLines(counts)));
  say(`Go on with: drainlab replay ${folder}`);
}

function lostText(lost: number | null): string {
  if (lost === 0) return 'No line was lost.';
  return lost === null
    ? 'bpftrace gave no counts at its end, so it is not known whether lines were lost.'
    : `${plural(lost, 'line')} were lost: they are marked in the recording.`;
}
