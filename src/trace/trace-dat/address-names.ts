/** What the addresses in a recording's events stand for: functions (kallsyms) and format strings (printk_formats). */

import { SymbolTable } from './symbol-table.ts';

export class AddressNames {
  readonly #kallsyms: (() => Uint8Array) | null;
  readonly #printk: Uint8Array;
  #symbols: SymbolTable | undefined;
  #texts: Map<bigint, string> | undefined;

  constructor(kallsyms: (() => Uint8Array) | null, printk: Uint8Array) {
    this.#kallsyms = kallsyms;
    this.#printk = printk;
  }

  /** `name` or `name+0x12`; '' when the recording does not say. */
  functionAt(address: bigint): string {
    if (this.#kallsyms === null) return '';
    this.#symbols ??= new SymbolTable(this.#kallsyms());
    return this.#symbols.nameOf(address);
  }

  /** A string of the kernel that trace_printk referred to; undefined when the recording does not have it. */
  textAt(address: bigint): string | undefined {
    this.#texts ??= parsePrintk(this.#printk);
    return this.#texts.get(address);
  }
}

/** Lines of `0xffffffff8208c48a : "text\n"`, with the escapes of C. */
function parsePrintk(bytes: Uint8Array): Map<bigint, string> {
  const texts = new Map<bigint, string>();
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    const match = /^\s*(?:0x)?([0-9a-fA-F]+)\s*:\s*"?(.*?)"?\s*$/.exec(line);
    if (match !== null) texts.set(BigInt(`0x${match[1]}`), unescaped(match[2]));
  }
  return texts;
}

function unescaped(text: string): string {
  return text.replace(/\\([ntr"\\])/g, (_, letter: string) => escapes[letter] ?? letter);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
