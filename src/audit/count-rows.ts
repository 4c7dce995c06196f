/** Tables of counts that grow: rows by number, one column for each thing counted. */

/** Columns of every table of the audit. */
export const Count = {
  /** Interrupts sent by another CPU. */
  sent: 0,
  /** Handlers entered. */
  handled: 1,
  /** Functions queued by another CPU. */
  calls: 2,
  /** Works queued for a CPU by another. */
  worksQueued: 3,
  /** Works executed on a CPU that another queued. */
  worksExecuted: 4,
  /** Interrupts that a CPU sent to itself. */
  self: 5,
  /** Drains of page lists of which it is known what they found, and those that found nothing. */
  drainsJudged: 6,
  drainsUseless: 7,
} as const;
export type Count = (typeof Count)[keyof typeof Count];

const columnCount = 8;

export class CountRows {
  #cells: Float64Array;

  constructor(rows = 64) {
    this.#cells = new Float64Array(rows * columnCount);
  }

  add(row: number, column: Count, times = 1): void {
    const at = row * columnCount + column;
    if (at >= this.#cells.length) this.#grow(at);
    this.#cells[at] += times;
  }

  get(row: number, column: Count): number {
    return this.#cells[row * columnCount + column] ?? 0;
  }

  #grow(at: number): void {
    const cells = new Float64Array(Math.max(at + columnCount, this.#cells.length * 2));
    cells.set(this.#cells);
    this.#cells = cells;
  }
}

/** Counts by two keys, for the pairs that occur. Bounded: pairs beyond `pairsMax` are counted together. */
export class PairCounts {
  readonly #rows: Map<number, number> = new Map();
  readonly #counts: CountRows = new CountRows();
  readonly #pairsMax: number;
  /** Counted but not kept by pair. */
  notKept = 0;

  constructor(pairsMax = 1 << 20) {
    this.#pairsMax = pairsMax;
  }

  /** Keys from 0 to 65,535. */
  add(one: number, other: number, column: Count): void {
    const key = one * keyMax + other;
    let row = this.#rows.get(key);
    if (row === undefined) {
      if (this.#rows.size >= this.#pairsMax) {
        this.notKept++;
        return;
      }
      row = this.#rows.size;
      this.#rows.set(key, row);
    }
    this.#counts.add(row, column);
  }

  /** In order of the first key, then the second. */
  *entries(): Generator<{ one: number; other: number; of: (column: Count) => number }> {
    for (const key of [...this.#rows.keys()].sort((a, b) => a - b)) {
      const row = this.#rows.get(key) ?? 0;
      const of = (column: Count) => this.#counts.get(row, column);
      yield { one: Math.floor(key / keyMax), other: key % keyMax, of };
    }
  }
}

const keyMax = 1 << 16;
