/** Recordings of the server that sent this page, to be opened. */

import { useEffect } from 'preact/hooks';
import { decimal } from '../../engine/report/numbers.ts';
import {
  findOffered,
  type OfferedRecording,
  offeredRecordings,
  openOffered,
  sizeOf,
} from '../served-recordings.ts';
import { fail } from '../state.ts';
import '../styles/offered-list.css';

/** In the frame: asks for the list, and shows it folded. */
export function OfferedMenu() {
  useEffect(() => {
    findOffered().catch(fail);
  }, []);
  if (offeredRecordings.value.length === 0) return null;
  return (
    <details class="offered-menu">
      <summary>From the server</summary>
      <OfferedList />
    </details>
  );
}

export function OfferedList() {
  const offered = offeredRecordings.value;
  if (offered.length === 0) return null;
  return (
    <ul class="offered" aria-label="Recordings of this server">
      {offered.map((recording) => (
        <li key={recording.name}>
          <button
            type="button"
            onClick={({ currentTarget }) => {
              currentTarget.closest('details')?.removeAttribute('open');
              void openOffered(recording);
            }}
          >
            {recording.name}
          </button>{' '}
          <small>{sizeText(recording)}</small>
        </li>
      ))}
    </ul>
  );
}

function sizeText(recording: OfferedRecording): string {
  return `${decimal(sizeOf(recording) / 1e6, 1)} MB`;
}
