/**
 * Opens one host: the one that we run on, a folder that holds its `proc/…` and `sys/…` (a sosreport that was unpacked), or a folder
 * that is itself a copy of /proc. Reads only; every file up to a limit. An archive is opened elsewhere.
 */

import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { arch, machine } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import { bytesMaxOf, canonicalPath, copiedPaths, wantedPaths } from '../snapshot/host-files.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';
import { readHostSnapshot } from '../snapshot/read-host-snapshot.ts';

export type HostKind = 'host' | 'snapshot' | 'sosreport';

export interface HostReading {
  readonly kind: HostKind;
  /** What the host is called where its files do not tell its name. */
  readonly name: string;
  /** Path as it was named; '' for this host. */
  readonly path: string;
  readonly files: Map<string, string>;
  /** What could not be read, or was cut, each in one sentence. */
  readonly problems: string[];
}

/** Files of the host below the folder; `/proc` is this host. Throws E_CENSUS_PATH when there is no zoneinfo, E_CENSUS_READ when it may not be read. */
export function readHostFiles(named = '/'): HostReading {
  const root = resolve(named) === '/proc' ? '/' : named;
  const layout = layoutOf(root);
  if (layout === null) {
    throw new DrainlabError('there is no zoneinfo of a host', {
      code: 'E_CENSUS_PATH',
      where: root,
      hint: 'Name a folder with proc/zoneinfo or zoneinfo in it, a sosreport, or nothing for this host.',
    });
  }
  const reading: HostReading = {
    kind: layout.kind,
    name: layout.kind === 'host' ? 'this host' : root.replace(/(?<=.)\/+$/, ''),
    path: layout.kind === 'host' ? '' : root,
    files: new Map(),
    problems: [],
  };
  const opener = new HostFolder(root, reading);
  for (const path of layout.isCopy ? copiedPaths : wantedPaths) opener.take(path, layout.isCopy);
  for (const path of nodeLists(root)) opener.take(path, layout.isCopy);
  if (!reading.files.has('proc/zoneinfo')) throw unreadable(root, reading.problems[0] ?? '');
  if (layout.kind === 'host' && !reading.files.has('uname'))
    reading.files.set('uname', liveUname(reading.files));
  if (!reading.files.has('proc/config.gz')) opener.takeConfig();
  return reading;
}

/** The host below `root`, read as far as its files allow. Errors as `readHostFiles`. */
export function readThisHost(root = '/'): { reading: HostReading; snapshot: HostSnapshot } {
  const reading = readHostFiles(root);
  return { reading, snapshot: readHostSnapshot(reading.files, reading.name, reading.problems) };
}

/** Does the folder hold one host? */
export function isHostFolder(path: string): boolean {
  return layoutOf(path) !== null;
}

function layoutOf(root: string): { kind: HostKind; isCopy: boolean } | null {
  if (resolve(root) === '/') return { kind: 'host', isCopy: false };
  if (existsSync(join(root, 'proc/zoneinfo'))) {
    const isSosreport = existsSync(join(root, 'sos_commands')) || existsSync(join(root, 'sos_logs'));
    return { kind: isSosreport ? 'sosreport' : 'snapshot', isCopy: false };
  }
  return existsSync(join(root, 'zoneinfo')) && isFile(join(root, 'zoneinfo'))
    ? { kind: 'snapshot', isCopy: true }
    : null;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function nodeLists(root: string): string[] {
  const nodes = 'sys/devices/system/node';
  return listed(join(root, nodes))
    .filter((name) => /^node\d{1,4}$/.test(name))
    .map((name) => `${nodes}/${name}/cpulist`);
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Not there, or closed to us: the files in it are missing then, and each says so where it matters.
    return [];
  }
}

class HostFolder {
  readonly #root: string;
  readonly #realRoot: string;
  readonly #reading: HostReading;

  constructor(root: string, reading: HostReading) {
    this.#root = root;
    this.#realRoot = realpathSync(root);
    this.#reading = reading;
  }

  /** Keeps the file at `path` if it is there; says so if it is and cannot be read. */
  take(path: string, isCopy: boolean): void {
    const canonical = canonicalPath(path, isCopy);
    if (canonical === '') return;
    const full = join(this.#root, path);
    try {
      if (!isFile(full)) return;
      if (this.#leadsOutside(full)) {
        this.#reading.problems.push(`${path} is a link that leads out of the folder; it is left out.`);
        return;
      }
      this.#keep(canonical, path, readUpTo(full, bytesMaxOf(canonical)));
    } catch (error) {
      const reason = (error as { code?: string }).code ?? (error as Error).message;
      this.#reading.problems.push(`${path} cannot be read: ${reason}.`);
    }
  }

  /** The configuration of the release that is known by now, below /boot. */
  takeConfig(): void {
    for (const name of listed(join(this.#root, 'boot'))) {
      if (name.startsWith('config-')) this.take(`boot/${name}`, false);
    }
  }

  #leadsOutside(full: string): boolean {
    if (this.#realRoot === sep) return false;
    return !realpathSync(full).startsWith(this.#realRoot + sep);
  }

  #keep(canonical: string, path: string, bytes: Buffer): void {
    const { files, problems } = this.#reading;
    const max = bytesMaxOf(canonical);
    if (bytes.length > max) problems.push(`${path} is larger than ${max >> 20} MB; the rest is left out.`);
    const text = canonical === 'proc/config.gz' ? unpacked(bytes, max) : bytes.subarray(0, max);
    files.set(canonical, text.toString('latin1'));
  }
}

/** Up to one byte more than `max`, so that the caller sees that there is more. /proc files have no size of their own. */
function readUpTo(path: string, max: number): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const chunks: Buffer[] = [];
    for (let length = 0; length <= max; ) {
      const chunk = Buffer.allocUnsafe(Math.min(1 << 16, max + 1 - length));
      const read = readSync(fd, chunk);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      length += read;
    }
    return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  } finally {
    closeSync(fd);
  }
}

/** /proc/config.gz; a saved folder may hold it unpacked already. */
function unpacked(bytes: Buffer, max: number): Buffer {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: max }) : bytes;
}

/** `uname -a` of the host that we run on, as far as /proc does not say it. */
function liveUname(files: ReadonlyMap<string, string>): string {
  const release = (files.get('proc/sys/kernel/osrelease') ?? '').trim();
  const name = (files.get('proc/sys/kernel/hostname') ?? '').trim() || 'localhost';
  return `Linux ${name} ${release} ${machine?.() ?? arch()} GNU/Linux\n`;
}

function unreadable(root: string, why: string): DrainlabError {
  return new DrainlabError(`its zoneinfo cannot be read${why === '' ? '' : `: ${why}`}`, {
    code: 'E_CENSUS_READ',
    where: root,
    hint: 'It is readable by everybody on most systems; here it may need the rights of root.',
    exitCode: ExitCode.outside,
  });
}
