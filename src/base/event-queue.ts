/**
 * Next-event queue: a 4-ary heap on typed arrays. Events at equal times come out in the order in which they
 * went in. A node is (time, sequence, what); `what` is an integer of 31 bits that the caller packs.
 */

export class EventQueue {
  length = 0;
  private times: Float64Array;
  private sequences: Float64Array;
  private whats: Int32Array;
  private nextSequence = 0;

  constructor(capacity = 1024) {
    this.times = new Float64Array(capacity);
    this.sequences = new Float64Array(capacity);
    this.whats = new Int32Array(capacity);
  }

  /** Time of the next event; Infinity when there is none. */
  get nextTime(): number {
    return this.length === 0 ? Number.POSITIVE_INFINITY : this.times[0];
  }

  push(time: number, what: number): void {
    if (this.length === this.times.length) this.grow();
    const { times, sequences, whats } = this;
    const sequence = this.nextSequence++;
    let at = this.length++;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (times[parent] <= time) break;
      times[at] = times[parent];
      sequences[at] = sequences[parent];
      whats[at] = whats[parent];
      at = parent;
    }
    times[at] = time;
    sequences[at] = sequence;
    whats[at] = what;
  }

  /** Takes the next event out and returns its `what`. The queue must not be empty. */
  pop(): number {
    const { times, sequences, whats } = this;
    const first = whats[0];
    const last = --this.length;
    const time = times[last];
    const sequence = sequences[last];
    const what = whats[last];
    let at = 0;
    for (;;) {
      const child = (at << 2) + 1;
      if (child >= last) break;
      let least = child;
      const end = Math.min(child + 4, last);
      for (let other = child + 1; other < end; other++) {
        if (
          times[other] < times[least] ||
          (times[other] === times[least] && sequences[other] < sequences[least])
        )
          least = other;
      }
      if (times[least] > time || (times[least] === time && sequences[least] > sequence)) break;
      times[at] = times[least];
      sequences[at] = sequences[least];
      whats[at] = whats[least];
      at = least;
    }
    times[at] = time;
    sequences[at] = sequence;
    whats[at] = what;
    return first;
  }

  private grow(): void {
    const size = this.times.length * 2;
    const { times, sequences, whats } = this;
    this.times = new Float64Array(size);
    this.times.set(times);
    this.sequences = new Float64Array(size);
    this.sequences.set(sequences);
    this.whats = new Int32Array(size);
    this.whats.set(whats);
  }
}
