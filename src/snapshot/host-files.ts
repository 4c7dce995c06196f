/**
 * Which files of a host a census reads, by their path below its root, and where else the same text may stand: in a
 * sosreport, or in a folder that is itself a copy of /proc. Whoever opens a host (a folder, an archive) asks `canonicalPath`
 * of each file and keeps those that have one.
 */

/** Files that are read under their own name. */
export const wantedPaths: readonly string[] = [
  'proc/zoneinfo',
  'proc/vmstat',
  'proc/interrupts',
  'proc/pressure/memory',
  'proc/loadavg',
  'proc/meminfo',
  'proc/cmdline',
  'proc/version',
  /** Its text is kept unpacked. */
  'proc/config.gz',
  'proc/sys/kernel/osrelease',
  'proc/sys/kernel/hostname',
  'proc/sys/vm/min_free_kbytes',
  'proc/sys/vm/watermark_scale_factor',
  'proc/sys/vm/percpu_pagelist_fraction',
  'proc/sys/vm/percpu_pagelist_high_fraction',
  'sys/devices/system/cpu/possible',
  'sys/devices/system/cpu/online',
  'sys/devices/system/cpu/isolated',
  'sys/devices/system/cpu/nohz_full',
  'sys/devices/system/cpu/kernel_max',
  /** `uname -a`: at the root of a sosreport, or made by whoever reads a live host. */
  'uname',
  'hostname',
  'sos_commands/kernel/uname_-a',
  'sos_commands/kernel/sysctl_-a',
  'sos_commands/host/hostname',
  'sos_commands/general/hostname',
];

const wanted: ReadonlySet<string> = new Set(wantedPaths);
const wantedPatterns: readonly RegExp[] = [
  /^sys\/devices\/system\/node\/node\d{1,4}\/cpulist$/,
  /^boot\/config-[\w.+~-]{1,100}$/,
];

/** In a folder that is a copy of /proc, and in the folders beside a recording. */
const copiedNames: ReadonlyMap<string, string> = new Map([
  ...[
    'zoneinfo',
    'vmstat',
    'interrupts',
    'pressure/memory',
    'loadavg',
    'meminfo',
    'cmdline',
    'version',
    'config.gz',
    'sys/kernel/osrelease',
    'sys/kernel/hostname',
    'sys/vm/min_free_kbytes',
    'sys/vm/watermark_scale_factor',
    'sys/vm/percpu_pagelist_fraction',
    'sys/vm/percpu_pagelist_high_fraction',
  ].map((name): [string, string] => [name, `proc/${name}`]),
  ['cpu_possible', 'sys/devices/system/cpu/possible'],
  ['cpu_online', 'sys/devices/system/cpu/online'],
  ['cpu_isolated', 'sys/devices/system/cpu/isolated'],
  ['cpu_nohz_full', 'sys/devices/system/cpu/nohz_full'],
  ['cpu_kernel_max', 'sys/devices/system/cpu/kernel_max'],
]);

/** Paths of copies of /proc, for a reader that asks for each. */
export const copiedPaths: readonly string[] = [...copiedNames.keys(), 'uname', 'hostname'];

/** Does a census read the file at this path below a host's root? */
export function isWanted(path: string): boolean {
  return wanted.has(path) || wantedPatterns.some((pattern) => pattern.test(path));
}

/**
 * The path under which `HostFiles` keeps the file, or '' when a census does not read it. `isCopy`: the folder is a copy of
 * /proc (it has `zoneinfo` itself), so `vmstat` is `proc/vmstat`.
 */
export function canonicalPath(path: string, isCopy = false): string {
  const canonical = (isCopy && copiedNames.get(path)) || path;
  return isWanted(canonical) ? canonical : '';
}

/** Larger files are cut there and said to be: zoneinfo of 8192 CPUs and 16 nodes has 16 MB, all others are far smaller. */
export function bytesMaxOf(path: string): number {
  if (path === 'proc/zoneinfo' || path === 'proc/interrupts') return 64 << 20;
  return 4 << 20;
}

/** Configuration of the kernel among the files: of this release where it is named, else the only one. '' : none. */
export function configPath(paths: Iterable<string>, release: string): string {
  const found = [...paths].filter((path) => path.startsWith('boot/config-'));
  if (release !== '' && found.includes(`boot/config-${release}`)) return `boot/config-${release}`;
  return release === '' && found.length === 1 ? found[0] : '';
}
