/** Where a member of an archive belongs: the host's root folder in the archive, and the file that it is to a census. */

import { canonicalPath } from '../../snapshot/host-files.ts';

export interface MemberPlace {
  /** Folder of the host in the archive, without a slash at its end: `sosreport-web1-2026-11-23`; '' : the archive itself. */
  readonly root: string;
  /** As `HostFiles` names it; '' : no file that a census reads. */
  readonly path: string;
  /** The root is a copy of /proc: `vmstat` is `proc/vmstat`. */
  readonly isCopy: boolean;
}

/** `../x` and the like: nothing that an archive of a host needs. */
export const outside: unique symbol = Symbol('outside');

/** Folders at the root of every host; what stands above them is the path of the root. */
const rootFolders: ReadonlySet<string> = new Set(['proc', 'sys', 'boot', 'sos_commands']);
/** `tmp/sos/sosreport-web1/proc/zoneinfo` is as deep as people pack. */
const rootDepthMax = 4;

/** `name` as it stands in the archive; no member is ever written anywhere, so a name can do no harm but mislead. */
export function memberPlace(name: string): MemberPlace | typeof outside | null {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return outside;
  const at = parts.findIndex((part) => rootFolders.has(part));
  const depth = at >= 0 ? at : parts.length - 1;
  if (depth < 0 || depth > rootDepthMax) return null;
  const path = canonicalPath(parts.slice(depth).join('/'));
  if (path !== '') return { root: parts.slice(0, depth).join('/'), path, isCopy: false };
  return copyPlace(parts);
}

/** A copy of /proc stands at the root of the archive or in its only folder. */
function copyPlace(parts: readonly string[]): MemberPlace | null {
  for (const depth of [0, 1]) {
    const path = canonicalPath(parts.slice(depth).join('/'), true);
    if (path !== '') return { root: parts.slice(0, depth).join('/'), path, isCopy: true };
  }
  return null;
}

/** The name that a symbolic link at `name` leads to, below the root of the archive. */
export function linkTarget(name: string, link: string): string {
  if (link.startsWith('/')) return link;
  const parts = name.split('/').slice(0, -1);
  for (const part of link.split('/')) {
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
