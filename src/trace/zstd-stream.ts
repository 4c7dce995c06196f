/**
 * Zstandard as a stream, over the Wasm of zstddec. Its own decodeStreaming takes only iterables that never wait, loops
 * for ever on damaged data and keeps the memory of a stream that is given up, so the loop is here.
 */

import { ZSTDDecoder } from 'zstddec/stream';

/** What the Wasm exports; see the export section of zstddec's module. */
interface ZstdExports {
  memory: WebAssembly.Memory;
  malloc(size: number): number;
  free(address: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): number;
  ZSTD_DStreamInSize(): number;
  ZSTD_DStreamOutSize(): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

let wasm: ZstdExports | undefined;

/** zstddec keeps its instance to itself; this hook of its own class hands it to us. */
class Decoder extends ZSTDDecoder {
  override _init(result: WebAssembly.WebAssemblyInstantiatedSource): void {
    super._init(result);
    wasm = result.instance.exports as unknown as ZstdExports;
  }
}

/** ZSTD_inBuffer and ZSTD_outBuffer: address, size, position; 32 bits each. */
const bufferStructBytes = 12;

export class ZstdStream {
  /** Throws an Error when the data are damaged or end inside a frame. */
  async *decompress(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    await new Decoder().init();
    if (wasm === undefined) throw new Error('the zstd decoder did not start');
    const context = new StreamContext(wasm);
    try {
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length; at += context.inputSize) {
          yield* context.feed(chunk.subarray(at, at + context.inputSize));
        }
      }
      if (!context.isAtFrameEnd) throw new Error('unexpected end of the data');
    } finally {
      context.free();
    }
  }
}

class StreamContext {
  isAtFrameEnd = true;
  readonly inputSize: number;
  readonly #wasm: ZstdExports;
  readonly #outputSize: number;
  readonly #context: number;
  readonly #input: number;
  readonly #output: number;
  readonly #structs: number;

  constructor(exports: ZstdExports) {
    this.#wasm = exports;
    this.inputSize = exports.ZSTD_DStreamInSize();
    this.#outputSize = exports.ZSTD_DStreamOutSize();
    this.#context = exports.ZSTD_createDCtx();
    this.#input = exports.malloc(this.inputSize);
    this.#output = exports.malloc(this.#outputSize);
    this.#structs = exports.malloc(2 * bufferStructBytes);
  }

  /** Decompresses `input`, at most `inputSize` bytes. */
  *feed(input: Uint8Array): Generator<Uint8Array> {
    const { memory } = this.#wasm;
    const inputStruct = this.#structs;
    const outputStruct = this.#structs + bufferStructBytes;
    new Uint8Array(memory.buffer, this.#input, input.length).set(input);
    let consumed = 0;
    let produced = 0;
    do {
      // A view anew each time: the memory may have grown.
      const before = new DataView(memory.buffer);
      writeStruct(before, inputStruct, this.#input, input.length, consumed);
      writeStruct(before, outputStruct, this.#output, this.#outputSize, 0);
      const result = this.#wasm.ZSTD_decompressStream(this.#context, outputStruct, inputStruct);
      // Errors are the negated numbers of ZSTD_ErrorCode, of which there are fewer than 256.
      if ((result | 0) < 0 && (result | 0) > -256) throw new Error(`zstd error ${-(result | 0)}`);
      const after = new DataView(memory.buffer);
      const wasConsumed = consumed;
      consumed = after.getUint32(inputStruct + 8, true);
      produced = after.getUint32(outputStruct + 8, true);
      this.isAtFrameEnd = result === 0;
      if (produced > 0) yield new Uint8Array(memory.buffer, this.#output, produced).slice();
      else if (consumed === wasConsumed) break;
    } while (consumed < input.length || produced === this.#outputSize);
  }

  free(): void {
    this.#wasm.ZSTD_freeDCtx(this.#context);
    for (const address of [this.#input, this.#output, this.#structs]) this.#wasm.free(address);
  }
}

function writeStruct(view: DataView, at: number, address: number, size: number, position: number): void {
  view.setUint32(at, address, true);
  view.setUint32(at + 4, size, true);
  view.setUint32(at + 8, position, true);
}
