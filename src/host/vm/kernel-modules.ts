/** Modules of a kernel with those that they depend on, unpacked and in the order in which they must be loaded. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DrainlabError } from '../../base/errors.ts';
import { compressionOf, decompressed } from '../../trace/decompress.ts';

export interface KernelModule {
  /** `virtio_blk`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The modules of `folder` that `names` and what these depend on have; names without a file are built in and left out. */
export async function modulesFor(folder: string, names: readonly string[]): Promise<KernelModule[]> {
  const files = moduleFiles(folder);
  const loaded = new Map<string, KernelModule>();
  for (const name of names) await load(name, files, loaded);
  return [...loaded.values()];
}

async function load(
  name: string,
  files: ReadonlyMap<string, string>,
  loaded: Map<string, KernelModule>,
  waiting: ReadonlySet<string> = new Set(),
): Promise<void> {
  const file = files.get(name);
  if (file === undefined || loaded.has(name) || waiting.has(name)) return;
  const bytes = await unpacked(file);
  for (const other of dependenciesOf(bytes)) await load(other, files, loaded, new Set([...waiting, name]));
  loaded.set(name, { name, bytes });
}

/** By name as `depends` writes it (`-` becomes `_`). */
function moduleFiles(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const match = /^(.*)\.ko(\.xz|\.zst|\.gz)?$/.exec(basename(entry));
    if (match !== null) files.set(match[1].replaceAll('-', '_'), join(folder, entry));
  }
  return files;
}

/** The section `.modinfo` holds `depends=a,b` once, ended by NUL. */
function dependenciesOf(bytes: Buffer): string[] {
  const at = bytes.indexOf('\0depends=');
  if (at < 0) return [];
  const start = at + '\0depends='.length;
  const list = bytes.toString('latin1', start, bytes.indexOf(0, start));
  return list === '' ? [] : list.split(',').map((name) => name.replaceAll('-', '_'));
}

async function unpacked(file: string): Promise<Buffer> {
  const packed = readFileSync(file);
  const parts: Uint8Array[] = [];
  try {
    for await (const part of decompressed(chunksOf(packed), compressionOf(packed), file, () => packed.length))
      parts.push(part.slice());
  } catch (cause) {
    throw new DrainlabError('this module cannot be unpacked', {
      code: 'E_VM_MODULES',
      where: file,
      hint: 'Unpack the package of the kernel again, or name another folder with --modules.',
      cause,
    });
  }
  return Buffer.concat(parts);
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
