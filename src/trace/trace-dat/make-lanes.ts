/** Makes the lanes of a file and brings each to its first event. */

import { traceError } from '../trace-error.ts';
import type { Container } from './container.ts';
import type { HeaderPage } from './header-page.ts';
import { ClockedLane, Lane, type LaneFormat, type LossCounter } from './lane.ts';
import { laneClock } from './lane-clock.ts';
import { ChunkScratch, PackedLaneData, PlainLaneData, windowBytesFor } from './lane-data.ts';
import type { LaneHeap } from './lane-heap.ts';

/** Sub-buffers are pages or, since 6.8, up to 128 of them; pages have at most 64 KiB (256 KiB on some). */
const pageBytesMax = 64 << 20;

export function makeLanes(container: Container, headerPage: HeaderPage, losses: LossCounter): Lane[] {
  const { source, buffers, littleEndian } = container;
  const laneCount = buffers.reduce((sum, { cpus }) => sum + cpus.filter(({ size }) => size > 0).length, 0);
  const scratch = new ChunkScratch();
  const lanes: Lane[] = [];
  buffers.forEach((buffer, bufferIndex) => {
    const pageBytes = subBufferBytes(container, headerPage, buffer.pageBytes);
    const format: LaneFormat = {
      name: source.name,
      littleEndian,
      headerBytes: headerPage.headerBytes,
      commitBytes: headerPage.commitBytes,
    };
    const windowBytes = windowBytesFor({ ...buffer, pageBytes }, laneCount);
    if (buffer.packed && container.decompressor === null) {
      throw traceError('E_TRACE_DAMAGED', 'a buffer is packed, but the file is not', source.name, 0);
    }
    for (const data of buffer.cpus) {
      if (data.size === 0) continue;
      const bytes = buffer.packed
        ? new PackedLaneData(container, data, pageBytes, windowBytes, scratch)
        : new PlainLaneData(source, data, pageBytes, windowBytes);
      const rank = data.cpu * buffers.length + bufferIndex;
      const clock = laneClock(container.options, data.cpu);
      lanes.push(
        clock === null
          ? new Lane(bytes, format, rank, buffer.name, losses)
          : new ClockedLane(bytes, format, rank, buffer.name, losses, clock),
      );
    }
  });
  return lanes;
}

/** The BUFFER option's page size, else header and data of header_page, else the file's page size. */
function subBufferBytes(container: Container, headerPage: HeaderPage, fromOption: number): number {
  const fromHeader = headerPage.dataBytes > 0 ? headerPage.headerBytes + headerPage.dataBytes : 0;
  const bytes = (container.version === 7 ? fromOption : fromHeader) || fromHeader || container.pageBytes;
  if (bytes > headerPage.headerBytes && bytes <= pageBytesMax && bytes % 4 === 0) return bytes;
  throw traceError(
    'E_TRACE_DAMAGED',
    `a sub-buffer of ${bytes} bytes does not exist`,
    container.source.name,
    0,
  );
}

/** Puts each lane that has an event into the heap. Returns the stamp of the first event, which becomes time 0. */
export async function primeLanes(lanes: readonly Lane[], heap: LaneHeap): Promise<bigint> {
  let base: bigint | undefined;
  let first: Lane | undefined;
  for (const lane of lanes) {
    do {
      const waiting = lane.refill();
      if (waiting !== undefined) await waiting;
      if (lane.atEnd) break;
      // Doubles are exact only near the base, so it must be a stamp of the recording from the start.
      base ??= lane.data.filled >= 8 ? lane.data.view.getBigUint64(0, lane.format.littleEndian) : undefined;
      lane.setBase(base ?? 0n);
    } while (!lane.advance());
    if (!lane.atEnd && (first === undefined || lane.stamp < first.stamp)) first = lane;
  }
  const start = first?.stamp ?? 0n;
  for (const lane of lanes) {
    if (lane.atEnd) continue;
    lane.setStart(start);
    heap.push(lane);
  }
  return start;
}
