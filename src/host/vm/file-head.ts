/** The first bytes of a file, however large it is. */

import { closeSync, openSync, readSync } from 'node:fs';

/** Fewer than `bytesMax` where the file is shorter. Throws what the file system throws. */
export function beginningOf(path: string, bytesMax: number): Buffer {
  const bytes = Buffer.alloc(bytesMax);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}
