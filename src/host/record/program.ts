/** A recorder that is a program of its own (perf, trace-cmd): started, told to end, waited for; what it said is kept for errors. */

import { type ChildProcess, spawn } from 'node:child_process';
import { DrainlabError, ExitCode } from '../../base/errors.ts';

const saidMax = 4096;
/** Writing gigabytes to a slow disk takes its time. */
const endMsMax = 300_000;

export class RecorderProgram {
  readonly child: ChildProcess;
  readonly #name: string;
  readonly #ended: Promise<number | null>;
  #said = '';

  /** `words`: the program and its arguments. Pipes 3 and 4 are open for it. */
  constructor(words: readonly string[], folder: string) {
    const [name, ...rest] = words;
    this.#name = name;
    // Ctrl-C goes to the whole group of a terminal: its end is ours to order, so it has a group of its own.
    this.child = spawn(name, rest, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.#said += String(error);
        resolve(null);
      });
      this.child.on('close', (code) => resolve(code));
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (data: Buffer) => {
        this.#said = (this.#said + data.toString('utf8')).slice(-saidMax);
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
      if (this.child.exitCode !== null || this.child.pid === undefined || performance.now() > until)
        throw this.failure('did not begin to record');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** SIGINT, then waits for it to write its file. */
  async end(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGINT');
    const late = setTimeout(() => this.child.kill('SIGKILL'), endMsMax);
    await this.#ended;
    clearTimeout(late);
  }

  failure(what: string): DrainlabError {
    const said = this.#said.trim().split('\n').slice(-3).join(' · ');
    return new DrainlabError(`${what}${said === '' ? '' : `: ${said}`}`, {
      code: 'E_RECORD_PROGRAM',
      where: this.#name,
      hint: 'Try another --backend; --dry-run prints the whole command.',
      exitCode: ExitCode.outside,
    });
  }
}
