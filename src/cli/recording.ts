/** A recording by what a user types: a file, a folder that holds one, or `-`. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BitSet } from '../base/bit-set.ts';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import type { Machine, ZoneinfoSnapshot } from '../engine/input/machine.ts';
import { machineFrom } from '../engine/input/zoneinfo.ts';
import { machineOfHeader, releaseOf } from '../trace/beside-recording.ts';
import type { TraceReader } from '../trace/index.ts';
import { openTraceFile } from '../trace/node-source.ts';
import { TextFeatures } from '../trace/text-features.ts';
import { loadRecordingFolder, loadTracefsFiles } from './recording-folder.ts';

export interface OpenRecording {
  readonly name: string;
  readonly reader: TraceReader;
  readonly machine: Machine;
  readonly snapshots: readonly ZoneinfoSnapshot[];
  /** Release of the recorded kernel, or ''. */
  readonly kernel: string;
  /** Path of the recording, and files beside it that were used; no path: standard input. */
  readonly path: string;
  readonly files: readonly string[];
}

export interface RecordingOptions {
  /** Number of CPUs, where the recording does not say. */
  readonly cpus?: number;
  /** Isolated CPUs, in place of those that lie beside the recording. */
  readonly isolated?: readonly number[];
}

/** The caller closes the reader. */
export async function openRecording(typed: string, options: RecordingOptions = {}): Promise<OpenRecording> {
  const path = typed === '-' ? typed : fileOf(typed);
  const reader = await openTraceFile(path);
  try {
    const cpus = options.cpus ?? Math.max(1, reader.cpuCount);
    const folder = path === '-' ? null : loadRecordingFolder(path, cpus);
    if (path !== '-' && reader.features instanceof TextFeatures)
      reader.features.learn(loadTracefsFiles(path));
    const told = reader.info.machine;
    const machine =
      told === undefined
        ? (folder?.machine ?? machineFrom(null, { cpuCount: cpus }))
        : machineOfHeader(told, cpus);
    return {
      name: nameOf(typed),
      reader,
      machine: options.isolated ? withIsolated(machine, options.isolated) : machine,
      snapshots: folder?.snapshots ?? [],
      kernel: reader.kernel || releaseOf(reader.info.uname) || releaseOf(folder?.uname ?? ''),
      path: path === '-' ? '' : path,
      files: folder?.files ?? [],
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

function fileOf(typed: string): string {
  if (!statSync(typed, { throwIfNoEntry: false })?.isDirectory()) return typed;
  const names = readdirSync(typed).sort();
  if (names.includes('trace.dat')) return join(typed, 'trace.dat');
  const found = names.filter((name) => /\.dat$|^trace.*\.(txt|gz|xz|zst)$/.test(name));
  if (found.length === 1) return join(typed, found[0]);
  throw new DrainlabError(
    found.length === 0
      ? 'this folder holds no recording'
      : `this folder holds several recordings: ${found.join(', ')}`,
    { code: 'E_NO_RECORDING', where: typed, hint: 'Name the file.', exitCode: ExitCode.wrongUse },
  );
}

/** Text may tell how many CPUs there are only while it is read. Throws where it cannot be read again. */
export function cpusToReadAgain(
  typed: string,
  { reader, machine }: OpenRecording,
  options: RecordingOptions,
): number {
  const seen = reader.cpuCount;
  if (seen <= machine.cpuCount) return 0;
  if (typed !== '-' && options.cpus === undefined) return seen;
  throw new DrainlabError(
    options.cpus === undefined
      ? `the recording does not say how many CPUs there are, and has events of CPU ${seen - 1}`
      : `the recording has events of CPU ${seen - 1}, and --cpus says ${options.cpus}`,
    {
      code: 'E_CPUS_NOT_KNOWN',
      where: nameOf(typed),
      hint: `Say how many CPUs the machine has: --cpus ${seen}.`,
      exitCode: ExitCode.wrongUse,
    },
  );
}

/** `recordings/a/trace.dat` → `recordings/a`. */
function nameOf(typed: string): string {
  if (typed === '-') return 'standard input';
  return typed.replace(/\/trace\.dat$/, '').replace(/(?<=.)\/+$/, '');
}

function withIsolated(machine: Machine, cpus: readonly number[]): Machine {
  const outside = cpus.find((cpu) => cpu >= machine.cpuCount);
  if (outside !== undefined) {
    throw new DrainlabError(
      `--isolated names CPU ${outside}, and the machine has 0-${machine.cpuCount - 1}`,
      {
        code: 'E_CPU_LIST',
        hint: 'Write the CPUs as the kernel does: 4-7.',
        exitCode: ExitCode.wrongUse,
      },
    );
  }
  return { ...machine, isolated: BitSet.of(machine.cpuCount, cpus) };
}
