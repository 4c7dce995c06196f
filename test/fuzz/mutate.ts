/** Ways to damage a file. Each takes bytes and gives new bytes; the seed's own are never changed. */

import type { Random } from './random.ts';

type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

/** No input of the fuzzer is larger. */
const bytesMax = 1 << 20;

const cut: Mutation = (bytes, random) => bytes.slice(0, random.below(bytes.length));

const flipBit: Mutation = (bytes, random) => {
  const copy = bytes.slice();
  if (copy.length > 0) copy[random.below(copy.length)] ^= 1 << random.below(8);
  return copy;
};

const setBytes: Mutation = (bytes, random) => {
  const copy = bytes.slice();
  const count = 1 + random.below(8);
  for (let i = 0; i < count && copy.length > 0; i++) copy[random.below(copy.length)] = random.below(256);
  return copy;
};

/** A length, count or offset that is out of range, in either byte order and four sizes. */
const setInteger: Mutation = (bytes, random) => {
  const size = random.pick([1, 2, 4, 8]);
  if (bytes.length < size) return bytes.slice();
  const copy = bytes.slice();
  const view = new DataView(copy.buffer, copy.byteOffset);
  const values = [0n, 1n, 7n, 0x7fn, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn];
  values.push(
    1n << 53n,
    (1n << 63n) - 1n,
    (1n << 64n) - 1n,
    BigInt(bytes.length),
    BigInt(bytes.length + 1),
    4096n,
  );
  const value = random.pick(values);
  // Aligned places hold most of the numbers of a binary file.
  const at = random.chance(2)
    ? random.below(bytes.length - size + 1)
    : random.below((bytes.length - size) / 4 + 1) * 4;
  for (let i = 0; i < size; i++) {
    const place = random.chance(8) ? size - 1 - i : i;
    view.setUint8(Math.min(copy.length - 1, at + place), Number((value >> BigInt(8 * i)) & 0xffn));
  }
  return copy;
};

const removePart: Mutation = (bytes, random) => {
  const from = random.below(bytes.length);
  const to = Math.min(bytes.length, from + 1 + random.below(random.pick([4, 64, 4096])));
  return join(bytes.subarray(0, from), bytes.subarray(to));
};

const repeatPart: Mutation = (bytes, random) => {
  const from = random.below(bytes.length);
  const part = bytes.subarray(from, from + 1 + random.below(random.pick([4, 64, 4096])));
  const times = 1 + random.below(random.pick([2, 8, 64]));
  return join(
    bytes.subarray(0, from),
    ...new Array<Uint8Array>(times).fill(part),
    bytes.subarray(from),
  ).slice(0, bytesMax);
};

const zeroPart: Mutation = (bytes, random) => {
  const copy = bytes.slice();
  const from = random.below(copy.length);
  copy.fill(random.pick([0, 0xff, 0x20, 0x0a]), from, from + random.below(random.pick([16, 512, 8192])));
  return copy;
};

const moveInOther: Mutation = (bytes, random, others) => {
  const other = random.pick(others);
  const from = random.below(other.length);
  const part = other.subarray(from, from + random.below(random.pick([16, 512, 8192])));
  const at = random.below(bytes.length);
  return join(bytes.subarray(0, at), part, bytes.subarray(random.chance(2) ? at : at + part.length)).slice(
    0,
    bytesMax,
  );
};

/** Numbers in text: of a format (`offset:8; size:4;`), of a header, of an event. */
const lieInText: Mutation = (bytes, random) => {
  const digits: number[] = [];
  const start = random.below(bytes.length);
  for (let i = start; i < bytes.length && digits.length < 200; i++) {
    if (isDigit(bytes[i]) && (i === 0 || !isDigit(bytes[i - 1]))) digits.push(i);
  }
  if (digits.length === 0) return flipBit(bytes, random, []);
  const at = random.pick(digits);
  let end = at;
  while (end < bytes.length && isDigit(bytes[end])) end++;
  const lies = [
    '0',
    '1',
    '3',
    '7',
    '-1',
    '255',
    '4095',
    '4096',
    '65535',
    '65536',
    '2147483647',
    '4294967296',
  ];
  lies.push('99999999999999999999', '18446744073709551615', '9007199254740993', '1e9', '', '0x');
  return join(bytes.subarray(0, at), new TextEncoder().encode(random.pick(lies)), bytes.subarray(end));
};

/** Words that formats, headers and events are made of, in a place where they do not belong. */
const misplaceWord: Mutation = (bytes, random) => {
  const words = [
    '\n',
    ' ',
    ':',
    ';',
    '[',
    ']',
    '(',
    ')',
    ' <- ',
    '=',
    '\0',
    '\t',
    '__data_loc ',
    '__rel_loc ',
    'char[]',
  ];
  words.push(
    '\tfield:unsigned long x;\toffset:8;\tsize:8;\tsigned:0;\n',
    'name: ',
    'ID: 5\n',
    'format:\n',
    'print fmt: "%s %d",',
  );
  words.push(
    'options  \0',
    'flyrecord\0',
    'latency  \0',
    'CPU:1 [LOST 5 EVENTS]\n',
    'cpus=4000000\n',
    '# tracer: nop\n',
    '-1 [000] 1.1: x: ',
  );
  words.push(
    '[4294967295]',
    '->',
    '((((((((((((((((',
    'REC->',
    '__print_flags(',
    'Node 0, zone      DMA\n',
    '  pagesets\n    cpu: 70000\n',
  );
  const at = random.below(bytes.length + 1);
  const word = new TextEncoder().encode(random.pick(words));
  return join(bytes.subarray(0, at), word, bytes.subarray(random.chance(2) ? at : at + word.length));
};

const mutations: readonly Mutation[] = [
  cut,
  flipBit,
  flipBit,
  setBytes,
  setInteger,
  setInteger,
  removePart,
  repeatPart,
  zeroPart,
  moveInOther,
  lieInText,
  lieInText,
  misplaceWord,
];

/** One to six mutations, mostly one. */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  let mutated = bytes;
  for (let left = random.pick([1, 1, 1, 2, 3, 6]); left > 0; left--) {
    mutated = random.pick(mutations)(mutated, random, others);
  }
  return mutated;
}

function join(...parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
