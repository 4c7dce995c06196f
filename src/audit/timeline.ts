/** Counts over time in a fixed number of buckets: when the recording goes on beyond the last, two buckets become one. */

const bucketCount = 120;
const firstBucketNs = 1e6;

export class Timeline {
  readonly startNs: number;
  readonly #columns: number;
  #cells: Float64Array;
  #bucketNs = firstBucketNs;
  #lastNs: number;

  /** `columns`: how many things are counted. */
  constructor(startNs: number, columns: number) {
    this.startNs = startNs;
    this.#lastNs = startNs;
    this.#columns = columns;
    this.#cells = new Float64Array(bucketCount * columns);
  }

  get bucketNs(): number {
    return this.#bucketNs;
  }

  add(timeNs: number, column: number): void {
    this.extendTo(timeNs);
    const bucket = Math.floor(Math.max(0, timeNs - this.startNs) / this.#bucketNs);
    this.#cells[column * bucketCount + bucket]++;
  }

  /** The recording goes on at least to this time. */
  extendTo(timeNs: number): void {
    this.#lastNs = Math.max(this.#lastNs, timeNs);
    while (this.#lastNs - this.startNs >= this.#bucketNs * bucketCount) this.#widen();
  }

  /** Counts of a column, up to the bucket of the last time. */
  column(column: number): number[] {
    const used = Math.floor((this.#lastNs - this.startNs) / this.#bucketNs) + 1;
    return [...this.#cells.subarray(column * bucketCount, column * bucketCount + used)];
  }

  #widen(): void {
    const cells = new Float64Array(this.#cells.length);
    for (let column = 0; column < this.#columns; column++) {
      const from = column * bucketCount;
      for (let bucket = 0; bucket < bucketCount; bucket++) {
        cells[from + (bucket >> 1)] += this.#cells[from + bucket];
      }
    }
    this.#cells = cells;
    this.#bucketNs *= 2;
  }
}
