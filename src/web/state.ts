/** What is open in the page, and what is being done. What a person chose is in the address (address.ts). */

import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { DrainlabError } from '../base/errors.ts';
import type { Verdict } from '../engine/report/verdict.ts';
import type { EngineError, EngineProgress, NamedFile, Opened } from '../thread/messages.ts';
import { choose, chosen } from './address.ts';
import { EngineClient, EngineFailure } from './engine-client.ts';

/** A recording, or one run of a scenario, that is open. */
export interface OpenRecording {
  readonly opened: Opened;
  readonly verdict: Verdict;
  /** The worker in which it is open. */
  readonly engine: EngineClient;
  /** How long it took from the drop to the verdict, ms. */
  readonly openMs: number;
}

/** Something long that is being done, with a way to call it off. */
export interface Work {
  readonly title: string;
  readonly progress: EngineProgress | null;
  readonly startMs: number;
  readonly cancel: () => void;
}

const open = signal<readonly OpenRecording[]>([]);
const working = signal<Work | null>(null);
const failed = signal<EngineError | null>(null);

export const recordings: ReadonlySignal<readonly OpenRecording[]> = open;
export const work: ReadonlySignal<Work | null> = working;
/** The last failure, until it is put away. */
export const failure: ReadonlySignal<EngineError | null> = failed;

/** The recording that the views show: the one named in the address, or the first. */
export const current: ReadonlySignal<OpenRecording | null> = computed(() => {
  const name = chosen('recording');
  return open.value.find(({ opened }) => opened.name === name) ?? open.value[0] ?? null;
});

/** Name of the policy that the views show; the verdict's leading one unless chosen. */
export const policy: ReadonlySignal<string> = computed(() => {
  const name = chosen('policy');
  const names = current.value?.opened.drains.policies ?? [];
  if (names.includes(name)) return name;
  const lead = current.value?.verdict.lead.policy ?? '';
  // The user's own policy is in the verdict only.
  return names.includes(lead) ? lead : 'static-mask';
});

export function putFailureAway(): void {
  failed.value = null;
}

/** Shows what went wrong; what was called off is no failure. */
export function fail(error: unknown): void {
  if (error instanceof EngineFailure) {
    if (!error.wasCancelled) failed.value = error.error;
    return;
  }
  if (error instanceof DrainlabError) {
    const { code, message, where, hint } = error;
    failed.value = { code, message, where, hint };
    return;
  }
  failed.value = {
    code: '',
    message: error instanceof Error ? error.message : String(error),
    where: '',
    hint: '',
  };
}

/** Does something long, with its progress on the page and a way to call it off. Failures are shown; the answer is null then. */
export async function doing<Answer>(
  title: string,
  task: (asking: { signal: AbortSignal; onProgress: (progress: EngineProgress) => void }) => Promise<Answer>,
): Promise<Answer | null> {
  const controller = new AbortController();
  const begun: Work = {
    title,
    progress: null,
    startMs: performance.now(),
    cancel: () => controller.abort(),
  };
  working.value = begun;
  failed.value = null;
  try {
    return await task({
      signal: controller.signal,
      onProgress: (progress) => {
        working.value = { ...begun, progress };
      },
    });
  } catch (error) {
    fail(error);
    return null;
  } finally {
    working.value = null;
  }
}

/** One worker holds every recording; it is started with the first. */
let engine: EngineClient | null = null;

export function sharedEngine(): EngineClient {
  engine ??= new EngineClient();
  return engine;
}

/** Opens what was dropped or chosen, and shows it. */
export async function openFiles(files: readonly NamedFile[]): Promise<void> {
  const startMs = performance.now();
  const opened = await doing('Reading', (asking) => sharedEngine().ask('open', { files }, asking));
  if (opened !== null) add(opened, sharedEngine(), performance.now() - startMs);
}

/** Adds a recording that is open in `engine`. One of the same name takes its place. */
export function add(opened: Opened, engine: EngineClient, openMs: number): void {
  const recording = { opened, verdict: JSON.parse(opened.verdict) as Verdict, engine, openMs };
  const replaced = open.value.find(({ opened: { name } }) => name === opened.name);
  open.value = [...open.value.filter((other) => other !== replaced), recording];
  if (replaced !== undefined) letGo(replaced);
  choose({ recording: opened.name });
}

export function closeRecording(recording: OpenRecording): void {
  open.value = open.value.filter((other) => other !== recording);
  letGo(recording);
}

/** A run has a worker of its own, which ends with it. */
function letGo({ engine: its, opened }: OpenRecording): void {
  if (its === engine) void its.ask('close', { recording: opened.recording });
  else its.end();
}
