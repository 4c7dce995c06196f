/** The host that `drainlab serve` runs on, as it tells of itself: census, samples, its own cost. Comes back by itself when it is lost. */

import { type ReadonlySignal, signal } from '@preact/signals';
import type { HostCensus } from '../census/host-census.ts';
import type { CostJson, HostJson, SampleJson } from '../snapshot/live-json.ts';
import { LiveRecord } from './live-record.ts';

/** Was this page sent by `drainlab serve`? Elsewhere there is nobody to ask, and nothing is asked for. */
export function isServed(): boolean {
  return document.querySelector('meta[name="drainlab-server"]') !== null;
}

export type LiveState =
  | { readonly kind: 'connecting' | 'live' }
  /** It will be tried again. */
  | { readonly kind: 'lost'; readonly why: string }
  /** Only another link helps. */
  | { readonly kind: 'locked'; readonly why: string };

/** What is used of the browser, so that a test can stand in for it. */
export interface LiveBrowser {
  readonly events: (url: string) => EventSource;
  readonly fetch: (url: string) => Promise<Response>;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly later: (run: () => void, ms: number) => void;
}

const browser: LiveBrowser = {
  events: (url) => new EventSource(url),
  fetch: (url) => fetch(url),
  now: () => Date.now(),
  later: (run, ms) => setTimeout(run, ms),
};

const censusEveryMs = 10_000;
const retryMs = 3000;
/** As `EventSource.CLOSED`, which a server without a browser does not have. */
const closed = 2;

export class LiveHost {
  readonly #browser: LiveBrowser;
  readonly #state = signal<LiveState>({ kind: 'connecting' });
  readonly #host = signal<HostJson | null>(null);
  readonly #sample = signal<SampleJson | null>(null);
  readonly #cost = signal<CostJson | null>(null);
  readonly #census = signal<HostCensus | null>(null);
  #record: LiveRecord | null = null;
  #events: EventSource | null = null;
  /** Wall clock at the server's time 0; null: the next sample tells. */
  #startMs: number | null = null;
  #afterGap = false;
  #isFollowed = false;
  #censusMs = Number.NEGATIVE_INFINITY;

  constructor(used: LiveBrowser = browser) {
    this.#browser = used;
  }

  get state(): ReadonlySignal<LiveState> {
    return this.#state;
  }

  get host(): ReadonlySignal<HostJson | null> {
    return this.#host;
  }

  /** Changes with every sample; the record has it already. */
  get sample(): ReadonlySignal<SampleJson | null> {
    return this.#sample;
  }

  get cost(): ReadonlySignal<CostJson | null> {
    return this.#cost;
  }

  /** When the census was asked for, ms by the wall clock. */
  get censusMs(): number {
    return this.#censusMs;
  }

  /** Asked for every 10 s. */
  get census(): ReadonlySignal<HostCensus | null> {
    return this.#census;
  }

  /** Of the last minutes; begins anew when CPUs or zones have changed. */
  get record(): LiveRecord | null {
    return this.#record;
  }

  /** Follows the host until the function that it gives is called. The server takes samples only while somebody does. */
  follow(): () => void {
    this.#isFollowed = true;
    this.#connect();
    return () => {
      this.#isFollowed = false;
      this.#events?.close();
      this.#events = null;
    };
  }

  #connect(): void {
    this.#startMs = null;
    this.#afterGap = this.#record !== null;
    this.#state.value = { kind: 'connecting' };
    const events = this.#browser.events('api/live');
    this.#events = events;
    const on = <Data>(name: string, take: (data: Data) => void) =>
      events.addEventListener(name, ({ data }: MessageEvent<string>) => take(JSON.parse(data) as Data));
    on<HostJson>('host', (host) => this.#takeHost(host));
    on<SampleJson>('sample', (sample) => this.#takeSample(sample));
    on<CostJson>('cost', (cost) => {
      this.#cost.value = cost;
    });
    on<{ message: string }>('end', ({ message }) => this.#lose(message));
    events.addEventListener('error', () => {
      if (this.#events !== events) return;
      if (events.readyState === closed) void this.#afterRefusal();
      else if (this.#state.value.kind !== 'lost') this.#lose('no connection');
    });
  }

  #takeHost(host: HostJson): void {
    const isSame = JSON.stringify(host) === JSON.stringify(this.#host.value);
    if (!isSame || this.#record === null) this.#record = new LiveRecord(host);
    this.#startMs = null;
    this.#host.value = host;
  }

  #takeSample(sample: SampleJson): void {
    const now = this.#browser.now();
    // The first sample after a connection tells how the server's clock stands to ours; from there on its own times count.
    this.#startMs ??= now - sample.timeMs;
    this.#record?.add(sample, this.#startMs + sample.timeMs, this.#afterGap);
    this.#afterGap = false;
    this.#state.value = { kind: 'live' };
    this.#sample.value = sample;
    if (now - this.#censusMs >= censusEveryMs) {
      this.#censusMs = now;
      void this.#askCensus();
    }
  }

  async #askCensus(): Promise<void> {
    try {
      const response = await this.#browser.fetch('api/census');
      if (response.ok) this.#census.value = (await response.json()) as HostCensus;
    } catch {
      // The connection is lost: the events say so.
    }
  }

  #lose(why: string): void {
    this.#startMs = null;
    this.#afterGap = true;
    this.#state.value = { kind: 'lost', why };
  }

  /** The browser has given up: what does the server say to an ordinary question? */
  async #afterRefusal(): Promise<void> {
    this.#events = null;
    let why = 'no connection';
    try {
      const response = await this.#browser.fetch('api/census');
      if (response.status === 401) {
        const { message } = (await response.json()) as { message: string };
        this.#state.value = { kind: 'locked', why: message };
        return;
      }
      if (!response.ok) why = ((await response.json()) as { message: string }).message;
    } catch {
      // Tried again below.
    }
    this.#lose(why);
    this.#browser.later(() => {
      if (this.#isFollowed && this.#events === null) this.#connect();
    }, retryMs);
  }
}

let shared: LiveHost | null = null;

/** The same for every visit of the view, so that its record goes on. */
export function liveHost(): LiveHost {
  shared ??= new LiveHost();
  return shared;
}
