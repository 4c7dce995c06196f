/** Small recordings that the fuzzer damages: true ones (seeds/README.md says how each was made) and made ones. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync, gzipSync } from 'node:zlib';
import { madeSeeds } from './made-seeds.ts';

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export const seedFolder: string = join(dirname(fileURLToPath(import.meta.url)), 'seeds');

export function readSeeds(): Seed[] {
  const seeds = readdirSync(seedFolder)
    .filter((name) => name !== 'README.md')
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(seedFolder, name))) }));
  const text = seeds.find(({ name }) => name === 'report.txt');
  if (text !== undefined) {
    seeds.push({ name: 'report.txt.gz', bytes: new Uint8Array(gzipSync(text.bytes)) });
    seeds.push({ name: 'report.txt.zz', bytes: new Uint8Array(deflateSync(text.bytes)) });
  }
  const tar = seeds.find(({ name }) => name === 'sosreport.tar');
  if (tar !== undefined) seeds.push({ name: 'sosreport.tar.gz', bytes: new Uint8Array(gzipSync(tar.bytes)) });
  return [...seeds, ...madeSeeds()];
}
