import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWritable, writeWhole } from './write-whole.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drainlab-whole-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a file that is written as a whole', () => {
  it('takes the place of the old one, readable by everybody, and leaves nothing beside it', () => {
    const path = join(folder, 'drainlab.prom');
    const before = process.umask(0o077);
    try {
      writeWhole(path, 'old\n');
      writeWhole(path, 'new µ\n');
    } finally {
      process.umask(before);
    }
    expect(readFileSync(path, 'utf8')).toBe('new µ\n');
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder)).toEqual(['drainlab.prom']);
  });

  it('stays as it was when writing fails, and says why', () => {
    const path = join(folder, 'taken');
    mkdirSync(join(path, 'inside'), { recursive: true });
    expect(() => writeWhole(path, 'new')).toThrow(/cannot be written: .*\(E(ISDIR|NOTEMPTY|EXIST)\)/);
    expect(readdirSync(folder)).toEqual(['taken']);
    writeFileSync(join(folder, 'file'), '');
    expect(() => writeWhole(join(folder, 'file/new'), 'new')).toThrow(/not a directory \(ENOTDIR\)/);
    expect(() => writeWhole(join(folder, 'no/such/file'), 'new')).toThrow(
      /no such file or directory \(ENOENT\)/,
    );
  });

  it('is asked for before long work: nothing is left, the old one stays, what cannot be is said', () => {
    const path = join(folder, 'here.yaml');
    writeFileSync(path, 'old');
    checkWritable(path);
    expect(readdirSync(folder)).toEqual(['here.yaml']);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(() => checkWritable(folder)).toThrow(/cannot be written: it is a folder/);
    expect(() => checkWritable(join(folder, 'no/file'))).toThrow(/no such file or directory \(ENOENT\)/);
  });

  it.skipIf(spawnSync('bash', ['-c', 'ulimit -f 1']).status !== 0)(
    'keeps its old text when there is no room for the new one (skipped where there is no bash)',
    () => {
      const path = join(folder, 'drainlab.prom');
      writeWhole(path, 'old\n');
      chmodSync(path, 0o600);
      // No file may grow beyond 1 KiB: the kernel answers EFBIG, as a full disk would ENOSPC.
      const script = `import { writeWhole } from '${join(import.meta.dirname, 'write-whole.ts')}';
        process.on('SIGXFSZ', () => {});
        writeWhole('${path}', 'x'.repeat(100000));`;
      const { status, stderr } = spawnSync(
        'bash',
        ['-c', 'ulimit -f 1; exec "$0" --import tsx --input-type=module -e "$1"', process.execPath, script],
        { cwd: join(import.meta.dirname, '../..') },
      );
      expect([status, String(stderr)]).toEqual([1, expect.stringContaining('E_OUTPUT')]);
      expect(readFileSync(path, 'utf8')).toBe('old\n');
      expect(readdirSync(folder)).toEqual(['drainlab.prom']);
    },
  );
});
