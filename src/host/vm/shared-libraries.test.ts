import { execFileSync, spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isElf, needsOf, sharedLibrariesOf } from './shared-libraries.ts';

const hasLdd = process.arch === 'x64' && spawnSync('ldd', ['--version']).status === 0;

describe('the shared libraries of a program', () => {
  it.skipIf(!hasLdd)('are those that ldd names (skipped without ldd)', () => {
    for (const program of [process.execPath, '/bin/ls']) {
      const told = execFileSync('ldd', [program], { encoding: 'utf8' });
      const names = [...told.matchAll(/(\S+\.so[.\d]*)(?: =>| \()/g)].map(([, name]) => basename(name));
      const found = sharedLibrariesOf(program).map((path) => basename(path));
      expect(new Set([...found, 'linux-vdso.so.1'])).toEqual(new Set([...names, 'linux-vdso.so.1']));
    }
  });

  it('are refused for a program of another machine', () => {
    const head = Buffer.alloc(64);
    head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
    head.writeUInt16LE(183, 18);
    expect(isElf(head)).toBe(true);
    expect(() => needsOf(head, '/bin')).toThrow(/no program for x86-64/);
  });
});
