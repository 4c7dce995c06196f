/** The QEMU of this host, and whether it can use the processor's own virtualisation. */

import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';

export type Accelerator = 'kvm' | 'tcg';

export interface Qemu {
  readonly path: string;
  /** `7.2.22`. */
  readonly version: string;
  readonly accelerator: Accelerator;
  /** Why not KVM, in a few words; '' with KVM, and when TCG was asked for. */
  readonly whyEmulated: string;
}

const probeMs = 5000;

/** `folder`: where files of a trial may be written. Throws E_VM_QEMU, and E_VM_KVM when KVM was asked for and fails. */
export async function findQemu(
  named: string | undefined,
  accelerator: Accelerator | 'auto',
  folder: string,
): Promise<Qemu> {
  const path = named ?? programOnPath('qemu-system-x86_64');
  if (path === null) {
    throw new DrainlabError('there is no qemu-system-x86_64 on this host', {
      code: 'E_VM_QEMU',
      hint: 'Install it (Debian: apt-get install qemu-system-x86), or name it with --qemu.',
      exitCode: ExitCode.outside,
    });
  }
  const version = await versionOf(path);
  if (accelerator === 'tcg') return { path, version, accelerator, whyEmulated: '' };
  const whyEmulated = await kvmTrouble(path, folder);
  if (whyEmulated === '') return { path, version, accelerator: 'kvm', whyEmulated };
  if (accelerator === 'auto') return { path, version, accelerator: 'tcg', whyEmulated };
  throw new DrainlabError(`KVM cannot be used: ${whyEmulated}`, {
    code: 'E_VM_KVM',
    hint: 'Leave --accel out: without KVM the guest is emulated, its counts are real and its times are not.',
    exitCode: ExitCode.outside,
  });
}

/** null: not on PATH. */
export function programOnPath(name: string): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

async function versionOf(path: string): Promise<string> {
  const { text, failure } = await run(path, ['-version'], probeMs);
  const match = /version (\d+(?:\.\d+)*)/.exec(text);
  if (match !== null) return match[1];
  throw new DrainlabError(`this is no QEMU${failure === '' ? '' : `: ${failure}`}`, {
    code: 'E_VM_QEMU',
    where: path,
    hint: 'Name qemu-system-x86_64 with --qemu.',
    exitCode: ExitCode.outside,
  });
}

/** What a guest with KVM needs and this host lacks, or ''. A host may have /dev/kvm and yet run no guest: one is tried. */
async function kvmTrouble(path: string, folder: string): Promise<string> {
  if (!existsSync('/dev/kvm')) return 'there is no /dev/kvm';
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return 'there is no right to use /dev/kvm';
  }
  const firmware = join(folder, 'trial-firmware');
  writeFileSync(firmware, trialFirmware());
  const words = ['-accel', 'kvm', '-cpu', 'host', '-m', '4', '-bios', firmware, '-nodefaults'];
  const exit = ['-device', `isa-debug-exit,iobase=${trialPort},iosize=1`, '-display', 'none'];
  const { code } = await run(path, [...words, ...exit], probeMs);
  return code === trialCode ? '' : 'a trial guest did not run with KVM';
}

const trialPort = 0xf4;
/** QEMU ends with twice the byte that was written, plus one. */
const trialCode = 0x21;

/** 64 KiB that end at 4 GiB; a processor begins 16 bytes before: mov al,10h; out 0f4h,al; hlt; jmp. */
function trialFirmware(): Buffer {
  const bytes = Buffer.alloc(64 << 10);
  Buffer.from([0xb0, 0x10, 0xe6, trialPort, 0xf4, 0xeb, 0xfd]).copy(bytes, bytes.length - 16);
  return bytes;
}

/** `code`: -1 when it did not end by itself. */
function run(
  path: string,
  words: readonly string[],
  timeout: number,
): Promise<{ code: number; text: string; failure: string }> {
  return new Promise((resolve) => {
    const child = execFile(path, words, { timeout, killSignal: 'SIGKILL' }, (error, text) => {
      const code = error === null ? 0 : (child.exitCode ?? -1);
      resolve({ code, text, failure: error === null ? '' : error.message.split('\n')[0] });
    });
  });
}
