import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { guestDisk } from './guest-disk.ts';
import { configured, readKernelFile } from './kernel-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-kernel-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The header of a bzImage whose release stands at 0x3000. */
function bzImage(release: string): Buffer {
  const bytes = Buffer.alloc(0x4000);
  bytes.writeUInt16LE(0xaa55, 0x1fe);
  bytes.write('HdrS', 0x202, 'latin1');
  bytes.writeUInt16LE(0x3000 - 0x200, 0x20e);
  bytes.write(`${release} (somebody@somewhere) #1 SMP\0`, 0x3000, 'latin1');
  return bytes;
}

function file(path: string, content: string | Buffer): string {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, content);
  return full;
}

/** The bytes of a module as far as we read them. */
const module = (depends: string) => Buffer.from(`\x7fELF\0license=GPL\0depends=${depends}\0name=x\0`);

describe('a kernel', () => {
  it('tells its release; modules and configuration are found where its package has them', () => {
    const path = file('deb/boot/vmlinuz-6.1.0-9', bzImage('6.1.0-9'));
    file('deb/boot/config-6.1.0-9', 'CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\n');
    file('deb/lib/modules/6.1.0-9/kernel/x.ko', '');
    const kernel = readKernelFile(path);
    expect(kernel.release).toBe('6.1.0-9');
    expect(kernel.modules).toBe(join(folder, 'deb/lib/modules/6.1.0-9'));
    expect(['A', 'B', 'C'].map((name) => configured(kernel, name))).toEqual(['y', 'm', '']);
  });

  it('of a build has its configuration at the top of the tree', () => {
    const path = file('build/arch/x86/boot/bzImage', bzImage('7.0.0-rc1+'));
    file('build/.config', 'CONFIG_VIRTIO_BLK=y\n');
    expect(configured(readKernelFile(path), 'VIRTIO_BLK')).toBe('y');
  });

  it('is refused with what it is instead', () => {
    const arm = Buffer.alloc(0x4000);
    arm.write('ARM\x64', 56, 'latin1');
    for (const [content, message] of [
      [arm, /a kernel for arm64/],
      [gzipSync(arm), /gzip/],
      [Buffer.from('hello'), /no x86-64 kernel/],
      [Buffer.alloc(0), /no x86-64 kernel/],
    ] as const) {
      expect(() => readKernelFile(file('wrong', content))).toThrow(message);
    }
    const withCode = (code: string) => expect.objectContaining({ code });
    expect(() => readKernelFile('/dev/zero')).toThrow(/no x86-64 kernel/);
    expect(() => readKernelFile(join(folder, 'absent'))).toThrow(withCode('E_VM_KERNEL'));
    expect(() => readKernelFile(file('k', bzImage('6.1')), folder)).toThrow(withCode('E_VM_MODULES'));
  });
});

describe('the disk of the guest', () => {
  const kernelWith = (name: string, config: string, modules: Record<string, Buffer> = {}) => {
    file(`${name}/boot/config-6.1`, config);
    for (const [path, bytes] of Object.entries(modules))
      file(`${name}/lib/modules/6.1/kernel/${path}`, bytes);
    return readKernelFile(file(`${name}/boot/vmlinuz-6.1`, bzImage('6.1')));
  };
  const virtioModules = {
    'virtio_blk.ko': module('virtio,virtio_ring'),
    'virtio-pci.ko.gz': gzipSync(module('virtio')),
    'virtio.ko': module('virtio_ring'),
    'virtio_ring.ko': module(''),
  };

  it('has a driver that is built in before one that is a module', async () => {
    const kernel = kernelWith('nvme', 'CONFIG_VIRTIO_PCI=m\nCONFIG_VIRTIO_BLK=m\nCONFIG_BLK_DEV_NVME=y\n');
    expect(await guestDisk(kernel)).toEqual({ device: 'nvme', modules: [] });
  });

  it('comes with its modules, those that others depend on first', async () => {
    const kernel = kernelWith('virtio', 'CONFIG_VIRTIO_PCI=m\nCONFIG_VIRTIO_BLK=m\n', virtioModules);
    const { device, modules } = await guestDisk(kernel);
    expect(device).toBe('virtio-blk-pci');
    expect(modules.map(({ name }) => name)).toEqual(['virtio_ring', 'virtio', 'virtio_pci', 'virtio_blk']);
    expect(Buffer.from(modules[2].bytes).includes('depends=virtio')).toBe(true);
  });

  it('cannot be had without its modules, or without a driver', async () => {
    await expect(guestDisk(kernelWith('no-modules', 'CONFIG_BLK_DEV_NVME=m\n'))).rejects.toThrow(/not found/);
    await expect(guestDisk(kernelWith('nothing', 'CONFIG_EXT4_FS=y\n'))).rejects.toThrow(/no driver/);
  });
});
