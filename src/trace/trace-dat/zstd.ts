/** Zstandard for one block at a time, over the Wasm of zstddec, without an extra copy. */

import { ZSTDDecoder } from 'zstddec';
import { assert } from '../../base/assert.ts';

/** What the Wasm exports; see the export section of zstddec's module. */
interface ZstdExports {
  memory: WebAssembly.Memory;
  malloc(size: number): number;
  free(address: number): void;
  ZSTD_decompress(target: number, targetSize: number, source: number, sourceSize: number): number;
}

let instantiated: ZstdExports | undefined;

/** zstddec keeps its instance to itself; this hook of its own class hands it to us. */
class Decoder extends ZSTDDecoder {
  override _init(result: WebAssembly.WebAssemblyInstantiatedSource): void {
    super._init(result);
    instantiated = result.instance.exports as unknown as ZstdExports;
  }
}

/** Decompresses zstd frames of known size. Make it with `ZstdBlocks.create()`. */
export class ZstdBlocks {
  readonly #decoder: ZSTDDecoder;
  #sourceAt = 0;
  #sourceSize = 0;
  #targetAt = 0;
  #targetSize = 0;

  private constructor(decoder: ZSTDDecoder) {
    this.#decoder = decoder;
  }

  static async create(): Promise<ZstdBlocks> {
    const decoder = new Decoder();
    await withoutFetch(() => decoder.init());
    return new ZstdBlocks(decoder);
  }

  /** Fills `target` with the frame in `source`. Returns the bytes that came out, or -1 when the frame is damaged or larger. */
  decompress(source: Uint8Array, target: Uint8Array): number {
    if (instantiated === undefined) return this.#decompressByCopy(source, target);
    const wasm = instantiated;
    if (source.length > this.#sourceSize) {
      if (this.#sourceAt !== 0) wasm.free(this.#sourceAt);
      this.#sourceSize = source.length * 2;
      this.#sourceAt = allocate(wasm, this.#sourceSize);
    }
    if (target.length > this.#targetSize) {
      if (this.#targetAt !== 0) wasm.free(this.#targetAt);
      this.#targetSize = target.length;
      this.#targetAt = allocate(wasm, this.#targetSize);
    }
    new Uint8Array(wasm.memory.buffer, this.#sourceAt, source.length).set(source);
    const count = wasm.ZSTD_decompress(this.#targetAt, target.length, this.#sourceAt, source.length);
    // An error is a negative number of 32 bits.
    if (count < 0 || count > target.length) return -1;
    target.set(new Uint8Array(wasm.memory.buffer, this.#targetAt, count));
    return count;
  }

  /** Gives the Wasm memory back for the next reader. */
  close(): void {
    if (instantiated === undefined) return;
    if (this.#sourceAt !== 0) instantiated.free(this.#sourceAt);
    if (this.#targetAt !== 0) instantiated.free(this.#targetAt);
    this.#sourceAt = 0;
    this.#sourceSize = 0;
    this.#targetAt = 0;
    this.#targetSize = 0;
  }

  /** When somebody else made zstddec's only instance first, its own method is the way in. */
  #decompressByCopy(source: Uint8Array, target: Uint8Array): number {
    const bytes = this.#decoder.decode(source, target.length);
    if (bytes.length > target.length) return -1;
    target.set(bytes);
    return bytes.length;
  }
}

/**
 * zstddec decodes its own bytes through `fetch` where there is one. Node has one, but it is a whole HTTP client, which takes
 * 15 ms to load; without it zstddec uses Node's Buffer. Only while `start` runs, which waits for nothing.
 */
function withoutFetch<Result>(start: () => Result): Result {
  const { fetch } = globalThis;
  if (!('Buffer' in globalThis)) return start();
  Reflect.set(globalThis, 'fetch', undefined);
  try {
    return start();
  } finally {
    Reflect.set(globalThis, 'fetch', fetch);
  }
}

function allocate(wasm: ZstdExports, size: number): number {
  const address = wasm.malloc(size);
  assert(address !== 0, `${size} bytes for zstd could not be had`);
  return address;
}
