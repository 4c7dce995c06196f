/** Where tests find the larger recordings that are not shipped in this repository. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Recordings shipped with drainlab. */
export const shippedRecordings: string = join(root, 'recordings');

/** Folder with the larger recordings: env `DRAINLAB_RECORDINGS`, or a folder beside the checkout. null: none here. */
export const largeRecordings: string | null =
  [process.env.DRAINLAB_RECORDINGS, join(root, '..', 'shared', 'recordings')].find(
    (folder) => folder !== undefined && existsSync(folder),
  ) ?? null;

/** Folder of the large recording `name` (`5.10-oom`), or null when it is not on this machine. */
export function recordingPath(name: string): string | null {
  if (largeRecordings === null) return null;
  const folder = join(largeRecordings, name);
  return existsSync(join(folder, 'trace.dat')) ? folder : null;
}
