/** The built command unpacks in a second thread, the sources do not: the same bytes come out. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRecordingFolder } from '../../src/cli/recording-folder.ts';
import { replay } from '../../src/engine/replay.ts';
import { writeJson } from '../../src/engine/report/write-json.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';

const root = join(import.meta.dirname, '../..');
const command = join(root, 'bin/drainlab.js');

describe('with a second thread', () => {
  const isBuilt = existsSync(join(root, 'dist/cli/main.js'));
  it.skipIf(!isBuilt)(
    `a recording gives the same JSON, byte for byte, as without${isBuilt ? '' : ': skipped, run npm run build first'}`,
    async () => {
      const name = 'recordings/patched-everyone';
      const path = join(root, name, 'trace.dat');
      const reader = await openTraceFile(path);
      const { machine, snapshots } = loadRecordingFolder(path, reader.cpuCount);
      const inOneThread = writeJson(
        await replay(reader, machine, snapshots, { name, kernel: '5.10.262-drain' }),
      );
      await reader.close();
      const printed = execFileSync(process.execPath, [command, 'replay', name, '--json'], { cwd: root });
      expect(printed.toString()).toBe(inOneThread);
    },
  );
});
