/** Hosts below the paths that were named: archives by their names, folders by their zoneinfo. What is neither is counted. */

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { FleetError } from '../../census/fleet-host.ts';
import { isHostFolder } from '../this-host.ts';

export interface HostPlace {
  readonly path: string;
  readonly kind: 'archive' | 'folder';
  /** Of the archive; 0 for a folder. */
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface FoundHosts {
  /** In the order of their paths, each once. */
  readonly places: readonly HostPlace[];
  /** What is no host, by what it is. */
  readonly ignored: Record<string, number>;
  /** Folders that cannot be read. */
  readonly errors: readonly FleetError[];
}

/** bzip2 cannot be read, and says so as a host: better than a report that nobody misses. */
const archiveName = /\.(tar|tar\.(xz|gz|zst|bz2)|txz|tgz|tzst|tbz2?)$/i;
const ignoredNames: ReadonlyArray<[what: string, pattern: RegExp]> = [
  ['checksum or signature', /\.(md5|sha\d*|sha\d+sum|asc|sig)$/i],
  ['encrypted', /\.(gpg|enc)$/i],
];

/** Throws E_CENSUS_PATH when a named path is not there or there is no host at all. */
export function findHosts(paths: readonly string[]): FoundHosts {
  const search = new Search();
  for (const path of paths) search.named(path);
  if (search.places.size === 0 && search.errors.length === 0) {
    throw new DrainlabError('there is no host: no archive, and no folder with zoneinfo', {
      code: 'E_CENSUS_PATH',
      where: paths.join(', '),
      hint: 'Archives are known by their names: .tar, .tar.xz, .tar.gz, .tar.zst, .tgz, .txz, .tzst.',
    });
  }
  const places = [...search.places.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { places, ignored: search.ignored, errors: search.errors };
}

class Search {
  /** By real path: paths that were named may lie in each other. */
  readonly places = new Map<string, HostPlace>();
  readonly ignored: Record<string, number> = {};
  readonly errors: FleetError[] = [];
  readonly #seen = new Set<string>();

  /** A file that was named is taken for an archive whatever its name. */
  named(path: string): void {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) {
      throw new DrainlabError('there is no such file or folder', {
        code: 'E_CENSUS_PATH',
        where: path,
        hint: 'Check the name.',
        exitCode: ExitCode.outside,
      });
    }
    if (stat.isDirectory()) this.#folder(path);
    else this.#archive(path);
  }

  #folder(path: string): void {
    const real = realpathSync(path);
    if (this.#seen.has(real)) return;
    this.#seen.add(real);
    if (isHostFolder(path)) {
      this.#add({ path, kind: 'folder', bytes: 0, modifiedMs: 0 });
      return;
    }
    for (const entry of this.#entries(path)) {
      const below = join(path, entry.name);
      if (entry.isDirectory()) this.#folder(below);
      else if (!archiveName.test(entry.name)) this.#ignore(whatIs(entry.name));
      else if (statSync(below, { throwIfNoEntry: false })?.isFile()) this.#archive(below);
      else this.#ignore('link that leads nowhere, or no file');
    }
  }

  #entries(path: string) {
    try {
      return readdirSync(path, { withFileTypes: true });
    } catch (error) {
      const message = `the folder cannot be read: ${(error as { code?: string }).code}`;
      this.errors.push({ path, code: 'E_CENSUS_READ', message });
      return [];
    }
  }

  #archive(path: string): void {
    const { size, mtimeMs } = statSync(path);
    this.#add({ path, kind: 'archive', bytes: size, modifiedMs: mtimeMs });
  }

  #add(place: HostPlace): void {
    const real = realpathSync(place.path);
    if (!this.places.has(real)) this.places.set(real, place);
  }

  #ignore(what: string): void {
    this.ignored[what] = (this.ignored[what] ?? 0) + 1;
  }
}

function whatIs(name: string): string {
  return ignoredNames.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other file';
}
