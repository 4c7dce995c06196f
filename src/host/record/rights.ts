/** What this host lets us record with, and what each backend lacks, with the command that mends it. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { canWrite, findTracefs, readOr } from '../tracefs.ts';

export interface HostRights {
  /** Where tracefs is mounted; '' where it is not. */
  readonly tracefs: string;
  readonly isRoot: boolean;
  /** tracefs can be read and written. */
  readonly tracefsIsOpen: boolean;
  /** The kernel knows tracefs, mounted or not. */
  readonly kernelTraces: boolean;
  /** `none`, `integrity`, `confidentiality`; '' where the kernel has no lockdown. */
  readonly lockdown: string;
  /** /proc/sys/kernel/perf_event_paranoid; null: the kernel has no perf events. */
  readonly perfParanoid: number | null;
  readonly hasPerf: boolean;
  readonly hasTraceCmd: boolean;
  /** trace-cmd clears the function tracer's filters at its start and end; a kernel that refuses to open them ends it. */
  readonly functionFiltersOpen: boolean;
}

export function rightsOfThisHost(): HostRights {
  const tracefs = findTracefs(readOr('/proc/mounts'));
  const paranoid = readOr('/proc/sys/kernel/perf_event_paranoid');
  return {
    tracefs,
    isRoot: process.getuid?.() === 0,
    tracefsIsOpen:
      tracefs !== '' &&
      canWrite(join(tracefs, 'tracing_on')) &&
      readOr(join(tracefs, 'available_events')) !== '',
    kernelTraces: tracefs !== '' || /\btracefs$/m.test(readOr('/proc/filesystems')),
    lockdown: /\[(\w+)\]/.exec(readOr('/sys/kernel/security/lockdown'))?.[1] ?? '',
    perfParanoid: paranoid === '' ? null : Number(paranoid),
    hasPerf: programRuns('perf'),
    hasTraceCmd: programRuns('trace-cmd'),
    functionFiltersOpen: filtersOpen(tracefs),
  };
}

/** There is such a program; perf is a script on some systems, which fails where it has none for this kernel. */
function programRuns(name: string): boolean {
  const { error, status } = spawnSync(name, ['--version'], { stdio: 'ignore', timeout: 10_000 });
  return error === undefined && status !== 127 && status !== 2;
}

function filtersOpen(tracefs: string): boolean {
  const path = join(tracefs, 'set_ftrace_pid');
  return tracefs !== '' && (!existsSync(path) || (canWrite(path) && readOr(path, '\0') !== '\0'));
}

export type BackendName = 'tracefs' | 'trace-cmd' | 'perf';

/**
 * In this order: tracefs touches only an instance of its own, needs nothing installed and keeps off isolated CPUs; perf writes no
 * setting of the tracer; trace-cmd uses the tracer's main buffer.
 */
export const backendOrder: readonly BackendName[] = ['tracefs', 'perf', 'trace-cmd'];

/** What keeps a backend from recording here, each with its cure; empty: nothing. */
export function whatKeeps(backend: BackendName, rights: HostRights): string[] {
  const reasons = backend === 'perf' ? perfLacks(rights) : tracefsLacks(rights);
  if (backend === 'trace-cmd') {
    if (!rights.hasTraceCmd) reasons.push('trace-cmd is not installed: apt-get install trace-cmd');
    if (reasons.length === 0 && !rights.functionFiltersOpen)
      reasons.push(
        'this kernel refuses to open set_ftrace_pid, and trace-cmd ends with "Can\'t enable ftrace": use --backend tracefs',
      );
  }
  return reasons;
}

function tracefsLacks(rights: HostRights): string[] {
  if (!rights.kernelTraces)
    return ['this kernel cannot trace (CONFIG_FTRACE is off): record another kernel with --vm'];
  if (rights.lockdown === 'confidentiality')
    return ['the kernel is locked down for confidentiality: boot it with lockdown=integrity or none'];
  if (rights.tracefs === '') return ['tracefs is not mounted: mount -t tracefs nodev /sys/kernel/tracing'];
  if (rights.tracefsIsOpen) return [];
  return rights.isRoot
    ? [
        `${rights.tracefs} cannot be written although you are root: give the container or unit CAP_SYS_ADMIN and a writable ${rights.tracefs}`,
      ]
    : [`${rights.tracefs} is open to root only: sudo drainlab record …`];
}

function perfLacks(rights: HostRights): string[] {
  const reasons: string[] = [];
  if (!rights.hasPerf) reasons.push('perf is not installed: apt-get install linux-perf');
  if (rights.perfParanoid === null)
    reasons.push('this kernel has no perf events (CONFIG_PERF_EVENTS is off)');
  else if (!rights.isRoot && rights.perfParanoid > -1)
    reasons.push(
      `perf_event_paranoid is ${rights.perfParanoid}, so only root may record every CPU: sudo drainlab record …, or sysctl kernel.perf_event_paranoid=-1`,
    );
  // perf finds the numbers of events there.
  if (!rights.tracefsIsOpen) reasons.push(...tracefsLacks(rights));
  return reasons;
}
