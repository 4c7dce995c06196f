/** What the guest is to run, as a script, and the files of this host that it needs. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { shellWord } from '../record/plan.ts';
import { programOnPath } from './find-qemu.ts';

export interface GuestWorkload {
  /** For `sh`. */
  readonly script: string;
  /** Paths on this host, to be at the same path in the guest. */
  readonly include: readonly string[];
}

/** A command of the user: a program of busybox, or one of this host. Throws E_RECORD_COMMAND. */
export function guestWorkload(words: readonly string[], applets: ReadonlySet<string>): GuestWorkload {
  const [program, ...rest] = words;
  const path = program.includes('/')
    ? resolve(program)
    : applets.has(program)
      ? null
      : programOnPath(program);
  if (path === null && !applets.has(program)) throw unknownProgram(program);
  if (path !== null && !existsSync(path)) throw unknownProgram(program);
  const line = [path ?? program, ...rest].map(shellWord).join(' ');
  return { script: `exec ${line}\n`, include: path === null ? [] : [path] };
}

function unknownProgram(program: string): DrainlabError {
  return new DrainlabError(`${program} is neither a program of busybox nor on this host`, {
    code: 'E_RECORD_COMMAND',
    hint: 'Install it, write its path, or use sh -c "…" for a line of shell.',
    exitCode: ExitCode.wrongUse,
  });
}
