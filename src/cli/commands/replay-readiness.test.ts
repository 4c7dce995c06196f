import { describe, expect, test } from 'vitest';
import { Kind } from '../../engine/input/event-log.ts';
import type { TraceReader } from '../../trace/index.ts';
import { readinessOf, readinessText } from './replay-readiness.ts';

/** A recording with these events, probes and kernel symbols. */
function recording(
  events: readonly string[],
  probes: readonly Kind[],
  symbols: readonly string[] = [],
): TraceReader {
  return {
    features: {
      has: (kind: Kind) => probes.includes(kind),
      symbolExists: (name: string) => symbols.includes(name),
    },
    diagnostics: { eventsByType: new Map(events.map((name) => [name, 1])) },
  } as unknown as TraceReader;
}

const pages = [
  'kmem:mm_page_alloc',
  'kmem:mm_page_free',
  'kmem:mm_page_alloc_zone_locked',
  'kmem:mm_page_pcpu_drain',
];
const textOf = (reader: TraceReader) => readinessText(readinessOf(reader));

describe('a recording', () => {
  test('with one line for each drain can be replayed, and says what it lacks', () => {
    expect(textOf(recording(['light_drain'], [Kind.lightDrain]))).toBe(
      'yes: whom the kernel drained is in it; how many pages each CPU held is not',
    );
  });

  test('with page events and a sign of drains can be replayed', () => {
    expect(textOf(recording(pages, [Kind.drainAllPages]))).toBe('yes');
    expect(textOf(recording([...pages, 'workqueue:workqueue_queue_work'], [Kind.drainWorkQueued]))).toBe(
      'yes',
    );
  });

  test('of an old kernel has the old names', () => {
    const old = pages.map((name) => name.replace('page_free', 'page_free_direct'));
    expect(textOf(recording(old, [Kind.drainAllPages]))).toBe('yes');
  });

  test('without what is needed cannot', () => {
    expect(textOf(recording(['sched:sched_switch'], []))).toBe('no: it has no page events');
    expect(textOf(recording(pages.slice(1), [Kind.drainAllPages]))).toBe('no: it has no mm_page_alloc');
    expect(textOf(recording(pages, []))).toBe('no: nothing in it shows a drain (probe drain_all_pages)');
  });

  test('says which probes would help, of those that its kernel has', () => {
    const reader = recording(
      pages,
      [Kind.drainAllPages],
      ['drain_all_pages', 'free_one_page', 'compaction_free'],
    );
    expect(textOf(reader)).toBe('yes; surer with probes on free_one_page, compaction_free');
  });
});
