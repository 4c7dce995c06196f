import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { largeRecordings, shippedRecordings } from '../recordings.ts';
import { compareWithReport, hasTraceCmd, traceCmd } from './trace-cmd-oracle.ts';

// Every event of a recording against the line that Debian's trace-cmd prints of it. The shipped recordings by default;
// DRAINLAB_ORACLE=all takes the large ones too, each also converted to the other forms that trace-cmd can write.

const all = process.env.DRAINLAB_ORACLE === 'all';
const folder = mkdtempSync(join(tmpdir(), 'drainlab-oracle-'));
const report = join(folder, 'report.txt');
afterAll(() => rmSync(folder, { recursive: true }));

const recordings = [shippedRecordings, ...(all && largeRecordings !== null ? [largeRecordings] : [])].flatMap(
  (root) =>
    readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && readdirSync(join(root, entry.name)).includes('trace.dat'))
      .map((entry) => join(root, entry.name, 'trace.dat')),
);

/** What `trace-cmd convert` can make of a recording. */
const forms = [
  { version: '6', compression: 'none' },
  { version: '7', compression: 'none' },
  { version: '7', compression: 'zstd' },
] as const;

if (!hasTraceCmd()) console.warn('trace-cmd is not installed: the reader is not compared with it');

describe.skipIf(!hasTraceCmd())('every event as trace-cmd reads it: type, task, CPU, stamp, fields', () => {
  test.each(recordings)(
    '%s',
    async (recording) => {
      traceCmd(['report', '-R', '-t', recording], report);
      const result = await compareWithReport(recording, report);
      expect(result.differences).toEqual([]);
      expect(result.events).toBeGreaterThan(10_000);
      expect(result.fieldsCompared).toBeGreaterThan(2 * result.events);
    },
    300_000,
  );

  const converted = (all ? recordings : recordings.slice(0, 1)).flatMap((recording) =>
    forms.map((form) => ({ recording, ...form })),
  );
  test.each(converted)(
    '$recording as version $version, $compression',
    async ({ recording, version, compression }) => {
      const target = join(folder, 'converted.dat');
      traceCmd(
        ['convert', '-i', recording, '-o', target, '--file-version', version, '--compression', compression],
        join(folder, 'convert.txt'),
      );
      traceCmd(['report', '-R', '-t', target], report);
      const result = await compareWithReport(target, report);
      expect(result.differences).toEqual([]);
      expect(result.events).toBeGreaterThan(10_000);
    },
    300_000,
  );
});
