/** The folder that takes a recording: new, empty, or with nothing but the console of a guest that failed. */

import { existsSync, mkdirSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';

/** What a guest that did not get far leaves (src/host/vm). */
export const consoleName = 'console.txt';

/** Throws E_RECORD_FOLDER when something is there that a recording would be mixed with. */
export function refuseUsedFolder(folder: string): void {
  const about = aboutOf(folder);
  if (about === undefined) return;
  if (about.isDirectory() && readdirSync(folder).every((name) => name === consoleName)) return;
  throw new DrainlabError('there is something at this place already', {
    code: 'E_RECORD_FOLDER',
    where: folder,
    hint: 'Name another folder with --output, or remove what is there.',
    exitCode: ExitCode.wrongUse,
  });
}

/** undefined: nothing is there. */
function aboutOf(folder: string): Stats | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false });
  } catch (cause) {
    throw folderError(folder, cause);
  }
}

/** Throws E_RECORD_FOLDER when it cannot be made, or is in use. */
export function makeRecordingFolder(folder: string): void {
  refuseUsedFolder(folder);
  try {
    makeSteps(folder);
  } catch (cause) {
    throw folderError(folder, cause);
  }
}

/** Step by step: mkdir -p of Node 20 never returns below /proc. */
function makeSteps(folder: string): void {
  if (existsSync(folder)) return;
  makeSteps(dirname(folder));
  mkdirSync(folder);
}

/** What the file system said about a folder, as one of our errors. */
export function folderError(folder: string, cause: unknown): DrainlabError {
  return new DrainlabError(`the recording cannot be written: ${(cause as Error).message}`, {
    code: 'E_RECORD_FOLDER',
    where: folder,
    hint: 'Name a folder with --output in a place that has room and that you may write to.',
    exitCode: ExitCode.outside,
    cause,
  });
}
