/** Addresses of kernel functions from the recording's copy of /proc/kallsyms. Only the names asked for are kept. */

/** A 64-bit address in two halves. */
export interface Address {
  readonly high: number;
  readonly low: number;
}

const newline = 10;
const space = 32;
const tab = 9;

/**
 * Finds `names` in the text `ADDRESS TYPE NAME [MODULE]` per line. A name that stands twice keeps its first address; an
 * address of 0 (hidden from the recorder by kptr_restrict) is none.
 */
export function findSymbols(kallsyms: Uint8Array, names: Iterable<string>): Map<string, Address> {
  const byLength = new Map<number, Array<{ name: string; bytes: Uint8Array }>>();
  const encoder = new TextEncoder();
  for (const name of names) {
    const bytes = encoder.encode(name);
    const same = byLength.get(bytes.length);
    if (same === undefined) byLength.set(bytes.length, [{ name, bytes }]);
    else same.push({ name, bytes });
  }
  const found = new Map<string, Address>();
  for (let start = 0; start < kallsyms.length; ) {
    let end = kallsyms.indexOf(newline, start);
    if (end < 0) end = kallsyms.length;
    const afterAddress = kallsyms.indexOf(space, start);
    if (afterAddress < 0) break;
    const nameAt = afterAddress + 3;
    if (nameAt < end) {
      let nameEnd = nameAt;
      while (nameEnd < end && kallsyms[nameEnd] !== tab && kallsyms[nameEnd] !== space) nameEnd++;
      const candidates = byLength.get(nameEnd - nameAt);
      if (candidates !== undefined) {
        const hit = candidates.find(({ bytes }) => bytes.every((byte, i) => kallsyms[nameAt + i] === byte));
        if (hit !== undefined && !found.has(hit.name)) {
          const address = parseAddress(kallsyms, start, afterAddress);
          if (address !== null) found.set(hit.name, address);
        }
      }
    }
    start = end + 1;
  }
  return found;
}

/** Tells whether a name stands in kallsyms, hidden addresses or not. One pass over the text, then a search a name. */
export function symbolNames(kallsyms: Uint8Array): (name: string) => boolean {
  const text = new TextDecoder().decode(kallsyms);
  return (name) => {
    const part = ` ${name}`;
    for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
      const after = text[at + part.length];
      if (after === undefined || after === '\n' || after === '\t') return true;
    }
    return false;
  };
}

function parseAddress(bytes: Uint8Array, start: number, end: number): Address | null {
  let high = 0;
  let low = 0;
  for (let i = start; i < end; i++) {
    const digit = hexDigit(bytes[i]);
    if (digit < 0) return null;
    high = ((high << 4) | (low >>> 28)) >>> 0;
    low = ((low << 4) | digit) >>> 0;
  }
  return high === 0 && low === 0 ? null : { high, low };
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x61 + 10;
  return byte >= 0x41 && byte <= 0x46 ? byte - 0x41 + 10 : -1;
}
