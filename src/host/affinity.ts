/**
 * Keeps every thread of this process off isolated CPUs. Node cannot call sched_setaffinity and has threads of its own (V8,
 * libuv), so `taskset -a` of util-linux does it for all of them; threads that start later inherit it. What came of it is checked in
 * /proc and said, whatever it is.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { formatCpuList, parseCpuList } from '../base/cpu-list.ts';

export interface Affinity {
  /** CPUs on which some thread of this process may run now; '' where /proc does not tell. */
  readonly allowed: string;
  /** Of these, CPUs that it should stay off; '' when all is well. */
  readonly onAvoided: string;
  /** One sentence for people. */
  readonly said: string;
}

export interface AffinityTools {
  /** Cpus_allowed_list of each thread; throws where /proc does not tell. */
  readonly allowedLists: () => readonly string[];
  /** Throws when it is missing or not allowed. */
  readonly taskset: (list: string) => void;
}

/** `isolated`: CPUs to stay off, ascending. `only`: run on these CPUs; null: on all that are not isolated. */
export function keepOff(
  isolated: Iterable<number>,
  only: readonly number[] | null = null,
  tools: AffinityTools = ownTools,
): Affinity {
  const avoided = new Set(isolated);
  let allowed: Set<number>;
  try {
    allowed = allowedOf(tools);
  } catch {
    return {
      allowed: '',
      onAvoided: formatCpuList(avoided),
      said: 'On which CPUs drainlab itself runs is not known: /proc/self/task cannot be read.',
    };
  }
  const wanted = only ?? [...allowed].filter((cpu) => !avoided.has(cpu)).sort((a, b) => a - b);
  const isRight = allowed.size === wanted.length && wanted.every((cpu) => allowed.has(cpu));
  if (isRight) return report(allowed, avoided, '');
  if (wanted.length === 0)
    return report(allowed, avoided, 'every CPU that it is allowed to run on is isolated');
  let failure = '';
  try {
    tools.taskset(formatCpuList(wanted));
  } catch (error) {
    failure = reasonOf(error);
  }
  return report(allowedOf(tools), avoided, failure);
}

function report(allowed: ReadonlySet<number>, avoided: ReadonlySet<number>, failure: string): Affinity {
  const cpus = [...allowed].sort((a, b) => a - b);
  const onAvoided = formatCpuList(cpus.filter((cpu) => avoided.has(cpu)));
  const list = formatCpuList(cpus);
  const why = failure === '' ? '' : ` (${failure})`;
  const where = `drainlab itself runs on CPU ${list}`;
  const said =
    onAvoided !== ''
      ? `${where}: it may disturb the isolated CPU ${onAvoided}${why}. Start it with taskset -c LIST.`
      : avoided.size > 0
        ? `${where}${why}, off the isolated CPU ${formatCpuList(avoided)}.`
        : `${where}${why}.`;
  return { allowed: list, onAvoided, said };
}

function allowedOf(tools: AffinityTools): Set<number> {
  return new Set(tools.allowedLists().flatMap((list) => parseCpuList(list, 'Cpus_allowed_list')));
}

function reasonOf(error: unknown): string {
  const { code, stderr } = error as { code?: string; stderr?: Buffer };
  if (code === 'ENOENT') return 'there is no taskset, which util-linux has';
  const said = stderr?.toString('utf8').trim().split('\n').at(-1) ?? '';
  return said === '' ? 'taskset failed' : said;
}

const ownTools: AffinityTools = {
  allowedLists() {
    const lists: string[] = [];
    for (const thread of readdirSync('/proc/self/task')) {
      let status: string;
      try {
        status = readFileSync(`/proc/self/task/${thread}/status`, 'latin1');
      } catch {
        continue; // The thread has ended since.
      }
      lists.push(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? '');
    }
    return lists;
  },
  taskset(list) {
    execFileSync('taskset', ['-a', '-p', '-c', list, String(process.pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 10_000,
    });
  },
};

/** CPU on which this thread ran last (field 39 of /proc/self/stat); -1: not known. */
export function ownCpu(): number {
  try {
    const stat = readFileSync('/proc/thread-self/stat', 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[36] ?? -1);
  } catch {
    return -1;
  }
}
