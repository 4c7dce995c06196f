/** Reads one damaged input in every way that drainlab has, and tells how it ended. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from '../../src/audit/audit.ts';
import { DrainlabError } from '../../src/base/errors.ts';
import { censusOf } from '../../src/census/census-of.ts';
import { machineFrom, parseZoneinfo, snapshotFrom } from '../../src/engine/input/zoneinfo.ts';
import { replay } from '../../src/engine/replay.ts';
import { readArchive } from '../../src/host/archives/read-archive.ts';
import { readHostSnapshot } from '../../src/snapshot/read-host-snapshot.ts';
import { bytesSource, openTrace, type ReadOptions } from '../../src/trace/index.ts';
import type { Random } from './random.ts';

/** `read`, or the code of the DrainlabError. Everything else is a fault of drainlab. */
export type Outcome = string;

export class Fault extends Error {
  override readonly name = 'Fault';
}

/** Decides by chance which way of reading is tried. Throws a Fault (or what drainlab threw) when the invariant is broken. */
export async function tryInput(name: string, bytes: Uint8Array, random: Random): Promise<Outcome> {
  try {
    if (name === 'zoneinfo.txt') readZoneinfo(bytes);
    else if (name.includes('.tar')) await readSosreport(bytes, random);
    else await readTrace(name, bytes, random);
    return 'read';
  } catch (error) {
    if (!(error instanceof DrainlabError)) throw error;
    checkError(error);
    return error.code;
  }
}

function readZoneinfo(bytes: Uint8Array): void {
  const zones = parseZoneinfo(new TextDecoder().decode(bytes), 'zoneinfo.txt');
  snapshotFrom(zones, machineFrom(zones, { cpuCount: 8 }), 1, 'fuzz');
}

const archiveFolder = mkdtempSync(join(tmpdir(), 'drainlab-fuzz-archive-'));
process.on('exit', () => rmSync(archiveFolder, { recursive: true, force: true }));

/** Archives are files: what unpacks them may be another program. */
async function readSosreport(bytes: Uint8Array, random: Random): Promise<void> {
  const path = join(archiveFolder, 'sosreport');
  writeFileSync(path, bytes);
  const reading = await readArchive(path, { xzBy: random.chance(10) ? 'program' : 'wasm' });
  censusOf(readHostSnapshot(reading.files, reading.name, reading.problems));
}

async function readTrace(name: string, bytes: Uint8Array, random: Random): Promise<void> {
  const options: ReadOptions = { partial: random.chance(2) };
  const input = random.chance(4) ? streamOf(name, bytes, random) : bytesSource(name, bytes);
  const reader = await openTrace(input);
  try {
    if (random.chance(3)) {
      let shown = 0;
      await reader.readEvents((event) => {
        // Fields of the first events of an input: the rest is of the same making.
        if (shown++ < 200)
          event.printed().length + event.fields().length + event.comm.length + Number(event.stamp);
      }, options);
    } else if (random.chance(2)) {
      let last = Number.NEGATIVE_INFINITY;
      await reader.readRows((block) => {
        for (let row = 0; row < block.length; row++) {
          if (block.timeNs[row] < last) throw new Fault(`row ${row} goes back in time`);
          last = block.timeNs[row];
        }
      }, options);
    } else if (!random.chance(2)) {
      const isolated = [...Array(random.below(3)).keys()];
      await audit(reader, { name, kernel: '', isolated, isolatedFrom: 'fuzz', ...options });
    } else {
      await replay(reader, machineFrom(null, { cpuCount: reader.cpuCount }), [], options);
    }
    if (options.partial !== true && reader.diagnostics.stoppedAt !== '')
      throw new Fault('stopped without being asked to');
  } finally {
    await reader.close();
  }
}

/** The bytes as a pipe would bring them: in pieces of any size. */
function streamOf(name: string, bytes: Uint8Array, random: Random) {
  return {
    name,
    size: null,
    chunks: async function* () {
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + random.below(random.pick([1, 100, 5000, 100_000]));
        yield bytes.slice(at, at + size);
        at += size;
      }
    },
  };
}

function checkError(error: DrainlabError): void {
  if (!/^E_[A-Z_]+$/.test(error.code)) throw new Fault(`the code is "${error.code}"`);
  for (const part of ['message', 'where', 'hint'] as const) {
    if (error[part] === '') throw new Fault(`${error.code} has no ${part}`);
  }
}
