/**
 * A host out of a tar archive (a sosreport, a packed folder) in one pass: the texts that a census reads are kept, all else is
 * passed over. Nothing is written, no link is followed, and memory is bounded whatever the archive says of itself.
 */

import { gunzipSync } from 'node:zlib';
import { type Extract, type ExtractEvents, extract as extractTar, type Header } from 'tar-stream';
import { DrainlabError } from '../../base/errors.ts';
import { bytesMaxOf } from '../../snapshot/host-files.ts';
import type { HostKind, HostReading } from '../this-host.ts';
import { archiveError } from './archive-error.ts';
import { linkTarget, type MemberPlace, memberPlace, outside } from './member-place.ts';
import { type PlainBytesOptions, plainBytes } from './plain-bytes.ts';

export interface ArchiveOptions extends PlainBytesOptions {
  readonly membersMax?: number;
}

type Entry = ExtractEvents['entry'][1];

/** Tars of before POSIX are read too; the types of tar-stream do not know this option. */
const tarOptions = { allowUnknownFormat: true, highWaterMark: 1 << 16 };
/** A sosreport of 448 CPUs with all of sysfs has some 300,000. */
const membersMax = 2_000_000;
/** All kept texts together. */
const keptBytesMax = 128 << 20;
/** Problems of one kind are told this often, then counted. */
const toldMax = 3;
/** Two blocks of zeros end a tar. */
const endMarkBytes = 1024;

/**
 * The host in the archive at `path`. What is odd or cut stands in `problems` as long as zoneinfo came out whole. Throws
 * E_ARCHIVE_* when it did not.
 */
export async function readArchive(path: string, options: ArchiveOptions = {}): Promise<HostReading> {
  const members = new Members(path, options.membersMax ?? membersMax);
  let failure: unknown;
  try {
    await members.readAll(plainBytes(path, options));
  } catch (error) {
    failure = error;
  }
  const reading = members.reading();
  if (failure === undefined) {
    if (reading !== null) return reading;
    throw archiveError('E_ARCHIVE_NO_HOST', members.whyNoHost(), path);
  }
  if (reading === null || !(failure instanceof DrainlabError) || failure.code === 'E_ARCHIVE_READ')
    throw failure;
  reading.problems.unshift(`${failure.message}: what stands behind that place is missing.`);
  return reading;
}

class Members {
  readonly #path: string;
  readonly #membersMax: number;
  /** Texts by root, those of a copy of /proc apart. */
  readonly #roots = new Map<string, { own: Map<string, string>; copied: Map<string, string> }>();
  readonly #sosRoots = new Set<string>();
  readonly #problems = new ProblemTally();
  #members = 0;
  #keptBytes = 0;

  constructor(path: string, max: number) {
    this.#path = path;
    this.#membersMax = max;
  }

  async readAll(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const extract = extractTar(tarOptions);
    const tail = new ZeroTail();
    const feeding = feed(extract, tail.watched(chunks));
    try {
      for await (const entry of extract) await this.#take(entry);
    } catch (error) {
      extract.destroy();
      // Where the input failed, the tar ends too early: the first is the reason.
      throw (await feeding) ?? this.#tarError(error);
    }
    const failure = await feeding;
    if (failure !== null) throw failure;
    if (tail.zeros < endMarkBytes) this.#problems.add('end', 'The archive has no end mark; it may be cut.');
  }

  /** null: no zoneinfo came out whole. */
  reading(): HostReading | null {
    const hosts = [...this.#roots]
      .filter(([, { own, copied }]) => own.has('proc/zoneinfo') || copied.has('proc/zoneinfo'))
      .sort(([a], [b]) => depthOf(a) - depthOf(b) || (a < b ? -1 : 1));
    if (hosts.length === 0) return null;
    const [root, { own, copied }] = hosts[0];
    const files = own.has('proc/zoneinfo') ? own : new Map([...copied, ...own]);
    const problems = this.#problems.sentences();
    if (hosts.length > 1) {
      problems.push(
        `The archive holds ${hosts.length} hosts; only ${root === '' ? 'the one at its root' : root} is read.`,
      );
    }
    const kind: HostKind = this.#sosRoots.has(root) ? 'sosreport' : 'snapshot';
    const name = root === '' ? nameOfArchive(this.#path) : root.slice(root.lastIndexOf('/') + 1);
    return { kind, name, path: this.#path, files, problems };
  }

  whyNoHost(): string {
    const found = `no zoneinfo of a host among its ${this.#members} files`;
    return [found, ...this.#problems.sentences().map((text) => text.replace(/\.$/, ''))].join('; ');
  }

  async #take(entry: Entry): Promise<void> {
    const { header } = entry;
    if (++this.#members > this.#membersMax) {
      throw archiveError('E_ARCHIVE_LIMIT', `it holds more than ${this.#membersMax} files`, this.#path);
    }
    const place = memberPlace(header.name);
    if (place === outside)
      this.#problems.add('outside', `${printed(header.name)} leads out of the archive; it is left out.`);
    else if (place !== null) await this.#takeWanted(entry, header, place);
    else if (header.name.includes('sos_commands/')) this.#noteSosreport(header.name);
    entry.resume();
  }

  #noteSosreport(name: string): void {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    this.#sosRoots.add(parts.slice(0, parts.indexOf('sos_commands')).join('/'));
  }

  async #takeWanted(entry: Entry, header: Header, place: MemberPlace): Promise<void> {
    if (place.path.startsWith('sos_commands/')) this.#sosRoots.add(place.root);
    if (header.type === 'directory') return;
    if (header.type !== 'file' && header.type !== 'contiguous-file') {
      if (!leadsToAnother(header, place.path)) {
        this.#problems.add(
          'link',
          `${place.path} is a ${header.type ?? 'member of an unknown kind'}, not a file; it is left out.`,
        );
      }
      return;
    }
    const bytesMax = bytesMaxOf(place.path);
    if ((header.size ?? 0) > bytesMax) {
      this.#problems.add(
        'size',
        `${place.path} claims ${header.size} bytes, more than any host has; it is left out.`,
      );
      return;
    }
    this.#keptBytes += header.size ?? 0;
    if (this.#keptBytes > keptBytesMax) {
      throw archiveError(
        'E_ARCHIVE_LIMIT',
        'its files of one host are larger together than any host has',
        this.#path,
      );
    }
    const bytes = await bytesOf(entry);
    try {
      this.#keep(place, textOf(bytes, place.path));
    } catch (error) {
      this.#problems.add('packed', `${place.path} cannot be unpacked: ${(error as Error).message}.`);
    }
  }

