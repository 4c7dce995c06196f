/**
 * What a page asks of the engine in its worker, and what comes back. One rule: each question is answered once, by an answer or by
 * an error; before that there may be any number of progress messages. A question can be called off.
 */

import type { Frontier, MaskFrom } from '../engine/report/break-even.ts';
import type { DrainRecord } from '../engine/timeline/drain-table.ts';
import type { MemoryPoints } from '../engine/timeline/memory-log.ts';
import type { PagesTile } from '../engine/timeline/pages-log.ts';

/** A file that was dropped or chosen, with its path below what was dropped. */
export interface NamedFile {
  readonly path: string;
  readonly blob: Blob;
}

/** Number of an opened recording or run in its worker. */
export type RecordingId = number;

/** Every call: what is asked, what is answered. */
export interface Calls {
  /** Reads a recording, with what lies beside it; one recording among the files. */
  open: { ask: { files: readonly NamedFile[]; isolated?: string }; answer: Opened };
  /** Opens what `pack` made. */
  openPacked: { ask: { bytes: Uint8Array }; answer: Opened };
  /** All that the views of this recording need, small enough to be mailed. */
  pack: { ask: { recording: RecordingId; bytesMax: number }; answer: { bytes: Uint8Array; exact: boolean } };
  close: { ask: { recording: RecordingId }; answer: null };
  /** Least and most pages of every CPU, or of CPUs that share a row, in columns of equal time. */
  tile: {
    ask: { recording: RecordingId; fromNs: number; toNs: number; columns: number; rowOf?: Int32Array };
    answer: PagesTile;
  };
  /** Pages of every CPU at a moment, by CPU. */
  pagesAt: { ask: { recording: RecordingId; timeNs: number }; answer: Int32Array };
  /** The machine at a moment: pages, and whom a policy disturbs at the last drain until then, or at the one that is named. */
  moment: {
    ask: { recording: RecordingId; timeNs: number; policy: string; drain?: number };
    answer: Moment;
  };
  /** Least and most pages of one CPU in columns of equal time. */
  cpuPages: {
    ask: { recording: RecordingId; cpu: number; fromNs: number; toNs: number; columns: number };
    answer: PagesTile;
  };
  /** One drain, and whom each policy disturbs at it. */
  drain: { ask: { recording: RecordingId; number: number }; answer: DrainStoryData };
  /** The built-in scenarios, and what an editor needs: the JSON Schema of the form, names and values of costs. */
  scenarios: {
    ask: Record<string, never>;
    answer: { scenarios: BuiltInScenario[]; schema: string; costs: Readonly<Record<string, number>> };
  };
  /** Mistakes in a scenario; empty: none. `facts` are null where there are mistakes. */
  checkScenario: {
    ask: { yaml: string; sets?: readonly string[] };
    answer: { mistakes: ScenarioMistake[]; bytesNeeded: number; facts: ScenarioFacts | null };
  };
  /** Every policy of the scenario on the same seeds, and the verdict that the command line prints. */
  simulate: {
    ask: { yaml: string; file: string; sets: readonly string[]; policyFile?: PolicyFile };
    answer: { verdict: string };
  };
  /** One run of one policy, opened like a recording: pages of CPUs are sampled, drains are all there. */
  simulateOne: {
    ask: { yaml: string; file: string; sets: readonly string[]; policy: string; seed?: number };
    answer: Opened;
  };
  /** Prices by number of CPUs and holders, those of `drainlab simulate --break-even`. No YAML: the scenario that it takes. */
  breakEven: {
    ask: { yaml: string; file: string; sets: readonly string[]; cpus: readonly number[] };
    answer: BreakEvenMap;
  };
  /** What policies, built-in or of the user's own, would have done at the drains of a recording. */
  policyOver: {
    ask: { recording: RecordingId; policies: readonly string[]; policyFile?: PolicyFile };
    answer: { rows: PolicyOver[] };
  };
  /** Interrupts of two-pass over its share, at the drains of a recording. */
  shareCurve: { ask: { recording: RecordingId }; answer: ShareCurve };
  /** The drains of a recording alone, for `openPacked` in another worker. */
  packDrains: { ask: { recording: RecordingId }; answer: { bytes: Uint8Array } };
  /** Who disturbed whom, as the JSON of `drainlab audit`. Reads the recording once more. */
  audit: { ask: { recording: RecordingId; isolated?: string }; answer: { json: string } };
}

export type CallName = keyof Calls;

export interface BuiltInScenario {
  readonly name: string;
  readonly title: string;
  readonly yaml: string;
}

/** What a scenario comes to when its defaults are filled in. */
export interface ScenarioFacts {
  readonly cpus: number;
  readonly memoryPages: number;
  readonly kernel: string;
  readonly nrCpus: number;
  /** Sets of CPUs are allocated. */
  readonly offstack: boolean;
  readonly tasks: number;
  readonly seconds: number;
  readonly seeds: number;
  /** Policies that are run, the baseline first. */
  readonly policies: readonly string[];
  readonly maskFastNs: number;
  readonly maskPageNs: number;
}

/** Sums of a policy over the drains that were carried out: where unknown CPUs are empty, and where they hold pages. */
export interface PolicyOver {
  readonly policy: string;
  readonly origin: string;
  readonly drains: number;
  /** The policy would let some calls return at once; here each is counted as carried out. */
  readonly everyCallIsCarriedOut: boolean;
  readonly interrupts: readonly [number, number];
  readonly disturbed: readonly [number, number];
  readonly useless: readonly [number, number];
  readonly isolatedDisturbed: readonly [number, number];
  readonly workers: readonly [number, number];
  readonly locked: readonly [number, number];
  readonly strandedPages: readonly [number, number];
}

