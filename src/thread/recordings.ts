/** Recordings that are open in a worker: replayed once, then asked for pictures. */

import { BitSet } from '../base/bit-set.ts';
import { parseCpuList } from '../base/cpu-list.ts';
import { DrainlabError } from '../base/errors.ts';
import type { Machine } from '../engine/input/machine.ts';
import { builtInPolicies } from '../engine/policy/built-in.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import { replay } from '../engine/replay.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { type Packed, pack, recordedViews, unpack } from '../engine/timeline/pack.ts';
import type { PagesTile } from '../engine/timeline/pages-log.ts';
import { Timeline } from '../engine/timeline/timeline.ts';
import { machineOfHeader, readBeside, readTracefsFiles, releaseOf } from '../trace/beside-recording.ts';
import { blobSource, openTrace } from '../trace/index.ts';
import { TextFeatures } from '../trace/text-features.ts';
import type { Calls, EngineProgress, NamedFile, Opened, RecordingId } from './messages.ts';
import { momentOf } from './moments.ts';
import { drainColumns, drainStory, openedMachine } from './opened.ts';
import { withOwnPolicy } from './own-policy.ts';
import { policiesOver } from './policy-over.ts';
import { droppedRecording } from './recording-files.ts';

interface OpenRecording {
  readonly views: Packed;
  /** What it was opened from; empty for a run and for views that were mailed. */
  readonly files: readonly NamedFile[];
}

/** How a question is followed and called off. */
export interface Following {
  readonly signal: AbortSignal;
  progress(progress: EngineProgress): void;
  /** Would progress be told now? What is dear to make is made only then. */
  isDue(): boolean;
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
        const cpuCount = Math.max(1, cpus, reader.cpuCount);
        const folder = readBeside(beside, cpuCount);
        if (reader.features instanceof TextFeatures) reader.features.learn(readTracefsFiles(beside));
        const told = reader.info.machine;
        const recorded = told === undefined ? folder.machine : machineOfHeader(told, cpuCount);
        const machine = isolated === undefined ? recorded : withIsolated(recorded, isolated);
        const timeline = new Timeline(machine);
        const verdict = await replay(reader, machine, folder.snapshots, {
          name,
          kernel: releaseOf(reader.info.uname) || releaseOf(folder.uname),
          timeline,
          signal: following.signal,
          onProgress: (bytes, total) =>
            following.progress({
              what: `reading ${name}: ${timeline.drains.length} drains so far`,
              part: total ? bytes / total : null,
              bytes,
              ...(following.isDue() ? previewOf(timeline) : {}),
            }),
        });
        following.signal.throwIfAborted();
        // Text may tell how many CPUs there are only while it is read.
        if (reader.cpuCount > machine.cpuCount) {
          cpus = reader.cpuCount;
          continue;
        }
        return this.add(recordedViews(verdict, timeline, reader.diagnostics), files, folder.files);
      } finally {
        await reader.close();
      }
    }
  }

  async openPacked({ bytes }: Calls['openPacked']['ask']): Promise<Opened> {
    return this.add(await unpack(bytes));
  }

  pack({ recording, bytesMax }: Calls['pack']['ask']): Promise<Calls['pack']['answer']> {
    return pack(this.#at(recording).views, bytesMax);
  }

  /** Keeps what was opened or run, and says what the page needs of it. `used`: paths of the files that were read. */
  add(views: Packed, files: readonly NamedFile[] = [], used: readonly string[] = []): Opened {
    const id = this.#next++;
    this.#open.set(id, { views, files });
    const { verdict, timeline, fromNs, toNs, pagesBasis, nodeOfCpu } = views;
    return {
      recording: id,
      name: verdict.source.name,
      verdict: writeJson(verdict),
      machine: openedMachine(timeline.machine, Int32Array.from(nodeOfCpu)),
      fromNs,
      toNs,
      drains: drainColumns(timeline, builtInPolicies),
      memory: timeline.memory.points(),
      pagesBasis,
      files: used,
    };
  }

  close(id: RecordingId): null {
    this.#open.delete(id);
    return null;
  }

  tile({ recording, fromNs, toNs, columns, rowOf }: Calls['tile']['ask']): Calls['tile']['answer'] {
    return this.#at(recording).views.timeline.pages.tile(fromNs, toNs, columns, rowOf);
  }

  pagesAt({ recording, timeNs }: Calls['pagesAt']['ask']): Int32Array {
    const { pages } = this.#at(recording).views.timeline;
    return Int32Array.from({ length: pages.cpuCount }, (_, cpu) => pages.at(cpu, timeNs));
  }

  moment(ask: Calls['moment']['ask']): Calls['moment']['answer'] {
    return momentOf(this.#at(ask.recording).views.timeline, builtInPolicies, ask);
  }

  cpuPages({ recording, cpu, fromNs, toNs, columns }: Calls['cpuPages']['ask']): Calls['cpuPages']['answer'] {
    return this.#at(recording).views.timeline.pages.tileOf(cpu, fromNs, toNs, columns);
  }

  drain({ recording, number }: Calls['drain']['ask']): Calls['drain']['answer'] {
    return drainStory(this.#at(recording).views.timeline, builtInPolicies, number);
  }

  /** The drains are enough to ask a policy; no page of any CPU over time goes with them. */
  async packDrains(id: RecordingId): Promise<Calls['packDrains']['answer']> {
    const { views } = this.#at(id);
    const timeline = new Timeline(views.timeline.machine);
    timeline.drains.copyFrom(views.timeline.drains);
    const { bytes } = await pack({ ...views, timeline }, Number.POSITIVE_INFINITY);
    return { bytes };
  }

  async policyOver(ask: Calls['policyOver']['ask']): Promise<Calls['policyOver']['answer']> {
    const timeline = this.timelineOf(ask.recording);
    const policies = ask.policies.map(policyByName);
    if (ask.policyFile === undefined) return { rows: policiesOver(timeline, policies) };
    return withOwnPolicy(ask.policyFile, (own) => ({ rows: policiesOver(timeline, [...policies, own]) }));
  }

  filesOf(id: RecordingId): readonly NamedFile[] {
    return this.#at(id).files;
  }

  timelineOf(id: RecordingId): Timeline {
    return this.#at(id).views.timeline;
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

/** Columns of the first picture; cells of a large machine are not drawn while it is read. */
const previewColumns = 256;
const previewCellsMax = 1 << 16;

function previewOf({ pages, timeNs }: Timeline): { preview?: PagesTile } {
  if (timeNs <= 0 || pages.cpuCount * previewColumns > previewCellsMax) return {};
  return { preview: pages.tile(0, timeNs, previewColumns) };
}

function withIsolated(machine: Machine, list: string): Machine {
  const cpus = parseCpuList(list, 'isolated CPUs').filter((cpu) => cpu < machine.cpuCount);
  return { ...machine, isolated: BitSet.of(machine.cpuCount, cpus) };
}
