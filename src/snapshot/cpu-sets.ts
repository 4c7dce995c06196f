/** Sets of CPUs as /sys and the kernel command line write them. Text that is damaged gives null and a problem. */

import { parseCpuList } from '../base/cpu-list.ts';
import { DrainlabError } from '../base/errors.ts';
import { quoted } from './quoted.ts';

/**
 * CPUs of a file such as `sys/devices/system/cpu/online`. Nothing and `(null)`, padded or not, are the empty list (nohz_full of
 * 4.x to 6.x prints it when the feature is off); null: the text is no list, and `problems` says so.
 */
export function cpuSetOf(text: string, path: string, problems: string[]): number[] | null {
  const trimmed = text.trim();
  // Left by scripts that save a folder, where the kernel has no such file.
  if (trimmed === '(absent)') return null;
  try {
    return parseCpuList(trimmed, path);
  } catch (error) {
    if (!(error instanceof DrainlabError)) throw error;
    problems.push(`${path} holds no list of CPUs: "${quoted(trimmed)}".`);
    return null;
  }
}

export interface CommandLineCpus {
  /** Out of the scheduler's domains; null: the parameter is absent or no list. */
  readonly isolated: readonly number[] | null;
  readonly nohzFull: readonly number[] | null;
}

/**
 * `isolcpus=` and `nohz_full=` (kernel/sched/isolation.c). isolcpus has flags before its list from 4.15 on: `domain` is what it
 * means without flags, `nohz` is nohz_full, `managed_irq` (5.6) keeps interrupts away and isolates nothing. A parameter that stands
 * twice counts the first time. `cpuCount`: nr_cpu_ids, for `N` and `all` (5.12 on).
 */
export function commandLineCpus(commandLine: string, cpuCount: number, problems: string[]): CommandLineCpus {
  const isolcpus = parameter(commandLine, 'isolcpus');
  const nohzFull = parameter(commandLine, 'nohz_full');
  const flags: string[] = [];
  let list = isolcpus ?? '';
  for (let flag = isolcpusFlag.exec(list); flag !== null; flag = isolcpusFlag.exec(list)) {
    flags.push(flag[1]);
    list = list.slice(flag[0].length);
  }
  const cpus = isolcpus === null ? null : cpusOf(list, 'isolcpus=', cpuCount, problems);
  const isDomain = flags.length === 0 || flags.includes('domain');
  const byFlag = flags.includes('nohz') ? cpus : null;
  return {
    isolated: isDomain ? cpus : null,
    nohzFull: nohzFull === null ? byFlag : cpusOf(nohzFull, 'nohz_full=', cpuCount, problems),
  };
}

/** A word before the list; `all` and `N` are lists. */
const isolcpusFlag = /^(?!all\b|N\b)([a-z_]+)(?:,|$)/;

function cpusOf(list: string, name: string, cpuCount: number, problems: string[]): number[] | null {
  const last = String(Math.max(0, cpuCount - 1));
  const numbers = list.replace(/\ball\b/g, `0-${last}`).replace(/\bN\b/g, last);
  return cpuSetOf(numbers, `${name} of the command line`, problems);
}

/** Value of the first `name=value`; null: there is none. */
function parameter(commandLine: string, name: string): string | null {
  for (const word of commandLine.split(/\s+/)) {
    const plain = word.replace(/^"|"$/g, '');
    if (plain.startsWith(`${name}=`)) return plain.slice(name.length + 1).replace(/"/g, '');
  }
  return null;
}
