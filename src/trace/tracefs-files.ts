/**
 * Files of the recorded kernel that may lie beside a recording in text, which says less than a trace.dat does: `set_event`
 * and `kprobe_events` of tracefs (which events were on), `events/SYSTEM/NAME/format`, and `kallsyms`.
 */

import type { Kind } from '../engine/input/event-log.ts';
import { ruleOfEvent, ruleOfFunction } from './kernel-events.ts';

export class TracefsFiles {
  /** Kinds of the events that were on. */
  readonly kinds: ReadonlySet<Kind>;
  /** `system:name` → text of the format. */
  readonly formats: ReadonlyMap<string, string>;
  readonly symbols: ReadonlySet<string>;

  /** Texts of the files; '' where there is none. */
  constructor(
    setEvent: string,
    kprobeEvents: string,
    formats: ReadonlyMap<string, string>,
    kallsyms: string,
  ) {
    this.kinds = new Set([...kindsOfEvents(setEvent), ...kindsOfProbes(kprobeEvents)]);
    this.formats = formats;
    this.symbols = new Set(linesOf(kallsyms).flatMap((line) => line.split(/\s+/)[2] ?? []));
  }

  get isEmpty(): boolean {
    return this.kinds.size === 0 && this.formats.size === 0 && this.symbols.size === 0;
  }

  hasField(system: string, name: string, field: string): boolean {
    const format = this.formats.get(`${system}:${name}`);
    return format !== undefined && new RegExp(`field:[^;]*\\b${field};`).test(format);
  }
}

/** Lines `kmem:mm_page_alloc`. */
function kindsOfEvents(text: string): Kind[] {
  return linesOf(text).flatMap((line) => {
    const [system, name] = line.split(':');
    return ruleOfEvent(system, name ?? '')?.kind ?? [];
  });
}

/** Lines `p:kprobes/drain_all_pages drain_all_pages zone=%di:x64`; `r…` are returns. */
function kindsOfProbes(text: string): Kind[] {
  return linesOf(text).flatMap((line) => {
    const [sort, symbol] = line.split(/\s+/);
    return ruleOfFunction(symbol ?? '', sort.startsWith('r') ? 'return' : 'entry')?.kind ?? [];
  });
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
