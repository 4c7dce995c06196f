/** CPUs and time as pixels: plain functions on typed arrays, so that a frame of thousands of CPUs allocates nothing. */

/** Where each CPU is drawn: several CPUs share a row where there are more of them than rows. */
export interface RowPlan {
  /** CPUs from top to bottom: isolated ones together, then by node, then by number. */
  readonly order: Int32Array;
  /** Row of pixels at which each entry of `order` begins, and one more for the end. */
  readonly top: Int32Array;
  readonly height: number;
}

/** Not less than one row of pixels for what is alone; `heightMax` in pixels. */
export function rowPlan(order: Int32Array, heightMax: number, rowMax = 14): RowPlan {
  const rowHeight = Math.min(rowMax, heightMax / Math.max(1, order.length));
  const height = Math.max(1, Math.round(rowHeight * order.length));
  const top = new Int32Array(order.length + 1);
  for (let i = 0; i <= order.length; i++) top[i] = Math.floor((i * height) / Math.max(1, order.length));
  return { order, top, height };
}

/** CPUs that are not isolated first, each group by node and number; offline ones are left out. */
export function cpuOrder(online: Uint8Array, isolated: Uint8Array, nodeOfCpu: Int32Array): Int32Array {
  return Int32Array.from(online.keys())
    .filter((cpu) => online[cpu] === 1)
    .sort((a, b) => isolated[a] - isolated[b] || nodeOfCpu[a] - nodeOfCpu[b] || a - b);
}

/** Row of pixels of each CPU (-1: none) where CPUs share rows, and the plan of a picture of such rows; null where they do not. */
export function sharedRows(
  { order, top, height }: RowPlan,
  cpuCount: number,
): { readonly rowOf: Int32Array; readonly plan: RowPlan } | null {
  if (height >= order.length) return null;
  const rowOf = new Int32Array(cpuCount).fill(-1);
  for (let i = 0; i < order.length; i++) rowOf[order[i]] = top[i];
  const rows = Int32Array.from({ length: height + 1 }, (_, row) => row);
  return { rowOf, plan: { order: rows.subarray(0, height), top: rows, height } };
}

/**
 * Draws the most pages of each CPU in each column: what was there for a moment only is seen too. Where CPUs share a row, the
 * one with the most is seen. `pixels` has `columns * plan.height` entries.
 */
export function drawHeatMap(
  pixels: Uint32Array,
  most: Int32Array,
  columns: number,
  plan: RowPlan,
  steps: Uint8Array,
  colours: Uint32Array,
): void {
  const { order, top, height } = plan;
  const last = steps.length - 1;
  pixels.fill(colours[0], 0, columns * height);
  for (let i = 0; i < order.length; i++) {
    const from = order[i] * columns;
    const first = top[i] * columns;
    const rows = Math.max(1, top[i + 1] - top[i]);
    // A row of its own that is tall enough ends with a line of background.
    const drawn = rows > 4 ? rows - 1 : rows;
    for (let column = 0; column < columns; column++) {
      const pages = most[from + column];
      if (pages <= 0) continue;
      const colour = colours[steps[pages > last ? last : pages]];
      const shared = rows === 1 && top[i] === (i > 0 ? top[i - 1] : -1);
      if (shared && stepOf(pixels[first + column], colours) >= steps[pages > last ? last : pages]) continue;
      for (let row = 0, at = first + column; row < drawn; row++, at += columns) pixels[at] = colour;
    }
  }
}

/** Step of a colour that was drawn before; colours of steps differ. */
function stepOf(colour: number, colours: Uint32Array): number {
  let found = stepByColour.get(colours);
  if (found === undefined) {
    found = new Map([...colours].map((each, step) => [each, step]));
    stepByColour.set(colours, found);
  }
  return found.get(colour) ?? 0;
}

const stepByColour = new WeakMap<Uint32Array, Map<number, number>>();

/** Entry of `plan.order` at a row of pixels, or -1. */
export function entryAt(plan: RowPlan, row: number): number {
  if (row < 0 || row >= plan.height) return -1;
  let low = 0;
  let high = plan.order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (plan.top[middle] <= row) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
