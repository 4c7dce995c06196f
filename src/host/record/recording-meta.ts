/** `meta.json` of a recording's folder: how it was made, and what was lost. For people and scripts; replay does not need it. */

import type { HostRecording } from './record-host.ts';
import type { RecordOrder } from './recorder.ts';
import type { BackendName } from './rights.ts';
import type { Purpose } from './wanted-events.ts';

export interface RecordingMeta {
  readonly schema: 'drainlab.recording/1';
  readonly kernel: string;
  readonly cpus: number;
  readonly backend: BackendName;
  readonly purpose: Purpose;
  /** Seconds between the snapshots `start` and `end`. */
  readonly seconds: number;
  readonly command: readonly string[];
  /** Exit code, name of a signal, or null: there was no command. */
  readonly commandEnd: number | string | null;
  /** Signal that ended the recording early, or ''. */
  readonly endedBy: string;
  readonly file: string;
  readonly events: number;
  readonly lost: { readonly events: number; readonly byCpu: Readonly<Record<string, number>> };
  readonly snapshots: number;
  readonly bufferKilobytesPerCpu: number;
  /** Names of the events that were on, `system:name`, with their filters where they had one. */
  readonly recorded: readonly string[];
  /** Probes that the kernel took, and those that it refused with its reason. */
  readonly probes: readonly string[];
  readonly refusedProbes: readonly string[];
  /** What this kernel could not tell. */
  readonly lacking: readonly string[];
  /** Shell commands that should have taken something back and failed; empty: all is as before. */
  readonly notUndone: readonly string[];
}

export interface MetaParts {
  readonly kernel: string;
  readonly cpus: number;
  readonly backend: BackendName;
  readonly purpose: Purpose;
  readonly order: RecordOrder;
  readonly recording: HostRecording;
}

export function recordingMeta({
  kernel,
  cpus,
  backend,
  purpose,
  order,
  recording,
}: MetaParts): RecordingMeta {
  const { losses, refused } = recording;
  const { events, probes, lacking } = order.wanted;
  const byCpu = Object.fromEntries(losses.cpus.map((loss) => [String(loss.cpu), loss.events]));
  return {
    schema: 'drainlab.recording/1',
    kernel,
    cpus,
    backend,
    purpose,
    seconds: recording.seconds,
    command: order.command,
    commandEnd: recording.commandEnd,
    endedBy: recording.signal,
    file: recording.file,
    events: recording.events,
    lost: { events: losses.cpus.reduce((sum, loss) => sum + loss.events, losses.unplaced), byCpu },
    snapshots: recording.snapshots,
    bufferKilobytesPerCpu: order.bufferKilobytesPerCpu,
    recorded: events.map(
      ({ system, name, filter }) => `${system}:${name}${filter === '' ? '' : ` if ${filter}`}`,
    ),
    probes: probes.map(({ line }) => line).filter((line) => !refused.some((one) => one.startsWith(line))),
    refusedProbes: refused,
    lacking,
    notUndone: recording.notUndone,
  };
}
