/** All functions of the recording's kallsyms by address, for people: `drain_local_pages_wq`, `wake_up+0x37`. */

const newline = 10;
const space = 32;
const decoder = new TextDecoder();

export class SymbolTable {
  readonly #text: Uint8Array;
  /** Addresses, ascending, and where the name of each stands in the text. */
  readonly #addresses: BigUint64Array;
  readonly #nameAt: Uint32Array;

  constructor(kallsyms: Uint8Array) {
    this.#text = kallsyms;
    const found: Array<{ address: bigint; nameAt: number }> = [];
    for (let start = 0; start < kallsyms.length; ) {
      let end = kallsyms.indexOf(newline, start);
      if (end < 0) end = kallsyms.length;
      const afterAddress = kallsyms.indexOf(space, start);
      if (afterAddress >= 0 && afterAddress + 3 < end && afterAddress - start <= 16) {
        const digits = decoder.decode(kallsyms.subarray(start, afterAddress));
        if (/^[0-9a-fA-F]+$/.test(digits))
          found.push({ address: BigInt(`0x${digits}`), nameAt: afterAddress + 3 });
      }
      start = end + 1;
    }
    found.sort((one, other) => (one.address < other.address ? -1 : one.address > other.address ? 1 : 0));
    this.#addresses = BigUint64Array.from(found, ({ address }) => address);
    this.#nameAt = Uint32Array.from(found, ({ nameAt }) => nameAt);
  }

  /** `name` or `name+0xoffset` of the symbol at or before `address`; '' when there is none. */
  nameOf(address: bigint): string {
    let low = 0;
    let high = this.#addresses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#addresses[middle] <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || address === 0n) return '';
    const base = this.#addresses[low - 1];
    // The first of several names of one address is the one that kallsyms lists first.
    while (low > 1 && this.#addresses[low - 2] === base) low--;
    const at = this.#nameAt[low - 1];
    let end = at;
    while (end < this.#text.length && this.#text[end] > space) end++;
    const name = decoder.decode(this.#text.subarray(at, end));
    return address === base ? name : `${name}+0x${(address - base).toString(16)}`;
  }
}
