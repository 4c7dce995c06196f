/** Notes on views, in a list at the side, and the file that keeps them with all that is open. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { count, plural } from '../../engine/report/numbers.ts';
import { useKeys } from '../keyboard.ts';
import { recordings } from '../state.ts';
import {
  addNote,
  currentPlace,
  deleteNote,
  editNote,
  hasUnsavedNotes,
  notes,
  saveWorkspace,
} from '../workspace.ts';
import type { Note } from '../workspace-file.ts';
import '../styles/notes.css';

/** The button in the frame, and the list when it is shown. */
export function Notes() {
  const shown = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  const turn = () => {
    shown.value = !shown.value;
    if (!shown.value) button.current?.focus();
  };
  useKeys([{ key: 'w', what: 'notes, and saving the workspace', run: turn }], []);
  const many = notes.value.length;
  return (
    <>
      <button
        ref={button}
        type="button"
        aria-expanded={shown.value}
        title="Notes and workspace (w)"
        onClick={turn}
      >
        Notes{many > 0 ? ` ${count(many)}` : ''}
      </button>
      {shown.value && <NotesPanel close={turn} />}
    </>
  );
}

function NotesPanel({ close }: { close: () => void }) {
  const writing = useSignal('');
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  useKeys([{ key: 'Escape', what: 'put the notes away', run: close }], []);
  const keep = () => {
    const text = writing.value.trim();
    if (text === '') return;
    addNote(text);
    writing.value = '';
  };
  return (
    <aside class="notes" aria-label="Notes">
      <header>
        <h2>Notes</h2>
        <button type="button" aria-label="Put the notes away" onClick={close}>
          ×
        </button>
      </header>
      <label>
        On this view ({currentPlace()})
        <textarea
          ref={field}
          rows={3}
          value={writing.value}
          onInput={({ currentTarget }) => {
            writing.value = currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) keep();
            if (event.key === 'Escape') close();
          }}
        />
      </label>
      <button type="button" onClick={keep} disabled={writing.value.trim() === ''}>
        Add note
      </button>
      <ul>
        {notes.value.map((note, i) => (
          <OneNote key={`${i} ${note.address}`} note={note} />
        ))}
      </ul>
      <footer>
        <button type="button" onClick={() => void saveWorkspace()}>
          Save workspace
        </button>
        <p class="dim" aria-live="polite">
          {hasUnsavedNotes.value ? 'Not saved yet. ' : ''}One file with{' '}
          {plural(recordings.value.length, 'recording')}, {plural(notes.value.length, 'note')} and this view.
          Drop it on the page, or open it, to go on. It holds what the views need, not the recordings
          themselves.
        </p>
      </footer>
    </aside>
  );
}

function OneNote({ note }: { note: Note }) {
  const edited = useSignal<string | null>(null);
  if (edited.value !== null)
    return (
      <li>
        <textarea
          aria-label="Note"
          rows={3}
          value={edited.value}
          onInput={({ currentTarget }) => {
            edited.value = currentTarget.value;
          }}
        />
        <button
          type="button"
          onClick={() => {
            editNote(note, edited.value?.trim() || note.text);
            edited.value = null;
          }}
        >
          Keep
        </button>
        <button
          type="button"
          onClick={() => {
            edited.value = null;
          }}
        >
          Leave as it was
        </button>
      </li>
    );
  return (
    <li>
      <p class="text">{note.text}</p>
      <a href={note.address}>{note.place}</a>
      <button
        type="button"
        aria-label={`Edit note: ${note.text}`}
        onClick={() => {
          edited.value = note.text;
        }}
      >
        Edit
      </button>
      <button type="button" aria-label={`Delete note: ${note.text}`} onClick={() => deleteNote(note)}>
        Delete
      </button>
    </li>
  );
}
