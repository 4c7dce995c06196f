/** Sender by victim as pixels: neighbours are put together where there are more CPUs than cells. Plain functions on typed arrays. */

/** CPUs of one cell of an axis. */
export interface MatrixGroup {
  readonly cpus: readonly number[];
  readonly isIsolated: boolean;
}

/** Groups of at most `cellsMost` along an axis: isolated CPUs first, none in one group with others. */
export function matrixGroups(
  cpus: readonly number[],
  isolated: ReadonlySet<number>,
  cellsMost: number,
): MatrixGroup[] {
  const share = Math.max(1, Math.ceil(cpus.length / cellsMost));
  return [true, false].flatMap((isIsolated) => {
    const some = cpus.filter((cpu) => isolated.has(cpu) === isIsolated).sort((a, b) => a - b);
    return Array.from({ length: Math.ceil(some.length / share) }, (_, i) => ({
      cpus: some.slice(i * share, (i + 1) * share),
      isIsolated,
    }));
  });
}

export interface Pairs {
  readonly sender: ArrayLike<number>;
  readonly victim: ArrayLike<number>;
  readonly count: ArrayLike<number>;
}

/** Sums of pairs by cell, `senders.length * victims.length`, a row a sender group. */
export function matrixSums(
  { sender, victim, count }: Pairs,
  senders: readonly MatrixGroup[],
  victims: readonly MatrixGroup[],
): Float64Array {
  const rowOf = placesOf(senders);
  const columnOf = placesOf(victims);
  const sums = new Float64Array(senders.length * victims.length);
  for (let i = 0; i < count.length; i++) {
    const row = rowOf.get(sender[i]);
    const column = columnOf.get(victim[i]);
    if (row !== undefined && column !== undefined) sums[row * victims.length + column] += count[i];
  }
  return sums;
}

function placesOf(groups: readonly MatrixGroup[]): Map<number, number> {
  return new Map(groups.flatMap(({ cpus }, place) => cpus.map((cpu) => [cpu, place] as const)));
}

/** Draws sums as cells of `side` pixels; nothing is drawn where there is nothing. `steps` as of amountSteps. */
export function drawMatrix(
  pixels: Uint32Array,
  sums: Float64Array,
  columns: number,
  side: number,
  steps: Uint8Array,
  colours: Uint32Array,
): void {
  const width = columns * side;
  const drawn = side >= 4 ? side - 1 : side;
  const last = steps.length - 1;
  pixels.fill(colours[0]);
  for (let i = 0; i < sums.length; i++) {
    if (sums[i] <= 0) continue;
    const colour = colours[steps[Math.min(last, sums[i])]];
    const left = (i % columns) * side;
    const top = Math.floor(i / columns) * side;
    for (let y = top; y < top + drawn; y++) pixels.fill(colour, y * width + left, y * width + left + drawn);
  }
}
