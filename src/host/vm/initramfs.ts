/** The guest's first file system: busybox, our init, the modules that are needed and the programs that the user names. */

import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { type CpioEntry, cpioArchive, withDirectories } from './cpio.ts';
import { beginningOf } from './file-head.ts';
import { programOnPath } from './find-qemu.ts';
import { guestInit } from './guest-init.ts';
import type { KernelModule } from './kernel-modules.ts';
import { isElf, sharedLibrariesOf } from './shared-libraries.ts';

export interface InitramfsParts {
  /** Path of busybox on this host. */
  readonly busybox: string;
  /** Files and folders of this host that the guest gets at the same path, with the libraries that they need. */
  readonly include: readonly string[];
  readonly modules: readonly KernelModule[];
  /** Other files by path in the guest. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Enough for the magic of ELF and for `#!` with its path. */
const headBytes = 256;

/** Applets that the guest's init uses. */
const neededApplets =
  'awk cat cut dd dmesg echo find grep head insmod mkdir mount poweroff printf reboot renice rm sed setsid sh sleep sort sync uname usleep wc';

/** A busybox of this host that has what the guest needs. Throws E_VM_BUSYBOX. */
export function findBusybox(named: string | undefined): string {
  const path = named ?? programOnPath('busybox');
  if (path === null) throw busyboxError('', 'there is no busybox on this host');
  const missing = neededApplets.split(' ').filter((applet) => !appletsOf(path).has(applet));
  if (missing.length > 0) throw busyboxError(path, `this busybox lacks ${missing.join(', ')}`);
  return path;
}

/** Names of the programs that `busybox` is. */
export function appletsOf(busybox: string): ReadonlySet<string> {
  try {
    const text = execFileSync(busybox, ['--list'], { encoding: 'utf8', timeout: 10_000, stdio: 'pipe' });
    return new Set(text.split('\n'));
  } catch {
    throw busyboxError(busybox, 'this is no busybox');
  }
}

function busyboxError(where: string, what: string): DrainlabError {
  return new DrainlabError(what, {
    code: 'E_VM_BUSYBOX',
    where,
    hint: 'Install one (Debian: apt-get install busybox-static), or name it with --busybox.',
    exitCode: ExitCode.outside,
  });
}

/** Every file that `include` needs in the guest: itself, what is below it, its loader and libraries, its interpreter. */
export function withLibraries(include: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of include.flatMap(filesBelow)) {
    found.add(path);
    for (const other of neededBy(path)) found.add(other);
  }
  return [...found];
}

/** An archive as the kernel unpacks it. `files`: from `withLibraries`. */
export function makeInitramfs(parts: InitramfsParts): Buffer {
  const { busybox, modules, texts } = parts;
  const order = modules.map(({ name }) => `${name}\n`).join('');
  const entries: CpioEntry[] = [
    ...['proc', 'sys', 'dev', 'run', 'tmp', 'root'].map((path) => ({ kind: 'directory', path }) as const),
    text('init', guestInit, true),
    file('bin/busybox', busybox),
    { kind: 'link', path: 'bin/sh', target: 'busybox' },
    ...[...texts].map(([path, content]) => text(path, content, false)),
    text('drainlab/modules/order', order, false),
    ...modules.map(
      ({ name, bytes }) =>
        ({ kind: 'file', path: `drainlab/modules/${name}.ko`, bytes, executable: false }) as const,
    ),
    ...withLibraries([busybox])
      .filter((path) => path !== resolve(busybox))
      .map(sameFile),
    ...parts.include.map(sameFile),
  ];
  return cpioArchive(withDirectories(entries));
}

function text(path: string, content: string, executable: boolean): CpioEntry {
  return { kind: 'file', path, bytes: Buffer.from(content), executable };
}

function file(path: string, from: string): CpioEntry {
  return {
    kind: 'file',
    path,
    bytes: readFileSync(from),
    executable: (lstatSync(realpathSync(from)).mode & 0o111) !== 0,
  };
}

function sameFile(path: string): CpioEntry {
  return file(path.replace(/^\/+/, ''), path);
}

/** `path` itself, or all files below it. Links are followed: the guest gets what they lead to. */
function filesBelow(path: string): string[] {
  const full = resolve(path);
  try {
    const target = lstatSync(realpathSync(full));
    if (target.isFile()) return [full];
    if (!target.isDirectory()) throw new Error('it is neither a file nor a folder');
    return readdirSync(full).flatMap((name) => filesBelow(join(full, name)));
  } catch (cause) {
    throw new DrainlabError(`cannot be put into the guest: ${(cause as Error).message}`, {
      code: 'E_VM_INCLUDE',
      where: path,
      hint: 'Name a file or folder of this host.',
      exitCode: ExitCode.outside,
      cause,
    });
  }
}

function neededBy(path: string): string[] {
  const head = beginningOf(path, headBytes);
  if (isElf(head)) return sharedLibrariesOf(path);
  const interpreter = /^#!\s*(\/\S+)/.exec(head.toString('latin1'))?.[1];
  if (interpreter === undefined || interpreter === '/bin/sh') return [];
  return withLibraries([interpreter]);
}

/** Folders of `files` that hold shared libraries. */
export function libraryFolders(files: readonly string[]): string[] {
  return [...new Set(files.filter((path) => /\.so(\.|$)/.test(path)).map(dirname))];
}
