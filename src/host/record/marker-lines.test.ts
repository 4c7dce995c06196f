/** Marks in the text of perf script, as our own reader then reads them. */

import { describe, expect, test } from 'vitest';
import { bytesSource, openTrace } from '../../trace/index.ts';
import { MarkedScript } from './marker-lines.ts';

const line = (time: string, event: string) => `            node 12345 [001] ${time}:             ${event}\n`;
const free = (time: string, pfn: number) =>
  line(time, `kmem:mm_page_free: page=0x${pfn} pfn=0x${pfn} order=0`);
const text = free('10.000000100', 1) + free('10.000000200', 2) + free('10.000000300', 3);

function marked(chunkBytes: number, input = text) {
  const script = new MarkedScript([
    { ns: 10_000_000_150n, text: 'snapshot 0 begin start' },
    { ns: 10_000_000_160n, text: 'snapshot 0 end start' },
    { ns: 11_000_000_000n, text: 'snapshot 1 begin end' },
  ]);
  const bytes = Buffer.from(input);
  let written = '';
  for (let at = 0; at < bytes.length; at += chunkBytes)
    written += script.next(bytes.subarray(at, at + chunkBytes));
  return { written: written + script.end(), script };
}

async function read(written: string): Promise<string[]> {
  const reader = await openTrace(bytesSource('trace.txt', Buffer.from(written)));
  const events: string[] = [];
  await reader.readEvents((event) => {
    events.push(`${event.timeNs} ${event.name} ${event.fields().at(-1)?.[1]}`);
  });
  return events;
}

describe('perf script text with marks', () => {
  test('has them between the events of their time, the last behind all', async () => {
    const { written, script } = marked(1 << 16);
    expect(await read(written)).toEqual([
      '0 mm_page_free 0',
      '50 print snapshot 0 begin start',
      '60 print snapshot 0 end start',
      '100 mm_page_free 0',
      '200 mm_page_free 0',
      '999999900 print snapshot 1 begin end',
    ]);
    expect([script.events, script.lost]).toEqual([3, 0]);
  });

  test('is the same however the text is cut into chunks', () => {
    const whole = marked(1 << 16).written;
    for (const bytes of [1, 7, 64, 100]) expect(marked(bytes).written).toBe(whole);
  });

  test('counts what perf lost, and no such line as an event', () => {
    const lost = text + line('10.000000400', 'PERF_RECORD_LOST lost 12').replace(/ {13}(?=PERF)/, ' ');
    const { script } = marked(1 << 16, lost);
    expect([script.events, script.lost]).toEqual([3, 12]);
  });

  test('of an empty recording has the marks alone', () => {
    expect(marked(10, '').written.split('\n').length).toBe(4);
  });
});
