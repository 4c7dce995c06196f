/** Listens, with limits that keep a stranger from filling memory, and with one clear message when it cannot. */

import { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import { isLoopback } from './safety.ts';

export type App = Hono<{ Bindings: HttpBindings }>;

export interface Place {
  /** Address or name to listen on. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface Listening {
  readonly port: number;
  /** `http://127.0.0.1:7311`. */
  readonly url: string;
  /** Others than this host can reach it. */
  readonly isOpen: boolean;
  /** Takes no more requests and ends those that run. */
  close(): Promise<void>;
}

const connectionsMax = 64;
const headerBytesMax = 8192;
/** Time to send a request; answers may take longer. */
const requestMs = 10_000;

export async function listen(app: App, { host, port }: Place): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { maxHeaderSize: headerBytesMax, headersTimeout: requestMs, requestTimeout: requestMs },
  });
  if (!(server instanceof Server)) throw new TypeError('not a server of node:http');
  server.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not listening on a port');
  return {
    port: address.port,
    url: urlOf(address),
    isOpen: !isLoopback(address.address),
    close: () => closed(server),
  };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** `0.0.0.0` is no address that one can open: this host's own stands for it. */
function urlOf({ address, port }: AddressInfo): string {
  if (address === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (address === '::') return `http://[::1]:${port}`;
  return address.includes(':') ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): DrainlabError {
  const [message, hint] = reasons[error.code ?? ''] ?? [`cannot listen: ${error.message}`, ''];
  return new DrainlabError(message, {
    code: 'E_LISTEN',
    where: `${host}, port ${port}`,
    hint,
    exitCode: ExitCode.outside,
    cause: error,
  });
}

const noSuchAddress = ['this host has no such address', 'ip address lists those that it has.'] as const;

const reasons: Record<string, readonly [message: string, hint: string]> = {
  EADDRINUSE: [
    'another program listens there already',
    'Name another port, or --port 0 for one that is free.',
  ],
  EACCES: ['no permission to listen there', 'Ports below 1024 are for root: name a larger one.'],
  EADDRNOTAVAIL: noSuchAddress,
  ENOTFOUND: noSuchAddress,
  EAI_AGAIN: noSuchAddress,
};
