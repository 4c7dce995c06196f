/** `--watch`: plays or steps one simulated run in the terminal. What a picture shows is in terminal/watch-frame.ts. */

import { setTimeout } from 'node:timers/promises';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { DrainRequest } from '../../engine/input/drain-request.ts';
import type { DrainStep, RunObserver } from '../../engine/input/run-observer.ts';
import type { Scenario } from '../../engine/input/scenario.ts';
import { machineViewOf } from '../../engine/machine-view-of.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import { Simulation } from '../../engine/simulation.ts';
import { isFullScreenPossible, onFullScreen } from '../terminal/full-screen.ts';
import { type WatchedDrain, type WatchState, watchFrame } from '../terminal/watch-frame.ts';

const frameMs = 60;
/** Of a frame, for simulating. */
const workMs = 40;
const latestMax = 64;
/** A run is played in this time unless told faster or slower. */
const playSeconds = 60;

export type Key = 'play' | 'next' | 'faster' | 'slower' | 'help' | 'quit';

/** Keys by what the terminal sends. */
export function keyOf(text: string): Key | null {
  switch (text) {
    case ' ':
      return 'play';
    case 'n':
      return 'next';
    case '+':
    case '=':
      return 'faster';
    case '-':
      return 'slower';
    case '?':
    case 'h':
      return 'help';
    case 'q':
    case '\x03':
    case '\x1b':
      return 'quit';
    default:
      return null;
  }
}

/** A run that is played: advanced by time and by keys. No terminal in it. */
export class Playback implements RunObserver {
  readonly simulation: Simulation;
  readonly #scenario: Scenario;
  readonly #title: string;
  readonly #touched: Uint8Array;
  readonly #open = new Map<number, WatchedDrain>();
  readonly #latest: WatchedDrain[] = [];
  #playing = true;
  #help = false;
  #over = false;
  #rate: number;
  #drains = 0;
  #turnedAway = 0;
  #disturbed = 0;
  #forNothing = 0;

  constructor(scenario: Scenario, policy: Policy, seed: number) {
    this.#scenario = scenario;
    this.#title = `${scenario.name} under ${policy.name} · Linux ${scenario.kernel.version} · ${scenario.machine.cpus} CPUs · seed ${seed}`;
    this.#touched = new Uint8Array(scenario.machine.cpus);
    this.#rate = scenario.run.seconds / playSeconds;
    this.simulation = new Simulation(scenario, policy, seed, { observer: this });
  }

  /** False: quit. */
  key(key: Key): boolean {
    if (key === 'quit') return false;
    if (key === 'play') this.#playing = !this.#playing;
    if (key === 'faster') this.#rate *= 2;
    if (key === 'slower') this.#rate /= 2;
    if (key === 'help') this.#help = !this.#help;
    if (key === 'next') {
      this.#playing = false;
      this.#next();
    }
    return true;
  }

  /** Simulates what `realMs` of playing shows, as far as `limitMs` of work allows. */
  advance(realMs: number, limitMs: number, now: () => number = () => performance.now()): void {
    if (!this.#playing || this.#over) return;
    const target = this.simulation.nowNs + this.#rate * realMs * 1e6;
    const startMs = now();
    const sliceNs = Math.max(1000, (target - this.simulation.nowNs) / 50);
    while (this.simulation.nowNs < target && now() - startMs < limitMs) {
      if (!this.#run(Math.min(target, this.simulation.nowNs + sliceNs))) return;
    }
  }

  /** To the end of the drain that ends next, or of the run. */
  #next(): void {
    const before = this.#drains + this.#turnedAway;
    while (this.#drains + this.#turnedAway === before && this.#run(this.simulation.nowNs + 10_000));
  }

  #run(untilNs: number): boolean {
    if (!this.#over && !this.simulation.runUntil(untilNs)) this.#over = true;
    return !this.#over;
  }

  state(): WatchState {
    return {
      title: this.#title,
      machine: this.#scenario.machine,
      view: machineViewOf(this.simulation),
      nowNs: this.simulation.nowNs,
      endNs: this.#scenario.run.seconds * 1e9,
      playing: this.#playing && !this.#over,
      rate: this.#rate,
      over: this.#over,
      help: this.#help,
      drains: this.#drains,
      turnedAway: this.#turnedAway,
      disturbed: this.#disturbed,
      forNothing: this.#forNothing,
      latest: this.#latest,
      touched: this.#touched,
    };
  }

  /** After a picture: who is disturbed from now on is new. A paused picture keeps its marks. */
  pictureTaken(): void {
    if (this.#playing) this.#touched.fill(0);
  }

  drainRequested({ number, timeNs, cpu, holders, online }: DrainRequest): void {
    const drain: WatchedDrain = {
      number,
      startNs: timeNs,
      cpu,
      holders: holders.count,
      online: online.count,
      disturbed: 0,
      forNothing: 0,
      pagesBack: 0,
      endNs: -1,
      turnedAway: false,
      fellBack: false,
    };
    if (!this.#playing) this.#touched.fill(0);
    this.#open.set(number, drain);
    this.#latest.push(drain);
    if (this.#latest.length > latestMax) this.#latest.shift();
  }

  drainStep(number: number, step: DrainStep, timeNs: number, cpu: number, value: number): void {
    const drain = this.#open.get(number);
    if (drain === undefined) return;
    switch (step) {
      case 'began-on':
        if (cpu === drain.cpu) return;
        drain.disturbed++;
        this.#disturbed++;
        this.#touched[cpu] = value > 0 ? 1 : 2;
        if (value > 0) return;
        drain.forNothing++;
        this.#forNothing++;
        return;
      case 'mask-failed':
        drain.fellBack = true;
        return;
      case 'turned-away':
        drain.turnedAway = true;
        this.#turnedAway++;
        this.#open.delete(number);
        return;
      case 'ended':
        drain.endNs = timeNs;
        drain.pagesBack = value;
        this.#drains++;
        this.#open.delete(number);
        return;
      default:
    }
  }
}

/** Returns when the user quits. Throws E_WATCH without a terminal. */
export async function watchSimulation(scenario: Scenario, policy: Policy, seed: number): Promise<void> {
  const terminal = { stdin: process.stdin, stdout: process.stdout, env: process.env };
  if (!isFullScreenPossible(terminal)) {
    throw new DrainlabError('there is no terminal to watch the run in', {
      code: 'E_WATCH',
      hint: 'Run it in a terminal, without pipes; for files there is --trace-out and --explain.',
      exitCode: ExitCode.wrongUse,
    });
  }
  const playback = new Playback(scenario, policy, seed);
  await onFullScreen(terminal, {
    picture: (screen, rows) => {
      const lines = watchFrame(playback.state(), screen, rows);
      playback.pictureTaken();
      return lines;
    },
    // Arrow keys and the like begin with an escape too.
    typed: (text) =>
      (text.length > 1 && text.startsWith('\x1b')) ||
      [...text].every((sign) => {
        const key = keyOf(sign);
        return key === null || playback.key(key);
      }),
    run: async (draw, signal) => {
      for (let lastMs = performance.now(); !signal.aborted; draw()) {
        await setTimeout(frameMs);
        const nowMs = performance.now();
        playback.advance(nowMs - lastMs, workMs);
        lastMs = nowMs;
      }
    },
  });
}
