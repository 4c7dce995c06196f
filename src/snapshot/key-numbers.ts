/** Lines `key number` and `Key: number kB`: /proc/vmstat (mm/vmstat.c) and /proc/meminfo (fs/proc/meminfo.c). */

/** More keys than any kernel prints; the rest of a damaged text is left. */
const keysMax = 4096;

/** Numbers by key, without the colon; lines of another form are left out. Exact up to 2^53. */
export function keyNumbers(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const line of linesOf(text)) {
    const match = /^([\w()]{1,80}):?\s+(\d{1,20})(?: kB)?\s*$/.exec(line);
    if (match === null || numbers.has(match[1])) continue;
    if (numbers.size >= keysMax) break;
    numbers.set(match[1], Number(match[2]));
  }
  return numbers;
}

/** One line after the other; none is longer than `max` characters. */
export function* linesOf(text: string, max = 1000): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    yield text.slice(from, Math.min(to, from + max));
    from = to + 1;
  }
}
