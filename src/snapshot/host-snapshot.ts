/**
 * What one host says of itself in /proc and /sys at one moment: the form in which a live host, a saved folder and a
 * sosreport all reach the census. `readHostSnapshot` (read-host-snapshot.ts) makes it from the texts of the files.
 */

import type { BitSet } from '../base/bit-set.ts';
import type { Machine, ZoneinfoSnapshot } from '../engine/input/machine.ts';
import type { ZoneinfoZone } from '../engine/input/zoneinfo.ts';
import type { KernelConfig } from '../engine/machine/kernel-config.ts';
import type { InterruptTable } from './interrupts.ts';

/**
 * Texts by path below the root of the host, without a leading slash: `proc/zoneinfo`, `sys/devices/system/cpu/online`. Which there may
 * be says host-files.ts; the text of a packed file is kept unpacked.
 */
export type HostFiles = ReadonlyMap<string, string>;

export interface HostSnapshot {
  /** Host name where a file tells it, else the name of the folder or archive. */
  readonly name: string;
  /** Release (`6.1.0-37-amd64`), or '' when no file tells it. */
  readonly kernel: string;
  /** `x86_64`, `aarch64`, …; '' when no file tells it. */
  readonly architecture: string;
  readonly cpus: HostCpus;
  /** Every zone of zoneinfo in the order of the text, unpopulated ones included. */
  readonly zones: readonly ZoneinfoZone[];
  /**
   * Populated zones and CPUs in the engine's own form; `isolated` holds the isolated and the nohz_full CPUs. Without zoneinfo: one
   * zone '' and no list.
   */
  readonly machine: Machine;
  /** Pages on each (CPU, zone) list of `machine`; -1 where zoneinfo has no such list (CPU offline, text cut). */
  readonly counts: ZoneinfoSnapshot;
  /** /proc/vmstat by key; null: not among the files. */
  readonly vmstat: ReadonlyMap<string, number> | null;
  /** null: not among the files. */
  readonly interrupts: InterruptTable | null;
  readonly pressure: MemoryPressure | null;
  /** /proc/loadavg: tasks that ran or waited in uninterruptible sleep, over 1, 5 and 15 minutes; null: not among the files. */
  readonly loadAverage: readonly [number, number, number] | null;
  /** Kernel command line, or ''. */
  readonly commandLine: string;
  /** Configuration of the kernel and the path of its file, where it was readable. */
  readonly config: KernelConfig | null;
  readonly configFrom: string;
  /** Bytes of a page, or -1 when no file tells it, and how it is known. */
  readonly pageBytes: number;
  readonly pageBytesFrom: string;
  /** vm.* settings that bear on the lists, by name (`min_free_kbytes`), where readable. */
  readonly sysctl: ReadonlyMap<string, number>;
  /** What is missing, cut or odd, each in one sentence with its place. Never a reason to give nothing. */
  readonly problems: readonly string[];
}

export interface HostCpus {
  /** CPUs that may ever be there; size of every set is the largest possible CPU + 1 (nr_cpu_ids). */
  readonly possible: BitSet;
  /** By the file `online`, with every CPU that zoneinfo has a list of. */
  readonly online: BitSet;
  /** Out of the scheduler's domains (isolcpus, cpuset partitions). */
  readonly isolated: BitSet;
  /** nohz_full. */
  readonly nohzFull: BitSet;
  /** CONFIG_NR_CPUS by the configuration or by kernel_max; -1: not known. */
  readonly nrCpus: number;
  /** NUMA node of each CPU; -1: not known. */
  readonly nodeOfCpu: Int32Array;
  /** Which file each of the sets came from, or how it was inferred: `online`, `possible`, `isolated`, `nohzFull`, `nrCpus`. */
  readonly from: Readonly<Record<'possible' | 'online' | 'isolated' | 'nohzFull' | 'nrCpus', string>>;
}

/** /proc/pressure/memory: share of the last seconds in percent, and µs since boot. */
export interface MemoryPressure {
  readonly some: PressureLine;
  readonly full: PressureLine;
}

export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalUs: number;
}
