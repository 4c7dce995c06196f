/** Where the tests find QEMU, busybox and kernels to boot: `tools/get-test-kernel.sh` fetches the latter. */

import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { programOnPath } from '../../src/host/vm/find-qemu.ts';

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'drainlab/kernels');

/** Paths of bzImages, by the name of their package. `DRAINLAB_TEST_KERNEL` names one in their place. */
export function testKernels(): string[] {
  const named = process.env.DRAINLAB_TEST_KERNEL;
  if (named !== undefined) return [named];
  if (!existsSync(cache)) return [];
  return readdirSync(cache)
    .map((name) => join(cache, name, 'boot'))
    .filter(existsSync)
    .flatMap((boot) =>
      readdirSync(boot)
        .filter((name) => name.startsWith('vmlinuz-'))
        .map((name) => join(boot, name)),
    );
}

/** What a boot needs and this machine lacks; '' for nothing. */
export function whatKeepsFromBooting(): string {
  const missing = [
    programOnPath('qemu-system-x86_64') === null ? 'qemu-system-x86_64' : '',
    programOnPath('busybox') === null ? 'busybox' : '',
    testKernels().length === 0 ? 'a kernel from tools/get-test-kernel.sh' : '',
  ];
  return missing.filter((name) => name !== '').join(', ');
}
