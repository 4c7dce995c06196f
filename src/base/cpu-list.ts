/** CPU lists in the kernel's syntax, `0-3,8` (bitmap_parselist and `%*pbl` of the kernel). */

import { DrainlabError, ExitCode } from './errors.ts';

/** More CPUs than any kernel can have; a larger number is a mistake, not a machine. */
const cpusMax = 1 << 16;

/**
 * `0-3,8` → [0, 1, 2, 3, 8], ascending, without repeats. An empty text and `(null)` are the empty list.
 * Strides of the kernel (`0-31:2/8`) are understood. `what` names the text in the error.
 */
export function parseCpuList(text: string, what = 'CPU list'): number[] {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '(null)') return [];
  const cpus = new Set<number>();
  // A list that names CPUs over and over would take forever.
  let left = 4 * cpusMax;
  for (const part of trimmed.split(',')) {
    const match = /^(\d+)(?:-(\d+)(?::(\d+)\/(\d+))?)?$/.exec(part.trim());
    const from = Number(match?.[1]);
    const to = match?.[2] === undefined ? from : Number(match[2]);
    const used = match?.[3] === undefined ? 1 : Number(match[3]);
    const group = match?.[4] === undefined ? 1 : Number(match[4]);
    left -= to - from + 1;
    if (!match || to < from || to >= cpusMax || used < 1 || group < used || left < 0) {
      throw new DrainlabError(
        `${what} "${shortened(text)}" has a part "${shortened(part)}" that is no CPU and no range`,
        {
          code: 'E_CPU_LIST',
          hint: 'Write it as the kernel does: 0-3,8.',
          exitCode: ExitCode.wrongUse,
        },
      );
    }
    for (let cpu = from; cpu <= to; cpu++) if ((cpu - from) % group < used) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}

function shortened(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

/** [0, 1, 2, 3, 8] → `0-3,8`. The members must ascend. */
export function formatCpuList(cpus: Iterable<number>): string {
  const parts: string[] = [];
  let from = -1;
  let to = -1;
  const close = () => {
    if (from >= 0) parts.push(from === to ? `${from}` : `${from}-${to}`);
  };
  for (const cpu of cpus) {
    if (cpu !== to + 1 || from < 0) {
      close();
      from = cpu;
    }
    to = cpu;
  }
  close();
  return parts.join(',');
}
