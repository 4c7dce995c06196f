/** From the address of a probe or of a function tracer's entry to the rule of its function. */

import { type EventRule, type ProbeSort, ruleOfFunction } from '../kernel-events.ts';
import type { Address } from './kernel-symbols.ts';

/** A tracer's call may stand behind the function's first instructions (endbr64 on x86, bti on arm64). */
const entryBytes = 16;

export class FunctionRules {
  readonly #symbols: () => ReadonlyMap<string, Address>;
  #byAddress: Array<Address & { name: string }> | undefined;
  /** Low half of an address → what was found for it. */
  readonly #known: Map<number, { high: number; name: string }> = new Map();

  constructor(symbols: () => ReadonlyMap<string, Address>) {
    this.#symbols = symbols;
  }

  ruleAt({ high, low }: Address, sort: ProbeSort): EventRule | undefined {
    let known = this.#known.get(low);
    if (known === undefined || known.high !== high) {
      known = { high, name: this.#nameAt(high, low) };
      this.#known.set(low, known);
    }
    return known.name === '' ? undefined : ruleOfFunction(known.name, sort);
  }

  #nameAt(high: number, low: number): string {
    this.#byAddress ??= [...this.#symbols()].map(([name, address]) => ({ name, ...address }));
    const near = this.#byAddress.find(
      (symbol) => symbol.high === high && low >= symbol.low && low < symbol.low + entryBytes,
    );
    return near?.name ?? '';
  }
}