  #keep(place: MemberPlace, text: string): void {
    let files = this.#roots.get(place.root);
    if (files === undefined) {
      files = { own: new Map(), copied: new Map() };
      this.#roots.set(place.root, files);
    }
    const kind = place.isCopy ? files.copied : files.own;
    // The last of equal names counts, as for tar.
    if (kind.has(place.path))
      this.#problems.add('twice', `${place.path} is there more than once; the last is read.`);
    kind.set(place.path, text);
  }

  /** tar-stream's own errors are about the bytes; those of the input come through unchanged. */
  #tarError(error: unknown): unknown {
    if (error instanceof DrainlabError || !(error instanceof Error)) return error;
    if (/unexpected end/i.test(error.message) && this.#members > 0) {
      return archiveError('E_ARCHIVE_TRUNCATED', 'the tar ends inside a file', this.#path, error);
    }
    if (!/header|unexpected end/i.test(error.message)) return error;
    const nothing = this.#members === 0;
    return archiveError(
      nothing ? 'E_ARCHIVE_FORMAT' : 'E_ARCHIVE_DAMAGED',
      nothing ? 'it is no tar archive' : `the tar is damaged after ${this.#members} files`,
      this.#path,
      error,
    );
  }
}

/** Problems in the order of their first occurrence; those that repeat are told a few times and counted. */
class ProblemTally {
  readonly #kinds = new Map<string, { told: string[]; more: number }>();

  add(kind: string, sentence: string): void {
    const tally = this.#kinds.get(kind) ?? { told: [], more: 0 };
    this.#kinds.set(kind, tally);
    if (tally.told.length < toldMax) tally.told.push(sentence);
    else tally.more++;
  }

  sentences(): string[] {
    return [...this.#kinds.values()].flatMap(({ told, more }) =>
      more === 0 ? told : [...told, `The same holds for ${more} more files.`],
    );
  }
}

/** Counts the zeros at the end of what passes. */
class ZeroTail {
  zeros = 0;

  async *watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      let at = chunk.length;
      while (at > 0 && chunk.length - at < endMarkBytes && chunk[at - 1] === 0) at--;
      this.zeros = at === 0 ? this.zeros + chunk.length : chunk.length - at;
      yield chunk;
    }
  }
}

/** Returns what the input failed with, or null. All that came before it is still read. */
async function feed(extract: Extract, chunks: AsyncIterable<Uint8Array>): Promise<unknown> {
  let failure: unknown = null;
  try {
    for await (const chunk of chunks) {
      if (extract.destroyed) return null;
      if (!extract.write(chunk)) await room(extract);
    }
  } catch (error) {
    failure = error;
  }
  extract.end(null);
  return failure;
}

/** Until `extract` takes more, or takes no more at all. */
function room(extract: Extract): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      extract.off('drain', done);
      extract.off('close', done);
      resolve();
    };
    extract.on('drain', done);
    extract.on('close', done);
  });
}

async function bytesOf(entry: Entry): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Throws when a packed file is damaged or grows too large. */
function textOf(bytes: Buffer, path: string): string {
  const isPacked = path === 'proc/config.gz' && bytes[0] === 0x1f;
  return (isPacked ? gunzipSync(bytes, { maxOutputLength: bytesMaxOf(path) }) : bytes).toString('latin1');
}

/** sos keeps some files once and links to them; what is linked to is read under its own name. */
function leadsToAnother({ type, name, linkname }: Header, path: string): boolean {
  if ((type !== 'symlink' && type !== 'link') || !linkname) return false;
  const target = memberPlace(type === 'link' ? linkname : linkTarget(name, linkname));
  return target !== null && target !== outside && target.path !== path;
}

function depthOf(root: string): number {
  return root === '' ? 0 : root.split('/').length;
}

function nameOfArchive(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.(tar(\.\w+)?|t[gx]z|tzst)$/, '');
}

/** Names in archives are foreign text. */
function printed(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
