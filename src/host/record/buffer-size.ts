/** How large the kernel's buffers are while recording. They are taken from the memory that is being observed. */

/** What a CPU can write in half a second of page events (40 bytes each, a million a second) is 20 MB; then we read again. */
const bytesWanted = 16 << 20;
const bytesMin = 256 << 10;
/** Of the memory that is free now. */
const shareMax = 0.02;

export interface BufferSize {
  readonly kilobytesPerCpu: number;
  /** One sentence: how much, which share. */
  readonly said: string;
}

/** `availableBytes`: MemAvailable. `askedKilobytes`: what the user wants for each CPU, whatever it takes. */
export function bufferSize(cpus: number, availableBytes: number, askedKilobytes?: number): BufferSize {
  const fair = Math.max(bytesMin, Math.min(bytesWanted, (shareMax * availableBytes) / cpus));
  const kilobytesPerCpu = askedKilobytes ?? Math.floor(fair / 1024);
  const share = (100 * kilobytesPerCpu * 1024 * cpus) / availableBytes;
  const size =
    kilobytesPerCpu < 1024 ? `${kilobytesPerCpu} KiB` : `${(kilobytesPerCpu / 1024).toFixed(1)} MiB`;
  const said = `Buffers: ${size} for each of ${cpus} CPUs, ${share < 0.1 ? share.toFixed(2) : share.toFixed(1)} % of the memory that is available now`;
  const remark = share > 100 * shareMax + 0.01 ? '; so large a share changes what is being observed.' : '.';
  return { kilobytesPerCpu, said: said + remark };
}

/** Bytes of MemAvailable, or MemFree before 3.14; 0 where there is neither. */
export function availableBytes(meminfo: string): number {
  const match = /^MemAvailable:\s*(\d+) kB/m.exec(meminfo) ?? /^MemFree:\s*(\d+) kB/m.exec(meminfo);
  return match === null ? 0 : Number(match[1]) * 1024;
}
