/**
 * A timeline and its verdict as bytes that can be mailed, and back. Numbers are written as differences to the one before, in as
 * few bytes as they need, and the whole is deflated: about three bytes a change of pages.
 *
 * Layout: length of the head, head (JSON), then for each CPU the changes of its pages: how many, and for each the time since
 * the one before in ns and the change in pages, signed.
 */

import { BitSet } from '../../base/bit-set.ts';
import { formatCpuList, parseCpuList } from '../../base/cpu-list.ts';
import { DrainlabError } from '../../base/errors.ts';
import type { Machine, Zone } from '../input/machine.ts';
import type { Verdict } from '../report/verdict.ts';
import { writeJson } from '../report/write-json.ts';
import type { DrainRecord } from './drain-table.ts';
import type { MemoryNumbers } from './memory-log.ts';
import { Timeline } from './timeline.ts';

export const packSchema = 'drainlab.views/1';

/** What is packed beside the timeline. */
export interface Packed {
  readonly verdict: Verdict;
  readonly timeline: Timeline;
  readonly fromNs: number;
  readonly toNs: number;
  /** How exact the pages are, in one sentence. */
  readonly pagesBasis: string;
  readonly nodeOfCpu: readonly number[];
}

/** Views of a recording that was replayed from its first event to its last. */
export function recordedViews(
  verdict: Verdict,
  timeline: Timeline,
  { firstNs, lastNs }: { readonly firstNs: number; readonly lastNs: number },
): Packed {
  const { pages, machine } = timeline;
  const parts = [
    verdict.drains.pagesNotKnown === undefined
      ? 'rebuilt from every event of the recording'
      : 'not known: the recording has a line for each drain and no event of a page',
  ];
  const { lostEvents } = verdict.source;
  if (lostEvents > 0) parts.push(`${lostEvents} lost events leave gaps`);
  if (pages.dropped > 0)
    parts.push(
      `known up to ${(pages.droppedFromNs / 1e9).toFixed(1)} s only: there are more changes than fit into memory`,
    );
  return {
    verdict,
    timeline,
    fromNs: firstNs,
    toNs: lastNs,
    pagesBasis: parts.join('; '),
    nodeOfCpu: new Array<number>(machine.cpuCount).fill(-1),
  };
}

interface Head {
  readonly schema: typeof packSchema;
  /** As the command line prints it. */
  readonly verdict: string;
  readonly fromNs: number;
  readonly toNs: number;
  readonly pagesBasis: string;
  readonly nodeOfCpu: readonly number[];
  readonly cpuCount: number;
  readonly online: string;
  readonly isolated: string;
  readonly zones: readonly Zone[];
  readonly drains: ReadonlyArray<DrainRecord & { readonly online: string; readonly away: boolean }>;
  readonly memory: MemoryNumbers;
  /** The pages end here: later changes did not fit into memory. */
  readonly droppedFromNs: number | null;
}

/** More than any kernel has. */
const cpusMax = 1 << 16;

/** Columns of time that are left of the pages where every change would be too much. */
const coarseColumns = 4096;

/**
 * Packs into at most about `bytesMax` bytes: where every change of pages is too much, the most of each of 4,096 columns of
 * time is kept, `exact` is false, and the sentence on the pages says so.
 */
export async function pack(packed: Packed, bytesMax: number): Promise<{ bytes: Uint8Array; exact: boolean }> {
  const bytes = await packExactly(packed);
  if (bytes.length <= bytesMax) return { bytes, exact: true };
  const columnNs = Math.ceil((packed.toNs - packed.fromNs) / coarseColumns);
  const coarse = {
    ...packed,
    timeline: coarseTimeline(packed),
    pagesBasis: `the most of every ${(columnNs / 1e6).toFixed(1)} ms, so that the file stays small; ${packed.pagesBasis}`,
  };
  return { bytes: await packExactly(coarse), exact: false };
}

