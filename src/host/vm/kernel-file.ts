/**
 * A kernel that QEMU can boot, and what lies around it: its release, its modules, its configuration. The header is that
 * of Documentation/arch/x86/boot.rst.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { beginningOf } from './file-head.ts';

export interface KernelFile {
  readonly path: string;
  /** `6.1.0-56-cloud-amd64`; '' where the file does not say (an ELF vmlinux). */
  readonly release: string;
  /** Folder with this release's modules (`lib/modules/RELEASE`); null: none found. */
  readonly modules: string | null;
  /** Text of its configuration; null: none found. */
  readonly config: string | null;
}

const bootFlagAt = 0x1fe;
const headerAt = 0x202;
const releaseAt = 0x20e;
/** The release is given as an offset from the end of the boot sector. */
const bootSectorBytes = 0x200;
const headBytes = 64 << 10;
const aarch64ImageMagicAt = 56;

/** `modules`: the folder that the user named in place of the one beside the kernel. Throws E_VM_KERNEL, E_VM_MODULES. */
export function readKernelFile(path: string, modules?: string): KernelFile {
  const head = readHead(path);
  const release = releaseOf(path, head);
  return {
    path,
    release,
    modules: modules === undefined ? findModules(path, release) : namedModules(modules, release),
    config: findConfig(path, release),
  };
}

/** What the configuration says about `CONFIG_name`: `y`, `m`, or '' for off and for not known. */
export function configured({ config }: KernelFile, name: string): string {
  return new RegExp(`^CONFIG_${name}=([ym])$`, 'm').exec(config ?? '')?.[1] ?? '';
}

function readHead(path: string): Buffer {
  try {
    return beginningOf(path, headBytes);
  } catch (cause) {
    throw new DrainlabError(`cannot read this kernel: ${(cause as Error).message}`, {
      code: 'E_VM_KERNEL',
      where: path,
      hint: 'Name a bzImage: /boot/vmlinuz-RELEASE or arch/x86/boot/bzImage of a build.',
      exitCode: ExitCode.outside,
      cause,
    });
  }
}

function releaseOf(path: string, head: Buffer): string {
  const isBoot = head.length > headerAt + 4 && head.readUInt16LE(bootFlagAt) === 0xaa55;
  if (isBoot && head.toString('latin1', headerAt, headerAt + 4) === 'HdrS') {
    const at = head.readUInt16LE(releaseAt) + bootSectorBytes;
    const end = head.indexOf(0, at);
    return /^\S*/.exec(head.toString('latin1', at, Math.max(at, end)))?.[0] ?? '';
  }
  if (head.toString('latin1', 0, 4) === '\x7fELF' && head[4] === 2 && head.readUInt16LE(18) === 62) return '';
  throw notBootable(path, head);
}

function notBootable(path: string, head: Buffer): DrainlabError {
  const isArm = head.toString('latin1', aarch64ImageMagicAt, aarch64ImageMagicAt + 4) === 'ARM\x64';
  const isPacked = head[0] === 0x1f && head[1] === 0x8b;
  const what = isArm
    ? 'a kernel for arm64, and only x86-64 kernels can be booted'
    : isPacked
      ? 'gzip: no x86-64 kernel is packed in this way (arm64 kernels are, and cannot be booted)'
      : 'no x86-64 kernel: the boot header is missing';
  return new DrainlabError(`this is ${what}`, {
    code: 'E_VM_KERNEL',
    where: path,
    hint: 'Name a bzImage: /boot/vmlinuz-RELEASE or arch/x86/boot/bzImage of a build.',
  });
}

function namedModules(folder: string, release: string): string {
  const found = [folder, join(folder, release), join(folder, 'lib/modules', release)].find(hasModules);
  if (found !== undefined) return found;
  throw new DrainlabError('this folder holds no modules of the kernel', {
    code: 'E_VM_MODULES',
    where: folder,
    hint: `Name the folder lib/modules/${release || 'RELEASE'}.`,
  });
}

/** Beside `boot/` of an unpacked package or of this host, or around a kernel that lies among its modules. */
function findModules(path: string, release: string): string | null {
  if (release === '') return null;
  const root = dirname(dirname(path));
  return (
    [join(root, 'lib/modules', release), join(root, 'usr/lib/modules', release), dirname(path)].find(
      hasModules,
    ) ?? null
  );
}

function hasModules(folder: string): boolean {
  return existsSync(join(folder, 'kernel')) && readdirSync(join(folder, 'kernel')).length > 0;
}

/** Beside the kernel, or at the top of the tree that built `arch/x86/boot/bzImage`. */
function findConfig(path: string, release: string): string | null {
  const folder = dirname(path);
  const places = [
    join(folder, `config-${release}`),
    join(folder, 'config'),
    join(folder, '../../..', '.config'),
  ];
  const found = places.find(existsSync);
  return found === undefined ? null : readFileSync(found, 'utf8');
}
