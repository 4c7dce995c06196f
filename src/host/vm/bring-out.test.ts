import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { copyOut, readIndex } from './bring-out.ts';
import { outDiskFilesAt, outDiskMark } from './guest-init.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-disk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const diskBytes = outDiskFilesAt + 4096;
/** A disk with this index, and `content` where the files begin. */
function disk(index: string, content = ''): string {
  const path = join(folder, 'disk');
  const bytes = Buffer.alloc(outDiskFilesAt + content.length);
  bytes.write(index, 0, 'latin1');
  bytes.write(content, outDiskFilesAt, 'latin1');
  writeFileSync(path, bytes);
  truncateSync(path, diskBytes);
  return path;
}

describe('what a guest put on its disk', () => {
  it('is copied by its index', () => {
    const path = disk(
      `${outDiskMark} 2\n${outDiskFilesAt} 3 proc-start/cpu_online\n${outDiskFilesAt + 3} 5 zoneinfo/a-1.txt\nend\n`,
      '0-3hello',
    );
    const files = readIndex(path, diskBytes);
    expect(files.map(({ name, length }) => [name, length])).toEqual([
      ['proc-start/cpu_online', 3],
      ['zoneinfo/a-1.txt', 5],
    ]);
    expect(readFileSync(copyOut(path, files[0], join(folder, 'to')), 'utf8')).toBe('0-3');
    expect(readFileSync(copyOut(path, files[1], join(folder, 'to')), 'utf8')).toBe('hello');
  });

  it('is refused when the index is absent, cut, or lies', () => {
    const at = outDiskFilesAt;
    for (const index of [
      outDiskMark,
      `${outDiskMark} 2\n${at} 3 a\nend\n`,
      `${outDiskMark} 1\n${at} 3 a\n`,
      ...[
        `${at} 3 ../a`,
        `${at} 3 /etc/a`,
        `${at} 3 a/../../b`,
        `${at} 3 a//b`,
        `${at} 3 .hidden`,
        `${at} 4097 a`,
        `${at} 99999999999999 a`,
        `0 3 a`,
        `${at} -3 a`,
        `${at} 3 a\u001b`,
      ].map((line) => `${outDiskMark} 1\n${line}\nend\n`),
    ]) {
      expect(() => readIndex(disk(index), diskBytes), index).toThrow(
        expect.objectContaining({ code: 'E_VM_DISK_DAMAGED' }),
      );
    }
    expect(existsSync(join(folder, 'a'))).toBe(false);
  });
});
