/** Recordings that were named on the command line: a closed list of files, set when the server starts. */

import { readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { isBesideRecording } from '../thread/recording-files.ts';
import { followedEvents } from '../trace/kernel-events.ts';

export interface ServedRecording {
  /** Unlike that of any other here. */
  readonly name: string;
  readonly files: readonly ServedFile[];
}

export interface ServedFile {
  /** `trace.dat` for the recording itself, whatever its name; the path below its folder for what lies beside it. */
  readonly path: string;
  /** Path on this host. */
  readonly file: string;
  readonly bytes: number;
}

export interface ServedContent {
  readonly bytes: number;
  /** Closes the file when it has been read or is called off. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Folders of which only the files directly in them are read. */
const folders = ['zoneinfo', 'proc-start', 'proc-end', '.'];

/** `paths`: recordings by the path of their file, with the name that people know them by. */
export function servedRecordings(
  paths: ReadonlyArray<{ readonly name: string; readonly path: string }>,
): ServedRecording[] {
  const names = new Set<string>();
  return paths.map(({ name, path }) => {
    const unlike = unlikeName(basename(name), names);
    names.add(unlike);
    return { name: unlike, files: [served('trace.dat', path), ...filesBeside(dirname(path))] };
  });
}

function unlikeName(name: string, taken: ReadonlySet<string>): string {
  let unlike = name;
  for (let i = 2; taken.has(unlike); i++) unlike = `${name} (${i})`;
  return unlike;
}

function served(path: string, file: string): ServedFile {
  return { path, file, bytes: statSync(file).size };
}

function filesBeside(folder: string): ServedFile[] {
  const paths = [
    ...folders.flatMap((name) =>
      namesIn(join(folder, name)).map((each) => (name === '.' ? each : `${name}/${each}`)),
    ),
    ...followedEvents().map(([system, name]) => `events/${system}/${name}/format`),
  ];
  return paths
    .filter((path) => isBesideRecording(path) && isFile(join(folder, path)))
    .map((path) => served(path, join(folder, path)));
}

function namesIn(folder: string): string[] {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder).sort() : [];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** What the page is told: names, sizes and where to ask for each file. */
export function recordingList(recordings: readonly ServedRecording[]): object {
  return {
    recordings: recordings.map(({ name, files }, number) => ({
      name,
      files: files.map(({ path, bytes }) => ({ path, bytes, url: urlOf(number, path) })),
    })),
  };
}

/** By the path of a request, as it is written in one. */
export function filesByUrl(recordings: readonly ServedRecording[]): ReadonlyMap<string, ServedFile> {
  return new Map(
    recordings.flatMap(({ files }, number) =>
      files.map((file) => [`/${urlOf(number, file.path)}`, file] as const),
    ),
  );
}

function urlOf(number: number, path: string): string {
  return `api/recording/${number}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** The file as it is now; what is added while it is read is left out. null: it cannot be read any more. */
export async function contentOf({ file }: ServedFile): Promise<ServedContent | null> {
  const handle = await open(file).catch(() => null);
  if (handle === null) return null;
  const { size } = await handle.stat();
  if (size > 0) {
    const stream = Readable.toWeb(handle.createReadStream({ end: size - 1 }));
    return { bytes: size, stream: stream as ReadableStream<Uint8Array<ArrayBuffer>> };
  }
  await handle.close();
  return { bytes: 0, stream: new Blob([]).stream() };
}
