/** The `format` text of an event (events/SYSTEM/EVENT/format): its id, its fields and its print line. */

/** One field as the kernel describes it. */
export interface FormatField {
  readonly name: string;
  /** Declaration without the name: `unsigned long`, `__data_loc char[]`. */
  readonly type: string;
  /** Bytes from the start of the record. */
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** Elements of an array by its declaration or size; 0: not an array. For dynamic arrays 0 too, see `dynamic`. */
  readonly arrayLength: number;
  /** `data`: a 32-bit word tells offset (low half) and length (high half) in the record; `rel`: offset from behind the word. */
  readonly dynamic: 'no' | 'data' | 'rel';
  /** Bytes of one element. */
  readonly elementBytes: number;
  /** An array of char: text. */
  readonly isText: boolean;
  /** A cpumask_t: bits of a set of CPUs. */
  readonly isCpuMask: boolean;
}

/** A parsed format. */
export interface EventFormat {
  readonly system: string;
  readonly name: string;
  readonly id: number;
  /** Fields of every event (type, flags, preempt count, pid). */
  readonly common: readonly FormatField[];
  /** The event's own fields. */
  readonly fields: readonly FormatField[];
  /** What stands behind `print fmt:`. */
  readonly printLine: string;
  readonly text: string;
}

const decoder = new TextDecoder();

/** `name:` and `ID:` begin the first two lines. */
const nameLabel: Uint8Array = new TextEncoder().encode('name:');
const idLabel: Uint8Array = new TextEncoder().encode('ID:');
const newline = 10;
const space = 32;

/** The id in the second line of the format text from `start` to `end`, read from its bytes. -1: not a format. */
export function formatId(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  if (!startsWith(bytes, start, nameLabel)) return -1;
  let at = bytes.indexOf(newline, start) + 1;
  if (at === 0 || at >= end || !startsWith(bytes, at, idLabel)) return -1;
  at += idLabel.length;
  while (bytes[at] === space) at++;
  let id = -1;
  for (; at < end && bytes[at] >= 0x30 && bytes[at] <= 0x39; at++) {
    id = Math.min(1e9, Math.max(0, id) * 10 + bytes[at] - 0x30);
  }
  return id;
}

/** The name in the first line. */
export function formatName(text: Uint8Array): string {
  return decoder.decode(text.subarray(nameLabel.length, text.indexOf(newline))).trim();
}

function startsWith(text: Uint8Array, at: number, label: Uint8Array): boolean {
  for (let i = 0; i < label.length; i++) if (text[at + i] !== label[i]) return false;
  return true;
}

/** Parses a format text. Lines that are not understood are left out; null when it does not begin with name and id. */
export function parseEventFormat(system: string, bytes: Uint8Array, longBytes: number): EventFormat | null {
  const id = formatId(bytes);
  if (id < 0) return null;
  const text = decoder.decode(bytes);
  const common: FormatField[] = [];
  const fields: FormatField[] = [];
  const printAt = text.indexOf('print fmt:');
  const declarations = printAt < 0 ? text : text.slice(0, printAt);
  for (const line of declarations.split('\n')) {
    const field = parseField(line, longBytes);
    if (field !== null) (field.name.startsWith('common_') ? common : fields).push(field);
  }
  const printLine = printAt < 0 ? '' : text.slice(printAt + 'print fmt:'.length).trim();
  return { system, name: formatName(bytes), id, common, fields, printLine, text };
}

const fieldLine =
  /^\s*field(?: special)?:\s*(.*?)\s*;\s*offset:\s*(\d+)\s*;\s*size:\s*(\d+)\s*;(?:\s*signed:\s*(\d+)\s*;)?/;

function parseField(line: string, longBytes: number): FormatField | null {
  const match = fieldLine.exec(line);
  if (match === null) return null;
  const declaration = match[1];
  const size = Number(match[3]);
  const named = /^(.*?)([A-Za-z_]\w*)\s*((?:\[[^\]]*\]\s*)*)$/.exec(declaration);
  if (named === null) return null;
  const dynamic = /^__rel_loc\b/.test(declaration)
    ? 'rel'
    : /^__data_loc\b/.test(declaration)
      ? 'data'
      : 'no';
  // `__data_loc char[] name` has its brackets in the type; `char name[16]` behind the name.
  const type = named[1].replace(/^__(?:data|rel)_loc\s+/, '').trim();
  const brackets = named[3].trim();
  const inType = /\[[^\]]*\]\s*$/.test(type);
  const isArray = brackets !== '' || inType || dynamic !== 'no';
  const elementType = type.replace(/\s*\[[^\]]*\]\s*$/, '');
  const elementBytes = isArray ? sizeOfType(elementType, longBytes) : size;
  return {
    name: named[2],
    type: `${dynamic === 'no' ? '' : `__${dynamic}_loc `}${type}${brackets}`,
    offset: Number(match[2]),
    size,
    signed: match[4] === undefined ? !/unsigned|\bu\d+\b|\*/.test(type) : match[4] !== '0',
    arrayLength: isArray && dynamic === 'no' ? Math.max(0, Math.floor(size / Math.max(1, elementBytes))) : 0,
    dynamic,
    elementBytes,
    isText: isArray && /^(?:const\s+)?(?:unsigned |signed )?char$/.test(elementType),
    isCpuMask: /cpumask/.test(elementType),
  };
}

/** Bytes of an element by the name of its C type; 1 when the name says nothing. */
function sizeOfType(type: string, longBytes: number): number {
  const plain = type.replace(/\b(?:const|volatile|unsigned|signed)\b/g, '').trim();
  if (plain.includes('*') || /cpumask/.test(plain)) return longBytes;
  const sized = /^_{0,2}[us](8|16|32|64)$|^u?int(8|16|32|64)_t$/.exec(plain);
  if (sized !== null) return Number(sized[1] ?? sized[2]) / 8;
  if (/^char$|^bool$/.test(plain)) return 1;
  if (/^short(?: int)?$/.test(plain)) return 2;
  if (/^long long(?: int)?$|^loff_t$|^ktime_t$|^sector_t$/.test(plain)) return 8;
  if (/^long(?: int)?$|^size_t$|^uintptr_t$/.test(plain)) return longBytes;
  if (plain === '' || /^int$|^pid_t$|^uid_t$|^gid_t$|^dev_t$|^gfp_t$|^__(?:be|le)32$/.test(plain)) return 4;
  if (/^__(?:be|le)16$/.test(plain)) return 2;
  return 1;
}
