/** Runs `drainlab record` on this host: what to record, with what, the recording itself, and what came of it. */

import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { delimiter, join } from 'node:path';
import { BitSet } from '../../base/bit-set.ts';
import { parseCpuList } from '../../base/cpu-list.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { plural } from '../../engine/report/numbers.ts';
import { chosenBackend, planOf, recorderOf, refuseWithoutRights } from '../../host/record/backends.ts';
import { availableBytes, bufferSize } from '../../host/record/buffer-size.ts';
import { lossText, lostEvents } from '../../host/record/losses.ts';
import { planText, type RecordPlan } from '../../host/record/plan.ts';
import { refuseSecondRecording } from '../../host/record/probe-changes.ts';
import { type HostRecording, recordHost } from '../../host/record/record-host.ts';
import type { Recorder, RecordOrder } from '../../host/record/recorder.ts';
import { makeRecordingFolder } from '../../host/record/recording-folder.ts';
import { recordingMeta } from '../../host/record/recording-meta.ts';
import { type BackendName, type HostRights, rightsOfThisHost, whatKeeps } from '../../host/record/rights.ts';
import { type Purpose, wantedEvents } from '../../host/record/wanted-events.ts';
import { offerOf, readOr } from '../../host/tracefs.ts';
import { Progress } from '../terminal/progress.ts';
import type { RecordFlags } from './record.ts';

/** Where tracefs belongs; for plans on hosts where it is not mounted. */
const tracefsPlace = '/sys/kernel/tracing';

export async function runRecord(command: readonly string[], flags: RecordFlags): Promise<ExitCode> {
  const rights = rightsOfThisHost();
  const backend = chosenBackend(flags.backend, rights);
  const purpose: Purpose = flags.for ?? 'both';
  const root = rights.tracefs === '' ? tracefsPlace : rights.tracefs;
  const cpus = Math.max(1, cpuList('online').length);
  const available = availableBytes(readOr('/proc/meminfo'));
  const buffer = bufferSize(cpus, available, flags.bufferSize);
  const order: RecordOrder = {
    folder: flags.output ?? nameByTime(),
    wanted: wantedEvents(offerOf(rights.tracefs), purpose),
    bufferKilobytesPerCpu: buffer.kilobytesPerCpu,
    command,
  };
  if (flags.dryRun === true) {
    process.stdout.write(dryRunText(backend, rights, root, order, buffer.said));
    return ExitCode.ok;
  }
  refuseWithoutRights(flags.backend, rights);
  refuseUnknownProgram(command);
  refuseSecondRecording(root);
  const plan = planOf(backend, root, order);
  makeRecordingFolder(order.folder);
  for (const sentence of [plan.writes, buffer.said, ...plan.notes]) say(sentence);
  const recording = await recordShown(plan, order, flags, (onStart) =>
    recorderOf(backend, root, order, onStart),
  );
  const meta = recordingMeta({ kernel: release(), cpus, backend, purpose, order, recording });
  writeFileSync(join(order.folder, 'meta.json'), `${JSON.stringify(meta, null, 2)}\n`);
  sayWhatCame(recording, order.folder, purpose);
  const isLossy = lostEvents(recording.losses) > 0 && flags.allowLost !== true;
  return isLossy || recording.notUndone.length > 0 ? ExitCode.checkFailed : ExitCode.ok;
}

/** A failed recording leaves no folder that looks like one. */
async function recordShown(
  plan: RecordPlan,
  order: RecordOrder,
  flags: RecordFlags,
  recorder: (onStart: (pid: number, name: string) => void) => Recorder,
): Promise<HostRecording> {
  // The command writes to the same terminal.
  const progress = new Progress(process.stderr, flags.progress && order.command.length === 0);
  try {
    return await recordHost(
      {
        folder: order.folder,
        plan,
        isolated: isolatedCpus(),
        lengthMs: flags.length === undefined ? undefined : flags.length / 1e6,
        snapshotEveryMs: flags.snapshotEvery === undefined ? undefined : flags.snapshotEvery / 1e6,
        onProgress: (seconds, bytes) =>
          progress.show(
            `recording · ${Math.floor(seconds)} s · ${(bytes / 1e6).toFixed(1)} MB · Ctrl-C ends it`,
          ),
      },
      recorder,
    );
  } catch (error) {
    rmSync(order.folder, { recursive: true, force: true });
    throw error;
  } finally {
    progress.done();
  }
}

function dryRunText(
  backend: BackendName,
  rights: HostRights,
  root: string,
  order: RecordOrder,
  bufferSaid: string,
): string {
  const notes = whatKeeps(backend, rights).map((reason) => `# Not possible yet: ${reason}\n`);
  if (!rights.tracefsIsOpen)
    notes.push(
      '# What this kernel offers cannot be read; every event and probe that some kernel has is listed.\n',
    );
  return `# With ${backend}. ${bufferSaid}\n${notes.join('')}${planText(planOf(backend, root, order))}`;
}

function sayWhatCame(recording: HostRecording, folder: string, purpose: Purpose): void {
  const { events, seconds, snapshots, commandEnd, signal, refused, notUndone, file } = recording;
  const bytes = statSync(join(folder, file)).size;
  if (signal !== '') say(`Ended by ${signal}.`);
  if (commandEnd !== null && commandEnd !== 0) say(`The command ended with ${commandEnd}.`);
  if (refused.length > 0) say(`The kernel refused ${plural(refused.length, 'probe')}: meta.json lists them.`);
  for (const failure of notUndone) say(`Not taken back: ${failure}`);
  say(
    `${folder}/${file}: ${plural(events, 'event')} in ${seconds.toFixed(1)} s, ${plural(snapshots, 'snapshot')}, ${(bytes / 1e6).toFixed(1)} MB.`,
  );
  const lost = lossText(recording.losses);
  say(
    lost === ''
      ? 'No event was lost.'
      : `${lost} Record again with a larger --buffer-size or --for one purpose.`,
  );
  if (purpose !== 'audit') say(`Go on with: drainlab replay ${folder}`);
  if (purpose !== 'replay')
    say(`${purpose === 'audit' ? 'Go on with' : '        and'}: drainlab audit ${folder}`);
}

export function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

function cpuList(name: string): number[] {
  return parseCpuList(readOr(`/sys/devices/system/cpu/${name}`), name);
}

export function isolatedCpus(): BitSet {
  const isolated = [...cpuList('isolated'), ...cpuList('nohz_full')];
  return BitSet.of(Math.max(0, ...cpuList('possible'), ...isolated) + 1, isolated);
}

export function nameByTime(): string {
  return `recording-${new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-')}`;
}

/** Found out before anything is changed. */
export function refuseUnknownProgram([program]: readonly string[]): void {
  if (program === undefined) return;
  const folders = program.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  if (folders.some((folder) => existsSync(folder === '' ? program : join(folder, program)))) return;
  throw new DrainlabError('there is no such program', {
    code: 'E_RECORD_COMMAND',
    where: program,
    hint: "Check its name; for a line of a shell write: -- sh -c 'LINE'.",
    exitCode: ExitCode.wrongUse,
  });
}
