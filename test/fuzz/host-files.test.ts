/** Files of hosts, damaged: the census is made or refused with one clear error, in bounded time and memory, and says what is amiss. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { DrainlabError } from '../../src/base/errors.ts';
import { censusOf } from '../../src/census/census-of.ts';
import type { HostCensus } from '../../src/census/host-census.ts';
import { censusText } from '../../src/cli/terminal/census-text.ts';
import { screenOf } from '../../src/cli/terminal/screen.ts';
import { writeJson } from '../../src/engine/report/write-json.ts';
import { readHostSnapshot } from '../../src/snapshot/read-host-snapshot.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

const inputsMax = Number(process.env.DRAINLAB_FUZZ_INPUTS ?? 150);
/** Far more than any of these inputs needs, on a busy machine too. */
const inputMsMax = 2000;
const bytesGrownMax = 200 << 20;
const problemsMax = 60;

const fixtures = 'test/fixtures/zoneinfo';
const forms = readdirSync(fixtures).map((file) => readFileSync(join(fixtures, file), 'latin1'));
const others: Readonly<Record<string, string>> = {
  'proc/interrupts':
    '           CPU0       CPU2       CPU3\n  0: 119 0 7 IO-APIC 2-edge timer\nCAL: 601 665 389 Function call interrupts\nERR: 0\n',
  'proc/vmstat': 'nr_free_pages 210000\nallocstall_normal 12\nallocstall_movable 3\n',
  'proc/meminfo': 'MemTotal:        4109312 kB\nMemFree:          840000 kB\n',
  'proc/pressure/memory':
    'some avg10=1.50 avg60=0.25 avg300=0.00 total=123456\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=7\n',
  'proc/loadavg': '0.87 0.94 0.91 2/345 6789\n',
  'proc/cmdline': 'ro quiet isolcpus=domain,managed_irq,2-3 nohz_full=2-3\n',
  'sys/devices/system/cpu/possible': '0-7\n',
  'sys/devices/system/cpu/online': '0,2-3\n',
  'sys/devices/system/cpu/isolated': '3\n',
  'sys/devices/system/cpu/nohz_full': '  (null)\n',
  'sys/devices/system/cpu/kernel_max': '8191\n',
  'sys/devices/system/node/node0/cpulist': '0-1\n',
  'sys/devices/system/node/node1/cpulist': '2-3\n',
  'boot/config-6.1.0-37-amd64': 'CONFIG_X86_64=y\nCONFIG_SMP=y\nCONFIG_NR_CPUS=8192\nCONFIG_SLUB=y\n',
  uname: 'Linux web01 6.1.0-37-amd64 #1 SMP PREEMPT_DYNAMIC Debian x86_64 GNU/Linux\n',
};

const validate = new Ajv2020({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync('docs/census.schema.json', 'utf8')),
);
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const pool = [...forms, ...Object.values(others)].map(bytesOf);

/** null: refused with a clear error. `isShown`: also as text and JSON. */
function tried(files: ReadonlyMap<string, string>, isShown: boolean): HostCensus | null {
  const { user, system } = process.cpuUsage();
  const resident = process.memoryUsage.rss();
  try {
    const census = censusOf(readHostSnapshot(files, 'fuzz'));
    const { online, holding, empty, notKnown, isolated, housekeeping } = census.holders;
    expect(holding + empty + notKnown).toBe(online);
    expect(isolated.online + housekeeping.online).toBe(online);
    expect(census.warnings.length).toBeLessThan(problemsMax);
    if (isShown) {
      expect(censusText(census, screenOf({}, {})).length).toBeLessThan(200_000);
      expect(validate(JSON.parse(writeJson(census))) ? [] : validate.errors).toEqual([]);
    }
    return census;
  } catch (error) {
    if (!(error instanceof DrainlabError)) throw error;
    expect([error.code, error.hint !== '']).toEqual(['E_CENSUS_NO_LISTS', true]);
    return null;
  } finally {
    const after = process.cpuUsage({ user, system });
    expect((after.user + after.system) / 1000).toBeLessThan(inputMsMax);
    expect(process.memoryUsage.rss() - resident).toBeLessThan(bytesGrownMax);
  }
}

test('texts changed by chance, one or several of a host', () => {
  let refused = 0;
  for (let number = 0; number < inputsMax; number++) {
    const random = new Random(number);
    const texts = { 'proc/zoneinfo': random.pick(forms), ...others };
    const files = new Map<string, string>();
    for (const [path, text] of Object.entries(texts)) {
      if (random.chance(12)) continue;
      const isChanged = random.chance(path === 'proc/zoneinfo' ? 2 : 5);
      files.set(path, isChanged ? Buffer.from(mutate(bytesOf(text), random, pool)).toString('latin1') : text);
    }
    try {
      if (tried(files, number % 16 === 0) === null) refused++;
    } catch (error) {
      throw new Error(`input ${number}: ${String(error)}`, { cause: error });
    }
  }
  expect(refused).toBeLessThan(inputsMax / 2);
}, 3_600_000);

test('a zoneinfo cut anywhere is said to be cut, or is whole to the end of a zone', () => {
  for (const form of forms) {
    for (let length = 0; length < form.length; length += 17) {
      const text = form.slice(0, length);
      const census = tried(new Map([['proc/zoneinfo', text]]), false);
      const lastLines = text.split('\n').slice(-4).join('\n');
      const isWhole = /protection: \(|start_pfn|inactive_ratio|highatomic/.test(lastLines);
      if (census !== null && !isWhole) expect([length, census.warnings]).not.toEqual([length, []]);
    }
  }
});

test.each([
  ['a CPU of 65,535', 'Node 0, zone Normal\n  pagesets\n    cpu: 65535\n      count: 1\n  start_pfn: 1\n'],
  ['nothing but zones', 'Node 0, zone Normal\n'.repeat(8000)],
  ['thousands of zones with a list', 'Node 0, zone N\n cpu: 1\n count: 1\n'.repeat(8000)],
  ['one line without end', `Node 0, zone Normal\n  pagesets\n${'cpu: 1 '.repeat(500_000)}`],
  ['blanks', `Node 0, zone Normal\n${' '.repeat(3_000_000)}\n`],
])('%s', (_, text) => {
  tried(new Map([['proc/zoneinfo', text]]), true);
});
