import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultLoad } from './default-load.ts';
import { guestFiles, guestInit } from './guest-init.ts';
import { guestPlan } from './guest-plan.ts';
import { bufferKilobytesFor, checkGuestSize } from './guest-size.ts';
import { guestWorkload } from './guest-workload.ts';
import { findBusybox, makeInitramfs, withLibraries } from './initramfs.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-guest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasBusybox = spawnSync('busybox', ['--list']).status === 0;
const hasCpio = spawnSync('cpio', ['--version']).status === 0;

const plan = {
  ...guestPlan({
    purpose: 'replay',
    bufferKilobytesPerCpu: 16,
    workloadSeconds: 5,
    snapshotSeconds: 3,
    timeoutSeconds: 60,
    workingFolder: "/it's here",
  }),
  libraryFolders: ['/opt/lib'],
};

describe('what the guest is told', () => {
  it('quotes what a shell would take apart', () => {
    const settings = guestFiles(plan, '').get('drainlab/settings') ?? '';
    const said = execFileSync('sh', [
      '-c',
      `${settings}echo "$working_folder $LD_LIBRARY_PATH $buffer_kilobytes"`,
    ]);
    expect(said.toString()).toBe("/it's here /opt/lib 16\n");
  });

  it('for a replay has the work items of drains only; for an audit all', () => {
    expect(plan.workFunctions).toEqual(['drain_local_pages_wq']);
    expect(plan.events.filter((event) => event.startsWith('workqueue/'))).toEqual([]);
    const audit = guestPlan({ ...plan, purpose: 'audit', timeoutSeconds: 60 });
    expect(audit.workFunctions).toEqual([]);
    expect(audit.events).toContain('workqueue/workqueue_queue_work');
  });

  it.skipIf(!hasBusybox)('is shell that busybox understands (skipped without busybox)', () => {
    for (const [index, script] of [guestInit, defaultLoad(4, 256, 10)].entries()) {
      const path = join(folder, `script-${index}`);
      writeFileSync(path, script);
      expect(spawnSync('busybox', ['sh', '-n', path], { encoding: 'utf8' }).stderr).toBe('');
    }
  });
});

describe('the files of the guest', () => {
  it.skipIf(!hasBusybox || !hasCpio)('are a file system with init, busybox and what is named', () => {
    const listed = execFileSync('cpio', ['-t', '--quiet'], {
      input: makeInitramfs({
        busybox: findBusybox(undefined),
        include: withLibraries([import.meta.filename]),
        modules: [{ name: 'virtio', bytes: Buffer.from('x') }],
        texts: guestFiles(plan, 'exec true\n'),
      }),
    });
    const names = listed.toString().split('\n');
    for (const name of [
      'init',
      'bin/busybox',
      'bin/sh',
      'drainlab/workload',
      'drainlab/modules/virtio.ko',
      'proc',
    ])
      expect(names).toContain(name);
    expect(names).toContain(import.meta.filename.slice(1));
  });

  it('cannot have what is not there', () => {
    for (const path of ['/nowhere/a', '/dev/zero'])
      expect(() => withLibraries([path])).toThrow(expect.objectContaining({ code: 'E_VM_INCLUDE' }));
    expect(() => findBusybox('/bin/true')).toThrow(expect.objectContaining({ code: 'E_VM_BUSYBOX' }));
  });
});

describe('the workload', () => {
  it('is a program of busybox before one of this host; its words stay apart', () => {
    expect(guestWorkload(['sleep', '1 2'], new Set(['sleep']))).toEqual({
      script: "exec sleep '1 2'\n",
      include: [],
    });
  });

  it('brings a program of this host along', () => {
    const { script, include } = guestWorkload(['node', '-v'], new Set());
    expect(include).toHaveLength(1);
    expect(script).toBe(`exec ${include[0]} -v\n`);
    expect(() => guestWorkload(['no-such-program'], new Set())).toThrow(/neither/);
    expect(() => guestWorkload(['./no-such-program'], new Set())).toThrow(/neither/);
  });
});

describe('the size of a guest', () => {
  const size = { cpus: 8, memoryMegabytes: 512, numaNodes: 1 };
  it('gives a quarter of the memory to the trace buffers', () => {
    expect(bufferKilobytesFor(size)).toBe(16 * 1024);
  });

  it('must hold the kernel, the files twice, and the buffers', () => {
    // 96 + 8 × 2 for the kernel, 2 × 8 MB of files, 8 × 16 MB of buffers: 256
    expect(() => checkGuestSize({ ...size, memoryMegabytes: 256 }, 8 << 20, 16 << 10)).not.toThrow();
    expect(() => checkGuestSize({ ...size, memoryMegabytes: 255 }, 8 << 20, 16 << 10)).toThrow(
      /255 MB of memory: the kernel needs about 112, the files of the guest 16, the trace buffers 128/,
    );
  });

  it('is what QEMU can give', () => {
    expect(() => checkGuestSize({ ...size, cpus: 256, memoryMegabytes: 4096 }, 0, 0)).toThrow(/at most 255/);
    expect(() => checkGuestSize({ ...size, numaNodes: 3 }, 0, 0)).toThrow(
      /8 CPUs cannot be shared evenly by 3 NUMA nodes/,
    );
  });
});
