/**
 * Records with `perf record` and leaves the text of `perf script`, with what lies beside a text so that it says as much as a
 * trace.dat: formats, names of events and probes, the kernel's functions. perf has no marks of the tracer; they are put
 * into the text by time.
 */

import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { readOr } from '../tracefs.ts';
import { type Mark, MarkedScript } from './marker-lines.ts';
import { shellWord } from './plan.ts';
import { probeChanges } from './probe-changes.ts';
import { RecorderProgram } from './program.ts';
import type { BackendPlan, Recorded, Recorder, RecordOrder } from './recorder.ts';
import { probeGroup, type WantedEvent } from './wanted-events.ts';
import { functionsOf } from './write-trace-dat.ts';

const dataFile = 'perf.data';
const textFile = 'trace.txt.gz';
const startMsMax = 30_000;

/** Of every CPU, off until told by pipe 3, stamped with this process's clock; samples only of tasks, no build ids. */
function recordWords(order: RecordOrder): string[] {
  const words = ['perf', 'record', '-a', '-k', 'CLOCK_MONOTONIC', '-D', '-1', '--control', 'fd:3,4'];
  words.push('-B', '-N', '--synth=task', '-m', `${powerOfTwo(order.bufferKilobytesPerCpu)}K`, '-o', dataFile);
  for (const { system, name, filter } of eventsForPerf(order)) {
    words.push('-e', `${system}:${name}`);
    if (filter !== '') words.push('--filter', filter);
  }
  for (const { name } of order.wanted.probes) words.push('-e', `${probeGroup}:${name}`);
  return words;
}

const scriptWords: readonly string[] = [
  ...['perf', 'script', '-i', dataFile, '--ns', '--show-lost-events'],
  ...['-F', 'comm,tid,cpu,time,event,trace'],
];

/** perf itself uses irq_work; the kernel lets it count these events and not record them (irq_vectors.h, TRACE_EVENT_PERF_PERM). */
const refusedByPerf: ReadonlySet<string> = new Set(['irq_vectors:irq_work_exit']);

function eventsForPerf(order: RecordOrder): WantedEvent[] {
  return order.wanted.events.filter(({ system, name }) => !refusedByPerf.has(`${system}:${name}`));
}

/** perf takes a power of two of pages. */
function powerOfTwo(kilobytes: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(64, kilobytes)));
}

export function perfPlan(root: string, order: RecordOrder): BackendPlan {
  const { probes } = order.wanted;
  const events = eventsForPerf(order);
  const probed =
    probes.length === 0 ? '' : ` and ${probes.length} probes on functions (${root}/kprobe_events)`;
  const isShort = events.length < order.wanted.events.length;
  return {
    writes: `Writes to the kernel: perf turns ${events.length} events on${probed}; all of it is taken back.`,
    notes: isShort ? ['perf may not record irq_work_exit: how long irq_work runs will not be known.'] : [],
    before: probeChanges(root, probes),
    start: `${recordWords(order).map(shellWord).join(' ')} &`,
    stop: 'kill -INT $!; wait',
    finish: `${scriptWords.map(shellWord).join(' ')} | gzip > ${textFile}   # with the marks put in by time`,
  };
}

export class PerfRecorder implements Recorder {
  readonly #root: string;
  readonly #order: RecordOrder;
  readonly #onStart: (pid: number, name: string) => void;
  readonly #marks: Mark[] = [];
  #program: RecorderProgram | null = null;

  constructor(root: string, order: RecordOrder, onStart: (pid: number, name: string) => void) {
    this.#root = root;
    this.#order = order;
    this.#onStart = onStart;
  }

  get bytes(): number {
    return statSync(join(this.#order.folder, dataFile), { throwIfNoEntry: false })?.size ?? 0;
  }

  async start(): Promise<void> {
    this.#program = new RecorderProgram(recordWords(this.#order), this.#order.folder);
    this.#onStart(this.#program.pid, 'perf');
    await this.#tell(this.#program, 'enable');
  }

  mark(text: string): void {
    this.#marks.push({ ns: process.hrtime.bigint(), text });
  }

  async stop(): Promise<void> {
    if (this.#program === null) return;
    await this.#tell(this.#program, 'disable');
    await this.#program.end();
    if (this.bytes === 0) throw this.#program.failure('wrote no recording');
  }

  async finish(): Promise<Recorded> {
    const { folder } = this.#order;
    const script = new MarkedScript(this.#marks);
    const perf = spawn(scriptWords[0], scriptWords.slice(1), {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await pipeline(
      perf.stdout,
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          const text = script.next(chunk);
          if (text !== '') yield Buffer.from(text, 'latin1');
        }
        yield Buffer.from(script.end(), 'latin1');
      },
      createGzip({ level: 4 }),
      createWriteStream(join(folder, textFile)),
    );
    this.#saveBeside();
    rmSync(join(folder, dataFile));
    return { file: textFile, events: script.events, losses: { cpus: [], unplaced: script.lost } };
  }

  async abandon(): Promise<void> {
    await this.#program?.end();
  }

  /** A word for perf, and its answer `ack`. */
  async #tell(program: RecorderProgram, word: 'enable' | 'disable'): Promise<void> {
    const [, , , control, answer] = program.child.stdio;
    if (control === null || control === undefined || !('write' in control))
      throw program.failure('cannot be told to begin');
    const acknowledged = new Promise<boolean>((resolve) => {
      answer?.once('data', () => resolve(true));
      program.child.once('close', () => resolve(false));
      setTimeout(() => resolve(false), startMsMax).unref();
    });
    control.write(`${word}\n`);
    if (!(await acknowledged)) throw program.failure(`did not ${word} its events`);
  }

  /** What a text cannot say, as `loadTracefsFiles` reads it. */
  #saveBeside(): void {
    const { folder, wanted } = this.#order;
    const { probes } = wanted;
    const events = eventsForPerf(this.#order);
    writeFileSync(
      join(folder, 'set_event'),
      events.map(({ system, name }) => `${system}:${name}\n`).join(''),
    );
    if (probes.length > 0)
      writeFileSync(join(folder, 'kprobe_events'), probes.map(({ line }) => `${line}\n`).join(''));
    writeFileSync(join(folder, 'kallsyms'), functionsOf(readOr('/proc/kallsyms')));
    for (const { system, name } of events) {
      const path = join('events', system, name, 'format');
      const text = readOr(join(this.#root, path));
      if (text === '') continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  }
}
