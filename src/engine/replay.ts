/** A recording, all policies, one pass: who held pages at each drain, and what each policy would have done. */

import { withoutControls } from '../base/printable.ts';
import { Ledger } from './accounting/ledger.ts';
import { type EventBlock, type EventLogSource, Kind } from './input/event-log.ts';
import type { Machine, ZoneinfoSnapshot } from './input/machine.ts';
import { makeRebuild, type RebuildObserver } from './model/rebuild.ts';
import { builtInPolicies, everyone, staticMask } from './policy/built-in.ts';
import type { Policy } from './policy/policy.ts';
import { makeVerdict } from './report/make-verdict.ts';
import type { Verdict } from './report/verdict.ts';
import type { Timeline } from './timeline/timeline.ts';

/** What replay needs of a reader; `TraceReader` of drainlab/trace is one. */
export interface Recording extends EventLogSource {
  readonly info: {
    readonly format: string;
    readonly clockUnit: 'ns' | 'cycles' | 'count';
    readonly buffers: readonly string[];
  };
  readonly diagnostics: {
    readonly events: number;
    readonly lostByCpu: ReadonlyMap<number, number>;
    readonly unknownLosses: number;
    readonly firstNs: number;
    readonly lastNs: number;
    readonly stoppedAt: string;
  };
  readRows(onBlock: (block: EventBlock) => void, options?: ReadRowsOptions): Promise<void>;
}

interface ReadRowsOptions {
  partial?: boolean;
  onProgress?: (bytesRead: number, bytesTotal: number | null) => void;
  signal?: AbortSignal;
}

export interface ReplayOptions extends ReadRowsOptions {
  /** Name of the recording in the verdict. */
  name?: string;
  /** Release of the recorded kernel, where the recording does not say. */
  kernel?: string;
  /** Policies to show, each with a sentence; all built-in ones, and a sentence for static-mask, when left out. */
  policies?: readonly Policy[];
  /** Policy with which the others are compared: `everyone` unless named. */
  baseline?: Policy;
  /** Filled for pictures, where wanted. */
  timeline?: Timeline;
}

/** Reads `recording` to its end and closes nothing. Throws what the reader throws, and E_POLICY_ANSWER for a user's policy. */
export async function replay(
  recording: Recording,
  machine: Machine,
  snapshots: readonly ZoneinfoSnapshot[],
  options: ReplayOptions = {},
): Promise<Verdict> {
  const baseline = options.baseline ?? everyone;
  const shown = options.policies ?? builtInPolicies;
  const asked = options.policies ?? [staticMask];
  const ledger = new Ledger(machine, asLedgerNeeds([baseline, ...shown]), () => tellsTargets(recording));
  const { timeline = null } = options;
  const observer = timeline === null ? ledger : both(ledger, timeline);
  const rebuild = makeRebuild(recording, machine, snapshots, observer, timeline);
  await recording.readRows((block) => rebuild.feed(block), options);
  const report = rebuild.finish();
  ledger.finish();
  timeline?.drains.judged(ledger.log.status);
  const { diagnostics, info } = recording;
  return makeVerdict({
    source: {
      kind: 'recording',
      name: withoutControls(options.name ?? ''),
      format: info.format,
      kernel: withoutControls(recording.kernel || (options.kernel ?? '')),
      seconds: info.clockUnit === 'ns' ? (diagnostics.lastNs - diagnostics.firstNs) / 1e9 : null,
      events: diagnostics.events,
      lostEvents: [...diagnostics.lostByCpu.values()].reduce((sum, lost) => sum + lost, 0),
      unknownLosses: diagnostics.unknownLosses,
      stoppedAt: diagnostics.stoppedAt,
    },
    machine,
    ledger,
    report,
    showsDrains: drainKinds.some((kind) => recording.features.has(kind)),
    instances: info.buffers.length,
    shown: shown.map(({ name }) => name),
    baseline: baseline.name,
    asked: asked.map(({ name }) => name),
  });
}

function both(first: RebuildObserver, second: RebuildObserver): RebuildObserver {
  return {
    drainRequested(request) {
      first.drainRequested(request);
      second.drainRequested(request);
    },
    drainEnded(outcome) {
      first.drainEnded(outcome);
      second.drainEnded(outcome);
    },
    snapshotTaken(snapshot, timeNs) {
      first.snapshotTaken?.(snapshot, timeNs);
      second.snapshotTaken?.(snapshot, timeNs);
    },
  };
}

/** The built-in policies are always asked: the kernel's own is compared with what it sent, and the run hash is that of all. */
function asLedgerNeeds(policies: readonly Policy[]): Policy[] {
  const byName = new Map(builtInPolicies.map((policy) => [policy.name, policy]));
  for (const policy of policies) byName.set(policy.name, policy);
  return [...byName.values()];
}

/** Events of which at least one must be in a recording that can show drains. */
const drainKinds = [
  Kind.drainAllPages,
  Kind.drainAllPagesInner,
  Kind.drainAllPagesLocked,
  Kind.pcpDrainBegin,
  Kind.drainWorkQueued,
  Kind.drainLocalPagesWq,
  Kind.lightDrain,
];

/** Does the recording hold whom the kernel drained, so that a drain without any is one that drained nobody? */
function tellsTargets({ features }: EventLogSource): boolean {
  return features.has(Kind.drainWorkQueued) || features.has(Kind.drainPagesZone);
}
