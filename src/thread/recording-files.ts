/** A recording among the files that were dropped on a page: which file it is, and the texts beside it. */

import { DrainlabError } from '../base/errors.ts';
import { withoutControls } from '../base/printable.ts';
import type { FilesBeside } from '../trace/beside-recording.ts';
import type { NamedFile } from './messages.ts';

export interface DroppedRecording {
  readonly name: string;
  readonly blob: Blob;
  readonly beside: FilesBeside;
}

/** No file beside a recording is larger in earnest. */
const besideBytesMax = 64 << 20;
const besidePattern =
  /^(?:(?:zoneinfo|proc-start|events)\/.*|proc-end\/interrupts|set_event|kprobe_events|kallsyms)$/;

/** Does a file at this path below the folder of a recording say something of it? */
export function isBesideRecording(path: string): boolean {
  return besidePattern.test(path);
}

/** Throws E_NO_RECORDING where there is none, or several. */
export async function droppedRecording(files: readonly NamedFile[]): Promise<DroppedRecording> {
  const recording = recordingAmong(files);
  const folder = recording.path.replace(/[^/]*$/, '');
  const texts = new Map<string, string>();
  for (const { path, blob } of files) {
    const below = path.slice(folder.length);
    if (!path.startsWith(folder) || !isBesideRecording(below)) continue;
    if (blob.size > besideBytesMax) throw tooLarge(path);
    texts.set(below, await blob.text());
  }
  return {
    // A folder that was dropped gives its name, as it does on the command line.
    name: withoutControls(recording.path.split('/').at(-2) ?? recording.path),
    blob: recording.blob,
    beside: {
      text: (path) => texts.get(path) ?? null,
      names: (name) =>
        [...texts.keys()]
          .filter((path) => path.startsWith(`${name}/`))
          .map((path) => path.slice(name.length + 1))
          .filter((rest) => !rest.includes('/')),
    },
  };
}

function recordingAmong(files: readonly NamedFile[]): NamedFile {
  if (files.length === 1) return files[0];
  const exact = files.filter(({ path }) => /(?:^|\/)trace\.dat$/.test(path));
  const found =
    exact.length > 0
      ? exact
      : files.filter(({ path }) => /\.dat$|(?:^|\/)trace[^/]*\.(?:txt|gz|xz|zst)$/.test(path));
  if (found.length === 1) return found[0];
  throw new DrainlabError(
    found.length === 0
      ? 'there is no recording among these files'
      : `there are several recordings among these files: ${found.map(({ path }) => path).join(', ')}`,
    { code: 'E_NO_RECORDING', hint: 'Drop one recording: its file, or its folder.' },
  );
}

function tooLarge(path: string): DrainlabError {
  return new DrainlabError(`${path} is larger than ${besideBytesMax >> 20} MB`, {
    code: 'E_FOLDER_FILE_SIZE',
    where: path,
    hint: 'It lies beside the recording but is not what its name says; leave it out.',
  });
}
