/** Which backend records here, its plan and its recorder. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { PerfRecorder, perfPlan } from './backend-perf.ts';
import { TraceCmdRecorder, traceCmdPlan } from './backend-trace-cmd.ts';
import { TracefsRecorder, tracefsPlan } from './backend-tracefs.ts';
import type { RecordPlan } from './plan.ts';
import { planAround, type Recorder, type RecordOrder } from './recorder.ts';
import { type BackendName, backendOrder, type HostRights, whatKeeps } from './rights.ts';

/** `auto`: the first that can record here; where none can, the first, whose lacks are then told. */
export function chosenBackend(asked: BackendName | 'auto', rights: HostRights): BackendName {
  if (asked !== 'auto') return asked;
  return backendOrder.find((name) => whatKeeps(name, rights).length === 0) ?? backendOrder[0];
}

/** Throws E_RECORD_RIGHTS with all that is missing and how to get it. */
export function refuseWithoutRights(asked: BackendName | 'auto', rights: HostRights): void {
  const backends = asked === 'auto' ? backendOrder : [asked];
  const lacks = backends.map((name) => ({ name, reasons: whatKeeps(name, rights) }));
  if (lacks.some(({ reasons }) => reasons.length === 0)) return;
  const lines = lacks.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`));
  throw new DrainlabError('this host cannot be recorded as it is', {
    code: 'E_RECORD_RIGHTS',
    hint: `${lines.join('\n  ')}\n  --dry-run shows what would be done.`,
    exitCode: ExitCode.outside,
  });
}

/** Throws E_RECORD_BUSY where it needs a buffer that somebody else uses. */
export function planOf(backend: BackendName, root: string, order: RecordOrder): RecordPlan {
  const plans = { tracefs: tracefsPlan, 'trace-cmd': traceCmdPlan, perf: perfPlan };
  return planAround(plans[backend](root, order), order);
}

export function recorderOf(
  backend: BackendName,
  root: string,
  order: RecordOrder,
  onStart: (pid: number, name: string) => void,
): Recorder {
  if (backend === 'tracefs') return new TracefsRecorder(root, order);
  if (backend === 'perf') return new PerfRecorder(root, order, onStart);
  return new TraceCmdRecorder(root, order, onStart);
}
