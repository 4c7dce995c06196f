/**
 * Lets V8 see the hot loop before the recording does. The optimising compiler needs some thousand rounds to notice a
 * loop and then 10 ms on its own thread, and it starts over when a value of a new sort appears (a pfn of -1, an upper
 * half that is not 0). So a few thousand made-up events with all such values pass through the same functions while the
 * header of the file is still to be read; the compiler works beside. Measured with 1.9 M events: 51 → 35 ns an event.
 */

import { EventBlock } from '../../engine/input/event-log.ts';
import { FormatTexts } from './container.ts';
import { EventTypes } from './event-types.ts';
import { GeneralRows } from './general-row.ts';
import { Lane } from './lane.ts';
import { type Fetch, LaneData } from './lane-data.ts';
import { LaneHeap } from './lane-heap.ts';
import { emitUntilRefill, resume } from './merge-lanes.ts';
import { RowEmitter } from './row-emitter.ts';
import { RowTable } from './row-table.ts';

const pageBytes = 4096;
const headerBytes = 16;
const laneCount = 3;

let isDone = false;

/** Runs once in a process; about 2 ms. */
export function warmUp(rounds = 24): void {
  if (isDone) return;
  isDone = true;
  const types = new EventTypes(pageEventFormats(), 8);
  const table = new RowTable(types, true);
  const block = new EventBlock();
  const general = new GeneralRows(block, table, {
    littleEndian: true,
    symbols: () => new Map(),
    markerText: () => '',
  });
  const emitter = new RowEmitter(block, table, general, () => undefined);
  const format = { name: 'warm-up', littleEndian: true, headerBytes, commitBytes: 8 } as const;
  const heap = new LaneHeap();
  for (let cpu = 0; cpu < laneCount; cpu++) {
    const lane = new Lane(new RepeatedPage(cpu, rounds), format, cpu, '', { lost: () => undefined });
    lane.refill();
    lane.advance();
    lane.setStart(0n);
    heap.push(lane);
  }
  while (heap.length > 0) {
    const lane = emitUntilRefill(heap, emitter);
    if (lane === null) return;
    do lane.refill();
    while (!resume(heap, lane));
  }
}

/** The same page again and again, each time later. */
class RepeatedPage extends LaneData {
  readonly #rounds: number;
  #left: number;

  constructor(cpu: number, rounds: number) {
    super(cpu, pageBytes, pageBytes);
    this.#rounds = rounds;
    this.#left = rounds;
    fillPage(this.view, cpu);
  }

  override fetch(): Fetch {
    this.filled = this.#left === 0 ? 0 : pageBytes;
    this.#left--;
    this.view.setUint32(0, (this.#rounds - this.#left) * 100_000, true);
    return undefined;
  }
}

/** Records of all shapes, with small, large and negative values, a time extend and an event that nobody follows. */
function fillPage(view: DataView, cpu: number): void {
  let at = headerBytes;
  const word = (value: number) => {
    view.setInt32(at, value, true);
    at += 4;
  };
  for (let i = 0; at + 64 < pageBytes; i++) {
    if (i % 40 === 7) {
      word(30 | (5 << 5));
      word(0);
    }
    const isOdd = i % 17 === 3;
    word(8 | (((i % 7) * 300 + cpu) << 5));
    word(i % 11 === 4 ? generalTypes[i % generalTypes.length] : (i % 6) + 1);
    word(isOdd ? 70_000 : 100 + i);
    word(isOdd ? -1 : i % 3 === 0 ? i : -2_000_000_000 + i);
    word(isOdd ? -1 : i % 5 === 0 ? 1 : 0);
    word(i % 4);
    word(i % 3);
    word(i % 2 === 0 ? -5 : i);
    word(i % 13 === 0 ? 1 : 0);
  }
  view.setUint32(8, at - headerBytes, true);
}

/** Ids of the events below that are not page events. */
const generalTypes: readonly number[] = [7, 8, 9, 10];

/** Formats of the page events in the shapes that the hot loop knows, of one that is not followed, and of some others. */
function pageEventFormats(): FormatTexts {
  const formats = new FormatTexts();
  const add = (system: string, name: string, id: number, ...fields: string[]) => {
    const lines = [`name: ${name}`, `ID: ${id}`, 'format:', ...fields.map((field) => `\tfield:${field}`)];
    const text = new TextEncoder().encode(`${lines.join('\n')}\n`);
    formats.add(system, text, 0, text.length);
  };
  const field = (declaration: string, offset: number, size: number, signed = 0) =>
    `${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed};`;
  const pfn = field('unsigned long pfn', 8, 8);
  const order = field('unsigned int order', 16, 4);
  const migratetype = field('int migratetype', 20, 4, 1);
  add('kmem', 'mm_page_free_batched', 1, pfn);
  add('kmem', 'mm_page_free', 2, pfn, order);
  add('kmem', 'mm_page_pcpu_drain', 3, pfn, order, migratetype);
  add('kmem', 'mm_page_alloc', 4, pfn, order, migratetype, field('unsigned long gfp_flags', 24, 8));
  add('kmem', 'mm_page_alloc_zone_locked', 5, pfn, order, migratetype, field('int percpu_refill', 24, 4, 1));
  add('kmem', 'mm_other', 6);
  const probe = field('unsigned long __probe_ip', 8, 8);
  const zone = field('u64 zone', 8, 8);
  add('kprobes', 'free_pcppages_bulk', 7, probe, zone, field('s32 count', 16, 4, 1), field('u64 pcp', 20, 8));
  add('kprobes', 'drain_pages_zone', 8, probe, field('u32 cpu', 16, 4), zone);
  add('vmscan', 'mm_vmscan_direct_reclaim_begin', 9, field('int order', 16, 4, 1));
  add('irq_vectors', 'call_function_single_entry', 10, field('int vector', 8, 4, 1));
  return formats;
}
