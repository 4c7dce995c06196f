/** One number for "the same result": FNV-1a of 32 bits over the columns of a run. */

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

export class RunHash {
  private state = offsetBasis;
  private readonly number = new Float64Array(1);
  private readonly halves = new Uint32Array(this.number.buffer);

  /** Numbers count by value: the same column hashes alike as Int32Array and as Float64Array. */
  column(values: ArrayLike<number>, length = values.length): this {
    for (let i = 0; i < length; i++) {
      this.number[0] = values[i];
      this.word(this.halves[0]);
      this.word(this.halves[1]);
    }
    return this;
  }

  text(text: string): this {
    for (let i = 0; i < text.length; i++) this.word(text.charCodeAt(i));
    return this.word(text.length);
  }

  /** Eight hexadecimal digits. */
  digest(): string {
    return (this.state >>> 0).toString(16).padStart(8, '0');
  }

  private word(word: number): this {
    let state = this.state;
    for (let shift = 0; shift < 32; shift += 8) state = Math.imul(state ^ ((word >>> shift) & 0xff), prime);
    this.state = state;
    return this;
  }
}
