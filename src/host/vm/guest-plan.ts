/** What a guest records: everything that any kernel has, since only the guest can say what its kernel has. */

import { drainWorkFunction } from '../../trace/kernel-events.ts';
import { procFiles } from '../record/proc-files.ts';
import { type Purpose, wantedEvents } from '../record/wanted-events.ts';
import type { GuestPlan } from './guest-init.ts';

/** For starting, for ending the workload, for bringing out; QEMU's own time limit comes before it. */
const guestSecondsMore = 120;

export interface PlanOptions {
  readonly purpose: Purpose;
  readonly bufferKilobytesPerCpu: number;
  readonly workloadSeconds: number;
  readonly snapshotSeconds: number;
  readonly timeoutSeconds: number;
  readonly workingFolder: string;
}

export function guestPlan(options: PlanOptions): Omit<GuestPlan, 'libraryFolders'> {
  const { purpose, bufferKilobytesPerCpu, workloadSeconds, snapshotSeconds, timeoutSeconds, workingFolder } =
    options;
  const wanted = wantedEvents(
    { events: null, probes: null, functions: null, architecture: 'x86_64' },
    purpose,
  );
  // For a replay only the work items of drains are wanted; the guest knows the address to filter by.
  const filtered = purpose === 'replay';
  return {
    events: wanted.events
      .filter(({ system }) => !(filtered && system === 'workqueue'))
      .map(({ system, name }) => `${system}/${name}`),
    probes: wanted.probes.map(({ line }) => line),
    workFunctions: filtered ? [drainWorkFunction] : [],
    procFiles,
    bufferKilobytesPerCpu,
    snapshotSeconds,
    workloadSeconds,
    guestSeconds: timeoutSeconds + guestSecondsMore,
    workingFolder,
  };
}
