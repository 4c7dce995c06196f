/** A recorder that is a program of its own (perf, trace-cmd): started, told to end, waited for; what it said is kept for errors. */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { readOr } from '../tracefs.ts';

const saidMax = 4096;
/** Writing gigabytes to a slow disk takes its time. */
const endMsMax = 300_000;

export class RecorderProgram {
  readonly child: ChildProcess;
  readonly #name: string;
  readonly #ended: Promise<void>;
  /** What it says goes to a file: a pipe that breaks when we are killed would end it before it has cleaned up. */
  readonly #log: string;
  #said = '';

  /** `words`: the program and its arguments. Pipes 3 and 4 are open for it. */
  constructor(words: readonly string[], folder: string) {
    const [name, ...rest] = words;
    this.#name = name;
    // Ctrl-C goes to the whole group of a terminal: its end is ours to order, so it has a group of its own.
    this.#log = join(folder, `${name}.log`);
    const log = openSync(this.#log, 'w');
    this.child = spawn(name, rest, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', log, log, 'pipe', 'pipe'],
    });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.#said = String(error);
        resolve();
      });
      this.child.on('close', () => resolve());
    });
    for (const stream of this.child.stdio) stream?.on('error', () => undefined);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Waits until something is so; E_RECORD_PROGRAM when it ends before or takes too long. */
  async hasDone(isSo: () => boolean, ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (!isSo()) {
      if (this.#isOver || performance.now() > until) throw this.failure('did not begin to record');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** SIGINT, then waits for it to write its file. */
  async end(): Promise<void> {
    if (!this.#isOver) this.child.kill('SIGINT');
    const late = setTimeout(() => this.child.kill('SIGKILL'), endMsMax);
    await this.#ended;
    clearTimeout(late);
    this.#said += readOr(this.#log).slice(-saidMax);
    rmSync(this.#log, { force: true });
  }

  /** Ended, or never started. */
  get #isOver(): boolean {
    const { exitCode, signalCode, pid } = this.child;
    return exitCode !== null || signalCode !== null || pid === undefined;
  }

  failure(what: string): DrainlabError {
    const said = (this.#said + readOr(this.#log).slice(-saidMax)).trim().split('\n').slice(-3).join(' · ');
    return new DrainlabError(`${what}${said === '' ? '' : `: ${said}`}`, {
      code: 'E_RECORD_PROGRAM',
      where: this.#name,
      hint: 'Try another --backend; --dry-run prints the whole command.',
      exitCode: ExitCode.outside,
    });
  }
}
