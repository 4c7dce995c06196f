/**
 * What one host says of itself, from the texts of its files. Nothing here refuses: a file that is missing, cut or odd is said
 * in `problems`, and what the others tell is kept.
 */

import type { BitSet } from '../base/bit-set.ts';
import { DrainlabError } from '../base/errors.ts';
import { machineFrom, parseZoneinfo, snapshotFrom, type ZoneinfoZone } from '../engine/input/zoneinfo.ts';
import { type KernelConfig, kernelConfig } from '../engine/machine/kernel-config.ts';
import { hostCpus } from './host-cpus.ts';
import { configPath } from './host-files.ts';
import type { HostCpus, HostFiles, HostSnapshot } from './host-snapshot.ts';
import { identityOf } from './identity.ts';
import { parseInterrupts } from './interrupts.ts';
import { keyNumbers } from './key-numbers.ts';
import { pageBytesOf } from './page-bytes.ts';
import { parseLoadAverage, parsePressure } from './pressure.ts';
import { zoneProblems } from './zone-problems.ts';

/**
 * `name`: what the host is called where no file tells its name. `found`: what whoever read the files has to say of them (a file that
 * could not be read, or was cut), in sentences.
 */
export function readHostSnapshot(
  files: HostFiles,
  name: string,
  found: readonly string[] = [],
): HostSnapshot {
  const problems = [...found];
  const identity = identityOf(files);
  const zones = zonesOf(files, problems);
  const commandLine = (files.get('proc/cmdline') ?? '').replace(/\0/g, ' ').trim();
  const config = configOf(files, identity.kernel, problems);
  const cpus = hostCpus(files, zones, commandLine, config.config, problems);
  const isolated = cpus.isolated.clone();
  isolated.addAll(cpus.nohzFull);
  const machine = machineOf(zones, cpus, isolated, problems);
  const meminfo = keyNumbers(files.get('proc/meminfo') ?? '');
  const vmstat = files.has('proc/vmstat') ? keyNumbers(wholeLines(files, 'proc/vmstat', problems)) : null;
  return {
    name: identity.hostName || name,
    kernel: identity.kernel,
    architecture: identity.architecture,
    cpus,
    zones,
    machine,
    counts: snapshotFrom(zones, machine, 0, name),
    vmstat,
    interrupts: optional(files, 'proc/interrupts', problems, () =>
      parseInterrupts(wholeLines(files, 'proc/interrupts', problems), problems),
    ),
    pressure: optional(files, 'proc/pressure/memory', problems, parsePressure),
    loadAverage: optional(files, 'proc/loadavg', problems, parseLoadAverage),
    commandLine,
    ...config,
    ...pageBytesOf(identity.architecture, zones, meminfo, vmstat),
    sysctl: sysctlOf(files),
    problems,
  };
}

function zonesOf(files: HostFiles, problems: string[]): ZoneinfoZone[] {
  if (!files.has('proc/zoneinfo')) {
    problems.push('proc/zoneinfo is missing: nothing is known of the lists.');
    return [];
  }
  try {
    const zones = parseZoneinfo(wholeLines(files, 'proc/zoneinfo', problems), 'proc/zoneinfo');
    problems.push(...zoneProblems(zones));
    return zones;
  } catch (error) {
    if (!(error instanceof DrainlabError)) throw error;
    problems.push(`${error.where}: ${error.message}.`);
    return [];
  }
}

/** Lines after which a zone may end, and of which the census uses nothing. */
const lastZoneLine =
  /^\s*(start_pfn|inactive_ratio|node_inactive_ratio|reserved_highatomic|free_highatomic):/;

/** The kernel ends every line; in a line without end a number may have lost digits. */
function wholeLines(files: HostFiles, path: string, problems: string[]): string {
  const text = files.get(path) ?? '';
  const last = text.slice(text.lastIndexOf('\n') + 1);
  if (last === '' || lastZoneLine.test(last)) return text;
  problems.push(`${path} ends inside a line: the text was cut, and that line is left out.`);
  return text.slice(0, text.length - last.length);
}

/** A machine that is too large to be true is given as one without lists. */
function machineOf(
  zones: ZoneinfoZone[],
  cpus: HostCpus,
  isolated: BitSet,
  problems: string[],
): HostSnapshot['machine'] {
  const facts = { cpuCount: cpus.possible.size, online: cpus.online, isolated, withUnplacedZones: true };
  try {
    return machineFrom(zones, facts);
  } catch (error) {
    if (!(error instanceof DrainlabError)) throw error;
    problems.push(`proc/zoneinfo: ${error.message}.`);
    zones.length = 0;
    return machineFrom(null, facts);
  }
}

function configOf(
  files: HostFiles,
  release: string,
  problems: string[],
): { config: KernelConfig | null; configFrom: string } {
  const path = files.has('proc/config.gz') ? 'proc/config.gz' : configPath(files.keys(), release);
  const text = files.get(path);
  if (text === undefined) return { config: null, configFrom: '' };
  try {
    return { config: kernelConfig(text, path), configFrom: path };
  } catch (error) {
    if (!(error instanceof DrainlabError)) throw error;
    problems.push(`${error.where}: ${error.message}.`);
    return { config: null, configFrom: '' };
  }
}

/** A file that is there and has another form than the kernel's is a problem; one that is missing is none. */
function optional<Value>(
  files: HostFiles,
  path: string,
  problems: string[],
  parse: (text: string) => Value | null,
): Value | null {
  const text = files.get(path);
  if (text === undefined) return null;
  const value = parse(text);
  if (value === null) problems.push(`${path} has not the form that the kernel prints; it is left out.`);
  return value;
}

const sysctlNames = [
  'min_free_kbytes',
  'watermark_scale_factor',
  'percpu_pagelist_fraction',
  'percpu_pagelist_high_fraction',
];

/** Of proc/sys/vm, else of what `sysctl -a` printed into a sosreport. */
function sysctlOf(files: HostFiles): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  const all = files.get('sos_commands/kernel/sysctl_-a') ?? '';
  for (const name of sysctlNames) {
    const text = (files.get(`proc/sys/vm/${name}`) ?? '').trim();
    const printed = new RegExp(`^vm\\.${name} = (\\d{1,12})\\s*$`, 'm').exec(all)?.[1] ?? '';
    const value = text === '' ? printed : text;
    if (/^\d{1,12}$/.test(value)) values.set(name, Number(value));
  }
  return values;
}
