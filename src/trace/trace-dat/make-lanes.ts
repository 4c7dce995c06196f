/** Makes the lanes of a file and brings each to its first event. */

import { traceError } from '../trace-error.ts';
import type { Container } from './container.ts';
import type { HeaderPage } from './header-page.ts';
import { ClockedLane, Lane, type LaneFormat, type LossCounter } from './lane.ts';
import { laneClock } from './lane-clock.ts';
import {
  ChunkScratch,
  type LanePlan,
  PackedLaneData,
  PlainLaneData,
  packedEnd,
  slackBytes,
  type WindowPlace,
  windowBytesFor,
} from './lane-data.ts';
import type { LaneQueue } from './merge-lanes.ts';
import type { UnpackAhead } from './unpack-ahead.ts';

/** Sub-buffers are pages or, since 6.8, up to 128 of them; pages have at most 64 KiB (256 KiB on some). */
const pageBytesMax = 32 << 20;
/** All windows together; the budget is far below, unless sub-buffers are huge. */
const windowBytesAllMax = 1 << 30;

/** What the lanes of a file will need; CPUs without data have none. */
export function planLanes(container: Container, headerPage: HeaderPage): LanePlan[] {
  const { buffers } = container;
  const laneCount = buffers.reduce((sum, { cpus }) => sum + cpus.filter(({ size }) => size > 0).length, 0);
  const plans = buffers.flatMap((buffer) => {
    if (buffer.packed && container.decompressor === null) {
      throw traceError(
        'E_TRACE_DAMAGED',
        'a buffer is packed, but the file is not',
        container.source.name,
        0,
      );
    }
    const pageBytes = subBufferBytes(container, headerPage, buffer.pageBytes);
    return buffer.cpus
      .filter(({ size }) => size > 0)
      .map((data) => {
        const windowBytes = windowBytesFor(buffer, data.size, pageBytes, laneCount);
        return { buffer, data, pageBytes, windowBytes };
      });
  });
  const bytes = plans.reduce((sum, { windowBytes }) => sum + windowBytes, 0);
  if (bytes <= windowBytesAllMax) return plans;
  const message = `one sub-buffer for each of ${plans.length} CPUs takes ${bytes} bytes of memory`;
  throw traceError('E_TRACE_LIMIT', message, container.source.name, 0);
}

/**
 * The thread takes processor time from V8's compiler while it starts. In turns in one run: a recording of 11 MB is read as fast with
 * it as without (best 114 and 103 ns an event), one of 122 MB faster (47 and 55).
 */
const aheadBytesMin = 32 << 20;
/** Slots for more lanes would take more memory than the windows. */
const aheadLanesMax = 64;
const aheadSlotMax = 256 << 10;

/** Asks the source for a thread that unpacks ahead; null where it has none or it would not pay. */
export function startUnpackAhead(container: Container, plans: readonly LanePlan[]): UnpackAhead | null {
  const { source, compression, littleEndian } = container;
  const bytes = plans.reduce((sum, { data }) => sum + data.size, 0);
  const isPacked = compression === 'zstd' && plans.every(({ buffer }) => buffer.packed);
  if (!isPacked || bytes < aheadBytesMin || plans.length > aheadLanesMax) return null;
  const lanes = plans.map(({ data, windowBytes }) => ({
    offset: data.offset,
    end: packedEnd(data),
    slotBytes: Math.min(windowBytes, aheadSlotMax),
  }));
  return source.unpackAhead?.(lanes, littleEndian) ?? null;
}

/** Makes the planned lanes, each with a window at the place that `place` gives. */
export function makeLanes(
  container: Container,
  headerPage: HeaderPage,
  plans: readonly LanePlan[],
  losses: LossCounter,
  place: (bytes: number) => WindowPlace,
  unpack: UnpackAhead | null,
): Lane[] {
  const { source, buffers, littleEndian } = container;
  const scratch = new ChunkScratch(source.size);
  const { headerBytes, commitBytes } = headerPage;
  const format: LaneFormat = { name: source.name, littleEndian, headerBytes, commitBytes };
  return plans.map((plan, lane) => {
    const { buffer, data } = plan;
    const ahead = unpack === null ? null : { unpack, lane };
    const window = place(plan.windowBytes + slackBytes);
    const bytes = buffer.packed
      ? new PackedLaneData(container, plan, window, scratch, ahead)
      : new PlainLaneData(source, plan, window);
    const rank = data.cpu * buffers.length + buffers.indexOf(buffer);
    const clock = laneClock(container.options, data.cpu);
    return clock === null
      ? new Lane(bytes, format, rank, buffer.name, losses)
      : new ClockedLane(bytes, format, rank, buffer.name, losses, clock);
  });
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

/** Puts each lane that has an event into the queue. Returns the stamp of the first event, which becomes time 0. */
export async function primeLanes(lanes: readonly Lane[], queue: LaneQueue): Promise<bigint> {
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
    queue.push(lane);
  }
  return start;
}
