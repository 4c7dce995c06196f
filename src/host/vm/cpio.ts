/** A cpio archive of form newc (magic 070701), as the kernel unpacks it into its first file system. */

/** What one path of the archive is. */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly executable: boolean;
    };

const directoryMode = 0o040755;
const linkMode = 0o120777;
const fileMode = 0o100644;
const executableMode = 0o100755;
const bytesMax = 0xffff_ffff;

/** Paths without a leading slash; a path's directories must come before it (`withDirectories`). Everything belongs to root. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const [index, entry] of entries.entries()) pushEntry(parts, index + 1, entry);
  pushRecord(parts, { inode: 0, mode: 0, path: 'TRAILER!!!', content: Buffer.alloc(0) });
  return Buffer.concat(parts);
}

/** The entries with every directory that their paths need, each once and before what is in it. */
export function withDirectories(entries: readonly CpioEntry[]): CpioEntry[] {
  const seen = new Set<string>();
  const all: CpioEntry[] = [];
  for (const entry of entries) {
    const steps = entry.path.split('/');
    for (let depth = 1; depth < steps.length; depth++) {
      const path = steps.slice(0, depth).join('/');
      if (!seen.has(path)) all.push({ kind: 'directory', path });
      seen.add(path);
    }
    if (!seen.has(entry.path)) all.push(entry);
    seen.add(entry.path);
  }
  return all;
}

function pushEntry(parts: Buffer[], inode: number, entry: CpioEntry): void {
  const { path } = entry;
  if (entry.kind === 'directory')
    pushRecord(parts, { inode, mode: directoryMode, path, content: Buffer.alloc(0) });
  else if (entry.kind === 'link')
    pushRecord(parts, { inode, mode: linkMode, path, content: Buffer.from(entry.target) });
  else {
    if (entry.bytes.length > bytesMax) throw new RangeError(`${path} is too large for a cpio archive`);
    const { buffer, byteOffset, byteLength } = entry.bytes;
    const content = Buffer.from(buffer, byteOffset, byteLength);
    pushRecord(parts, { inode, mode: entry.executable ? executableMode : fileMode, path, content });
  }
}

interface CpioRecord {
  readonly inode: number;
  readonly mode: number;
  readonly path: string;
  readonly content: Buffer;
}

function pushRecord(parts: Buffer[], { inode, mode, path, content }: CpioRecord): void {
  const name = Buffer.from(`${path}\0`);
  const links = 1;
  // inode, mode, uid, gid, links, mtime, size, four device numbers, length of the name, checksum (unused)
  const numbers = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const head = Buffer.from(`070701${numbers.map((n) => n.toString(16).padStart(8, '0')).join('')}`);
  parts.push(head, name, padding(head.length + name.length), content, padding(content.length));
}

function padding(length: number): Buffer {
  return Buffer.alloc(-length & 3);
}
