import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type CpioEntry, cpioArchive, withDirectories } from './cpio.ts';

const hasCpio = spawnSync('cpio', ['--version']).status === 0;

const entries: CpioEntry[] = [
  { kind: 'file', path: 'init', bytes: Buffer.from('#!/bin/sh\n'), executable: true },
  { kind: 'file', path: 'lib/a/b.so', bytes: Buffer.alloc(5, 1), executable: false },
  { kind: 'link', path: 'bin/sh', target: 'busybox' },
];

describe('a cpio archive', () => {
  it('begins with the magic number, and everything stands at a multiple of four', () => {
    const archive = cpioArchive([
      { kind: 'file', path: 'ab', bytes: Buffer.from('12345'), executable: false },
    ]);
    expect(archive.toString('latin1', 0, 6)).toBe('070701');
    // 110 of the head, 3 of the name, 3 to fill; 5 of content, 3 to fill; then the last record
    expect(archive.toString('latin1', 110, 113)).toBe('ab\0');
    expect(archive.toString('latin1', 116, 121)).toBe('12345');
    expect(archive.toString('latin1', 124, 130)).toBe('070701');
    expect(archive.length % 4).toBe(0);
  });

  it('names each folder once and before what is in it', () => {
    expect(withDirectories([...entries, entries[1]]).map(({ path }) => path)).toEqual([
      'init',
      'lib',
      'lib/a',
      'lib/a/b.so',
      'bin',
      'bin/sh',
    ]);
  });

  it.skipIf(!hasCpio)('is what cpio lists (skipped without cpio)', () => {
    const listed = execFileSync('cpio', ['-tv', '--quiet'], { input: cpioArchive(withDirectories(entries)) });
    const lines = listed.toString().trim().split('\n');
    expect(lines.map((line) => `${line.slice(0, 10)} ${line.split(/\s+/).slice(8).join(' ')}`)).toEqual([
      '-rwxr-xr-x init',
      'drwxr-xr-x lib',
      'drwxr-xr-x lib/a',
      '-rw-r--r-- lib/a/b.so',
      'drwxr-xr-x bin',
      'lrwxrwxrwx bin/sh -> busybox',
    ]);
  });
});
