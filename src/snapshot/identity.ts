/** Name, kernel release and architecture of a host, from the files that tell them. */

import type { HostFiles } from './host-snapshot.ts';

export interface HostIdentity {
  /** '' each: no file tells it. */
  readonly hostName: string;
  readonly kernel: string;
  readonly architecture: string;
}

export function identityOf(files: HostFiles): HostIdentity {
  const uname = firstLine(files, 'uname', 'sos_commands/kernel/uname_-a');
  // uname -a: system, host, release, version …, machine, processor, platform, GNU/Linux.
  const [system = '', node = '', release = '', ...words] = uname.split(/\s+/);
  const isUname = system === 'Linux' && releasePattern.test(release);
  const version = /^Linux version (\S{1,100})/.exec(firstLine(files, 'proc/version'))?.[1] ?? '';
  const osrelease = firstLine(files, 'proc/sys/kernel/osrelease');
  const kernel = [osrelease, version, isUname ? release : ''].find((text) => releasePattern.test(text)) ?? '';
  const hostName = firstLine(
    files,
    'proc/sys/kernel/hostname',
    'hostname',
    'sos_commands/host/hostname',
    'sos_commands/general/hostname',
  );
  return {
    hostName: [hostName, isUname ? node : ''].find((text) => /^[\w.-]{1,255}$/.test(text)) ?? '',
    kernel,
    architecture: architectureOf(isUname ? words : [], kernel, files),
  };
}

const releasePattern = /^\d{1,3}\.\d{1,3}[\w.+~-]{0,100}$/;
const machines = /^(x86_64|aarch64|ppc64le|s390x|riscv64|loongarch64|i[3-6]86|armv7l)$/;

/** Distributions put the machine at the end of the release: `el9.x86_64`, `el9.aarch64+64k`. */
function architectureOf(words: readonly string[], kernel: string, files: HostFiles): string {
  const named = [...words, ...kernel.split(/[.+-]/)].find((word) => machines.test(word));
  if (named !== undefined) return named;
  if (/-amd64$/.test(kernel)) return 'x86_64';
  if (/-arm64$/.test(kernel)) return 'aarch64';
  // x86 alone has a row of TLB shootdowns, arm64 alone names its rows IPI0, IPI1, ….
  const interrupts = files.get('proc/interrupts') ?? '';
  if (/^\s*TLB:.*TLB shootdowns/m.test(interrupts)) return 'x86_64';
  return /^\s*IPI0:.*Rescheduling/m.test(interrupts) && /GICv?\d/.test(interrupts) ? 'aarch64' : '';
}

function firstLine(files: HostFiles, ...paths: string[]): string {
  for (const path of paths) {
    const line = (files.get(path) ?? '').slice(0, 1000).split('\n', 1)[0].trim();
    if (line !== '') return line;
  }
  return '';
}
