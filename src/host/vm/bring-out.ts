/**
 * Files that the guest has put on its disk: an index at the beginning, then the bytes. All of it is foreign: the
 * workload ran as root beside the script that wrote it.
 */

import { closeSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DrainlabError } from '../../base/errors.ts';
import { outDiskFilesAt, outDiskMark } from './guest-init.ts';

export interface BroughtFile {
  /** `pages/cpu0`; only plain names and slashes. */
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

const copyBytes = 1 << 20;
const plainName = /^[\w+=,:@-][\w.+=,:@-]*$/;

/** Throws E_VM_DISK_DAMAGED where there is no index, or one that cannot be true. */
export function readIndex(disk: string, diskBytes: number): BroughtFile[] {
  const text = readText(disk, 0, outDiskFilesAt);
  const [head, ...rest] = text.split('\n');
  const count = new RegExp(`^${outDiskMark} (\\d+)$`).exec(head);
  if (count === null) throw damaged(disk, 'has no index');
  const lines = rest.slice(0, Number(count[1]));
  if (lines.length !== Number(count[1]) || rest[lines.length] !== 'end') throw damaged(disk, 'is cut');
  return lines.map((line) => {
    const file = fileOf(line);
    if (file === null || file.offset < outDiskFilesAt || file.offset + file.length > diskBytes)
      throw damaged(disk, `has a line that cannot be true: ${JSON.stringify(line.slice(0, 80))}`);
    return file;
  });
}

/** `offset length name`; null where it is not. */
function fileOf(line: string): BroughtFile | null {
  const match = /^(\d{1,15}) (\d{1,15}) (\S+)$/.exec(line);
  if (match === null || !match[3].split('/').every((step) => plainName.test(step))) return null;
  return { offset: Number(match[1]), length: Number(match[2]), name: match[3] };
}

/** Copies a file of the disk to `folder`, below which its name leads. */
export function copyOut(disk: string, { name, offset, length }: BroughtFile, folder: string): string {
  const target = join(folder, name);
  mkdirSync(dirname(target), { recursive: true });
  const from = openSync(disk, 'r');
  const to = openSync(target, 'w');
  try {
    const bytes = Buffer.alloc(Math.min(copyBytes, Math.max(1, length)));
    for (let done = 0; done < length; ) {
      const got = readSync(from, bytes, 0, Math.min(bytes.length, length - done), offset + done);
      if (got === 0) throw damaged(disk, 'names bytes behind its end');
      writeSync(to, bytes, 0, got);
      done += got;
    }
  } finally {
    closeSync(from);
    closeSync(to);
  }
  return target;
}

function readText(path: string, offset: number, length: number): string {
  const handle = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.toString('latin1', 0, readSync(handle, bytes, 0, length, offset));
  } finally {
    closeSync(handle);
  }
}

function damaged(where: string, what: string): DrainlabError {
  return new DrainlabError(`the guest's disk ${what}`, {
    code: 'E_VM_DISK_DAMAGED',
    where,
    hint: 'The workload may have written to the disk; the guest needs it for the recording.',
  });
}
