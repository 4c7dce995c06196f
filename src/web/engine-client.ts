/** The page's side of thread/messages.ts: asks the worker, follows progress, calls off. */

import type {
  CallName,
  Calls,
  EngineError,
  EngineProgress,
  FromEngine,
  ToEngine,
} from '../thread/messages.ts';

export interface Asking {
  readonly onProgress?: (progress: EngineProgress) => void;
  readonly signal?: AbortSignal;
}

/** What the engine says is wrong: the reader's own message, with its place and advice. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
  readonly error: EngineError;

  constructor(error: EngineError) {
    super(error.message);
    this.error = error;
  }

  get wasCancelled(): boolean {
    return this.error.code === 'E_CANCELLED';
  }
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: EngineFailure) => void;
  readonly onProgress: ((progress: EngineProgress) => void) | undefined;
}

export class EngineClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(worker: Worker = startWorker()) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromEngine>) => this.#receive(data));
    worker.addEventListener('error', (event) =>
      this.#failAll(event.message || 'the worker of the engine ended'),
    );
  }

  /** Rejects with an EngineFailure. */
  ask<Name extends CallName>(
    call: Name,
    ask: Calls[Name]['ask'],
    { onProgress, signal }: Asking = {},
  ): Promise<Calls[Name]['answer']> {
    const id = this.#next++;
    return new Promise<Calls[Name]['answer']>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject, onProgress });
      signal?.addEventListener('abort', () => this.#post({ id, cancel: true }), { once: true });
      this.#post({ id, call, ask });
    });
  }

  /** Ends the worker, whatever it does: what was asked fails as called off. */
  end(): void {
    this.#worker.terminate();
    this.#fail({ code: 'E_CANCELLED', message: 'called off', where: '', hint: '' });
  }

  #post(message: ToEngine): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromEngine): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if ('progress' in message) {
      waiting.onProgress?.(message.progress);
      return;
    }
    this.#waiting.delete(message.id);
    if ('error' in message) waiting.reject(new EngineFailure(message.error));
    else waiting.resolve(message.answer);
  }

  #failAll(message: string): void {
    this.#fail({ code: '', message, where: '', hint: 'Reload the page.' });
  }

  #fail(error: EngineError): void {
    for (const { reject } of this.#waiting.values()) reject(new EngineFailure(error));
    this.#waiting.clear();
  }
}

/** Where the page is one mailed file, the worker's text stands in it. */
const inlineWorkerId = 'drainlab-worker';

/** '' where the worker is a file of its own. */
export function inlineWorkerText(): string {
  return document.getElementById(inlineWorkerId)?.textContent ?? '';
}

function startWorker(): Worker {
  const text = inlineWorkerText();
  if (text) return new Worker(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
  return new Worker(new URL('../thread/web-worker.ts', import.meta.url), { type: 'module' });
}
