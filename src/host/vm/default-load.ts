/**
 * A load for a guest that has nothing but busybox, under which CPUs reclaim memory and drain the lists. Readers stream a
 * disk, so that there is page cache to reclaim: without progress direct reclaim never drains. The others take
 * anonymous memory, together a quarter more than there is, and give it back: with less, measured on 6.1, drains are rare.
 */

const memoryShare = 1.25;

/** Long enough for some hundred drains when QEMU emulates the processors; with KVM the buffers are full before. */
export const defaultLoadSeconds = 20;

/** As a script for `sh` in the guest; `DRAINLAB_DISK` is the disk to read. */
export function defaultLoad(cpus: number, memoryMegabytes: number, seconds: number): string {
  const readers = Math.max(2, Math.floor(cpus / 4));
  const takers = cpus;
  const megabytesEach = Math.max(4, Math.floor((memoryShare * memoryMegabytes) / takers));
  return [
    ...repeat(readers, `while :; do dd if="$DRAINLAB_DISK" of=/dev/null bs=64k; done 2>/dev/null &`),
    ...repeat(
      takers,
      `while :; do dd if=/dev/zero of=/dev/null bs=${megabytesEach}M count=1; done 2>/dev/null &`,
    ),
    `sleep ${seconds}`,
    '',
  ].join('\n');
}

function repeat(times: number, line: string): string[] {
  return Array.from({ length: times }, () => line);
}
