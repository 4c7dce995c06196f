/** Who disturbed whom in an open recording: read once more, since an audit looks at other events than a replay. */

import { audit } from '../audit/audit.ts';
import { readAuditFiles } from '../audit/audit-files.ts';
import { parseCpuList } from '../base/cpu-list.ts';
import { DrainlabError } from '../base/errors.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { readBeside, readTracefsFiles, releaseOf } from '../trace/beside-recording.ts';
import { blobSource, openTrace } from '../trace/index.ts';
import { TextFeatures } from '../trace/text-features.ts';
import type { Calls } from './messages.ts';
import { droppedRecording } from './recording-files.ts';
import type { Following, Recordings } from './recordings.ts';

const isolationFiles: ReadonlySet<string> = new Set(['proc-start/cpu_isolated', 'proc-start/cpu_nohz_full']);

/** The JSON that `drainlab audit` prints. Throws E_NO_RECORDING where no events are at hand: a run, or a mailed page. */
export async function auditJson(
  { recording, isolated }: Calls['audit']['ask'],
  recordings: Recordings,
  following: Following,
): Promise<Calls['audit']['answer']> {
  const named = isolated === undefined ? undefined : parseCpuList(isolated, 'isolated CPUs');
  const files = recordings.filesOf(recording);
  if (files.length === 0) throw noEvents();
  const { name, blob, beside } = await droppedRecording(files);
  const reader = await openTrace(blobSource(name, blob));
  try {
    const folder = readBeside(beside, Math.max(1, reader.cpuCount));
    if (reader.features instanceof TextFeatures) reader.features.learn(readTracefsFiles(beside));
    const { recorded, interruptTables } = readAuditFiles(beside);
    const report = await audit(reader, {
      name,
      kernel: reader.kernel || releaseOf(reader.info.uname) || releaseOf(folder.uname),
      isolated: named ?? reader.info.machine?.isolated ?? [...folder.machine.isolated],
      isolatedFrom: named ? '--isolated' : folder.files.filter((each) => isolationFiles.has(each)).join(', '),
      recorded,
      interruptTables,
      onProgress: (bytes, total) =>
        following.progress({ what: `auditing ${name}`, part: total ? bytes / total : null, bytes }),
      signal: following.signal,
    });
    return { json: writeJson(report) };
  } finally {
    await reader.close();
  }
}

function noEvents(): DrainlabError {
  return new DrainlabError('the events of this recording are not at hand', {
    code: 'E_NO_RECORDING',
    hint: 'An audit reads every interrupt of a recording: open the recording itself. A run of a scenario has none.',
  });
}
