import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bootGuest, type GuestMachine, type GuestRun, qemuWords } from './boot.ts';
import { findQemu, type Qemu } from './find-qemu.ts';
import { guestFailure, isFaultOfEmulation } from './guest-failure.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-boot-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const machine: GuestMachine = {
  kernel: '/k',
  initramfs: '/i',
  cpus: 5,
  memoryMegabytes: 513,
  numaNodes: 1,
  append: 'isolcpus=2',
  disk: 'virtio-blk-pci',
  disks: ['/a,b', '/d'],
};

let programs = 0;
/** A program that stands for QEMU: a shell script. */
function fakeQemu(script: string): Qemu {
  const path = join(folder, `qemu-${programs++}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return { path, version: '9.9', accelerator: 'tcg', whyEmulated: '' };
}

const consoleFile = join(folder, 'console.txt');
const boot = (script: string, timeoutSeconds = 20, signal?: AbortSignal): Promise<GuestRun> =>
  bootGuest(fakeQemu(script), machine, { timeoutSeconds, consoleFile, signal });

describe("QEMU's command line", () => {
  const qemu: Qemu = { path: 'q', version: '9.9', accelerator: 'tcg', whyEmulated: '' };
  it('says what the machine is; a comma in a path is doubled', () => {
    const words = qemuWords(qemu, machine).join(' ');
    expect(words).toContain('-accel tcg,thread=multi -cpu max -machine q35 -smp 5 -m 513 -nodefaults');
    expect(words).toContain('panic=-1 rdinit=/init tsc=reliable isolcpus=2');
    expect(words).toContain('file=/a,,b -device virtio-blk-pci,drive=disk0');
    const kvm = qemuWords({ ...qemu, accelerator: 'kvm' }, { ...machine, disk: 'nvme' }).join(' ');
    expect(kvm).toContain('-accel kvm -cpu host');
    expect(kvm).toContain('-device nvme,drive=disk1,serial=disk1');
    expect(kvm).not.toContain('tsc=reliable');
  });

  it('gives every CPU and every megabyte to a NUMA node', () => {
    const words = qemuWords(qemu, { ...machine, cpus: 6, numaNodes: 2 }).join(' ');
    expect(words).toContain('-smp 6,sockets=2,cores=3,threads=1 -m 513');
    expect(words).toContain('size=256M -numa node,nodeid=0,cpus=0-2,memdev=memory0');
    expect(words).toContain('size=257M -numa node,nodeid=1,cpus=3-5,memdev=memory1');
  });
});

describe('a guest that runs', () => {
  it('is heard: what it says to us, and its last lines without what a terminal would obey', async () => {
    const run = await boot(
      'printf "BIOS\\033[2J\\r\\n[ 1.0] drainlab: booted 6.1\\n\\033]0;x\\007odd\\ndrainlab: done\\n"',
    );
    expect(run.said).toEqual(['booted 6.1', 'done']);
    expect(run.lastLines).toEqual(['BIOS[2J', ']0;xodd']);
    expect(readFileSync(consoleFile, 'utf8')).toContain('drainlab: done');
    expect(guestFailure(run, '/k', consoleFile)).toBeNull();
  });

  it('keeps the last hundred lines of a console that never ends its line nor itself', async () => {
    const run = await boot(
      'i=0; while [ $i -lt 140 ]; do echo line $i; i=$((i+1)); done; exec cat /dev/zero',
      1,
    );
    expect(run.end).toBe('time-limit');
    expect(run.lastLines).toHaveLength(100);
    expect(run.lastLines.at(-1)).toBe('line 139');
  });
});

describe('a guest that fails', () => {
  const failureOf = async (script: string, timeoutSeconds?: number) =>
    guestFailure(await boot(script, timeoutSeconds), '/k', consoleFile);

  it('by a panic: the message says it, with the last lines and what to do', async () => {
    const error = await failureOf(
      'echo early; echo "[ 1.6] Kernel panic - not syncing: VFS: no root"; echo late',
    );
    expect(error).toMatchObject({ code: 'E_VM_BOOT', where: '/k', exitCode: 4 });
    expect(error?.message).toBe('the kernel did not boot: Kernel panic - not syncing: VFS: no root');
    expect(error?.hint).toMatch(/CONFIG_BLK_DEV_INITRD[\s\S]*early[\s\S]*late\n.*console\.txt/);
  });

  it('by its emulation: a breakpoint that nobody set', async () => {
    const lines =
      '[ 1.7] VFS: quotas\\n[ 1.7] Oops: int3: 0000 [#1] PREEMPT SMP\\n[ 1.8] Kernel panic - not syncing: x';
    const run = await boot(`printf '${lines}\\n'`);
    expect(isFaultOfEmulation(run)).toBe(true);
    expect(guestFailure(run, '/k', consoleFile)?.hint).toContain('quotas');
    expect(isFaultOfEmulation(await boot('echo Kernel panic'))).toBe(false);
  });

  it('by silence', async () => {
    const error = await failureOf('exec sleep 30', 1);
    expect(error?.message).toMatch(/nothing came of it in 1\.\d s/);
    expect(error?.hint).toMatch(/It wrote nothing/);
  });

  it('by what it says itself', async () => {
    const error = await failureOf(
      'echo drainlab: booted 6.1; echo drainlab: failed disk: this kernel sees no disk',
    );
    expect(error).toMatchObject({ code: 'E_VM_GUEST', message: 'this kernel sees no disk' });
    expect(error?.hint).toMatch(/--modules/);
  });

  it('on its way, or too slowly', async () => {
    const died = await failureOf(
      'echo drainlab: booted 6.1; echo drainlab: running 3 40; echo Out of memory',
    );
    expect(died?.message).toBe('the guest died after "running 3 40"');
    const slow = await failureOf('echo drainlab: booted 6.1; exec sleep 30', 1);
    expect(slow).toMatchObject({ code: 'E_VM_TIME' });
  });

  it('since QEMU refused: its words are shown', async () => {
    const error = await failureOf('echo "qemu: no such machine" >&2; exit 1');
    expect(error?.message).toBe('the kernel did not boot: QEMU ended with 1');
    expect(error?.hint).toContain('no such machine');
  });

  it('since it was interrupted: QEMU is gone then', async () => {
    const stop = new AbortController();
    const pidFile = join(folder, 'pid');
    const running = boot(`echo $$ > ${pidFile}; exec sleep 30`, 20, stop.signal);
    while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '')
      await new Promise((r) => setTimeout(r, 10));
    stop.abort();
    const run = await running;
    expect(guestFailure(run, '/k', consoleFile)).toMatchObject({ code: 'E_VM_STOPPED' });
    expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow(/ESRCH/);
  });
});

describe('the QEMU of this host', () => {
  const qemuThat = (trial: string) =>
    fakeQemu(`[ "$1" = -version ] && echo "QEMU emulator version 9.1.2 (Debian)" && exit; ${trial}`).path;

  it.skipIf(!existsSync('/dev/kvm'))(
    'is used with KVM only if a guest runs with it (skipped without /dev/kvm)',
    async () => {
      expect(await findQemu(qemuThat('exit 33'), 'auto', folder)).toMatchObject({ accelerator: 'kvm' });
      const failing = qemuThat('exit 134');
      expect(await findQemu(failing, 'auto', folder)).toMatchObject({
        version: '9.1.2',
        accelerator: 'tcg',
        whyEmulated: 'a trial guest did not run with KVM',
      });
      await expect(findQemu(failing, 'kvm', folder)).rejects.toMatchObject({ code: 'E_VM_KVM' });
    },
  );

  it('is refused when it is none', async () => {
    await expect(findQemu('/bin/echo', 'tcg', folder)).rejects.toMatchObject({ code: 'E_VM_QEMU' });
    await expect(findQemu('/nowhere/qemu', 'tcg', folder)).rejects.toMatchObject({ code: 'E_VM_QEMU' });
  });
});
