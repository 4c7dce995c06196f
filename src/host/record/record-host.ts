/** Carries a plan out on this host: the steps in order, the user's command in their middle, everything taken back at the end. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { BitSet } from '../../base/bit-set.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { keepOff } from '../affinity.ts';
import { HostChanges } from './host-changes.ts';
import { isChange, type RecordPlan, type Step } from './plan.ts';
import { saveProcFiles } from './proc-files.ts';
import type { Recorded, Recorder } from './recorder.ts';

export interface HostRecording extends Recorded {
  readonly seconds: number;
  readonly snapshots: number;
  /** Exit code of the command, or the name of the signal that ended it; null: there was none. */
  readonly commandEnd: number | string | null;
  /** Probes that the kernel refused, with its reason. */
  readonly refused: readonly string[];
  /** What could not be taken back: shell commands with the reason. */
  readonly notUndone: readonly string[];
  /** The signal that ended it early; '' for none. */
  readonly signal: string;
}

export interface HostOrder {
  readonly folder: string;
  readonly plan: RecordPlan;
  /** CPUs that we keep off while recording; the command may run wherever it may. */
  readonly isolated: BitSet;
  /** Ends waiting or the command after so long. */
  readonly lengthMs?: number;
  readonly snapshotEveryMs?: number;
  readonly onProgress?: (seconds: number, bytes: number) => void;
}

const progressMs = 500;
/** A command that was told to end gets so long before the recording ends without it. */
const graceMs = 5000;
/** Far above the load, below what the kernel itself needs; under memory pressure the recorder must not be what is killed. */
const ownPriority = -15;
const ownOomScore = '-900';

/** `recorderOf` gets what the guard must end if we are killed. Throws what the steps throw, after everything is undone. */
export async function recordHost(
  order: HostOrder,
  recorderOf: (onStart: (pid: number, name: string) => void) => Recorder,
): Promise<HostRecording> {
  const changes = new HostChanges();
  const recorder = recorderOf((pid, name) => changes.watch(pid, name));
  const run = new HostRun(order, changes, recorder);
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const onSignal = (signal: NodeJS.Signals) => run.interrupt(signal);
  for (const signal of signals) process.on(signal, onSignal);
  try {
    for (const step of order.plan.steps) await run.carryOut(step);
    return run.result(changes.undoAll());
  } catch (error) {
    await recorder.abandon();
    throw withFailures(error, changes.undoAll());
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** The error as a user meets it, and what could not be taken back after it. */
function withFailures(thrown: unknown, failures: readonly string[]): unknown {
  const error = diskError(thrown);
  if (failures.length === 0) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DrainlabError(message, {
    code: error instanceof DrainlabError ? error.code : 'E_RECORD_WRITE',
    where: error instanceof DrainlabError ? error.where : '',
    hint: `These could not be taken back: ${failures.join('; ')}`,
    exitCode: ExitCode.outside,
    cause: error,
  });
}

const diskCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG', 'EROFS']);

function diskError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!diskCodes.has(code)) return error;
  return new DrainlabError(`the recording cannot be written: ${String(error)}`, {
    code: 'E_RECORD_DISK',
    hint: 'It needs twice its size while it is put together: choose another --output, or record less with --for or --length.',
    exitCode: ExitCode.outside,
    cause: error,
  });
}

class HostRun {
  readonly #order: HostOrder;
  readonly #changes: HostChanges;
  readonly #recorder: Recorder;
  readonly #refused: string[] = [];
  #recorded: Recorded | null = null;
  #snapshots = 0;
  #seconds = 0;
  #signal = '';
  #command: ChildProcess | null = null;
  #commandEnd: number | string | null = null;
  /** Ends the waiting in the middle. */
  #wake: () => void = () => undefined;

  constructor(order: HostOrder, changes: HostChanges, recorder: Recorder) {
    this.#order = order;
    this.#changes = changes;
    this.#recorder = recorder;
  }

