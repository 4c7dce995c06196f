/** Can this recording be replayed, and what would make the answer surer? docs/trace-formats.md says what each event is for. */

import { Kind } from '../../engine/input/event-log.ts';
import type { TraceReader } from '../../trace/index.ts';

export interface Readiness {
  /** Without these nothing can be rebuilt; empty: it can. */
  readonly needed: readonly string[];
  /** Lines of `drainlab record --light`: the kernel's own sets in place of page events. */
  readonly isLight: boolean;
  /** Does anything show when a drain was asked for? */
  readonly showsDrains: boolean;
  /** What the kernel could have told and the recording lacks. */
  readonly lacking: readonly string[];
}

/** Page events, each by the names that it has had. */
const pageEvents: ReadonlyArray<readonly string[]> = [
  ['mm_page_alloc'],
  ['mm_page_free', 'mm_page_free_direct'],
  ['mm_page_alloc_zone_locked'],
  ['mm_page_pcpu_drain'],
];

const drainKinds: readonly Kind[] = [
  Kind.drainAllPages,
  Kind.drainAllPagesInner,
  Kind.drainAllPagesLocked,
  Kind.pcpDrainBegin,
  Kind.lightDrain,
];

/** Probes that make the answer surer, where the kernel has the function. */
const probes: ReadonlyArray<readonly [kind: Kind, symbols: readonly string[]]> = [
  [Kind.drainAllPages, ['drain_all_pages']],
  [Kind.drainAllPagesInner, ['__drain_all_pages']],
  [Kind.drainLocalPagesWq, ['drain_local_pages_wq']],
  [Kind.drainPagesZone, ['drain_pages_zone']],
  [Kind.freePcppagesBulk, ['free_pcppages_bulk']],
  [Kind.freeOnePage, ['free_one_page']],
  [Kind.allocBulkReturn, ['__alloc_pages_bulk', 'alloc_pages_bulk_noprof']],
  [Kind.compactionFree, ['compaction_free']],
];

/** For a reader that was read to its end. */
export function readinessOf({ features, diagnostics }: TraceReader): Readiness {
  const names = new Set([...diagnostics.eventsByType.keys()].map((type) => type.replace(/^[^:]*:/, '')));
  const works = names.has('workqueue_queue_work') && features.has(Kind.drainWorkQueued);
  return {
    isLight: features.has(Kind.lightDrain),
    needed: pageEvents.filter((event) => !event.some((name) => names.has(name))).map(([name]) => name),
    showsDrains: works || drainKinds.some((kind) => features.has(kind)),
    lacking: probes.flatMap(([kind, symbols]) => {
      const symbol = symbols.find((name) => features.symbolExists(name));
      return symbol === undefined || features.has(kind) ? [] : [symbol];
    }),
  };
}

/** The same in a sentence or two. */
export function readinessText({ isLight, needed, showsDrains, lacking }: Readiness): string {
  if (isLight) return 'yes: whom the kernel drained is in it; how many pages each CPU held is not';
  if (needed.length === pageEvents.length) return 'no: it has no page events';
  if (needed.length > 0) return `no: it has no ${needed.join(', ')}`;
  if (!showsDrains) return 'no: nothing in it shows a drain (probe drain_all_pages)';
  return lacking.length === 0 ? 'yes' : `yes; surer with probes on ${lacking.join(', ')}`;
}
