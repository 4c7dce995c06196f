/** Starts the thread that simulates, watches it, and hands its verdict on. */

import { Worker } from 'node:worker_threads';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import type { Scenario } from '../engine/input/scenario.ts';
import type { Verdict } from '../engine/report/verdict.ts';
import { Busy, SharedState, type SimulationAnswer, type SimulationOrder, Stop } from './simulation-order.ts';

/** A rule of a user's that takes longer for one drain never ends, as far as anybody can wait. */
const chooseSecondsMax = 5;
const loadSecondsMax = 60;
const watchMs = 100;

export interface Simulation {
  readonly scenario: Scenario;
  readonly policies: readonly string[];
  readonly baseline: string;
  readonly asked: readonly string[] | undefined;
  /** Real seconds after which the verdict is made of what is there; Infinity: never. */
  readonly secondsMax: number;
  /** Throws what is wrong with the names of the policies. */
  readonly onReady: (names: readonly string[]) => void;
  /** Called about ten times a second. */
  readonly onProgress: (state: SharedState) => void;
}

export interface Simulated {
  readonly verdict: Verdict;
  readonly interrupted: boolean;
}

/** The first Ctrl-C ends the run in progress and gives the verdict so far; the second ends the process. */
export async function simulateInThread(simulation: Simulation): Promise<Simulated> {
  const state = new SharedState();
  const { scenario, policies, baseline, asked } = simulation;
  const order: SimulationOrder = { scenario, policies, baseline, asked, shared: state.buffer };
  const interrupt = () => {
    // While a user's file is loaded there is nothing to tell yet.
    if (state.stop === Stop.interrupted || state.busy === Busy.loading) process.exit(130);
    state.stop = Stop.interrupted;
  };
  process.on('SIGINT', interrupt);
  const stopWatch = new StopWatch(simulation, state);
  try {
    const verdict = await answered(order, simulation.onReady, stopWatch);
    return { verdict, interrupted: state.stop === Stop.interrupted };
  } finally {
    process.off('SIGINT', interrupt);
    stopWatch.stop();
  }
}

function answered(
  order: SimulationOrder,
  onReady: (names: readonly string[]) => void,
  stopWatch: StopWatch,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const file = import.meta.url.endsWith('.ts') ? './simulation-worker.ts' : './simulation-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData: order });
    const fail = (error: unknown) => {
      reject(error);
      void worker.terminate();
    };
    stopWatch.start(fail);
    worker.on('error', (error) => fail(memoryError(error)));
    worker.on('exit', () => reject(new Error('the simulating thread ended without an answer')));
    worker.on('message', (answer: SimulationAnswer) => {
      try {
        if (answer.kind === 'ready') onReady(answer.names);
        else if (answer.kind === 'verdict') resolve(answer.verdict);
        else fail(errorOf(answer));
      } catch (error) {
        fail(error);
      }
    });
  });
}

/** Looks ten times a second: progress, the end of the time, a user's code that does not come back. */
class StopWatch {
  private readonly simulation: Simulation;
  private readonly state: SharedState;
  private timer: NodeJS.Timeout | undefined;
  private turn = -1;
  private turnSince = 0;

  constructor(simulation: Simulation, state: SharedState) {
    this.simulation = simulation;
    this.state = state;
  }

  start(fail: (error: Error) => void): void {
    const { state, simulation } = this;
    const startMs = performance.now();
    this.timer = setInterval(() => {
      const nowMs = performance.now();
      if (nowMs - startMs > simulation.secondsMax * 1000 && state.stop === Stop.no) state.stop = Stop.seconds;
      if (state.busy === Busy.no || state.turn !== this.turn) {
        this.turn = state.turn;
        this.turnSince = nowMs;
      }
      const secondsMax = state.busy === Busy.loading ? loadSecondsMax : chooseSecondsMax;
      if (nowMs - this.turnSince > secondsMax * 1000) fail(endless(state.busy, secondsMax));
      else simulation.onProgress(state);
    }, watchMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

function endless(busy: number, seconds: number): DrainlabError {
  const loading = busy === Busy.loading;
  return new DrainlabError(
    loading
      ? `a policy file is not loaded after ${seconds} s`
      : `a policy of yours has not answered for ${seconds} s at one drain`,
    {
      code: 'E_POLICY_ENDLESS',
      hint: 'It has a loop that does not end. It must answer from the request alone, within microseconds.',
      exitCode: ExitCode.wrongUse,
    },
  );
}

/** Errors cross from thread to thread as data. */
export function answerOf(error: unknown): SimulationAnswer {
  const known = error instanceof DrainlabError ? error : memoryError(error);
  if (!(known instanceof DrainlabError)) throw error;
  const { message, code, where, hint, exitCode } = known;
  return { kind: 'error', message, code, where, hint, exitCode };
}

function errorOf({
  message,
  code,
  where,
  hint,
  exitCode,
}: SimulationAnswer & { kind: 'error' }): DrainlabError {
  return new DrainlabError(message, { code, where, hint, exitCode });
}

/** Memory that cannot be had is nobody's mistake but the size of the scenario. */
function memoryError(error: unknown): unknown {
  const { message = '', code = '' } = (error ?? {}) as { message?: string; code?: string };
  const memory = /Array buffer allocation failed|Invalid typed array length|out of memory/i.test(message);
  if (!memory && code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new DrainlabError('there is not enough memory for this scenario here', {
    code: 'E_SCENARIO_MEMORY',
    hint: "Give the machine of the scenario less memory or fewer CPUs: --set machine.memory='4 GiB'.",
    exitCode: ExitCode.outside,
    cause: error,
  });
}
