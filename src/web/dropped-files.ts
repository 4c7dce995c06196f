/** Files and folders that are dropped or chosen, with their paths. */

import type { NamedFile } from '../thread/messages.ts';

/** No recording has more files beside it. */
const filesMax = 20_000;

/** To be called in the event itself: what was dropped is gone after it. */
export async function filesOfDrop(transfer: DataTransfer): Promise<NamedFile[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ path: file.name, blob: file }));
  const files: NamedFile[] = [];
  for (const entry of entries) await addEntry(entry, files);
  return files;
}

export function filesOfInput(input: HTMLInputElement): NamedFile[] {
  return [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, blob: file }));
}

async function addEntry(entry: FileSystemEntry, files: NamedFile[]): Promise<void> {
  if (files.length >= filesMax)
    throw new Error(`more than ${filesMax} files: drop the folder of one recording`);
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    files.push({ path: entry.fullPath.replace(/^\//, ''), blob: file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives at most a hundred at once.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const each of some) await addEntry(each, files);
  }
}
