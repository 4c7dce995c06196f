/**
 * What bpftrace wrote while a light recording ran → the recording. bpftrace empties one CPU's buffer after the other, so lines come
 * out of order by a little; a line is written when its drain ends and bears the time at which it began.
 */

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** A drain that took longer than this may stand behind later ones; whoever reads it counts that (`outOfOrder`). */
const windowSeconds = 10;
const lineMax = 8192;
const strangeMax = 5;

const drainLine = /^.{1,64}-\d{1,10} +\[\d{1,5}\] +(\d{1,12}\.\d{9}): light_drain: /;
const countLine = /^@(begun|ended): (\d{1,15})$/;
const lostLine = /^Lost (\d{1,15}) events$/;

export interface LightCounts {
  /** Lines of drains that were written. */
  readonly drains: number;
  /** Calls that began while the probes were there, and those of which the return was seen; null: bpftrace did not say. */
  readonly begun: number | null;
  readonly ended: number | null;
  /** Lines that bpftrace says it lost. */
  readonly toldLost: number;
  /** The first lines that are none of these, in printable characters: a task's name may hold any. */
  readonly strange: readonly string[];
}

/** Lines that the kernel wrote and bpftrace did not read; null: not known, since bpftrace gave no counts. */
export function lostLines({ drains, ended, toldLost }: LightCounts): number | null {
  return ended === null ? (toldLost > 0 ? toldLost : null) : Math.max(toldLost, ended - drains);
}

/** Calls of which no return was seen: they ran when the recording ended, or the kernel had no return probe left for them. */
export function openCalls({ begun, ended }: LightCounts): number {
  return begun === null || ended === null ? 0 : Math.max(0, begun - ended);
}

/** Sorts lines within a window of time: `next` gives what is due, `end` the rest. */
export class LightLines {
  #header: string[] = [];
  #waiting: Array<{ readonly seconds: number; readonly line: string }> = [];
  #newest = 0;
  #drains = 0;
  #begun: number | null = null;
  #ended: number | null = null;
  #toldLost = 0;
  readonly #strange: string[] = [];

  next(line: string): string {
    const drain = drainLine.exec(line);
    if (drain === null || line.length > lineMax) {
      this.#other(line);
      return '';
    }
    const seconds = Number(drain[1]);
    this.#drains++;
    this.#waiting.push({ seconds, line });
    this.#newest = Math.max(this.#newest, seconds);
    return this.#newest - this.#waiting[0].seconds > 2 * windowSeconds
      ? this.#take(this.#newest - windowSeconds)
      : '';
  }

  end(): string {
    return this.#take(Number.POSITIVE_INFINITY);
  }

  get counts(): LightCounts {
    return {
      drains: this.#drains,
      begun: this.#begun,
      ended: this.#ended,
      toldLost: this.#toldLost,
      strange: this.#strange,
    };
  }

  #other(line: string): void {
    const count = countLine.exec(line);
    const lost = lostLine.exec(line);
    if (line.startsWith('#')) this.#header.push(line);
    else if (count?.[1] === 'begun') this.#begun = Number(count[2]);
    else if (count?.[1] === 'ended') this.#ended = Number(count[2]);
    else if (lost !== null) this.#toldLost += Number(lost[1]);
    else if (line.trim() !== '' && this.#strange.length < strangeMax)
      this.#strange.push(line.slice(0, 200).replace(/[^ -~]/g, '?'));
  }

  /** Everything that began before `seconds`, in order. */
  #take(seconds: number): string {
    this.#waiting.sort((a, b) => a.seconds - b.seconds);
    const after = this.#waiting.findIndex((one) => one.seconds > seconds);
    const due = this.#waiting.splice(0, after < 0 ? this.#waiting.length : after);
    const lines = [...this.#header, ...due.map(({ line }) => line)];
    this.#header = [];
    return lines.map((line) => `${line}\n`).join('');
  }
}

/** Makes the recording `to` of bpftrace's output `from`, in bounded memory. Lost lines are marked at its end. */
export async function writeLightRecording(from: string, to: string): Promise<LightCounts> {
  const lines = new LightLines();
  const file = await open(to, 'w');
  try {
    for await (const line of createInterface({
      input: createReadStream(from),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      const due = lines.next(line);
      if (due !== '') await file.write(due);
    }
    await file.write(lines.end());
    const lost = lostLines(lines.counts);
    if (lost !== 0) await file.write(`CPU:? [LOST ${lost === null ? '' : `${lost} `}EVENTS]\n`);
  } finally {
    await file.close();
  }
  return lines.counts;
}
