/** Takes the ways to the network and to what is stored away from a worker, before it runs a policy of the user's own. */

const ways = [
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'WebSocketStream',
  'WebTransport',
  'EventSource',
  'RTCPeerConnection',
  'importScripts',
  'indexedDB',
  'caches',
  'cookieStore',
  'BroadcastChannel',
  'Worker',
  'SharedWorker',
  'FontFace',
  'fonts',
  'Notification',
  'navigator',
] as const;

/**
 * Nothing of it comes back: the names are taken off the worker's object and off what it inherits from. `import()` is no name that
 * can be taken: own-policy.ts refuses it in the text, and the page starts the worker so that its content security policy
 * holds in it.
 */
export function cage(scope: object): void {
  for (const name of ways) {
    for (let at: object | null = scope; at !== null; at = Object.getPrototypeOf(at)) {
      if (Object.hasOwn(at, name)) Reflect.deleteProperty(at, name);
    }
    Object.defineProperty(scope, name, { value: undefined, configurable: false, writable: false });
  }
}
