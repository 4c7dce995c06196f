/** Changes that every backend makes in the same way: probes, and names of more tasks. */

import { join } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { readOr } from '../tracefs.ts';
import type { Change } from './plan.ts';
import { probeGroup, type WantedProbe } from './wanted-events.ts';

/** Names of tasks that the kernel keeps while recording; 128 by default, and each beyond them loses its name. */
const savedNames = 16384;

/** The kernel checks each probe when it is written; functions that cannot be probed are refused. */
export function probeChanges(root: string, probes: readonly WantedProbe[]): Change[] {
  return probes.map(({ name, line }) => ({
    do: 'append',
    path: join(root, 'kprobe_events'),
    text: line,
    undo: `-:${probeGroup}/${name}`,
    mayFail: true,
  }));
}

/** Names of tasks are kept by the whole tracer, not by an instance. */
export function nameChanges(root: string): Change[] {
  const changes: Change[] = [];
  const sizePath = join(root, 'saved_cmdlines_size');
  const size = Number(readOr(sizePath, String(savedNames)).trim());
  if (size < savedNames)
    changes.push({
      do: 'write',
      path: sizePath,
      text: String(savedNames),
      undo: String(size),
      mayFail: true,
    });
  const optionPath = join(root, 'options', 'record-cmd');
  if (readOr(optionPath, '1').trim() === '0')
    changes.push({ do: 'write', path: optionPath, text: '1', undo: '0' });
  return changes;
}

/** Probes of ours that are there already are another recording's, or were left when one was ended by force. */
export function refuseSecondRecording(root: string): void {
  const ours = readOr(join(root, 'kprobe_events')).split('\n');
  if (!ours.some((line) => /^[pr]\d*:drainlab\//.test(line))) return;
  throw new DrainlabError('another drainlab is recording: its probes are there', {
    code: 'E_RECORD_BUSY',
    where: join(root, 'kprobe_events'),
    hint: `Wait for it. If none runs: rmdir ${root}/instances/drainlab-*, then echo '-:${probeGroup}/NAME' >> kprobe_events for each.`,
    exitCode: ExitCode.outside,
  });
}
