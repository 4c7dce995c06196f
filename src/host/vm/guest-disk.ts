/** By which device the guest reaches its disks: one that the kernel has built in, else one whose modules are at hand. */

import { DrainlabError } from '../../base/errors.ts';
import { configured, type KernelFile } from './kernel-file.ts';
import { type KernelModule, modulesFor } from './kernel-modules.ts';

export type DiskDevice = 'virtio-blk-pci' | 'nvme' | 'ide-hd';

export interface GuestDisk {
  readonly device: DiskDevice;
  /** To be loaded by the guest, in this order. */
  readonly modules: readonly KernelModule[];
}

interface Driver {
  readonly device: DiskDevice;
  /** Options of the kernel's configuration, and the modules that they make. */
  readonly parts: ReadonlyArray<readonly [option: string, module: string]>;
}

const drivers: readonly Driver[] = [
  {
    device: 'virtio-blk-pci',
    parts: [
      ['VIRTIO_PCI', 'virtio_pci'],
      ['VIRTIO_BLK', 'virtio_blk'],
    ],
  },
  { device: 'nvme', parts: [['BLK_DEV_NVME', 'nvme']] },
  {
    device: 'ide-hd',
    parts: [
      ['SATA_AHCI', 'ahci'],
      ['BLK_DEV_SD', 'sd_mod'],
    ],
  },
];

/** Without a configuration virtio is taken for granted. Throws E_VM_DISK where no driver can be had. */
export async function guestDisk(kernel: KernelFile): Promise<GuestDisk> {
  const states = drivers.map(({ parts }) => parts.map(([option]) => configured(kernel, option)));
  const builtIn = states.findIndex((state) => state.every((one) => one === 'y'));
  if (builtIn >= 0) return { device: drivers[builtIn].device, modules: [] };
  const loadable = states.findIndex((state) => state.every((one) => one !== ''));
  const chosen = loadable >= 0 ? loadable : kernel.config === null ? 0 : -1;
  if (chosen < 0) throw noDriver(kernel, 'this kernel has no driver for a disk that QEMU has');
  const names = drivers[chosen].parts.map(([, module]) => module);
  const modules = kernel.modules === null ? [] : await modulesFor(kernel.modules, names);
  if (loadable >= 0 && modules.length === 0)
    throw noDriver(
      kernel,
      'the driver for a disk is a module of this kernel, and its modules were not found',
    );
  return { device: drivers[chosen].device, modules };
}

function noDriver(kernel: KernelFile, what: string): DrainlabError {
  return new DrainlabError(what, {
    code: 'E_VM_DISK',
    where: kernel.path,
    hint: `Name the folder lib/modules/${kernel.release || 'RELEASE'} with --modules, or build with CONFIG_VIRTIO_PCI=y and CONFIG_VIRTIO_BLK=y.`,
  });
}
