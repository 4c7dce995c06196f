/** Writes a file as a whole or not at all: who reads it never sees a part, and a failure leaves the old one. */

import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DrainlabError, ExitCode } from '../base/errors.ts';

/** Readable by everybody: collectors run as other users. */
const mode = 0o644;

/** Throws E_OUTPUT where a file cannot be written: asked before work that takes long. Leaves nothing. */
export function checkWritable(path: string): void {
  const beside = fileBeside(path);
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder');
    closeSync(openSync(beside, 'wx', mode));
    rmSync(beside);
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

/** It goes into a file beside `path`, which then takes its name. Throws E_OUTPUT. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const beside = fileBeside(path);
  try {
    // A link or a file that is there already is not followed and not taken.
    const fd = openSync(beside, 'wx', mode);
    try {
      fill(fd, content);
      renameSync(beside, path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

function fileBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.part`);
}

function fill(fd: number, content: string | Uint8Array): void {
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    fchmodSync(fd, mode);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function notWritten(path: string, cause: unknown): DrainlabError {
  const why =
    cause instanceof Error ? cause.message.replace(/^(\w+): ([^,]*),.*$/, '$2 ($1)') : String(cause);
  return new DrainlabError(`it cannot be written: ${why}`, {
    code: 'E_OUTPUT',
    where: path,
    hint: 'What was there before is still there. The folder must exist, let you write, and have room.',
    exitCode: ExitCode.outside,
    cause,
  });
}
