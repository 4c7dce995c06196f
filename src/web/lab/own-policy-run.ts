/** Runs a policy of the user's own in its caged worker, with a limit of time; what goes wrong comes back as places in its text. */

import type { EngineError, PolicyFile, PolicyOver } from '../../thread/messages.ts';
import { EngineClient, EngineFailure } from '../engine-client.ts';
import { add, doing, type OpenRecording } from '../state.ts';
import { cagedEngine } from './caged-worker.ts';
import type { RunAsk } from './run-scenario.ts';

export const policyFileName = 'mine.ts';

export type Outcome<Result> =
  | { readonly result: Result }
  | { readonly error: EngineError }
  /** Called off. */
  | { readonly ended: true };

/** Every policy at the drains of a recording, the user's own as the last. */
export function ownOverRecording(
  typescript: string,
  recording: OpenRecording,
  policies: readonly string[],
  limitSeconds: number,
): Promise<Outcome<readonly PolicyOver[]>> {
  return limited(typescript, limitSeconds, async (policyFile, engine) => {
    const { bytes } = await recording.engine.ask('packDrains', { recording: recording.opened.recording });
    const opened = await engine.ask('openPacked', { bytes });
    const { rows } = await engine.ask('policyOver', { recording: opened.recording, policies, policyFile });
    return rows;
  });
}

/** The scenario under its policies and the user's own; opened like a recording, with the run of `shown` over time. */
export function ownInScenario(
  typescript: string,
  ask: RunAsk,
  shown: string,
  named: string,
  limitSeconds: number,
): Promise<Outcome<string>> {
  const startMs = performance.now();
  return limited(typescript, limitSeconds, async (policyFile, caged, { signal, onProgress }) => {
    const { verdict } = await caged.ask('simulate', { ...ask, policyFile }, { onProgress });
    const engine = new EngineClient();
    signal.addEventListener('abort', () => engine.end());
    const run = await engine.ask('simulateOne', { ...ask, policy: shown }, { onProgress });
    add({ ...run, verdict, name: named }, engine, performance.now() - startMs);
    return named;
  });
}

type Asking = Parameters<Parameters<typeof doing>[1]>[0];

async function limited<Result>(
  typescript: string,
  limitSeconds: number,
  task: (policyFile: PolicyFile, engine: EngineClient, asking: Asking) => Promise<Result>,
): Promise<Outcome<Result>> {
  let late = false;
  const outcome = await doing<Outcome<Result>>('Running your policy', async (asking) => {
    let engine: EngineClient | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const { stripTypes } = await import('./strip-types.ts');
      const javascript = compiled(stripTypes, typescript);
      const caged = cagedEngine();
      engine = caged;
      asking.signal.addEventListener('abort', () => caged.end());
      timer = setTimeout(() => {
        late = true;
        caged.end();
      }, limitSeconds * 1000);
      return { result: await task({ name: policyFileName, javascript }, caged, asking) };
    } catch (error) {
      if (late) return { error: lateError(limitSeconds) };
      if (!(error instanceof EngineFailure)) throw error;
      return error.wasCancelled ? { ended: true } : { error: error.error };
    } finally {
      clearTimeout(timer);
      engine?.end();
    }
  });
  return outcome ?? { ended: true };
}

function lateError(limitSeconds: number): EngineError {
  return {
    code: 'E_POLICY_ANSWER',
    message: `your policy was ended after ${limitSeconds} s`,
    where: policyFileName,
    hint: 'A rule that loops for ever is ended so; where the run itself is long, give it more time or shorten the scenario.',
  };
}

function compiled(stripTypes: (text: string) => string, typescript: string): string {
  try {
    return stripTypes(typescript);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const place = /\((\d+):(\d+)\)\s*$/.exec(text);
    throw new EngineFailure({
      code: 'E_POLICY_FILE',
      message: text.replace(/^Error transforming [^:]*: /, '').replace(/\s*\(\d+:\d+\)\s*$/, ''),
      where: place === null ? policyFileName : `${policyFileName}:${place[1]}:${place[2]}`,
      hint: 'This is no TypeScript.',
    });
  }
}
