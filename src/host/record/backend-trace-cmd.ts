/**
 * Records with `trace-cmd record`, which writes trace.dat itself (version 7, packed). It uses the tracer's main buffer and resets
 * it when it ends, so what was set there before is put back by us, and a buffer that somebody else uses is refused.
 */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openTraceFile } from '../../trace/node-source.ts';
import { chosenOf, kilobytesOf, readOr } from '../tracefs.ts';
import { refuseBusyBuffer, traceClock } from './backend-tracefs.ts';
import type { Losses } from './losses.ts';
import { type Change, shellWord } from './plan.ts';
import { nameChanges, probeChanges } from './probe-changes.ts';
import { RecorderProgram } from './program.ts';
import type { BackendPlan, Recorded, Recorder, RecordOrder } from './recorder.ts';
import { MarkerFile } from './trace-marker.ts';
import { probeGroup } from './wanted-events.ts';

const startMsMax = 60_000;

/** `-d`: without it trace-cmd switches the function tracer on, which some kernels refuse. */
function recordWords(order: RecordOrder): string[] {
  const words = ['trace-cmd', 'record', '-d', '-C', traceClock, '-b', String(order.bufferKilobytesPerCpu)];
  words.push('-o', 'trace.dat');
  for (const { system, name, filter } of order.wanted.events) {
    words.push('-e', `${system}:${name}`);
    if (filter !== '') words.push('-f', filter);
  }
  for (const { name } of order.wanted.probes) words.push('-e', `${probeGroup}:${name}`);
  return words;
}

export function traceCmdPlan(root: string, order: RecordOrder): BackendPlan {
  refuseBusyBuffer(root);
  const { events, probes } = order.wanted;
  const probed = probes.length === 0 ? '' : ` and ${probes.length} probes on functions`;
  return {
    writes: `Writes to the kernel: the tracer's main buffer, ${root}, with ${events.length} events${probed}; all of it is taken back.`,
    notes: [],
    before: [...nameChanges(root), ...probeChanges(root, probes), ...keptSettings(root, order)],
    start: `${recordWords(order).map(shellWord).join(' ')} &`,
    stop: 'kill -INT $!; wait',
    finish: '# trace-cmd has written trace.dat',
  };
}

/**
 * Written as they are now, so that they are put back afterwards: trace-cmd leaves them as it likes, and all of them if it is killed.
 * Nobody else uses the main buffer, so no event is on and no filter set.
 */
function keptSettings(root: string, order: RecordOrder): Change[] {
  const kept: ReadonlyArray<readonly [path: string, settingOf: (text: string) => string]> = [
    ['tracing_on', (text) => text.trim()],
    ['trace_clock', chosenOf],
    ['buffer_size_kb', (text) => String(kilobytesOf(text))],
    ['options/function-trace', (text) => text.trim()],
    ...order.wanted.events
      .filter(({ filter }) => filter !== '')
      .map(({ system, name }) => [join('events', system, name, 'filter'), () => '0'] as const),
    ['events/enable', () => '0'],
  ];
  return kept.flatMap(([path, settingOf]) => {
    const full = join(root, path);
    const setting = existsSync(full) ? settingOf(readOr(full)) : '';
    return setting === '' ? [] : [{ do: 'write', path: full, text: setting, undo: setting }];
  });
}

export class TraceCmdRecorder implements Recorder {
  readonly #root: string;
  readonly #order: RecordOrder;
  readonly #onStart: (pid: number, name: string) => void;
  #program: RecorderProgram | null = null;
  #marker: MarkerFile | null = null;

  constructor(root: string, order: RecordOrder, onStart: (pid: number, name: string) => void) {
    this.#root = root;
    this.#order = order;
    this.#onStart = onStart;
  }

  /** trace-cmd writes a file for each CPU, then one of all. */
  get bytes(): number {
    const { folder } = this.#order;
    return readdirSync(folder)
      .filter((name) => name.startsWith('trace.dat'))
      .reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  async start(): Promise<void> {
    this.#program = new RecorderProgram(recordWords(this.#order), this.#order.folder);
    this.#onStart(this.#program.pid, 'trace-cmd');
    // What it prints stays in its own buffer while it runs, so its work is looked at: events on, then tracing on.
    const last = this.#order.wanted.events.at(-1);
    await this.#program.hasDone(
      () =>
        readOr(join(this.#root, 'tracing_on')).trim() === '1' &&
        readOr(join(this.#root, 'events', last?.system ?? '', last?.name ?? '', 'enable')).startsWith('1'),
      startMsMax,
    );
    this.#marker = new MarkerFile(this.#root);
  }

  mark(text: string): void {
    this.#marker?.write(text);
  }

  async stop(): Promise<void> {
    this.#marker?.close();
    await this.#program?.end();
    if (this.bytes === 0) throw this.#program?.failure('wrote no recording') ?? new Error('was not started');
  }

  /** Events and losses as the file has them: trace-cmd keeps the kernel's counts of each CPU in it. */
  async finish(): Promise<Recorded> {
    const reader = await openTraceFile(join(this.#order.folder, 'trace.dat'));
    try {
      await reader.readEvents(() => true);
      const { events, lostByCpu, unknownLosses } = reader.diagnostics;
      return { file: 'trace.dat', events, losses: marked(lostByCpu, unknownLosses) };
    } finally {
      await reader.close();
    }
  }

  async abandon(): Promise<void> {
    this.#marker?.close();
    await this.#program?.end();
  }
}

function marked(lostByCpu: ReadonlyMap<number, number>, unknownLosses: number): Losses {
  return { cpus: [...lostByCpu].map(([cpu, events]) => ({ cpu, events })), unplaced: unknownLosses };
}
