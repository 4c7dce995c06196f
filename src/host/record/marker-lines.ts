/**
 * `perf script` text with marks put in. perf cannot record the tracer's marks, but it can stamp its events with the
 * clock of this process (CLOCK_MONOTONIC), so each mark gets a line of its own between the events of its time.
 */

export interface Mark {
  readonly ns: bigint;
  readonly text: string;
}

const newline = 10;
/** `name 123 [001] 21548.497585123: event: …`; the first such number of a line is its time. */
const stamp = /\[\d{3,5}\]\s+(\d+)\.(\d{9}):\s+(\S+)/;
const lost = /PERF_RECORD_LOST\S*\s+lost (\d+)/;

export class MarkedScript {
  events = 0;
  lost = 0;
  readonly #marks: Mark[];
  #rest = '';

  /** Marks in order of time. */
  constructor(marks: readonly Mark[]) {
    this.#marks = [...marks];
  }

  /** The chunk with marks in it, up to its last whole line. */
  next(chunk: Buffer): string {
    const end = chunk.lastIndexOf(newline);
    if (end < 0) {
      this.#rest += chunk.toString('latin1');
      return '';
    }
    const text = this.#rest + chunk.toString('latin1', 0, end + 1);
    this.#rest = chunk.toString('latin1', end + 1);
    return this.#withMarks(text);
  }

  /** What is left, and marks after the last event. */
  end(): string {
    const text = this.#rest === '' ? '' : this.#withMarks(`${this.#rest}\n`);
    this.#rest = '';
    return text + this.#marks.splice(0).map(markLine).join('');
  }

  #withMarks(text: string): string {
    let written = '';
    for (let from = 0; from < text.length; ) {
      const to = text.indexOf('\n', from) + 1;
      const line = text.slice(from, to);
      written += this.#marksBefore(line) + line;
      from = to;
    }
    return written;
  }

  #marksBefore(line: string): string {
    const match = stamp.exec(line);
    if (match === null) return '';
    const lostMatch = lost.exec(line);
    if (lostMatch !== null) this.lost += Number(lostMatch[1]);
    else this.events++;
    const ns = BigInt(match[1]) * 1_000_000_000n + BigInt(match[2]);
    let before = '';
    while (this.#marks.length > 0 && this.#marks[0].ns <= ns) {
      const mark = this.#marks.shift();
      if (mark !== undefined) before += markLine(mark);
    }
    return before;
  }
}

function markLine({ ns, text }: Mark): string {
  const digits = String(ns).padStart(10, '0');
  const time = `${digits.slice(0, -9)}.${digits.slice(-9)}`;
  return `drainlab ${process.pid} [000] ${time}: ftrace:print: tracing_mark_write: ${text}\n`;
}