async function packExactly(packed: Packed): Promise<Uint8Array> {
  const { timeline, verdict } = packed;
  const { machine, drains, pages } = timeline;
  const head: Head = {
    schema: packSchema,
    verdict: writeJson(verdict),
    fromNs: packed.fromNs,
    toNs: packed.toNs,
    pagesBasis: packed.pagesBasis,
    nodeOfCpu: packed.nodeOfCpu,
    cpuCount: machine.cpuCount,
    online: formatCpuList(machine.online),
    isolated: formatCpuList(machine.isolated),
    zones: machine.zones,
    drains: Array.from({ length: drains.length }, (_, i) => ({
      ...drains.at(i),
      online: formatCpuList(drains.onlineAt(i)),
      away: drains.wasTurnedAway(i),
    })),
    memory: timeline.memory.numbers(),
    droppedFromNs: pages.dropped > 0 ? pages.droppedFromNs : null,
  };
  const writer = new Writer();
  writer.text(JSON.stringify(head));
  for (let cpu = 0; cpu < machine.cpuCount; cpu++) {
    writer.count(pages.changesOf(cpu));
    let lastNs = 0;
    let lastPages = 0;
    pages.eachChange(cpu, (timeNs, after) => {
      writer.count(Math.round(timeNs - lastNs));
      writer.signed(after - lastPages);
      lastNs = Math.round(timeNs);
      lastPages = after;
    });
  }
  return deflated(writer.bytes());
}

/** A timeline with the most pages of each column in place of every change. */
function coarseTimeline({ timeline, fromNs, toNs }: Packed): Timeline {
  const coarse = new Timeline(timeline.machine);
  const { most } = timeline.pages.tile(fromNs, toNs, coarseColumns);
  for (let cpu = 0; cpu < timeline.machine.cpuCount; cpu++) {
    let last = 0;
    for (let column = 0; column < coarseColumns; column++) {
      const pages = most[cpu * coarseColumns + column];
      if (pages !== last) {
        coarse.pages.note(cpu, Math.floor(fromNs + ((toNs - fromNs) * column) / coarseColumns), pages);
      }
      last = pages;
    }
  }
  coarse.drains.copyFrom(timeline.drains);
  coarse.memory.restore(timeline.memory.numbers());
  return coarse;
}

/** Throws E_VIEWS where the bytes are none that `pack` made. */
export async function unpack(bytes: Uint8Array): Promise<Packed> {
  try {
    return read(new Reader(await inflated(bytes)));
  } catch (cause) {
    if (cause instanceof DrainlabError) throw cause;
    throw damaged('they are no views of drainlab, or damaged', cause);
  }
}

function read(reader: Reader): Packed {
  const head = JSON.parse(reader.text()) as Head;
  if (head.schema !== packSchema) throw damaged(`they are of the form ${String(head.schema)}`);
  const { cpuCount } = head;
  if (!(cpuCount > 0 && cpuCount <= cpusMax)) throw damaged(`they are of a machine of ${cpuCount} CPUs`);
  const machine: Machine = {
    cpuCount,
    online: BitSet.of(cpuCount, parseCpuList(head.online)),
    isolated: BitSet.of(cpuCount, parseCpuList(head.isolated)),
    zones: head.zones,
  };
  const timeline = new Timeline(machine);
  for (const { online, away, ...record } of head.drains)
    timeline.drains.restore(record, BitSet.of(cpuCount, parseCpuList(online)), away);
  timeline.memory.restore(head.memory);
  for (let cpu = 0; cpu < cpuCount; cpu++) {
    const changes = reader.count();
    let timeNs = 0;
    let pages = 0;
    for (let i = 0; i < changes; i++) {
      timeNs += reader.count();
      pages += reader.signed();
      timeline.pages.note(cpu, timeNs, pages);
    }
  }
  const { verdict, fromNs, toNs, pagesBasis, nodeOfCpu } = head;
  return { verdict: JSON.parse(verdict) as Verdict, timeline, fromNs, toNs, pagesBasis, nodeOfCpu };
}

function damaged(why: string, cause?: unknown): DrainlabError {
  return new DrainlabError(`these bytes cannot be shown: ${why}`, {
    code: 'E_VIEWS',
    hint: 'Write the file again: drainlab replay FILE --html out.html.',
    cause,
  });
}

/** Whole numbers up to 2^53 in groups of seven bits, the lowest first; signed ones with the sign in the lowest bit. */
class Writer {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  count(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  signed(value: number): void {
    this.count(value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.count(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  count(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      if (this.#at >= this.#bytes.length) throw damaged('they end too early');
      if (factor > 2 ** 49) throw damaged('a number is too large');
      const byte = this.#bytes[this.#at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  signed(): number {
    const value = this.count();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  text(): string {
    const length = this.count();
    if (this.#at + length > this.#bytes.length) throw damaged('they end too early');
    const text = new TextDecoder().decode(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return text;
  }
}

/** Larger than any views that `pack` was asked for; more is a file that was made to harm. */
const inflatedBytesMax = 1 << 30;

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function inflated(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'));
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const reader = stream.getReader(); ; ) {
    const { value, done } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > inflatedBytesMax) {
      await reader.cancel();
      throw damaged('they are too large');
    }
    parts.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
