/**
 * A workspace as one file: a line that names it, then, gzipped so that damage is found, the length of the head (4 bytes, lowest
 * first), the head (JSON), and the packed views of each recording in its order (engine/timeline/pack.ts).
 */

import { DrainlabError } from '../base/errors.ts';

export const workspaceSchema = 'drainlab.workspace/1';
export const workspaceEnding = 'drainlab';

/** A thought on what a view shows. */
export interface Note {
  /** The view, as it stands in the address: `#view=…`. */
  readonly address: string;
  /** The view in words. */
  readonly place: string;
  readonly text: string;
}

export interface Workspace {
  /** What was looked at. */
  readonly address: string;
  readonly notes: readonly Note[];
  /** What was open, in its order. */
  readonly recordings: ReadonlyArray<{ readonly name: string; readonly views: Uint8Array }>;
}

interface Head {
  readonly schema: typeof workspaceSchema;
  readonly address: string;
  readonly notes: readonly Note[];
  readonly recordings: ReadonlyArray<{ readonly name: string; readonly bytes: number }>;
}

const firstLine = `${workspaceSchema}\n`;
const lengthBytes = 4;
/** More is a file that was made to harm: views are packed into far less. */
const bytesMax = 1 << 30;

/** Looks at the first bytes only. */
export async function isWorkspace(file: Blob): Promise<boolean> {
  return (await file.slice(0, lineStart.length).text()) === lineStart;
}

/** Of every version. */
const lineStart = 'drainlab.workspace/';

export async function writeWorkspace({ address, notes, recordings }: Workspace): Promise<Blob> {
  const head: Head = {
    schema: workspaceSchema,
    address,
    notes,
    recordings: recordings.map(({ name, views }) => ({ name, bytes: views.length })),
  };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const length = new DataView(new ArrayBuffer(lengthBytes));
  length.setUint32(0, text.length, true);
  const parts = [length.buffer, text, ...recordings.map(({ views }) => new Uint8Array(views))];
  const stream = new Blob(parts).stream().pipeThrough(new CompressionStream('gzip'));
  return new Blob([firstLine, await new Response(stream).arrayBuffer()]);
}

/** Throws E_WORKSPACE for a file that is damaged, cut off, or of another version. */
export async function readWorkspace(file: Blob): Promise<Workspace> {
  const line = await file.slice(0, firstLine.length).text();
  if (line !== firstLine) throw damaged(`it says ${JSON.stringify(line.trim())}, not ${workspaceSchema}`);
  const bytes = await unzipped(file.slice(firstLine.length));
  if (bytes.length < lengthBytes) throw damaged('it ends too early');
  const headBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let at = lengthBytes + headBytes;
  if (at > bytes.length) throw damaged('its head is cut off');
  const head = checkedHead(new TextDecoder().decode(bytes.subarray(lengthBytes, at)));
  const recordings = head.recordings.map(({ name, bytes: length }) => {
    const views = bytes.slice(at, at + length);
    at += length;
    return { name, views };
  });
  if (at !== bytes.length) throw damaged('its recordings are not as long as it says');
  return { address: head.address, notes: head.notes, recordings };
}

async function unzipped(file: Blob): Promise<Uint8Array> {
  const stream = file.stream().pipeThrough(new DecompressionStream('gzip'));
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (const reader = stream.getReader(); ; ) {
      const { value, done } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      if (length > bytesMax) {
        await reader.cancel();
        throw damaged('it is too large');
      }
    }
  } catch (cause) {
    if (cause instanceof DrainlabError) throw cause;
    throw damaged('its bytes are not those that were written', cause);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A file from elsewhere is not trusted: an address must be one of this page. */
function checkedHead(text: string): Head {
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch (cause) {
    throw damaged('its head is no JSON', cause);
  }
  if (!isHead(head)) throw damaged('its head is not that of a workspace');
  return head;
}

function isHead(value: unknown): value is Head {
  return (
    isObject(value) &&
    value.schema === workspaceSchema &&
    isAddress(value.address) &&
    isList(value.notes, (note) => isAddress(note.address) && isText(note.place) && isText(note.text)) &&
    isList(
      value.recordings,
      ({ name, bytes }) => isText(name) && Number.isSafeInteger(bytes) && Number(bytes) >= 0,
    )
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isAddress(value: unknown): value is string {
  return isText(value) && /^(?:#|$)/.test(value);
}

function isList(value: unknown, isGood: (each: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(value) && value.every((each) => isObject(each) && isGood(each));
}

function damaged(why: string, cause?: unknown): DrainlabError {
  return new DrainlabError(`this workspace cannot be opened: ${why}`, {
    code: 'E_WORKSPACE',
    hint: 'Save it again from the page, or open the recordings themselves.',
    cause,
  });
}
