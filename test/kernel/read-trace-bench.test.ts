import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compare, convert } from '../../bench/read-trace.ts';
import { repeatRecording } from '../../bench/repeat-recording.ts';
import { shippedRecordings } from '../recordings.ts';
import { hasTraceCmd } from './trace-cmd-oracle.ts';

// The small size of bench/read-trace.ts, so that the benchmark keeps working and measures what it says.

const folder = mkdtempSync(join(tmpdir(), 'drainlab-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));
const recording = join(shippedRecordings, 'patched-selective', 'trace.dat');

describe('the reading benchmark', () => {
  test('times a recording and hashes its rows', () => {
    const result = compare('version 7', recording, 1);
    expect(result.events).toBeGreaterThan(100_000);
    expect(result.ownNs).toBeGreaterThan(0);
    expect(result.hash).toMatch(/^[0-9a-f]{8}$/);
  });

  test.skipIf(!hasTraceCmd())(
    'sees the same rows in version 6, and n times as many in a repeated recording',
    async () => {
      const version6 = join(folder, 'v6.dat');
      const long = join(folder, 'long.dat');
      expect(convert(recording, version6, 6, 'none')).toBe(true);
      const once = compare('version 6', version6, 1);
      expect(once.hash).toBe(compare('version 7', recording, 1).hash);
      await repeatRecording(version6, long, 3);
      expect(compare('3 times', long, 1).events).toBe(3 * once.events);
    },
  );
});
