/** Version 6 of trace.dat: everything in a fixed order, never packed (trace-cmd.dat.v6(5)). */

import { traceError } from '../trace-error.ts';
import type { Container, CpuData } from './container.ts';
import { checkedCpuCount } from './container-v7.ts';
import { cpuData } from './cpu-data.ts';
import { applyOption, OptionId } from './options.ts';
import { readEventFormats, readFtraceFormats, readHeaderInfo, sizedBytes } from './sections.ts';
import type { SourceCursor } from './source-cursor.ts';

interface PendingBuffer {
  readonly name: string;
  readonly offset: number;
}

/** Reads from the cursor, which stands behind the page size, to the table of CPU data. */
export async function readVersion6(container: Container, cursor: SourceCursor): Promise<void> {
  const info = await readHeaderInfo(cursor);
  container.headerPage = info.headerPage;
  container.headerEvent = info.headerEvent;
  await readFtraceFormats(cursor, container.formats);
  await readEventFormats(cursor, container.formats);
  await cursor.need(4, 'the size of the symbols');
  const symbolBytes = cursor.u32();
  container.kallsyms = { offset: cursor.offset, size: symbolBytes, packed: false, sizePrefix: 0 };
  cursor.seek(cursor.offset + symbolBytes);
  container.printk = await sizedBytes(cursor, 4, 'printk formats');
  container.cmdlines = await sizedBytes(cursor, 8, 'saved names');
  await cursor.need(4, 'the number of CPUs');
  container.cpuCount = checkedCpuCount(container, cursor.u32(), cursor.offset - 4);

  const pending: PendingBuffer[] = [];
  await readBuffer(container, cursor, '', pending);
  for (const { name, offset } of pending) {
    cursor.seek(offset);
    // Instances of instances do not exist.
    await readBuffer(container, cursor, name, []);
  }
}

/** Options, if there are any, and the data of an instance. */
async function readBuffer(
  container: Container,
  cursor: SourceCursor,
  name: string,
  pending: PendingBuffer[],
): Promise<void> {
  let kind = await readKind(cursor);
  if (kind === 'options') {
    await readOptions(container, cursor, pending);
    kind = await readKind(cursor);
  }
  await readData(container, cursor, name, kind);
}

async function readKind(cursor: SourceCursor): Promise<string> {
  const offset = cursor.offset;
  await cursor.need(10, 'the kind of data');
  const kind = String.fromCharCode(...cursor.bytes(10)).replace(/[\s\0]+$/, '');
  if (kind === 'options' || kind === 'flyrecord' || kind === 'latency') return kind;
  throw traceError(
    'E_TRACE_DAMAGED',
    '"options", "flyrecord" or "latency" is expected here',
    cursor.source.name,
    offset,
  );
}

async function readOptions(
  container: Container,
  cursor: SourceCursor,
  pending: PendingBuffer[],
): Promise<void> {
  for (;;) {
    await cursor.need(2, 'an option');
    const id = cursor.u16();
    if (id === OptionId.done) return;
    await cursor.need(4, 'the size of an option');
    const size = cursor.u32();
    await cursor.need(size, `the data of option ${id}`);
    const at = cursor.offset;
    const data = cursor.bytes(size);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (id === OptionId.buffer && size > 8) {
      const offset = view.getBigUint64(0, container.littleEndian);
      if (offset > BigInt(container.source.size)) {
        throw traceError(
          'E_TRACE_TRUNCATED',
          `an instance should begin at byte ${offset}, behind the end of the file`,
          container.source.name,
          at,
        );
      }
      pending.push({
        offset: Number(offset),
        name: new TextDecoder().decode(data.subarray(8)).split('\0')[0],
      });
    } else if (id === OptionId.cpuCount && size >= 4) {
      container.cpuCount = checkedCpuCount(container, view.getUint32(0, container.littleEndian), at);
    } else {
      applyOption(container.options, id, data, container.littleEndian);
    }
  }
}

/** After `flyrecord`: offset and size for each CPU. After `latency`: text to the end of the file. */
async function readData(
  container: Container,
  cursor: SourceCursor,
  name: string,
  kind: string,
): Promise<void> {
  if (kind === 'latency') {
    const section = { offset: cursor.offset, size: cursor.remaining, packed: false, sizePrefix: 0 };
    container.latency.push({ name, section });
    return;
  }
  const cpus: CpuData[] = [];
  await cursor.need(container.cpuCount * 16, 'the table of CPU data');
  for (let cpu = 0; cpu < container.cpuCount; cpu++) {
    const at = cursor.offset;
    const offset = cursor.u64();
    const size = cursor.u64();
    cpus.push(cpuData(container, cpu, offset, size, at));
  }
  container.buffers.push({
    name,
    clock: container.options.clock,
    pageBytes: container.pageBytes,
    cpus,
    packed: false,
  });
}