  /** The recording ends early and is kept. */
  interrupt(signal: NodeJS.Signals): void {
    if (this.#signal !== '') return;
    this.#signal = signal;
    this.#endCommand(signal);
    this.#wake();
  }

  result(notUndone: readonly string[]): HostRecording {
    if (this.#recorded === null) throw new Error('the plan has no step that finishes');
    return {
      ...this.#recorded,
      seconds: this.#seconds,
      snapshots: this.#snapshots,
      commandEnd: this.#commandEnd,
      refused: this.#refused,
      notUndone,
      signal: this.#signal,
    };
  }

  async carryOut(step: Step): Promise<void> {
    if (isChange(step)) {
      const refusal = this.#changes.make(step);
      if (refusal !== '' && step.do === 'append') this.#refused.push(`${step.text}: ${refusal}`);
      return;
    }
    switch (step.do) {
      case 'save':
        return saveProcFiles(join(this.#order.folder, step.to));
      case 'start':
        return this.#recorder.start();
      case 'snapshot':
        return this.#snapshot(step.label);
      case 'command':
        return this.#middle(step.words);
      case 'stop':
        return this.#recorder.stop();
      case 'finish':
        this.#recorded = await this.#recorder.finish();
    }
  }

  /** The kernel's counts, with a mark before and after they were read. */
  #snapshot(label: string): void {
    const number = this.#snapshots++;
    this.#recorder.mark(`snapshot ${number} begin ${label}`);
    const zoneinfo = readFileSync('/proc/zoneinfo');
    this.#recorder.mark(`snapshot ${number} end ${label}`);
    const folder = join(this.#order.folder, 'zoneinfo');
    mkdirSync(folder, { recursive: true });
    const name = `zoneinfo-snap-${String(number).padStart(3, '0')}-${label}.txt`;
    writeFileSync(join(folder, name), zoneinfo);
  }

  /** Runs the command, or waits, until it ends, the time is over or a signal comes. */
  async #middle(words: readonly string[]): Promise<void> {
    if (this.#signal !== '') return;
    const { lengthMs, snapshotEveryMs, onProgress } = this.#order;
    const begin = performance.now();
    const over = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const commandOver = words.length === 0 ? over : this.#runCommand(words);
    keepOff(this.#order.isolated);
    protectRecorder();
    const timers = [
      setInterval(() => onProgress?.((performance.now() - begin) / 1000, this.#recorder.bytes), progressMs),
    ];
    if (snapshotEveryMs !== undefined)
      timers.push(setInterval(() => this.#snapshot('load'), snapshotEveryMs));
    if (lengthMs !== undefined) {
      timers.push(
        setTimeout(() => {
          this.#endCommand('SIGTERM');
          this.#wake();
        }, lengthMs),
      );
    }
    try {
      await Promise.race([commandOver, over]);
      if (this.#command !== null) await Promise.race([commandOver, sleep(graceMs)]);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      this.#seconds = (performance.now() - begin) / 1000;
    }
  }

  #runCommand(words: readonly string[]): Promise<void> {
    const command = spawn(words[0], words.slice(1), { stdio: 'inherit' });
    this.#command = command;
    return new Promise((resolve) => {
      command.on('error', (error) => {
        this.#commandEnd = error.message;
        resolve();
      });
      command.on('exit', (code, signal) => {
        this.#commandEnd = code ?? signal;
        this.#command = null;
        resolve();
      });
    });
  }

  #endCommand(signal: NodeJS.Signals): void {
    if (this.#command?.exitCode === null) this.#command.kill(signal);
  }
}

/** After the command was started, so that it does not inherit it. Neither is needed for a sound recording on a calm host. */
function protectRecorder(): void {
  try {
    setPriority(0, Math.max(ownPriority, constants.priority.PRIORITY_HIGHEST));
    writeFileSync('/proc/self/oom_score_adj', ownOomScore);
  } catch {
    // Without these rights we run as everybody does; what is lost for it is counted.
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
