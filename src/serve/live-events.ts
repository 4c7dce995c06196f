/**
 * Samples of the host as server-sent events: one source for all who look, and none while nobody does. Whoever does not read
 * what is sent is dropped: what waits for a client is bounded.
 */

import type { ServerResponse } from 'node:http';
import { type HostSample, hostJson, sampleJson } from '../host/host-sample.ts';
import type { SelfCost } from '../host/self-cost.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';
import type { CostJson } from '../snapshot/live-json.ts';

/**
 * Calls `onSample` with each sample until the function that it gives is called, `onCost` with what this program has cost now and
 * then; `onEnd` when there will be no more.
 */
export type LiveSource = (
  onSample: (sample: HostSample) => void,
  onEnd: (reason: string) => void,
  onCost: (cost: SelfCost) => void,
) => () => void;

export interface LiveLimits {
  readonly clients: number;
  /** Bytes that may wait for one client. */
  readonly waitingBytes: number;
  /** A line that says nothing, so that nobody between takes the connection for dead. */
  readonly keepAliveMs: number;
  /** After which a browser asks again. */
  readonly retryMs: number;
}

export const liveLimits: LiveLimits = {
  clients: 16,
  waitingBytes: 4 << 20,
  keepAliveMs: 15_000,
  retryMs: 2000,
};

/** Time in which a client that is dropped may still take the message that says so. */
const lastWordMs = 500;

const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // For proxies that would collect events before they pass them on.
  'X-Accel-Buffering': 'no',
};

export class LiveEvents {
  private readonly source: LiveSource;
  private readonly limits: LiveLimits;
  private readonly clients = new Set<ServerResponse>();
  private keepAlive: NodeJS.Timeout | undefined;
  private stopSource: (() => void) | null = null;
  /** What samples are read with, as it was sent last; '' while nobody looks. */
  private hostText = '';
  private host: HostSnapshot | null = null;

  constructor(source: LiveSource, limits: Partial<LiveLimits> = {}) {
    this.source = source;
    this.limits = { ...liveLimits, ...limits };
  }

  get clientCount(): number {
    return this.clients.size;
  }

  get isFull(): boolean {
    return this.clients.size >= this.limits.clients;
  }

  /** Sends to `response` until the client goes or is dropped. */
  add(response: ServerResponse): void {
    response.writeHead(200, headers);
    response.write(`retry: ${this.limits.retryMs}\n\n${this.hostText}`);
    this.clients.add(response);
    response.on('close', () => this.leave(response));
    response.on('error', () => this.leave(response));
    if (this.clients.size === 1) this.start();
  }

  /** Tells everybody that it is over. */
  close(): void {
    for (const client of [...this.clients]) this.end(client, 'drainlab has ended');
  }

  private start(): void {
    this.keepAlive = setInterval(() => this.send(': still here\n\n'), this.limits.keepAliveMs);
    this.stopSource = this.source(
      (sample) => this.sendSample(sample),
      (reason) => {
        for (const client of [...this.clients]) this.end(client, reason);
      },
      (cost) => this.send(eventText('cost', costJson(cost))),
    );
  }

  private leave(client: ServerResponse): void {
    if (!this.clients.delete(client) || this.clients.size > 0) return;
    clearInterval(this.keepAlive);
    this.stopSource?.();
    this.stopSource = null;
    this.host = null;
    this.hostText = '';
  }

  private sendSample(sample: HostSample): void {
    if (sample.host !== this.host) {
      this.host = sample.host;
      this.hostText = eventText('host', hostJson(sample.host));
      this.send(this.hostText);
    }
    this.send(eventText('sample', sampleJson(sample)));
  }

  private send(text: string): void {
    for (const client of [...this.clients]) {
      if (client.writableLength > this.limits.waitingBytes) {
        this.end(client, 'too slow: what was sent was not read; open it again for what is now');
      } else {
        client.write(text);
      }
    }
  }

  private end(client: ServerResponse, message: string): void {
    this.leave(client);
    client.end(eventText('end', { message }));
    setTimeout(() => client.destroy(), lastWordMs).unref();
  }
}

/** Of drainlab's process, everything that it does and sends included. */
function costJson({ corePercent, elapsedMs, residentBytes }: SelfCost): CostJson {
  return {
    schema: 'drainlab.cost/1',
    corePercent: Math.round(corePercent * 1000) / 1000,
    overMs: Math.round(elapsedMs),
    residentBytes,
  };
}

function eventText(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
