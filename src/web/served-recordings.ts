/** Recordings that `drainlab serve` was started with: listed, fetched with progress, opened like dropped files. */

import { type ReadonlySignal, signal } from '@preact/signals';
import type { EngineProgress, NamedFile } from '../thread/messages.ts';
import { chosen } from './address.ts';
import { EngineFailure } from './engine-client.ts';
import { isServed } from './live-source.ts';
import { doing, openFiles, recordings } from './state.ts';

export interface OfferedRecording {
  readonly name: string;
  readonly files: ReadonlyArray<{ readonly path: string; readonly bytes: number; readonly url: string }>;
}

const offered = signal<readonly OfferedRecording[]>([]);

/** Empty where the page was not sent by `drainlab serve`, or that was started without recordings. */
export const offeredRecordings: ReadonlySignal<readonly OfferedRecording[]> = offered;

/** Asks for the list once, and opens what the address names, or the only one. Who has no token is offered nothing. */
export async function findOffered(): Promise<void> {
  if (!isServed()) return;
  const response = await fetch('api/recordings');
  if (!response.ok) return;
  offered.value = ((await response.json()) as { recordings: OfferedRecording[] }).recordings;
  const named = offered.value.find(({ name }) => name === chosen('recording'));
  const only = offered.value.length === 1 ? offered.value[0] : undefined;
  const wanted = named ?? (chosen('recording') === '' ? only : undefined);
  if (wanted !== undefined && recordings.value.length === 0) await openOffered(wanted);
}

export function sizeOf({ files }: OfferedRecording): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

export async function openOffered(recording: OfferedRecording): Promise<void> {
  const files = await doing(`Fetching ${recording.name}`, ({ signal: off, onProgress }) =>
    fetchFiles(recording, off, onProgress),
  );
  if (files !== null) await openFiles(files);
}

async function fetchFiles(
  recording: OfferedRecording,
  off: AbortSignal,
  onProgress: (progress: EngineProgress) => void,
): Promise<NamedFile[]> {
  const total = sizeOf(recording);
  let bytes = 0;
  const counted = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        onProgress({
          what: `fetching ${recording.name}`,
          part: total === 0 ? null : Math.min(1, bytes / total),
          bytes,
        });
        controller.enqueue(chunk);
      },
    });
  const files: NamedFile[] = [];
  try {
    for (const { path, url } of recording.files) {
      const response = await fetch(url, { signal: off });
      if (!response.ok) throw refusal(url, ((await response.json()) as { message: string }).message);
      const blob = await new Response(response.body?.pipeThrough(counted())).blob();
      files.push({ path: `${recording.name}/${path}`, blob });
    }
  } catch (error) {
    if (off.aborted)
      throw new EngineFailure({ code: 'E_CANCELLED', message: 'called off', where: '', hint: '' });
    if (error instanceof TypeError) throw refusal(recording.name, 'drainlab serve does not answer');
    throw error;
  }
  return files;
}

function refusal(where: string, message: string): EngineFailure {
  return new EngineFailure({ code: '', message, where, hint: 'Is drainlab serve still running?' });
}
