/** The written file against trace-cmd and against our reader. Its sub-buffers are made by hand (test/trace-dat-builder.ts). */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EventSpec, formatText, PageBuilder, record } from '../../../test/trace-dat-builder.ts';
import { openTraceFile } from '../../trace/node-source.ts';
import { functionsOf, subBufferBytes, type TraceDatParts, writeTraceDat } from './write-trace-dat.ts';

const hasTraceCmd = spawnSync('trace-cmd', ['--version']).error === undefined;

const headerPage = [
  '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;',
  '\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;',
  '\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;',
  '\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n',
].join('\n');
const headerEvent = '# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n';

const free: EventSpec = {
  system: 'kmem',
  name: 'mm_page_free',
  id: 500,
  fields: [
    { declaration: 'unsigned long pfn', offset: 8, size: 8 },
    { declaration: 'unsigned int order', offset: 16, size: 4 },
  ],
  print: '"pfn=0x%lx order=%d", REC->pfn, REC->order',
};
const print: EventSpec = {
  system: 'ftrace',
  name: 'print',
  id: 5,
  fields: [
    { declaration: 'unsigned long ip', offset: 8, size: 8 },
    { declaration: 'char buf[]', offset: 16, size: 0 },
  ],
  print: '"%ps: %s", (void *)REC->ip, REC->buf',
};

const freed = (pfn: number) =>
  record(true, 500, 77, 24, [
    [8, 8, pfn],
    [16, 4, 0],
  ]);

let folder = '';
let path = '';

/** CPU 0 frees 0x10 and 0x12, CPU 2 frees 0x11 between; CPU 1 has nothing. */
function parts(): TraceDatParts {
  const marker = record(true, 5, 77, 30, [[16, 14, 'hello\n']]);
  const cpu0 = new PageBuilder({}, 1_000_000_000n).event(0, freed(0x10)).event(300, freed(0x12)).done();
  const cpu2 = new PageBuilder({}, 1_000_000_100n).event(0, freed(0x11)).event(400, marker).done();
  writeFileSync(join(folder, 'cpu0'), cpu0);
  // Half a sub-buffer at the end, as of a reader that was killed, is no sub-buffer.
  writeFileSync(join(folder, 'cpu2'), Buffer.concat([cpu2, Buffer.alloc(100, 1)]));
  return {
    headerPage,
    headerEvent,
    formats: [
      { system: 'ftrace', text: formatText(print) },
      { system: 'kmem', text: formatText(free) },
    ],
    kallsyms: 'ffffffff81000000 T _stext\n',
    printkFormats: '',
    savedCommands: '77 drainer\n',
    clock: 'local [mono] boot\n',
    uname: 'Linux box 6.18.0 #1 SMP x86_64 GNU/Linux\n',
    stats: ['entries: 2\n', 'entries: 0\n', 'entries: 2\n'],
    dataFiles: [join(folder, 'cpu0'), '', join(folder, 'cpu2')],
    littleEndian: true,
  };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drainlab-dat-'));
  path = join(folder, 'trace.dat');
  writeTraceDat(path, parts());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a trace.dat that drainlab wrote', () => {
  test('is read back: events in order of time, with CPU, task, clock, kernel', async () => {
    const reader = await openTraceFile(path);
    const lines: string[] = [];
    await reader.readEvents((event) => {
      const fields = event.fields().map(([, value]) => value);
      lines.push(`${event.timeNs} ${event.cpu} ${event.comm} ${event.name} ${fields[0]}`);
    });
    expect(lines).toEqual([
      '0 0 drainer mm_page_free 16',
      '100 2 drainer mm_page_free 17',
      '300 0 drainer mm_page_free 18',
      '500 2 drainer print 0',
    ]);
    expect(reader.info).toMatchObject({
      format: 'trace.dat v6',
      cpuCount: 3,
      clock: 'mono',
      kernel: '6.18.0',
    });
    expect(reader.features.symbolExists('_stext')).toBe(true);
    await reader.close();
  });

  test.skipIf(!hasTraceCmd)('is read by trace-cmd (skipped without it)', () => {
    const { stdout } = spawnSync('trace-cmd', ['report', '-t', path], { encoding: 'utf8' });
    const events = stdout.split('\n').filter((line) => /\d: /.test(line));
    expect(events.map((line) => line.trim().replace(/\s+/g, ' '))).toEqual([
      'drainer-77 [000] 1.000000000: mm_page_free: pfn=0x10 order=0',
      'drainer-77 [002] 1.000000100: mm_page_free: pfn=0x11 order=0',
      'drainer-77 [000] 1.000000300: mm_page_free: pfn=0x12 order=0',
      'drainer-77 [002] 1.000000500: print: 0x0: hello',
    ]);
  });
});

test('of kallsyms only the functions go into the file', () => {
  const text = 'ffffffff81000000 T _stext\nffffffff82000000 D jiffies\nffffffffc0000000 t ext4_fill [ext4]\n';
  expect(functionsOf(text)).toBe('ffffffff81000000 T _stext\nffffffffc0000000 t ext4_fill [ext4]\n');
});

test('a sub-buffer is as large as header_page says', () => {
  expect(subBufferBytes(headerPage)).toBe(4096);
  expect(subBufferBytes('\tfield: char data;\toffset:16;\tsize:65520;\tsigned:1;')).toBe(65536);
});
