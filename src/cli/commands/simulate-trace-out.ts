/**
 * `--trace-out FILE`: a run as a recording. FILE that ends in `.json` becomes Chrome's trace-event JSON; any other name a
 * recording for `drainlab replay`: a folder with trace.txt and what lies beside it, or the text itself (`.txt`) with
 * these files in its folder.
 */

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { Run } from '../../engine/accounting/run.ts';
import type { MachineView } from '../../engine/input/machine-view.ts';
import type { RunObserver } from '../../engine/input/run-observer.ts';
import type { Scenario } from '../../engine/input/scenario.ts';
import { kernelAtLeast } from '../../engine/machine/kernel-rules.ts';
import { machineViewOf } from '../../engine/machine-view-of.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import { ChromeTrace } from '../../engine/report/write-chrome-trace.ts';
import { FtraceText, simulatedKernelFiles } from '../../engine/report/write-ftrace-text.ts';
import { Simulation } from '../../engine/simulation.ts';

export interface WrittenTrace {
  readonly observer: RunObserver;
  /** After the last step of the run, at its time. */
  finish(timeNs: number): void;
}

export interface TraceOut {
  /** The file that holds the events. */
  readonly path: string;
  /** What to type to look at it. */
  readonly hint: string;
  /** Before the first step of the run. */
  begin(scenario: Scenario, policy: Policy, view: MachineView): WrittenTrace;
}

/** Checks the place at once, so that nothing is simulated in vain. Throws E_TRACE_OUT. */
export function openTraceOut(file: string): TraceOut {
  if (file.endsWith('.json')) return chromeOut(file);
  const isText = file.endsWith('.txt');
  const folder = isText ? dirname(file) : file;
  return ftraceOut(folder, isText ? file : join(folder, 'trace.txt'), isText ? file : folder);
}

/** What a reader of the recording must know, or ''. */
export function traceOutCaveat(scenario: Scenario, policy: Policy): string {
  const { version } = scenario.kernel;
  if (policy.carrier === 'nobody')
    return `${policy.name} disturbs nobody: the recording shows the calls and no drain.`;
  if (policy.carrier === 'lock' && !kernelAtLeast(version, '6.0'))
    return `No kernel ${version} drained lists from afar: replay reads the recording as one of a kernel that does.`;
  return '';
}

function chromeOut(path: string): TraceOut {
  makeFolder(dirname(path));
  return {
    path,
    hint: 'Open it in https://ui.perfetto.dev or chrome://tracing.',
    begin: (scenario, policy, view) => {
      const out = new TextFile(path);
      const observer = new ChromeTrace(scenario, policy, view, (text) => out.write(text));
      return {
        observer,
        finish: (timeNs) => {
          observer.finish(timeNs);
          out.close();
        },
      };
    },
  };
}

function ftraceOut(folder: string, path: string, typed: string): TraceOut {
  refuseForeign(folder, path);
  return {
    path,
    hint: `Look at it with: drainlab replay ${typed}`,
    begin: (scenario, policy, view) => {
      makeFolder(join(folder, 'zoneinfo'));
      removeOldSnapshots(join(folder, 'zoneinfo'));
      for (const [name, text] of simulatedKernelFiles(scenario, policy)) {
        makeFolder(dirname(join(folder, name)));
        outside(join(folder, name), () => writeFileSync(join(folder, name), text));
      }
      const out = new TextFile(path);
      const observer = new FtraceText(scenario, policy, view, {
        write: (text) => out.write(text),
        snapshot: (number, label, zoneinfo) => {
          const name = join(folder, 'zoneinfo', `zoneinfo-snap-${`${number}`.padStart(3, '0')}-${label}.txt`);
          outside(name, () => writeFileSync(name, zoneinfo));
        },
      });
      return {
        observer,
        finish: (timeNs) => {
          observer.finish(timeNs);
          out.close();
        },
      };
    },
  };
}

/** A recording of a real kernel, or another run's, is not written over. */
function refuseForeign(folder: string, path: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory())
    throw wrongPlace(folder, 'is a file', 'Name a folder, or a file that ends in .txt or .json.');
  const others = readdirSync(folder).filter(
    (name) => /\.dat$|^trace.*\.(txt|gz|xz|zst)$/.test(name) && join(folder, name) !== path,
  );
  if (others.length > 0)
    throw wrongPlace(folder, `holds another recording: ${others.join(', ')}`, 'Name a new folder.');
  if (existsSync(join(folder, 'zoneinfo')) && !existsSync(path))
    throw wrongPlace(folder, 'holds snapshots of something else', 'Name a new folder.');
}

function removeOldSnapshots(folder: string): void {
  for (const name of readdirSync(folder))
    if (/^zoneinfo-snap-\d+-.*\.txt$/.test(name)) rmSync(join(folder, name));
}

/** Step by step: mkdir -p of Node 20 never returns below /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  outside(folder, () => mkdirSync(folder));
}

class TextFile {
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.#path = path;
    this.#fd = outside(path, () => openSync(path, 'w'));
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    outside(this.#path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    });
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function outside<T>(where: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new DrainlabError(`cannot write it: ${(cause as Error).message}`, {
      code: 'E_TRACE_OUT',
      where,
      hint: 'Name a place that can be written, with room: a second of a busy machine takes hundreds of MB.',
      exitCode: ExitCode.outside,
      cause,
    });
  }
}

function wrongPlace(where: string, what: string, hint: string): DrainlabError {
  return new DrainlabError(what, { code: 'E_TRACE_OUT', where, hint, exitCode: ExitCode.wrongUse });
}

/** Simulates one policy with one seed and writes it down as it goes. Returns what the run leaves. */
export function simulateToTrace(
  scenario: Scenario,
  policy: Policy,
  seed: number,
  out: TraceOut,
  onProgress: (simulatedNs: number) => void = () => {},
): Run {
  // The run wants its observer when it is made, the recording wants the machine as it is then.
  const later: { observer?: RunObserver } = {};
  const relay: RunObserver = {
    drainRequested: (request) => later.observer?.drainRequested?.(request),
    drainStep: (drain, step, timeNs, cpu, value) =>
      later.observer?.drainStep?.(drain, step, timeNs, cpu, value),
    event: (kind, timeNs, cpu, pid, pfn, order, a, b, c) =>
      later.observer?.event?.(kind, timeNs, cpu, pid, pfn, order, a, b, c),
    sampleNs: (scenario.run.seconds * 1e9) / samples,
    sample: (timeNs) => later.observer?.sample?.(timeNs),
  };
  const simulation = new Simulation(scenario, policy, seed, { observer: relay });
  const written = out.begin(scenario, policy, machineViewOf(simulation));
  later.observer = written.observer;
  const sliceNs = (scenario.run.seconds * 1e9) / samples;
  while (simulation.runUntil(simulation.nowNs + sliceNs)) onProgress(simulation.nowNs);
  const run = simulation.finish();
  written.finish(simulation.nowNs);
  return run;
}

/** Counters in the picture, and looks at the progress. */
const samples = 1000;
