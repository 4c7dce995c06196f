/** Views that stand in the page itself: `drainlab replay --html` writes them as base64 in elements of this class. */

import { add, doing, sharedEngine } from './state.ts';

const dataClass = 'drainlab-data';

/** Opens everything that was mailed, in its order; nothing on a page of a server. */
export async function openMailed(): Promise<void> {
  for (const element of document.getElementsByClassName(dataClass)) {
    const startMs = performance.now();
    const bytes = bytesOf(element.textContent ?? '');
    const opened = await doing('Opening', (asking) => sharedEngine().ask('openPacked', { bytes }, asking));
    if (opened !== null) add(opened, sharedEngine(), performance.now() - startMs);
  }
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64.trim());
  return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}
