/** The loop: seed and number make an input, the input is tried, the outcome is counted. */

import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import { readSeeds, type Seed } from './seeds.ts';
import { type Outcome, tryInput as tryWithDrainlab } from './try-input.ts';

/** An input of at most 1 MB that takes more processor time than this hangs, by any user's measure. */
export const inputMsMax = 5000;

/** Nor may such an input take more memory than this. */
export const inputBytesGrownMax = 256 << 20;

export interface Crash {
  readonly number: number;
  readonly seedName: string;
  readonly bytes: Uint8Array;
  readonly error: unknown;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Stops when this says so; asked before each input with its number. */
  readonly goesOn: (number: number) => boolean;
  readonly onCrash: (crash: Crash) => void;
  /** Called before each input, for a watchdog. */
  readonly onInput?: (number: number) => void;
  /** What is tried; drainlab unless the fuzzer itself is tested. */
  readonly tryInput?: typeof tryWithDrainlab;
}

export interface FuzzReport {
  inputs: number;
  crashes: number;
  /** By seed file and outcome. */
  outcomes: Map<string, Map<Outcome, number>>;
}

/** Input `number` of the run with `seed`; always the same. */
export function makeInput(
  seed: number,
  number: number,
  seeds: readonly Seed[],
): { seedName: string; bytes: Uint8Array; random: Random } {
  const random = new Random(Math.imul(seed, 0x9e3779b1) + number);
  const from = random.pick(seeds);
  const bytes = mutate(
    from.bytes,
    random,
    seeds.map((other) => other.bytes),
  );
  return { seedName: from.name, bytes, random };
}

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const seeds = readSeeds();
  const tryInput = options.tryInput ?? tryWithDrainlab;
  const report: FuzzReport = { inputs: 0, crashes: 0, outcomes: new Map() };
  for (let number = 0; options.goesOn(number); number++) {
    options.onInput?.(number);
    const { seedName, bytes, random } = makeInput(options.seed, number, seeds);
    const before = process.cpuUsage();
    const resident = process.memoryUsage.rss();
    let outcome: Outcome;
    try {
      outcome = await tryInput(seedName, bytes, random);
      // Not by the clock on the wall: on a busy machine that measures the others.
      const { user, system } = process.cpuUsage(before);
      const ms = (user + system) / 1000;
      if (ms > inputMsMax) throw new Error(`took ${Math.round(ms)} ms for ${bytes.length} bytes`);
      const grown = process.memoryUsage.rss() - resident;
      if (grown > inputBytesGrownMax) throw new Error(`took ${grown >> 20} MB for ${bytes.length} bytes`);
    } catch (error) {
      outcome = 'CRASH';
      report.crashes++;
      options.onCrash({ number, seedName, bytes, error });
    }
    report.inputs++;
    count(report, seedName, outcome);
  }
  return report;
}

function count(report: FuzzReport, seedName: string, outcome: Outcome): void {
  const outcomes = report.outcomes.get(seedName) ?? new Map<Outcome, number>();
  report.outcomes.set(seedName, outcomes);
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}
