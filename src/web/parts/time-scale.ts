/** Times of a recording as people read them, and round times for an axis. */

/** `+12.345678 s`, as fine as a step of `stepNs` needs. */
export function timeText(ns: number, stepNs = 1e6): string {
  const digits = Math.max(0, Math.min(9, Math.ceil(9 - Math.log10(Math.max(1, stepNs)))));
  return `${(ns / 1e9).toFixed(digits)} s`;
}

/** Round times in [fromNs, toNs], at most `count` of them. */
export function roundTimes(fromNs: number, toNs: number, count: number): { stepNs: number; times: number[] } {
  const least = (toNs - fromNs) / Math.max(1, count);
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const stepNs =
    [1, 2, 5, 10].map((factor) => factor * magnitude).find((step) => step >= least) ?? magnitude * 10;
  const times: number[] = [];
  for (let time = Math.ceil(fromNs / stepNs) * stepNs; time <= toNs; time += stepNs) times.push(time);
  return { stepNs, times };
}

/** First position whose time is at least `timeNs`, in ascending times. */
export function firstAtLeast(
  times: ArrayLike<number>,
  timeNs: number,
  length: number = times.length,
): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < timeNs) low = middle + 1;
    else high = middle;
  }
  return low;
}
