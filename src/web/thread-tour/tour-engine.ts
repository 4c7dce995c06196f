/** The worker of the tour: its own, so that a step that is left can be ended at once. What was answered is kept. */

import { signal } from '@preact/signals';
import type { CallName, Calls, EngineProgress } from '../../thread/messages.ts';
import { EngineClient, EngineFailure } from '../engine-client.ts';
import { fail } from '../state.ts';
import type { Answer, Claim } from './claim.ts';
import { runExperiment } from './experiment.ts';

export type Going =
  | { readonly state: 'idle' }
  | { readonly state: 'running'; readonly claim: string; readonly progress: EngineProgress | null };

const going = signal<Going>({ state: 'idle' });
const answered = signal<ReadonlyMap<string, Answer>>(new Map());
/** Answers of the worker by what was asked: several steps look at the same run. */
const kept = new Map<string, Promise<unknown>>();
let engine: EngineClient | null = null;

export function goingOn(): Going {
  return going.value;
}

export function answerOf({ name }: Claim): Answer | null {
  return answered.value.get(name) ?? null;
}

/** Ends what runs. */
export function callOff(): void {
  if (going.peek().state === 'idle') return;
  engine?.end();
  engine = null;
  going.value = { state: 'idle' };
}

export async function start(claim: Claim): Promise<void> {
  callOff();
  const begun: Going = { state: 'running', claim: claim.name, progress: null };
  going.value = begun;
  engine ??= new EngineClient();
  const own = engine;
  try {
    const answer = await runExperiment(claim.experiment, (call, ask) =>
      keptAnswer(own, call, ask, (progress) => {
        if (engine === own) going.value = { ...begun, progress };
      }),
    );
    answered.value = new Map([...answered.peek(), [claim.name, answer]]);
  } catch (error) {
    if (!(error instanceof EngineFailure && error.wasCancelled)) fail(error);
  } finally {
    if (engine === own) going.value = { state: 'idle' };
  }
}

/** A run is the same each time; an opened one (its number is its worker's) is asked for anew. */
const kindsKept: ReadonlySet<CallName> = new Set<CallName>(['simulate', 'breakEven', 'scenarios']);

function keptAnswer<Name extends CallName>(
  client: EngineClient,
  call: Name,
  ask: Calls[Name]['ask'],
  onProgress: (progress: EngineProgress) => void,
): Promise<Calls[Name]['answer']> {
  if (!kindsKept.has(call)) return client.ask(call, ask, { onProgress });
  const key = `${call} ${JSON.stringify(ask)}`;
  const known = kept.get(key) as Promise<Calls[Name]['answer']> | undefined;
  if (known !== undefined) return known;
  const asked = client.ask(call, ask, { onProgress });
  kept.set(key, asked);
  asked.catch(() => kept.delete(key));
  return asked;
}
