/** The two calls that Node does not offer: membarrier(2) and sched_setaffinity(2) of the calling thread, through koffi. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';

export interface SystemCalls {
  /** Registers this process for private expedited barriers. */
  registerBarrier(): void;
  /** Interrupts every other CPU that runs a thread of this process, and waits for all of them (kernel/sched/membarrier.c, 4.14 on). */
  barrier(): void;
  /** Binds the calling thread to one CPU. */
  bindTo(cpu: number): void;
}

const membarrierNumber: Readonly<Record<string, number>> = { x64: 324, arm64: 283 };
const privateExpedited = 1 << 3;
const registerPrivateExpedited = 1 << 4;
/** Bytes of a set of CPUs that any kernel takes: 8192 CPUs. */
const setBytes = 1024;

/** Throws E_CALIBRATE where koffi is not installed or the system is none that these calls are known for. */
export async function systemCalls(): Promise<SystemCalls> {
  const number = membarrierNumber[process.arch];
  if (process.platform !== 'linux' || number === undefined)
    throw cannot(
      `membarrier is not known for ${process.platform} on ${process.arch}`,
      'Run it on Linux, x86-64 or arm64.',
    );
  const koffi = await loadKoffi();
  const library = koffi.load(null);
  const syscall = library.func('long syscall(long, long, long, long)');
  const setAffinity = library.func('int sched_setaffinity(int, size_t, void *)');
  const checked = (result: number, what: string) => {
    if (result === 0) return;
    const name = Object.entries(koffi.os.errno).find(([, value]) => value === koffi.errno())?.[0];
    throw cannot(
      `${what} failed: ${name ?? `error ${koffi.errno()}`}`,
      'A container or a system call filter may forbid it.',
    );
  };
  return {
    registerBarrier: () =>
      checked(syscall(number, registerPrivateExpedited, 0, 0), 'registering for membarrier'),
    barrier: () => {
      syscall(number, privateExpedited, 0, 0);
    },
    bindTo: (cpu) => {
      const set = Buffer.alloc(setBytes);
      set[cpu >> 3] |= 1 << (cpu & 7);
      checked(setAffinity(0, setBytes, set), `binding a thread to CPU ${cpu}`);
    },
  };
}

async function loadKoffi() {
  try {
    return (await import('koffi')).default;
  } catch (cause) {
    throw cannot(
      'the package koffi is not installed; without it Node can make no system calls of its own',
      'Install it beside drainlab: npm install koffi',
      cause,
    );
  }
}

function cannot(message: string, hint: string, cause?: unknown): DrainlabError {
  return new DrainlabError(message, { code: 'E_CALIBRATE', hint, exitCode: ExitCode.outside, cause });
}
