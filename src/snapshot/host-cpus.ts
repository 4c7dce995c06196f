/** CPUs of a host: by /sys, else by the command line, else by what zoneinfo lists; each set says where it is from. */

import { BitSet } from '../base/bit-set.ts';
import type { ZoneinfoZone } from '../engine/input/zoneinfo.ts';
import type { KernelConfig } from '../engine/machine/kernel-config.ts';
import { plural } from '../engine/report/numbers.ts';
import { commandLineCpus, cpuSetOf } from './cpu-sets.ts';
import type { HostCpus, HostFiles } from './host-snapshot.ts';
import { quoted } from './quoted.ts';

const folder = 'sys/devices/system/cpu';

export function hostCpus(
  files: HostFiles,
  zones: readonly ZoneinfoZone[],
  commandLine: string,
  config: KernelConfig | null,
  problems: string[],
): HostCpus {
  const listed = listedCpus(zones);
  const possible = setOf(files, 'possible', problems);
  const online = onlineOf(files, listed, problems);
  const isolatedFile = setOf(files, 'isolated', problems);
  const nohzFullFile = setOf(files, 'nohz_full', problems);
  const size = 1 + largest([0], possible, online, listed, isolatedFile, nohzFullFile);
  const byCommandLine = commandLineCpus(commandLine, size, problems);
  const inferred = files.has('proc/cmdline') ? 'proc/cmdline' : 'not known: taken as none';
  const [nrCpus, nrCpusFrom] = nrCpusOf(files, config, problems);
  return {
    possible: possible === null ? BitSet.full(size) : BitSet.of(size, possible),
    online: BitSet.of(size, [...(online ?? []), ...listed]),
    isolated: BitSet.of(size, isolatedFile ?? below(size, byCommandLine.isolated)),
    nohzFull: BitSet.of(size, nohzFullFile ?? below(size, byCommandLine.nohzFull)),
    nodeOfCpu: nodeOfCpu(files, size, problems),
    nrCpus,
    from: {
      possible:
        possible === null ? 'inferred: up to the largest CPU that any file names' : `${folder}/possible`,
      online: online === null ? 'zoneinfo' : `${folder}/online`,
      isolated: isolatedFile === null ? inferred : `${folder}/isolated`,
      nohzFull: nohzFullFile === null ? inferred : `${folder}/nohz_full`,
      nrCpus: nrCpusFrom,
    },
  };
}

/** null: the file is missing, or no list. */
function setOf(files: HostFiles, name: string, problems: string[]): number[] | null {
  const text = files.get(`${folder}/${name}`);
  return text === undefined ? null : cpuSetOf(text, `${folder}/${name}`, problems);
}

/** A running kernel has one CPU at least: an empty file was left by a reader that failed. */
function onlineOf(files: HostFiles, listed: ReadonlySet<number>, problems: string[]): number[] | null {
  const online = setOf(files, 'online', problems);
  if (online?.length === 0) {
    problems.push(`${folder}/online is empty; zoneinfo is taken.`);
    return null;
  }
  onlineProblems(online, listed, problems);
  return online;
}

/** Bounds of the command line are no CPUs: isolcpus=1-1023 is common, and the kernel keeps what is possible of it. */
function below(size: number, cpus: readonly number[] | null): number[] {
  return (cpus ?? []).filter((cpu) => cpu < size);
}

/** CPUs that have a list in any zone. */
function listedCpus(zones: readonly ZoneinfoZone[]): Set<number> {
  const cpus = new Set<number>();
  for (const zone of zones) for (const cpu of zone.lists.column('cpu')) cpus.add(cpu);
  return cpus;
}

function largest(...sets: ReadonlyArray<Iterable<number> | null>): number {
  let most = -1;
  for (const set of sets) for (const cpu of set ?? []) most = Math.max(most, cpu);
  return most;
}

/** Files are read one after the other; a CPU may come or go in between. */
function onlineProblems(
  online: readonly number[] | null,
  listed: ReadonlySet<number>,
  problems: string[],
): void {
  if (online === null || listed.size === 0) return;
  const named = new Set(online);
  const more = [...listed].filter((cpu) => !named.has(cpu)).length;
  const fewer = online.filter((cpu) => !listed.has(cpu)).length;
  if (more > 0)
    problems.push(
      `zoneinfo has lists of ${plural(more, 'CPU')} that the file online does not name: the files are of different moments. ` +
        'What has a list is counted as online.',
    );
  if (fewer > 0)
    problems.push(
      `${plural(fewer, 'CPU')} ${fewer === 1 ? 'is' : 'are'} online by the file online and ${fewer === 1 ? 'has' : 'have'} no list in ` +
        `zoneinfo: it is not known what ${fewer === 1 ? 'it holds' : 'they hold'}.`,
    );
}

function nodeOfCpu(files: HostFiles, size: number, problems: string[]): Int32Array {
  const nodes = new Int32Array(size).fill(-1);
  for (const [path, text] of files) {
    const match = /^sys\/devices\/system\/node\/node(\d{1,4})\/cpulist$/.exec(path);
    if (match === null) continue;
    for (const cpu of cpuSetOf(text, path, problems) ?? []) if (cpu < size) nodes[cpu] = Number(match[1]);
  }
  return nodes;
}

/** kernel_max is NR_CPUS - 1 (drivers/base/cpu.c), on any distribution's kernel. */
function nrCpusOf(
  files: HostFiles,
  config: KernelConfig | null,
  problems: string[],
): [nrCpus: number, from: string] {
  const path = `${folder}/kernel_max`;
  const text = (files.get(path) ?? '').trim();
  const byMax = /^\d{1,5}$/.test(text) ? Number(text) + 1 : -1;
  if (text !== '' && byMax < 0) problems.push(`${path} is no number: "${quoted(text)}".`);
  if (byMax < 0)
    return config === null ? [-1, 'not known'] : [config.nrCpus, 'the configuration of the kernel'];
  if (config !== null && config.nrCpus !== byMax)
    problems.push(
      `The configuration says ${config.nrCpus} CPUs, ${path} ${byMax}: it is the configuration of another kernel, or the file was damaged. ${byMax} is taken.`,
    );
  return [byMax, path];
}
