/** Runs `drainlab watch`: looks at the host at a steady pace and shows each look as a picture, a line of text or a line of JSON. */

import { parseCpuList } from '../../base/cpu-list.ts';
import { ExitCode } from '../../base/errors.ts';
import { keepOff } from '../../host/affinity.ts';
import { TracedDrains } from '../../host/drain-counter.ts';
import { type HostSample, hostJson, sampleJson } from '../../host/host-sample.ts';
import { HostSampler } from '../../host/sampler.ts';
import { Pace } from '../../host/self-cost.ts';
import { readThisHost } from '../../host/this-host.ts';
import { isFullScreenPossible, onFullScreen, type Terminal } from '../terminal/full-screen.ts';
import { forScreen, type Screen, screenOf } from '../terminal/screen.ts';
import { cpusOfPage, type WatchedRest, watchHostFrame } from '../terminal/watch-host-frame.ts';
import { watchHostLine } from '../terminal/watch-host-line.ts';
import { keysOf, WatchedHost } from '../terminal/watched-host.ts';
import type { WatchFlags } from './watch.ts';

const pictureEveryMs = 250;
const lineEveryMs = 1000;
const everyMsLeast = 10;
const everyMsMost = 60_000;

export async function runWatch(flags: WatchFlags): Promise<ExitCode> {
  const isolated = flags.isolated === undefined ? undefined : parseCpuList(flags.isolated, '--isolated');
  const only = flags.on === undefined ? null : parseCpuList(flags.on, '--on');
  const terminal: Terminal = { stdin: process.stdin, stdout: process.stdout, env: process.env };
  const isPicture = flags.json === undefined && isFullScreenPossible(terminal);
  // First: what starts later, programs too, stays off isolated CPUs as well.
  const { said } = keepOff(isolated ?? readThisHost(flags.root).snapshot.machine.isolated, only);
  const tracing = flags.trace ? new TracedDrains() : null;
  let sampler: HostSampler | null = null;
  try {
    sampler = new HostSampler({ root: flags.root, isolated, drains: tracing });
    const pace = new Pace(flags.every ?? (isPicture ? pictureEveryMs : lineEveryMs), flags.limit);
    const samplesMax = flags.samples ?? Number.POSITIVE_INFINITY;
    const order = { sampler, tracing, pace, runsOn: said, samplesMax };
    if (isPicture) await showPictures(order, terminal);
    else await printLines(order, flags.json === true);
  } finally {
    sampler?.close();
    for (const left of tracing?.close() ?? [])
      process.stderr.write(`drainlab: could not be taken back: ${left}\n`);
  }
  return ExitCode.ok;
}

interface WatchOrder {
  readonly sampler: HostSampler;
  readonly tracing: TracedDrains | null;
  readonly pace: Pace;
  readonly runsOn: string;
  readonly samplesMax: number;
}

async function showPictures(
  { sampler, tracing, pace, runsOn, samplesMax }: WatchOrder,
  terminal: Terminal,
): Promise<void> {
  const watched = new WatchedHost(sampler.host.machine.cpuCount);
  const rest: WatchedRest = { pace, runsOn, drainFunction: tracing?.drainFunction ?? null };
  let screen: Screen = screenOf(terminal.stdout, terminal.env);
  let rows = 0;
  await onFullScreen(terminal, {
    picture: (onto, height) => {
      screen = onto;
      rows = height;
      return watchHostFrame(watched, rest, onto, height);
    },
    typed: (text) => {
      for (const key of keysOf(text)) {
        const done = watched.key(key, cpusOfPage(screen, rows >> 1));
        if (done === 'quit') return false;
        if (done === 'faster' || done === 'slower')
          pace.ask(clamp(pace.askedMs * (done === 'faster' ? 0.5 : 2)));
      }
      return true;
    },
    run: async (draw, signal) => {
      for await (const _ of pace.times(signal)) {
        if (!watched.view.paused) {
          const sample = sampler.sample();
          watched.take(sample);
          draw();
          if (sample.number >= samplesMax) return;
        }
      }
    },
  });
}

function clamp(everyMs: number): number {
  return Math.min(everyMsMost, Math.max(everyMsLeast, everyMs));
}

/** Ends with the samples that were asked for, a signal, or a reader that goes away. */
async function printLines({ sampler, pace, runsOn, samplesMax }: WatchOrder, json: boolean): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const screen = screenOf(process.stdout, process.env);
  const watched = new WatchedHost(sampler.host.machine.cpuCount);
  let host: HostSample['host'] | null = null;
  if (!json) process.stderr.write(`${forScreen(runsOn, screen)}\n`);
  try {
    for await (const _ of pace.times(stop.signal)) {
      const sample = sampler.sample();
      watched.take(sample);
      if (json) {
        if (sample.host !== host) await print(JSON.stringify(hostJson(sample.host)));
        host = sample.host;
        await print(JSON.stringify(sampleJson(sample)));
      } else {
        await print(forScreen(watchHostLine(watched, pace), screen));
      }
      if (sample.number >= samplesMax) return;
    }
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** Waits for a slow reader: what it has not taken does not pile up. */
async function print(line: string): Promise<void> {
  if (process.stdout.write(`${line}\n`)) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}