/** two-pass by its share: interrupts (both bounds), and drains at which it asks for a mask. */
export interface ShareCurve {
  readonly shares: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly masks: Float64Array;
  readonly drains: number;
}

/** Prices of one drain at points of a map (engine/report/break-even.ts), in columns. */
export interface BreakEvenMap {
  readonly kernel: string;
  readonly baseline: string;
  readonly pagesPerHolder: number;
  readonly cpus: readonly number[];
  /** Bytes of a mask on so many CPUs. */
  readonly maskBytes: readonly number[];
  /** By position in `cpus`: the first of its points; and one more for the end. */
  readonly first: Int32Array;
  /** By point: CPUs that hold pages, ascending for each number of CPUs. */
  readonly holders: Int32Array;
  /** In the order of the command line's rows: the baseline first. */
  readonly series: readonly BreakEvenSeries[];
  readonly frontiers: readonly Frontier[];
}

/** One policy, with its mask from one source, by point. */
export interface BreakEvenSeries {
  readonly policy: string;
  readonly mask: MaskFrom;
  readonly callerNs: Float64Array;
  readonly disturbedNs: Float64Array;
  readonly totalNs: Float64Array;
  readonly interrupts: Int32Array;
}

/** A policy that the user wrote in the page: its text, as TypeScript without types or as JavaScript. */
export interface PolicyFile {
  readonly name: string;
  readonly javascript: string;
}

export interface ScenarioMistake {
  /** 1-based; 0: the text as a whole. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface Opened {
  readonly recording: RecordingId;
  readonly name: string;
  /** `drainlab.verdict/1` as JSON, byte for byte what the command line prints with --json. */
  readonly verdict: string;
  readonly machine: OpenedMachine;
  /** Time of the first and the last event, ns since the first event. */
  readonly fromNs: number;
  readonly toNs: number;
  readonly drains: DrainColumns;
  /** Free pages and watermarks by zone; no moments: not known. */
  readonly memory: MemoryPoints;
  /** How exact the pages of CPUs over time are, in one sentence. */
  readonly pagesBasis: string;
  /** Files that were used, by path. */
  readonly files: readonly string[];
}

export interface OpenedMachine {
  readonly cpuCount: number;
  /** 1: online, isolated; by CPU. */
  readonly online: Uint8Array;
  readonly isolated: Uint8Array;
  /** NUMA node of each CPU; -1: not known. */
  readonly nodeOfCpu: Int32Array;
  readonly zones: readonly string[];
  /** Pages of its zones: what the allocator manages, else what the zone spans; 0: not known. */
  readonly memoryPages: number;
}

/** One row a drain, in order of time. */
export interface DrainColumns {
  readonly length: number;
  readonly timeNs: Float64Array;
  /** -1: not told. */
  readonly endNs: Float64Array;
  readonly cpu: Int32Array;
  /** Position in `drainCauses`. */
  readonly cause: Uint8Array;
  readonly holders: Int32Array;
  readonly unknown: Int32Array;
  /** 1: turned away by the recorded kernel, as far as told or inferred; in no figure of the verdict. */
  readonly turnedAway: Uint8Array;
  readonly forced: Uint8Array;
  /** Other CPUs disturbed by each policy; those of them that held nothing. */
  readonly policies: readonly string[];
  readonly disturbed: readonly Int32Array[];
  readonly useless: readonly Int32Array[];
  /** By CPU, over all drains that were not turned away: how often it held pages, and by policy how often it is disturbed, also for nothing, by others. */
  readonly cpuHeld: Int32Array;
  readonly cpuDisturbed: readonly Int32Array[];
  readonly cpuUseless: readonly Int32Array[];
}

/** What a drain is for a CPU under a policy: nothing, an interruption, one for nothing, or its own request. */
export const Mark = { none: 0, useful: 1, useless: 2, requester: 3 } as const;

export interface Moment {
  /** By CPU. */
  readonly pages: Int32Array;
  /** The last drain until then; -1: there was none. */
  readonly drain: number;
  /** Position in `OpenedMachine.zones` of the one zone that it is for; -1: every zone. */
  readonly zone: number;
  /** `Mark` of each CPU at that drain; all none where it was turned away. */
  readonly marks: Uint8Array;
}

export interface DrainStoryData {
  readonly drain: DrainRecord;
  /** Pages of each CPU at the drain, by CPU; -1: not known. */
  readonly pages: Int32Array;
  /** By policy, in the order of `DrainColumns.policies`: CPUs disturbed, the requester's own part included. */
  readonly targets: readonly Uint32Array[];
}

/** From the page. */
export type ToEngine =
  | { readonly id: number; readonly call: CallName; readonly ask: unknown }
  | { readonly id: number; readonly cancel: true };

/** From the engine. */
export type FromEngine =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly progress: EngineProgress }
  | { readonly id: number; readonly error: EngineError };

export interface EngineProgress {
  /** What is being done. */
  readonly what: string;
  /** 0 … 1; null: not known. */
  readonly part: number | null;
  /** Bytes read, or simulated ns, for rates. */
  readonly bytes: number;
  /** A first picture of what was read so far: pages of every CPU up to now. */
  readonly preview?: PagesTile;
}

/** A DrainlabError as data; code `E_CANCELLED` when the question was called off. */
export interface EngineError {
  readonly code: string;
  readonly message: string;
  readonly where: string;
  readonly hint: string;
}
