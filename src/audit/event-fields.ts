/** Fields of one event by name, with the forms in which tools print them. */

import { parseCpuList } from '../base/cpu-list.ts';
import type { FieldValue, TraceEvent } from '../trace/trace-reader.ts';
import { cpusMax } from './tally.ts';

export class EventFields {
  readonly #fields: ReadonlyArray<[string, FieldValue]>;

  constructor(event: TraceEvent) {
    this.#fields = event.fields();
  }

  value(name: string): FieldValue | undefined {
    for (const [field, value] of this.#fields) if (field === name) return value;
    return undefined;
  }

  text(name: string): string {
    const value = this.value(name);
    return value === undefined || typeof value === 'object' ? '' : String(value);
  }

  /** NaN where there is none. */
  number(name: string): number {
    const value = this.value(name);
    return value === undefined || typeof value === 'object' || value === '' ? Number.NaN : Number(value);
  }

  /** -1: no CPU that any kernel has. */
  cpu(name: string): number {
    const cpu = this.number(name);
    return Number.isInteger(cpu) && cpu >= 0 && cpu < cpusMax ? cpu : -1;
  }

  /** A pointer that names an object; undefined: NULL (`(nil)`, of which a listing may lack the end), or not printed. */
  pointer(name: string): number | bigint | string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'object') return undefined;
    return value === 0 || /^(?:\(nil\)?|\(null\)?|(?:0x)?0+)$/.test(String(value)) ? undefined : value;
  }
}

/**
 * The set of CPUs in a field: a list (`2-3,5`: trace.dat, libtraceevent), bytes (`ARRAY[2c, 00]`: perf and trace-cmd that do not know
 * the type), or where `isHex` a mask as the kernel prints it (`00000000,0000002c`: ftrace text). Null: not to be read.
 */
export function cpusOf(value: FieldValue | undefined, isHex: boolean): readonly number[] | null {
  if (value === undefined || typeof value === 'bigint') return null;
  if (typeof value === 'object') return null;
  const text = String(value).trim();
  const bytes = /^ARRAY\[([0-9a-f ,]*)\]$/.exec(text);
  if (bytes !== null) return cpusOfBytes(bytes[1].split(',').map((byte) => Number.parseInt(byte.trim(), 16)));
  // What the kernel prints has eight digits in every group but the first.
  if (isHex && /^[0-9a-f]{1,8}(?:,[0-9a-f]{8})*$/.test(text)) return cpusOfMask(text);
  if (!/^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(text)) return null;
  const last = Number(/\d+$/.exec(text)?.[0]);
  return last < cpusMax ? parseCpuList(text) : null;
}

function cpusOfBytes(bytes: readonly number[]): number[] {
  return bytes.flatMap((byte, i) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => byte & (1 << bit)).map((bit) => i * 8 + bit),
  );
}

function cpusOfMask(text: string): number[] {
  const words = text.split(',').reverse();
  return words.flatMap((word, i) => {
    const bits = Number.parseInt(word, 16);
    const cpus: number[] = [];
    for (let bit = 0; bit < 32; bit++) if ((bits & (1 << bit)) !== 0) cpus.push(i * 32 + bit);
    return cpus;
  });
}
