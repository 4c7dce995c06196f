/** What was counted of a recording: what a report is made of. */

import type { AuditSource } from './audit-report.ts';
import type { Collector } from './collector.ts';
import type { FunctionNames } from './function-names.ts';
import type { InterruptTables } from './interrupt-deltas.ts';
import type { Tally } from './tally.ts';

export interface Counted {
  readonly source: AuditSource;
  readonly isolated: ReadonlySet<number>;
  readonly isolatedFrom: string;
  /** Events that were on by the word of somebody, even if none came. */
  readonly known: ReadonlySet<string>;
  readonly startNs: number;
  readonly lastNs: number;
  readonly tally: Tally;
  readonly collector: Collector;
  readonly functions: FunctionNames;
  readonly interruptTables: InterruptTables | null;
}
