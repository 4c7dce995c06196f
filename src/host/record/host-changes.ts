/**
 * Carries changes out and takes them back: at the end, after an error, after a signal. What no process can catch (kill -9,
 * a crash) a shell of its own does: it is told each undoing before the change is made, waits for its input to close,
 * and then does what was not taken back by then.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { type Change, shellWord, undoLine } from './plan.ts';

/**
 * Reads undoings, one a line, the latest is done first; the word `done` sends it home. A folder of the tracer cannot be removed
 * while a reader that dies still has a file of it open, so each is tried for two seconds.
 */
const guardScript = `trap '' INT TERM HUP
undo=
while IFS= read -r line; do
  [ "$line" = done ] && exit 0
  undo="$line
$undo"
done
again() {
  for try in 1 2 3 4 5 6 7 8 9 10; do
    eval "$1" 2>/dev/null && return
    sleep 0.2
  done
}
eval "$undo"`;

const busyTries = 40;
const busyWaitMs = 50;

export class HostChanges {
  readonly #made: Change[] = [];
  #guard: ChildProcess | null = null;

  /** A change that may fail and does: its message, else ''. Throws E_RECORD_WRITE. */
  make(change: Change): string {
    this.#tellGuard(undoLine(change));
    try {
      perform(change);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (change.do !== 'make' && change.mayFail === true) return reason;
      throw new DrainlabError(`the kernel refuses it: ${reason}`, {
        code: 'E_RECORD_WRITE',
        where: change.path,
        hint: 'What was changed before has been taken back. --dry-run shows every step.',
        exitCode: ExitCode.outside,
        cause,
      });
    }
    this.#made.push(change);
    return '';
  }

  /**
   * A program that must end when we are gone: the guard sends it SIGINT if it still bears this name, and waits up to ten seconds for its
   * end, since it may set things itself as it ends.
   */
  watch(pid: number, name: string): void {
    const isOurs = `[ "$(cat /proc/${pid}/comm)" = ${shellWord(name)} ]`;
    const wait = `n=0; while ${isOurs} && [ $n -lt 50 ]; do sleep 0.2; n=$((n + 1)); done`;
    this.#tellGuard(`if ${isOurs}; then kill -INT ${pid}; ${wait}; fi`);
  }

  /** Takes everything back, latest first, each even if another fails. Returns what could not be. */
  undoAll(): string[] {
    const failures: string[] = [];
    for (let change = this.#made.pop(); change !== undefined; change = this.#made.pop()) {
      try {
        undoPatiently(change);
      } catch (error) {
        failures.push(`${undoLine(change)}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    // Where we failed the guard may still succeed.
    this.#guard?.stdin?.end(failures.length === 0 ? 'done\n' : '');
    this.#guard = null;
    return failures;
  }

  #tellGuard(line: string): void {
    if (line === '') return;
    this.#guard ??= startGuard();
    this.#guard.stdin?.write(`again ${shellWord(line)}\n`);
  }
}

function startGuard(): ChildProcess {
  // A session of its own: what ends our terminal or our group does not end it.
  const guard = spawn('/bin/sh', ['-c', guardScript], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  guard.stdin?.on('error', () => undefined);
  guard.on('error', () => undefined);
  guard.unref();
  return guard;
}

function perform(change: Change): void {
  if (change.do === 'make') mkdirSync(change.path);
  else if (change.do === 'append') appendFileSync(change.path, `${change.text}\n`);
  else writeFileSync(change.path, `${change.text}\n`);
}

/** The kernel lets go of probes and instances a moment after their last user did. */
function undoPatiently(change: Change): void {
  for (let left = busyTries; ; left--) {
    try {
      undo(change);
      return;
    } catch (error) {
      if (left === 0 || (error as { code?: string }).code !== 'EBUSY') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyWaitMs);
    }
  }
}

function undo(change: Change): void {
  if (change.do === 'make') rmdirSync(change.path);
  else if (change.undo === '') return;
  else if (change.do === 'append') appendFileSync(change.path, `${change.undo}\n`);
  else writeFileSync(change.path, `${change.undo}\n`);
}
