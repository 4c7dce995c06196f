/** Names of tasks by thread id, as the lines of a text recording show them: the newest name wins. */

/** More tasks than this are not named: memory stays bounded whatever the text says. */
const tasksMax = 1 << 18;
const cacheSize = 8192;
/** Tasks of which no name is known: trace-cmd prints `<...>`. */
const unknownName = '<...>';

const decoder = new TextDecoder();

export class TaskNames {
  readonly #names: Map<number, string> = new Map();
  /** Direct-mapped by thread id: the hash of the name last seen, so that a line of a known task costs no string. */
  readonly #cachedPid: Int32Array = new Int32Array(cacheSize).fill(-1);
  readonly #cachedHash: Int32Array = new Int32Array(cacheSize);

  see(pid: number, bytes: Uint8Array, from: number, end: number): void {
    let hash = 0;
    for (let at = from; at < end; at++) hash = Math.imul(hash, 31) + bytes[at];
    hash |= 0;
    const slot = pid & (cacheSize - 1);
    if (this.#cachedPid[slot] === pid && this.#cachedHash[slot] === hash) return;
    this.#cachedPid[slot] = pid;
    this.#cachedHash[slot] = hash;
    const name = decoder.decode(bytes.subarray(from, end));
    if (name === unknownName) return;
    if (this.#names.size < tasksMax || this.#names.has(pid)) this.#names.set(pid, name);
  }

  nameOf(pid: number): string {
    return this.#names.get(pid) ?? '';
  }
}
