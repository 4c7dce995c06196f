/** A run in a worker of its own, which can always be ended; opened like a recording when it is done. */

import { EngineClient } from '../engine-client.ts';
import { add, doing } from '../state.ts';

export interface RunAsk {
  readonly yaml: string;
  /** Name of the file that the text would be in. */
  readonly file: string;
  readonly sets: readonly string[];
}

/** Part of the progress that is the runs of all policies; the rest is the one that is shown over time. */
const allPart = 0.9;

/** Every policy on the same seeds, then the run of `shown` once more with its pages over time. False: called off, or it failed. */
export async function runScenario(ask: RunAsk, shown: string, named: string): Promise<boolean> {
  const startMs = performance.now();
  const engine = new EngineClient();
  const opened = await doing('Simulating', async ({ signal, onProgress }) => {
    signal.addEventListener('abort', () => engine.end());
    const { verdict } = await engine.ask('simulate', ask, {
      onProgress: (progress) => onProgress({ ...progress, part: allPart * (progress.part ?? 0) }),
    });
    const run = await engine.ask(
      'simulateOne',
      { ...ask, policy: shown },
      {
        onProgress: ({ part, bytes }) =>
          onProgress({
            what: `${shown} once more, with its pages over time`,
            part: allPart + (1 - allPart) * (part ?? 0),
            bytes,
          }),
      },
    );
    return { ...run, verdict, name: named };
  });
  if (opened === null) engine.end();
  else add(opened, engine, performance.now() - startMs);
  return opened !== null;
}
