/** What the fuzzer has found, made again by hand: each of these crashed, hung or grew once. */

import { describe, expect, test } from 'vitest';
import { Kind } from '../../src/engine/input/event-log.ts';
import { bytesSource, openTrace } from '../../src/trace/index.ts';
import { openTextStream } from '../../src/trace/open-text.ts';
import { buildTraceDat, PageBuilder, record, type TraceDatSpec } from '../trace-dat-builder.ts';

const free = (declaration: string, size: number) => ({
  system: 'kmem',
  name: 'mm_page_free',
  id: 301,
  fields: [
    { declaration: 'unsigned long pfn', offset: 8, size: 8 },
    { declaration, offset: 16, size },
  ],
});
const event = (pfn: number) => record(true, 301, 7, 32, [[8, 8, pfn]]);
const page = (stamp: bigint) => new PageBuilder({}, stamp).event(0, event(1)).event(10, event(2)).done();

function recording(extra: Partial<TraceDatSpec> = {}): Uint8Array {
  const events = [free('unsigned int order', 4)];
  return buildTraceDat({ version: 7, events, buffers: [{ cpus: [[page(1000n), page(500n)]] }], ...extra });
}

describe('found by the fuzzer:', () => {
  test('a buffer that claims to be packed in a file that is not', async () => {
    const bytes = recording();
    const header = [3, 0, 0, 0, 0, 0, 0, 0];
    const at = bytes.findIndex((_, i) => header.every((byte, k) => bytes[i + k] === byte));
    bytes[at + 2] = 1;
    const read = async () => {
      const reader = await openTrace(bytesSource('x', bytes));
      await reader.readRows(() => undefined);
    };
    await expect(read()).rejects.toMatchObject({ name: 'DrainlabError', code: 'E_TRACE_DAMAGED' });
  });

  test('a format with an id that no event can have', async () => {
    for (const id of [0, 65536, 4_294_967_295]) {
      const probe = {
        ...free('unsigned long __probe_ip', 8),
        system: 'kprobes',
        name: 'drain_all_pages',
        id,
      };
      const bytes = recording({ events: [free('unsigned int order', 4), probe] });
      const reader = await openTrace(bytesSource('x', bytes));
      expect(reader.features.has(Kind.drainAllPages)).toBe(false);
      expect(reader.features.has(Kind.pageFree)).toBe(true);
    }
  });

  test('a CPU whose stamps run backwards: rows stay in order, and it is counted', async () => {
    const reader = await openTrace(bytesSource('x', recording()));
    const times: number[] = [];
    await reader.readRows((block) => times.push(...block.timeNs.subarray(0, block.length)));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times).toHaveLength(4);
    expect(reader.diagnostics.outOfOrder).toBe(2);
  });

  test.each(['struct nothing[0] list[]', 'cpumask_t mask'])(
    'an array whose elements have no bytes (%s)',
    async (declaration) => {
      const reader = await openTrace(bytesSource('x', recording({ events: [free(declaration, 0)] })));
      let fields = 0;
      await reader.readEvents((view) => {
        fields += view.fields().length;
      });
      expect(fields).toBeGreaterThan(0);
    },
  );

  test('a text of blanks behind a field, which took a minute', async () => {
    const line = `            task-7     [000]     1.000000: x: y=1${' '.repeat(60_000)}z\n`;
    const reader = await openTextStream({
      name: 'x',
      size: null,
      chunks: async function* () {
        yield new TextEncoder().encode(line);
      },
    });
    const before = process.cpuUsage();
    await reader.readEvents((view) => {
      view.fields();
    });
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000);
  });

  test('recordings that cannot be opened keep no memory', async () => {
    const bytes = recording({
      compression: 'zstd',
      events: [{ ...free('unsigned int order', 4), print: `"${'x'.repeat(100_000)}"` }],
    });
    // The frame behind the event formats, which have been unpacked before it.
    const frames = [...bytes.keys()].filter((i) =>
      [0x28, 0xb5, 0x2f, 0xfd].every((byte, k) => bytes[i + k] === byte),
    );
    bytes[frames[2] + 4] = 0xff;
    const before = process.memoryUsage().external;
    for (let i = 0; i < 600; i++) await expect(openTrace(bytesSource('x', bytes))).rejects.toThrow();
    expect(process.memoryUsage().external - before).toBeLessThan(64 << 20);
  });
});
