/** The files beside a recording on disk (trace/beside-recording.ts says which). */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AuditFiles, readAuditFiles } from '../audit/audit-files.ts';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import {
  type FilesBeside,
  type RecordingFolder,
  readBeside,
  readTracefsFiles,
} from '../trace/beside-recording.ts';
import type { TracefsFiles } from '../trace/tracefs-files.ts';

/** No file beside a recording is larger in earnest (zoneinfo of 8192 CPUs and 16 zones is 16 MB). */
const bytesMax = 64 << 20;

/** `cpuCount`: largest CPU number + 1 by the recording itself. */
export function loadRecordingFolder(tracePath: string, cpuCount: number): RecordingFolder {
  return readBeside(filesBeside(tracePath), cpuCount);
}

export function loadTracefsFiles(tracePath: string): TracefsFiles {
  return readTracefsFiles(filesBeside(tracePath));
}

export function loadAuditFiles(tracePath: string): AuditFiles {
  return readAuditFiles(filesBeside(tracePath));
}

function filesBeside(tracePath: string): FilesBeside {
  const folder = dirname(tracePath);
  return {
    text: (path) => textOf(folder, path),
    names: (name) => {
      const path = join(folder, name);
      return existsSync(path) && statSync(path).isDirectory() ? readdirSync(path) : [];
    },
  };
}

/** null: there is no such file. */
function textOf(folder: string, path: string): string | null {
  const full = join(folder, path);
  if (!existsSync(full) || !statSync(full).isFile()) return null;
  if (statSync(full).size > bytesMax) {
    throw new DrainlabError(`${path} is larger than ${bytesMax >> 20} MB`, {
      code: 'E_FOLDER_FILE_SIZE',
      where: full,
      hint: 'It lies beside the recording but is not what its name says; move it away.',
    });
  }
  try {
    return readFileSync(full, 'utf8');
  } catch (cause) {
    throw new DrainlabError(`cannot read it: ${(cause as Error).message}`, {
      code: 'E_FOLDER_READ',
      where: full,
      hint: 'It lies beside the recording; make it readable or move it away.',
      exitCode: ExitCode.outside,
      cause,
    });
  }
}
