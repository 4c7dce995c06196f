/** Options of the file (ids 1–14 are the same in versions 6 and 7). */

import type { FileOptions, TimeShift } from './container.ts';

/** Ids of options, as in trace-cmd.dat.v7(5). */
export const OptionId = {
  done: 0,
  date: 1,
  cpuStat: 2,
  buffer: 3,
  traceClock: 4,
  uname: 5,
  hook: 6,
  offset: 7,
  cpuCount: 8,
  version: 9,
  procMaps: 10,
  traceId: 11,
  timeShift: 12,
  guest: 13,
  tscToNs: 14,
  headerInfo: 16,
  ftraceEvents: 17,
  eventFormats: 18,
  kallsyms: 19,
  printk: 20,
  cmdlines: 21,
  bufferText: 22,
} as const;

const decoder = new TextDecoder();

/** Text of an option up to its zero byte. */
export function optionText(data: Uint8Array): string {
  const end = data.indexOf(0);
  return decoder.decode(end < 0 ? data : data.subarray(0, end));
}

/** Takes over an option that does not point elsewhere in the file. Options that are too short or unknown say nothing. */
export function applyOption(options: FileOptions, id: number, data: Uint8Array, littleEndian: boolean): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  switch (id) {
    case OptionId.date:
      options.offsetNs += parseBigInt(optionText(data)) * 1000n;
      return;
    case OptionId.offset:
      options.offsetNs += parseBigInt(optionText(data));
      return;
    case OptionId.cpuStat:
      options.cpuStats.push(optionText(data));
      return;
    case OptionId.traceClock:
      options.clock = selectedClock(optionText(data));
      return;
    case OptionId.uname:
      options.uname = optionText(data).trim();
      return;
    case OptionId.version:
      options.version = optionText(data).trim();
      return;
    case OptionId.traceId:
      if (data.length >= 8) options.traceId = view.getBigUint64(0, littleEndian);
      return;
    case OptionId.tscToNs:
      if (data.length >= 16) {
        options.tscToNs = {
          mult: BigInt(view.getUint32(0, littleEndian)),
          shift: BigInt(view.getUint32(4, littleEndian) & 63),
          offset: view.getBigUint64(8, littleEndian),
        };
      }
      return;
    case OptionId.timeShift:
      options.timeShift = readTimeShift(view, littleEndian);
      return;
    default:
      return;
  }
}

/** `local [global] counter` → `global`; a single name stays as it is. */
export function selectedClock(text: string): string {
  const chosen = /\[([^\]]*)\]/.exec(text);
  return (chosen?.[1] ?? text).trim();
}

function parseBigInt(text: string): bigint {
  const trimmed = text.trim();
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|\d+)/.exec(trimmed);
  if (match === null) return 0n;
  const value = BigInt(match[2]);
  return match[1] === '-' ? -value : value;
}

/** TIME_SHIFT: peer id, flags, CPUs; per CPU a count and arrays of times, offsets, scalings; then fraction bits, if any. */
function readTimeShift(view: DataView, littleEndian: boolean): TimeShift | null {
  let at = 16;
  if (view.byteLength < at) return null;
  const cpuCount = view.getUint32(12, littleEndian);
  const cpus: Array<TimeShift['cpus'][number] & { fractions: bigint[] }> = [];
  const array = (count: number): bigint[] => {
    const values: bigint[] = [];
    for (let i = 0; i < count; i++, at += 8) values.push(view.getBigInt64(at, littleEndian));
    return values;
  };
  for (let cpu = 0; cpu < cpuCount; cpu++) {
    if (at + 4 > view.byteLength) return null;
    const count = view.getUint32(at, littleEndian);
    at += 4;
    if (at + count * 24 > view.byteLength) return null;
    cpus.push({ times: array(count), offsets: array(count), scalings: array(count), fractions: [] });
  }
  // Newer files add, for each CPU, the number of fraction bits of each scaling.
  for (let cpu = 0; cpu < cpuCount; cpu++) {
    const count = cpus[cpu].times.length;
    if (at + count * 8 > view.byteLength) break;
    cpus[cpu].fractions.push(...array(count));
  }
  return { peer: view.getBigUint64(0, littleEndian), flags: view.getUint32(8, littleEndian), cpus };
}
