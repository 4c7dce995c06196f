/**
 * Counts direct reclaims and drains while somebody watches, in an instance of the tracer of our own: one event, and the kernel's drain
 * function where it lets functions be traced. Both are rare, so what they cost is small; the pages that a drain frees
 * (mm_page_pcpu_drain) would be millions, and are also traced when a list gives back of itself, so they are not counted.
 */

import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import { HostChanges } from './record/host-changes.ts';
import { rightsOfThisHost, whatKeeps } from './record/rights.ts';
import { bufferCpus, findTracefs, readOr } from './tracefs.ts';

/** Since the sample before. */
export interface DrainCounts {
  /** Direct reclaims that began; each may drain once. */
  readonly directReclaims: number;
  /** Calls of the kernel's drain function; null: this kernel lets no function be traced. */
  readonly drains: number | null;
  /** Events that were overwritten before they were read. */
  readonly lost: number;
}

export interface DrainCounter {
  read(): DrainCounts;
}

/** Every direct reclaim passes it (mm/vmscan.c). */
const reclaimEvent = 'vmscan/mm_vmscan_direct_reclaim_begin';
/** From 5.11 on the first is called by the second and by who drains by force; before, there is the second only. */
const drainFunctions = ['__drain_all_pages', 'drain_all_pages'];
const kilobytesPerCpu = 64;
/** A new instance has buffers of this size on every CPU until they are made smaller (TRACE_BUF_SIZE_DEFAULT, kernel/trace/trace.c). */
const kilobytesAtFirst = 1408;
/** Of the memory that is free to use. */
const memoryShareMax = 0.05;
/** Read at most that much at once; what is left is read the next time, or lost and counted. */
const readBytesMax = 1 << 20;

export class TracedDrains implements DrainCounter {
  /** The function whose calls are counted; '' : none can be. */
  readonly drainFunction: string;
  readonly #changes = new HostChanges();
  readonly #event: string;
  readonly #bytes = Buffer.allocUnsafe(1 << 16);
  #pipe = -1;
  /** The begin of a line whose end was not there yet. */
  #rest = '';

  /** Throws E_WATCH_TRACE where tracing is not allowed, E_RECORD_WRITE where the kernel refuses; nothing is left then. */
  constructor(event: string = reclaimEvent) {
    const root = findTracefs(readOr('/proc/mounts'));
    const reasons = whatKeeps('tracefs', rightsOfThisHost());
    if (reasons.length > 0) throw notPossible(reasons[0].replace(/: sudo drainlab .*/, ''));
    const refusal = memoryRefusal(bufferCpus(root).length, readOr('/proc/meminfo'));
    if (refusal !== '') throw notPossible(refusal);
    const instance = join(root, 'instances', `drainlab-watch-${process.pid}`);
    const write = (path: string, text: string) =>
      this.#changes.make({ do: 'write', path: join(instance, path), text, undo: '', mayFail: true });
    this.#event = event.slice(event.indexOf('/') + 1);
    try {
      this.#changes.make({ do: 'make', path: instance });
      const problem =
        write('buffer_size_kb', String(kilobytesPerCpu)) || write(`events/${event}/enable`, '1');
      if (problem !== '') throw notPossible(problem);
      const named = drainFunctions.find((name) => write('set_ftrace_filter', name) === '') ?? '';
      this.drainFunction = named !== '' && write('current_tracer', 'function') === '' ? named : '';
      this.#pipe = openSync(join(instance, 'trace_pipe'), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  read(): DrainCounts {
    const counts = { directReclaims: 0, drains: this.drainFunction === '' ? null : 0, lost: 0 };
    for (let got = 0, total = 0; total < readBytesMax; total += got) {
      got = this.#readSome();
      if (got === 0) break;
      const text = this.#rest + this.#bytes.toString('latin1', 0, got);
      const end = text.lastIndexOf('\n') + 1;
      this.#rest = text.slice(end);
      const found = countLines(text.slice(0, end), this.#event, this.drainFunction);
      counts.directReclaims += found.directReclaims;
      counts.lost += found.lost;
      if (counts.drains !== null) counts.drains += found.drains;
    }
    return counts;
  }

  #readSome(): number {
    try {
      return readSync(this.#pipe, this.#bytes);
    } catch (error) {
      if ((error as { code?: string }).code === 'EAGAIN') return 0;
      throw error;
    }
  }

  /** Removes the instance. Returns what could not be taken back. */
  close(): string[] {
    // An instance with a reader cannot be removed.
    if (this.#pipe >= 0) closeSync(this.#pipe);
    this.#pipe = -1;
    return this.#changes.undoAll();
  }
}

/** Whole lines of trace_pipe. `drainFunction` '' : none is traced. */
export function countLines(
  text: string,
  event: string,
  drainFunction: string,
): { directReclaims: number; drains: number; lost: number } {
  const counts = { directReclaims: 0, drains: 0, lost: 0 };
  for (const line of text.split('\n')) {
    const lost = /^CPU:\d+ \[LOST (\d+) EVENTS\]$/.exec(line);
    if (lost !== null) counts.lost += Number(lost[1]);
    // `task-pid [cpu] flags time: event: …`, `task-pid [cpu] flags time: function <-caller`.
    const what = / \d+\.\d+: (\w+)(:| <-)/.exec(line);
    if (what === null) continue;
    if (what[2] === ':' && what[1] === event) counts.directReclaims++;
    if (what[2] === ' <-' && what[1] === drainFunction) counts.drains++;
  }
  return counts;
}

/** Why an instance would take too much memory for a moment; '' : it does not. */
export function memoryRefusal(cpus: number, meminfo: string): string {
  const available = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0);
  const needed = cpus * kilobytesAtFirst;
  if (available === 0 || needed <= available * memoryShareMax) return '';
  return `a tracing instance takes ${needed >> 10} MB on ${cpus} CPUs for a moment, and ${available >> 10} MB are available`;
}

function notPossible(reason: string): DrainlabError {
  return new DrainlabError(`reclaims and drains cannot be traced: ${reason}`, {
    code: 'E_WATCH_TRACE',
    hint: 'Run it as root where that helps, or leave --trace out: everything else is shown without it.',
    exitCode: ExitCode.outside,
  });
}
