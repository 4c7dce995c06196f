/** Recordings that are open in a worker: replayed once, then asked for pictures. */

import { BitSet } from '../base/bit-set.ts';
import { parseCpuList } from '../base/cpu-list.ts';
import { DrainlabError } from '../base/errors.ts';
import type { Machine } from '../engine/input/machine.ts';
import { builtInPolicies } from '../engine/policy/built-in.ts';
import type { Policy } from '../engine/policy/policy.ts';
import { replay } from '../engine/replay.ts';
import type { Verdict } from '../engine/report/verdict.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { Timeline } from '../engine/timeline/timeline.ts';
import { readBeside, readTracefsFiles, releaseOf } from '../trace/beside-recording.ts';
import { blobSource, openTrace, type TraceReader } from '../trace/index.ts';
import { TextFeatures } from '../trace/text-features.ts';
import type { Calls, EngineProgress, NamedFile, Opened, RecordingId } from './messages.ts';
import { drainColumns, drainStory, openedMachine } from './opened.ts';
import { droppedRecording } from './recording-files.ts';

interface OpenRecording {
  readonly timeline: Timeline;
  readonly verdict: Verdict;
  readonly policies: readonly Policy[];
  /** What it was opened from; empty for a run. */
  readonly files: readonly NamedFile[];
}

/** How a question is followed and called off. */
export interface Following {
  readonly signal: AbortSignal;
  progress(progress: EngineProgress): void;
}

export class Recordings {
  readonly #open = new Map<RecordingId, OpenRecording>();
  #next = 1;

  async open({ files, isolated }: Calls['open']['ask'], following: Following): Promise<Opened> {
    const { name, blob, beside } = await droppedRecording(files);
    let cpus = 0;
    for (;;) {
      const reader = await openTrace(blobSource(name, blob));
      try {
        const folder = readBeside(beside, Math.max(1, cpus, reader.cpuCount));
        if (reader.features instanceof TextFeatures) reader.features.learn(readTracefsFiles(beside));
        const machine = isolated === undefined ? folder.machine : withIsolated(folder.machine, isolated);
        const timeline = new Timeline(machine);
        const verdict = await replay(reader, machine, folder.snapshots, {
          name,
          kernel: releaseOf(reader.info.uname) || releaseOf(folder.uname),
          timeline,
          signal: following.signal,
          onProgress: (bytes, total) =>
            following.progress({ what: `reading ${name}`, part: total ? bytes / total : null, bytes }),
        });
        following.signal.throwIfAborted();
        // Text may tell how many CPUs there are only while it is read.
        if (reader.cpuCount > machine.cpuCount) {
          cpus = reader.cpuCount;
          continue;
        }
        const { firstNs, lastNs } = reader.diagnostics;
        return this.add(
          { timeline, verdict, policies: builtInPolicies, files },
          [firstNs, lastNs],
          folder.files,
          rebuiltBasis(timeline, reader),
        );
      } finally {
        await reader.close();
      }
    }
  }

  /** Keeps what was opened or run, and says what the page needs of it. */
  add(
    recording: OpenRecording,
    [fromNs, toNs]: readonly [number, number],
    files: readonly string[],
    pagesBasis: string,
    nodeOfCpu?: Int32Array,
  ): Opened {
    const id = this.#next++;
    this.#open.set(id, recording);
    const { timeline, verdict, policies } = recording;
    return {
      recording: id,
      name: verdict.source.name,
      verdict: writeJson(verdict),
      machine: openedMachine(timeline.machine, nodeOfCpu),
      fromNs,
      toNs,
      drains: drainColumns(timeline, policies),
      pagesBasis,
      files,
    };
  }

  close(id: RecordingId): null {
    this.#open.delete(id);
    return null;
  }

  tile({ recording, fromNs, toNs, columns }: Calls['tile']['ask']): Calls['tile']['answer'] {
    return this.#at(recording).timeline.pages.tile(fromNs, toNs, columns);
  }

  pagesAt({ recording, timeNs }: Calls['pagesAt']['ask']): Int32Array {
    const { pages } = this.#at(recording).timeline;
    return Int32Array.from({ length: pages.cpuCount }, (_, cpu) => pages.at(cpu, timeNs));
  }

  drain({ recording, number }: Calls['drain']['ask']): Calls['drain']['answer'] {
    const { timeline, policies } = this.#at(recording);
    return drainStory(timeline, policies, number);
  }

  filesOf(id: RecordingId): readonly NamedFile[] {
    return this.#at(id).files;
  }

  timelineOf(id: RecordingId): Timeline {
    return this.#at(id).timeline;
  }

  #at(id: RecordingId): OpenRecording {
    const recording = this.#open.get(id);
    if (recording !== undefined) return recording;
    throw new DrainlabError('this recording is not open any more', {
      code: 'E_NO_RECORDING',
      hint: 'Open it again.',
    });
  }
}

function rebuiltBasis({ pages }: Timeline, reader: TraceReader): string {
  const lost = [...reader.diagnostics.lostByCpu.values()].reduce((sum, count) => sum + count, 0);
  const parts = ['rebuilt from every event of the recording'];
  if (lost > 0) parts.push(`${lost} lost events leave gaps`);
  if (pages.dropped > 0)
    parts.push(
      `known up to ${(pages.droppedFromNs / 1e9).toFixed(1)} s only: there are more changes than fit into memory`,
    );
  return parts.join('; ');
}

function withIsolated(machine: Machine, list: string): Machine {
  const cpus = parseCpuList(list, 'isolated CPUs').filter((cpu) => cpu < machine.cpuCount);
  return { ...machine, isolated: BitSet.of(machine.cpuCount, cpus) };
}
