/** Entry of the Web Worker that runs the engine. */

import { EngineHost } from './engine-host.ts';
import type { ToEngine } from './messages.ts';

const scope = globalThis as unknown as {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToEngine>) => void): void;
};
const host = new EngineHost(
  (message, transfer) => scope.postMessage(message, transfer),
  () => performance.now(),
);
scope.addEventListener('message', ({ data }) => void host.receive(data));
