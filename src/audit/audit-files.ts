/** What the audit wants of the files beside a recording. */

import { parseInterrupts } from '../snapshot/interrupts.ts';
import type { FilesBeside } from '../trace/beside-recording.ts';
import type { InterruptTables } from './interrupt-deltas.ts';

export interface AuditFiles {
  /** `proc-start/interrupts` and `proc-end/interrupts`; null: one of them is not there, or is none. */
  readonly interruptTables: InterruptTables | null;
  /** Events that were on, by `set_event` of tracefs. */
  readonly recorded: readonly string[];
}

export function readAuditFiles(beside: FilesBeside): AuditFiles {
  const table = (path: string) => parseInterrupts(beside.text(path) ?? '', []);
  const start = table('proc-start/interrupts');
  const end = table('proc-end/interrupts');
  return {
    interruptTables: start !== null && end !== null ? { start, end } : null,
    recorded: (beside.text('set_event') ?? '').split('\n').filter((line) => line !== ''),
  };
}
