/** One line of progress with rate and time left; only on a terminal, and only for what takes longer than a second. */

import { percent } from '../../engine/report/numbers.ts';

const silentMs = 1000;
const everyMs = 100;

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class Progress {
  private readonly output: Output;
  private readonly wanted: boolean;
  private readonly prefix: string;
  private readonly now: () => number;
  private readonly startMs: number;
  private shownMs = 0;
  private shown = false;

  constructor(output: Output, wanted: boolean, prefix = '', now: () => number = () => performance.now()) {
    this.output = output;
    this.wanted = wanted && output.isTTY === true;
    this.prefix = prefix;
    this.now = now;
    this.startMs = now();
  }

  update(bytesRead: number, bytesTotal: number | null): void {
    if (this.isDue()) this.write(progressText(bytesRead, bytesTotal, this.now() - this.startMs));
  }

  /** A line of one's own. */
  show(text: string): void {
    if (this.isDue()) this.write(text);
  }

  private isDue(): boolean {
    const ms = this.now();
    return this.wanted && ms - this.startMs >= silentMs && ms - this.shownMs >= everyMs;
  }

  private write(text: string): void {
    this.shownMs = this.now();
    this.shown = true;
    this.output.write(`\r\x1b[K${this.prefix}${text}`);
  }

  /** Takes the line away. */
  done(): void {
    if (this.shown) this.output.write('\r\x1b[K');
    this.shown = false;
  }
}

/** `38.2 % · 412 MB of 1,078 MB · 95 MB/s · 7 s left`. */
export function progressText(bytesRead: number, bytesTotal: number | null, elapsedMs: number): string {
  const rate = bytesRead / elapsedMs;
  const parts = [`${megabytes(bytesRead)} MB`, `${megabytes(rate * 1000)} MB/s`];
  if (bytesTotal !== null && bytesTotal > 0) {
    parts[0] = `${percent((100 * bytesRead) / bytesTotal)} · ${megabytes(bytesRead)} of ${megabytes(bytesTotal)} MB`;
    if (rate > 0) parts.push(`${timeLeft(Math.max(0, bytesTotal - bytesRead) / rate)} left`);
  }
  return parts.join(' · ');
}

/** Whole seconds: finer would only flicker. */
function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
