import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeRecordingFolder } from './recording-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-recording-folder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inUse = expect.objectContaining({ code: 'E_RECORD_FOLDER', exitCode: 2 });
const outside = expect.objectContaining({ code: 'E_RECORD_FOLDER', exitCode: 4 });

describe('the folder of a recording', () => {
  it('is made with those above it; an empty one will do, and one with the console of a failed guest', () => {
    makeRecordingFolder(join(folder, 'a/b'));
    expect(existsSync(join(folder, 'a/b'))).toBe(true);
    makeRecordingFolder(join(folder, 'a/b'));
    writeFileSync(join(folder, 'a/b/console.txt'), '');
    makeRecordingFolder(join(folder, 'a/b'));
  });

  it('is not one in which something is, nor a file', () => {
    mkdirSync(join(folder, 'used'));
    writeFileSync(join(folder, 'used/trace.dat'), '');
    expect(() => makeRecordingFolder(join(folder, 'used'))).toThrow(inUse);
    expect(() => makeRecordingFolder(join(folder, 'used/trace.dat'))).toThrow(inUse);
  });

  it.skipIf(process.platform !== 'linux')('cannot be where nothing can be made', () => {
    expect(() => makeRecordingFolder('/proc/drainlab/x')).toThrow(outside);
    expect(() => makeRecordingFolder(join(folder, 'used/trace.dat/x'))).toThrow(outside);
  });
});
