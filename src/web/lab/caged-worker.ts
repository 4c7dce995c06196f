/**
 * The worker in which a policy of the user's own runs. It is started from a blob, since such a worker has the content security
 * policy of the page, whatever the host of the page sends with its files: no script and no connection but to where the page is
 * from. thread/cage.ts takes the rest away.
 */

import workerAddress from '../../thread/web-worker.ts?worker&url';
import { EngineClient, inlineWorkerText } from '../engine-client.ts';

export function cagedEngine(): EngineClient {
  const inline = inlineWorkerText();
  const text = inline || `import ${JSON.stringify(new URL(workerAddress, document.baseURI).href)};`;
  const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  return new EngineClient(new Worker(address, inline ? {} : { type: 'module' }));
}
