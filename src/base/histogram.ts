/**
 * Times by size in buckets of equal relative width: 32 to each power of two, so a quantile is off by 1.6 % at most. Sum, count
 * and largest value are exact. Memory is bounded whatever comes: 4.2 KB for values below 2^53.
 */

const bitsPerOctave = 5;
const perOctave = 1 << bitsPerOctave;
/** Values below 2^53 in buckets; below 32 each has its own. */
const bucketCount = (53 - bitsPerOctave + 1) * perOctave;

export class Histogram {
  count = 0;
  max = 0;
  #sum = 0;
  /** Made with the first value: most causes never have one. */
  #buckets: Float64Array | undefined;

  /** `value`: a whole number from 0 on; a smaller one counts as 0. */
  add(value: number): void {
    this.#buckets ??= new Float64Array(bucketCount);
    const counted = Math.max(0, value);
    this.count++;
    this.#sum += counted;
    if (counted > this.max) this.max = counted;
    this.#buckets[bucketOf(counted)]++;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** The value that `share` (0 to 1) of all values do not exceed: the middle of its bucket, never above the largest. 0 without values. */
  quantile(share: number): number {
    if (this.#buckets === undefined) return 0;
    const wanted = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      seen += this.#buckets[bucket];
      if (seen >= wanted) return Math.min(this.max, middleOf(bucket));
    }
    return this.max;
  }

  /** Adds all values of `other`. */
  addAll(other: Histogram): void {
    if (other.#buckets === undefined) return;
    this.#buckets ??= new Float64Array(bucketCount);
    for (let bucket = 0; bucket < bucketCount; bucket++) this.#buckets[bucket] += other.#buckets[bucket];
    this.count += other.count;
    this.#sum += other.#sum;
    this.max = Math.max(this.max, other.max);
  }
}

function bucketOf(value: number): number {
  const whole = Math.floor(value);
  if (whole < perOctave) return whole;
  const octave = Math.min(52, exponentOf(whole));
  const inside = Math.floor(whole / 2 ** (octave - bitsPerOctave)) - perOctave;
  return (octave - bitsPerOctave + 1) * perOctave + Math.min(perOctave - 1, inside);
}

/** Position of the highest bit. */
function exponentOf(whole: number): number {
  if (whole < 4294967296) return 31 - Math.clz32(whole);
  return 63 - Math.clz32(Math.floor(whole / 4294967296));
}

function middleOf(bucket: number): number {
  if (bucket < perOctave) return bucket;
  const octave = Math.floor(bucket / perOctave) - 1 + bitsPerOctave;
  const width = 2 ** (octave - bitsPerOctave);
  return (perOctave + (bucket % perOctave)) * width + Math.floor(width / 2);
}
