import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DrainlabError } from '../base/errors.ts';
import { loadRecordingFolder } from './recording-folder.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with these files and the path of the recording in it, which need not exist. */
function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'drainlab-folder-'));
  made.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, 'trace.dat');
}

const zoneinfo = (counts: readonly number[]) => `Node 0, zone   Normal
  pages free     1000
        spanned  8192
        present  8000
        managed  7900
  pagesets
${counts.map((count, cpu) => `    cpu: ${cpu}\n              count: ${count}\n              high:  186\n              batch: 31`).join('\n')}
  start_pfn:           4096
`;

describe('loadRecordingFolder', () => {
  it('takes machine and snapshots from the files beside the recording', () => {
    const trace = folderWith({
      'proc-start/zoneinfo': zoneinfo([1, 2]),
      'proc-start/cpu_online': '0-1\n',
      'proc-start/cpu_isolated': '1\n',
      'proc-start/cpu_nohz_full': '(absent)\n',
      'proc-start/uname': 'Linux host 5.10.0 #1 SMP x86_64\n',
      'zoneinfo/zoneinfo-snap-010-load.txt': zoneinfo([5, 6]),
      'zoneinfo/zoneinfo-snap-002-quiet-a.txt': zoneinfo([3, 4]),
      'zoneinfo/notes.txt': 'not a snapshot',
    });
    const { machine, snapshots, uname } = loadRecordingFolder(trace, 2);
    expect(machine.zones).toMatchObject([
      { name: 'Normal', node: 0, startPfn: 4096, endPfn: 12288, batch: 31 },
    ]);
    expect([[...machine.online], [...machine.isolated]]).toEqual([[0, 1], [1]]);
    expect(snapshots.map(({ number, label, pages }) => [number, label, ...pages])).toEqual([
      [2, 'quiet-a', 3, 4],
      [10, 'load', 5, 6],
    ]);
    expect(uname).toBe('Linux host 5.10.0 #1 SMP x86_64');
  });

  it('takes the zones from the first snapshot when nothing tells of the start', () => {
    const { machine } = loadRecordingFolder(
      folderWith({ 'zoneinfo/zoneinfo-snap-000-x.txt': zoneinfo([1]) }),
      4,
    );
    expect([machine.zones[0].name, machine.cpuCount, [...machine.online]]).toEqual(['Normal', 4, [0]]);
  });

  it('without any of this is one zone that spans everything, all CPUs online, none isolated', () => {
    const { machine, snapshots, files } = loadRecordingFolder(folderWith({}), 3);
    expect([machine.zones.length, machine.online.count, machine.isolated.count]).toEqual([1, 3, 0]);
    expect([snapshots, files]).toEqual([[], []]);
  });

  it('says which file is not what its name promises', () => {
    const trace = folderWith({ 'zoneinfo/zoneinfo-snap-000-x.txt': 'MemTotal: 1 kB\n' });
    expect(() => loadRecordingFolder(trace, 2)).toThrow(DrainlabError);
    const cpus = folderWith({ 'proc-start/cpu_online': 'all of them\n' });
    expect(() => loadRecordingFolder(cpus, 2)).toThrow(/proc-start\/cpu_online "all of them/);
  });
});
