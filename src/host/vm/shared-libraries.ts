/**
 * Which files of this host a program needs to run elsewhere: its loader and its shared libraries, by the program
 * headers and the dynamic section of the ELF file (DT_NEEDED, DT_RUNPATH), as ld.so(8) describes the search.
 */

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DrainlabError } from '../../base/errors.ts';

/** What an ELF file of x86-64 asks for. */
interface ElfNeeds {
  /** Path of the loader; '' for a library or a static program. */
  readonly loader: string;
  readonly libraries: readonly string[];
  /** Folders to look in first; `$ORIGIN` is resolved. */
  readonly folders: readonly string[];
}

const loadSegment = 1;
const dynamicSegment = 2;
const loaderSegment = 3;
const needed = 1;
const stringTable = 5;
const runPathTags = [15, 29];
const x86_64 = 62;

/**
 * Paths of all files that `program` needs, loader first, without itself; empty for a static program.
 * Throws E_VM_INCLUDE where one is not on this host or the program is for another machine.
 */
export function sharedLibrariesOf(program: string): string[] {
  const found = new Map<string, string>();
  const waiting = [program];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const needs = readNeeds(path);
    if (needs.loader !== '' && !found.has(basename(needs.loader)))
      found.set(basename(needs.loader), needs.loader);
    for (const library of needs.libraries) {
      if (found.has(library)) continue;
      const at = locate(library, needs.folders, program);
      found.set(library, at);
      waiting.push(at);
    }
  }
  return [...found.values()];
}

/** Is this the beginning of an ELF file? */
export function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

function readNeeds(path: string): ElfNeeds {
  const bytes = readFileSync(path);
  try {
    return needsOf(bytes, dirname(realpathSync(path)));
  } catch (cause) {
    if (cause instanceof DrainlabError) throw cause;
    throw includeError(path, 'it is a damaged ELF file', 'Name another file.');
  }
}

/** Throws RangeError on damage. Exported for its tests. */
export function needsOf(bytes: Buffer, origin: string): ElfNeeds {
  if (bytes[4] !== 2 || bytes[5] !== 1 || bytes.readUInt16LE(18) !== x86_64) {
    throw includeError(origin, 'it is no program for x86-64', 'The guest is an x86-64 machine.');
  }
  const segments = readSegments(bytes);
  const loader = segments.find(({ type }) => type === loaderSegment);
  const dynamic = segments.find(({ type }) => type === dynamicSegment);
  const entries = dynamic ? readDynamic(bytes, dynamic) : [];
  const strings = entries.find(({ tag }) => tag === stringTable);
  const base = strings ? offsetOf(segments, strings.value) : 0;
  const text = ({ value }: { value: number }) => stringAt(bytes, base + value);
  return {
    loader: loader ? stringAt(bytes, loader.offset) : '',
    libraries: entries.filter(({ tag }) => tag === needed).map(text),
    folders: entries
      .filter(({ tag }) => runPathTags.includes(tag))
      .flatMap((entry) => text(entry).split(':'))
      .map((folder) => folder.replace(/\$\{?ORIGIN\}?/, origin)),
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function readSegments(bytes: Buffer): Segment[] {
  const at = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, i) => {
    const head = at + i * size;
    return {
      type: bytes.readUInt32LE(head),
      offset: Number(bytes.readBigUInt64LE(head + 8)),
      address: Number(bytes.readBigUInt64LE(head + 16)),
      size: Number(bytes.readBigUInt64LE(head + 32)),
    };
  });
}

function readDynamic(bytes: Buffer, { offset, size }: Segment): Array<{ tag: number; value: number }> {
  const entries = [];
  for (let at = offset; at + 16 <= offset + size; at += 16) {
    const tag = Number(bytes.readBigUInt64LE(at));
    if (tag === 0) break;
    entries.push({ tag, value: Number(bytes.readBigUInt64LE(at + 8)) });
  }
  return entries;
}

/** Offset in the file of an address in memory. */
function offsetOf(segments: readonly Segment[], address: number): number {
  const segment = segments.find(
    (one) => one.type === loadSegment && address >= one.address && address < one.address + one.size,
  );
  if (segment === undefined) throw new RangeError(`address ${address} is in no segment`);
  return address - segment.address + segment.offset;
}

function stringAt(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  if (offset >= bytes.length || end < 0) throw new RangeError(`no string at ${offset}`);
  return bytes.toString('utf8', offset, end);
}

function locate(library: string, folders: readonly string[], program: string): string {
  const found = [...folders, ...systemFolders()]
    .map((folder) => join(folder, library))
    .find((path) => existsSync(path) && readFileSync(path)[4] === 2);
  if (found !== undefined) return found;
  throw includeError(program, `it needs ${library}, which is not on this host`, 'Install the library.');
}

/** Where the loader looks: /etc/ld.so.conf and what it includes, then its own defaults. */
function systemFolders(): string[] {
  const configured = existsSync('/etc/ld.so.conf.d')
    ? readdirSync('/etc/ld.so.conf.d').flatMap((name) => foldersIn(join('/etc/ld.so.conf.d', name)))
    : [];
  const own = ['/lib64', '/usr/lib64', '/lib', '/usr/lib'];
  const debian = ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu'];
  return [...foldersIn('/etc/ld.so.conf'), ...configured, ...debian, ...own];
}

function foldersIn(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/'));
}

function includeError(path: string, what: string, hint: string): DrainlabError {
  return new DrainlabError(`${what}`, { code: 'E_VM_INCLUDE', where: path, hint });
}
