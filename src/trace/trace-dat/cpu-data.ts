/** Where the data of each CPU lies, checked against the file that is really there. */

import { traceError } from '../trace-error.ts';
import type { Container, CpuData } from './container.ts';

/** Largest CPU number that is believed. */
export const cpuMax: number = 1 << 16;

/** An entry of the table of CPU data. Whether the file reaches that far is asked when it is read. */
export function cpuData(
  container: Container,
  cpu: number,
  offset: bigint,
  size: bigint,
  where: number,
): CpuData {
  if (cpu < cpuMax && offset + size <= BigInt(Number.MAX_SAFE_INTEGER)) {
    return { cpu, offset: Number(offset), size: Number(size) };
  }
  throw traceError(
    'E_TRACE_DAMAGED',
    `CPU ${cpu} cannot have ${size} bytes of data at byte ${offset}`,
    container.source.name,
    where,
  );
}

/**
 * A file that was cut has less than its table says. With `partial` the table is cut too, and the answer says where; without,
 * that is an error. '': nothing is missing.
 */
export function cutToFile(container: Container, partial: boolean): string {
  const { source, buffers } = container;
  refuseOverlaps(container);
  let story = '';
  buffers.forEach((buffer, i) => {
    const cpus = buffer.cpus.map((data) => {
      const present = Math.max(0, source.size - data.offset);
      if (data.size <= present) return data;
      const message = `the data of CPU ${data.cpu} should take ${data.size} bytes from byte ${data.offset}, but the file has ${source.size} bytes`;
      if (!partial) throw traceError('E_TRACE_TRUNCATED', message, source.name, source.size);
      if (story === '') story = `${source.name}, byte ${source.size}: ${message}`;
      return { ...data, size: buffer.packed ? present : present - (present % container.pageBytes) };
    });
    buffers[i] = { ...buffer, cpus };
  });
  return story;
}

/** The data of CPUs cannot be more than the file, unless it overlaps: then a small file could take for ever to read. */
function refuseOverlaps({ source, buffers }: Container): void {
  let bytes = 0;
  for (const { cpus } of buffers) {
    for (const { offset, size } of cpus) bytes += Math.max(0, Math.min(size, source.size - offset));
  }
  if (bytes <= source.size) return;
  throw traceError(
    'E_TRACE_DAMAGED',
    `the data of its CPUs would be ${bytes} bytes in a file of ${source.size}`,
    source.name,
    0,
  );
}
