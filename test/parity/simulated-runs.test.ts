/** A simulated run is the same bit for bit in Node, in a thread of Node, and in a browser. */

import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../browser.ts';
import { type SimulatedResult, simulatedResults } from './simulated.ts';

let inNode: SimulatedResult[];
let bundle = '';

beforeAll(async () => {
  inNode = simulatedResults();
  const { outputFiles } = await build({
    stdin: {
      contents: "import { simulatedResults } from './simulated.ts'; globalThis.simulated = simulatedResults;",
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    logLevel: 'silent',
  });
  bundle = outputFiles[0].text;
});

it('has something to compare: every run drains', () => {
  expect(inNode).toHaveLength(5);
  for (const { name, drains } of inNode) expect(drains, name).toBeGreaterThan(10);
  expect(new Set(inNode.map(({ hash }) => hash)).size).toBe(5);
});

it('twice in Node', () => {
  expect(simulatedResults()).toEqual(inNode);
});

it('in a thread', async () => {
  const thread = new Worker(
    `${bundle}\nrequire('node:worker_threads').parentPort.postMessage(globalThis.simulated());`,
    { eval: true },
  );
  const answer = await new Promise<SimulatedResult[]>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  await thread.terminate();
  expect(answer).toEqual(inNode);
});

it('in a headless browser, on the page and in a worker', async () => {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: bundle });
    // As texts: a function would carry the names of the test runner's modules.
    expect(await page.evaluate('globalThis.simulated()')).toEqual(inNode);
    const workerText = JSON.stringify(`${bundle}\npostMessage(globalThis.simulated());`);
    const inWorker = await page.evaluate(`new Promise((resolve, reject) => {
        const worker = new Worker(URL.createObjectURL(new Blob([${workerText}])));
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      })`);
    expect(inWorker).toEqual(inNode);
  } finally {
    await browser.close();
  }
});
