/** What is open, what is looked at and what was noted, saved to one file and opened from it. */

import { type ReadonlySignal, signal } from '@preact/signals';
import type { NamedFile } from '../thread/messages.ts';
import { address } from './address.ts';
import { save } from './parts/copy-menu.tsx';
import { add, current, doing, fail, openFiles, recordings, sharedEngine } from './state.ts';
import { views } from './views/view-list.ts';
import {
  isWorkspace,
  type Note,
  readWorkspace,
  type Workspace,
  workspaceEnding,
  writeWorkspace,
} from './workspace-file.ts';

/** Views of one recording take at most about so much; pages are kept more coarsely where every change would be more. */
const viewsBytesMax = 32 << 20;

const noted = signal<readonly Note[]>([]);
/** Notes that no file has yet. */
const unsaved = signal(false);

export const notes: ReadonlySignal<readonly Note[]> = noted;
export const hasUnsavedNotes: ReadonlySignal<boolean> = unsaved;

addEventListener('beforeunload', (event) => {
  if (unsaved.value) event.preventDefault();
});

function changeNotes(next: readonly Note[]): void {
  noted.value = next;
  unsaved.value = next.length > 0;
}

/** Ties a text to what is looked at now. */
export function addNote(text: string): void {
  changeNotes([...noted.value, { address: currentAddress(), place: currentPlace(), text }]);
}

export function editNote(note: Note, text: string): void {
  changeNotes(noted.value.map((each) => (each === note ? { ...note, text } : each)));
}

export function deleteNote(note: Note): void {
  changeNotes(noted.value.filter((each) => each !== note));
}

/** From what was chosen, which the address bar follows a little later. */
function currentAddress(): string {
  return `#${new URLSearchParams([...address.value])}`;
}

/** The view and the recording that are looked at, in words. */
export function currentPlace(): string {
  const view = views.find(({ name }) => name === address.value.get('view')) ?? views[0];
  const name = current.value?.opened.name;
  return name === undefined ? view.title : `${view.title} of ${name}`;
}

/** Saves all that is open; says how it went by the page's own progress and failures. */
export async function saveWorkspace(): Promise<void> {
  const file = await doing('Packing the workspace', async ({ onProgress }) => {
    const packed: Array<Workspace['recordings'][number]> = [];
    for (const { opened, engine } of recordings.value) {
      onProgress({ what: `packing ${opened.name}`, part: packed.length / recordings.value.length, bytes: 0 });
      const { bytes } = await engine.ask('pack', { recording: opened.recording, bytesMax: viewsBytesMax });
      packed.push({ name: opened.name, views: bytes });
    }
    return writeWorkspace({ address: currentAddress(), notes: noted.value, recordings: packed });
  });
  if (file === null) return;
  save(`${current.value?.opened.name ?? 'workspace'}.${workspaceEnding}`, file);
  unsaved.value = false;
}

/** A workspace, or a recording with what lies beside it. */
export async function openAny(files: readonly NamedFile[]): Promise<void> {
  try {
    if (files.length === 1 && (await isWorkspace(files[0].blob))) await openWorkspace(files[0].blob);
    else await openFiles(files);
  } catch (error) {
    fail(error);
  }
}

async function openWorkspace(file: Blob): Promise<void> {
  const workspace = await doing('Opening the workspace', () => readWorkspace(file));
  if (workspace === null) return;
  for (const { name, views: bytes } of workspace.recordings) {
    const startMs = performance.now();
    const opened = await doing(`Opening ${name}`, (asking) =>
      sharedEngine().ask('openPacked', { bytes }, asking),
    );
    if (opened === null) return;
    add(opened, sharedEngine(), performance.now() - startMs);
  }
  const isKnown = (note: Note) =>
    noted.value.some(({ address: where, text }) => where === note.address && text === note.text);
  noted.value = [...noted.value, ...workspace.notes.filter((note) => !isKnown(note))];
  if (workspace.address !== '') location.hash = workspace.address;
}
