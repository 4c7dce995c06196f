/** Sums of a small fleet, worked out by hand. */

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { madeFiles, madeHost } from '../../test/made-sosreports.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { readHostSnapshot } from '../snapshot/read-host-snapshot.ts';
import { censusOf } from './census-of.ts';
import { fleetOf, quantile } from './fleet.ts';
import { type FleetHost, fleetHost } from './fleet-host.ts';
import { fleetCsv, fleetParquet } from './fleet-rows.ts';

/** A host of `cpus` CPUs of which those in `empty` hold nothing, through the readers that a real one goes through. */
function host(
  name: string,
  cpus: number,
  empty: readonly number[],
  kernel = '6.1.0-37-amd64',
  isolated = 0,
): FleetHost {
  const files = madeFiles({ name, kernel, cpus, empty, isolated });
  return fleetHost(censusOf(readHostSnapshot(files, name), { path: `${name}.tar.xz`, kind: 'sosreport' }));
}

const fleet = (hosts: readonly FleetHost[], more = {}) =>
  fleetOf({ paths: ['reports'], hosts, errors: [], ignored: {}, notRead: 0, ...more });

/** 0 of 4, 1 of 4, 2 of 4 and 8 of 8 empty. */
const four = [
  host('c', 4, [0, 2], '5.14.0-427.el9.x86_64'),
  host('a', 4, []),
  host('d', 8, [0, 1, 2, 3, 4, 5, 6, 7], '5.14.0-427.el9.x86_64', 4),
  host('b', 4, [3]),
];

test('shares of empty CPUs over hosts, and of all CPUs together', () => {
  const { emptyShare, halfEmpty, noneEmpty, cpus, isolated, housekeeping } = fleet(four);
  // 0, 25, 50 and 100 %: mean 43.75, median 37.5.
  expect(emptyShare).toMatchObject({ hosts: 4, meanPercent: 43.75, meanInterval: null });
  expect(emptyShare.quantiles).toMatchObject({ p0: 0, p25: 18.75, p50: 37.5, p75: 62.5, p100: 100 });
  expect(emptyShare.bins.filter(({ hosts }) => hosts > 0).map(({ label, hosts }) => [label, hosts])).toEqual([
    ['0 %', 1],
    ['20–30 %', 1],
    ['50–60 %', 1],
    ['100 %', 1],
  ]);
  expect(halfEmpty).toEqual({ hosts: 2, of: 4, percent: 50, interval: null });
  expect(noneEmpty).toMatchObject({ hosts: 1, of: 4, percent: 25 });
  // 0 + 1 + 2 + 8 of 20; CPUs 1-4 of d are isolated.
  expect(cpus).toMatchObject({ hosts: 4, online: 20, empty: 11, emptyPercent: 55 });
  expect(isolated).toMatchObject({ hosts: 1, online: 4, empty: 4, emptyPercent: 100 });
  expect(housekeeping).toMatchObject({ hosts: 4, online: 16, empty: 7 });
});

test('an empty list does not make an empty CPU: zones are counted by lists', () => {
  // Nobody has pages of DMA.
  expect(fleet(four).zones).toEqual([
    { name: 'DMA', hosts: 4, lists: 20, empty: 20, emptyPercent: 100 },
    { name: 'Normal', hosts: 4, lists: 20, empty: 11, emptyPercent: 55 },
  ]);
});

test('by series of the kernel and by number of CPUs', () => {
  const { bySeries, byCpus } = fleet([...four, host('e', 2, [], '4.18.0-553.el8.x86_64')]);
  expect(bySeries).toEqual([
    { name: '4.18', hosts: 1, meanPercent: 0, medianPercent: 0, halfEmptyHosts: 0 },
    { name: '5.14', hosts: 2, meanPercent: 75, medianPercent: 75, halfEmptyHosts: 2 },
    { name: '6.1', hosts: 2, meanPercent: 12.5, medianPercent: 12.5, halfEmptyHosts: 0 },
  ]);
  expect(byCpus.map(({ name, hosts }) => [name, hosts])).toEqual([
    ['2', 1],
    ['3–4', 3],
    ['5–8', 1],
  ]);
});

test('one drain on each host: a CPU that asks is not interrupted', () => {
  const { policies, answers } = fleet(four);
  const of = (wanted: string) => policies.find(({ name }) => name === wanted);
  // 3 + 3 + 3 + 7 others.
  expect(of('everyone')?.interrupts).toEqual([16, 16]);
  // Holders: 4, 3, 2, 0; one less where a holder asks, which on a (all hold) is always so.
  expect(of('static-mask')?.interrupts).toEqual([3 + 2 + 1 + 0, 3 + 3 + 2 + 0]);
  expect(of('static-mask')?.savedPercent).toEqual([50, 62.5]);
  // It uses a mask on c and d, where half are empty.
  expect(of('two-pass')?.interrupts).toEqual([3 + 3 + 1 + 0, 3 + 3 + 2 + 0]);
  expect(answers[0]).toBe(
    'At least half of the CPUs hold no page on 2 (50.0 %) of 4 hosts, where two-pass would use a mask; every CPU holds pages on 1 (25.0 %).',
  );
});

test('the order in which hosts come does not matter', () => {
  expect(fleet([...four].reverse())).toEqual(fleet(four));
});

test('a CPU of which it is not known decides nothing that it cannot decide', () => {
  const known = host('x', 4, [0]);
  const partly = (empty: number, notKnown: number): FleetHost => {
    const files = new Map(
      madeFiles({ name: 'y', kernel: '', cpus: 4, empty: [0, 1, 2, 3].slice(0, empty), isolated: 0 }),
    );
    // The lists of the last CPUs in the last zone were not printed.
    const text = files.get('proc/zoneinfo') ?? '';
    const cut = text.lastIndexOf(`    cpu: ${4 - notKnown}\n`);
    files.set('proc/zoneinfo', text.slice(0, cut));
    return fleetHost(censusOf(readHostSnapshot(files, 'y')));
  };
  expect(partly(2, 1)).toMatchObject({
    cpus: { online: 4, empty: 2, notKnown: 1 },
    emptyPercent: null,
    halfEmpty: true,
  });
  expect(partly(1, 1)).toMatchObject({ cpus: { empty: 1, notKnown: 1 }, halfEmpty: null });
  expect(partly(0, 1).halfEmpty).toBe(false);
  const { emptyShare, halfEmpty, noneEmpty, warnings } = fleet([known, partly(1, 1), partly(0, 1)]);
  expect([emptyShare.hosts, halfEmpty.of, noneEmpty.of]).toEqual([1, 2, 2]);
  expect(warnings.join(' ')).toContain('2 hosts left out of the distribution');
});

test('twenty hosts have intervals that hold the mean; all alike have one of the rule of three', () => {
  const hosts = Array.from({ length: 40 }, (_, i) => host(`h${i}`, 4, [0, 1, 2].slice(0, i % 4)));
  const { emptyShare, halfEmpty } = fleet(hosts);
  // 0, 25, 50, 75 % in turn: mean 37.5; standard error 27.95 / sqrt(40) = 4.4.
  const [low, high] = emptyShare.meanInterval ?? [0, 0];
  expect(emptyShare.meanPercent).toBe(37.5);
  expect(low).toBeGreaterThan(37.5 - 11);
  expect(low).toBeLessThan(37.5 - 6);
  expect(high).toBeGreaterThan(37.5 + 6);
  expect(high).toBeLessThan(37.5 + 11);
  expect(halfEmpty).toMatchObject({ hosts: 20, percent: 50 });
  const none = fleet(
    hosts.filter(({ cpus }) => cpus.empty === 0).concat(hosts.filter(({ cpus }) => cpus.empty === 1)),
  );
  // 0 of 20: 1 - 0.025^(1/20) = 16.8 %.
  expect(none.halfEmpty.interval?.map((end) => end.toFixed(1))).toEqual(['0.0', '16.8']);
});

test('quantiles as R and NumPy give them by default', () => {
  // numpy.quantile([1, 2, 4, 8], [0, .1, .25, .5, .9, 1])
  expect([0, 0.1, 0.25, 0.5, 0.9, 1].map((share) => quantile([1, 2, 4, 8], share).toFixed(4))).toEqual(
    [1, 1.3, 1.75, 3, 6.8, 8].map((value) => value.toFixed(4)),
  );
});

const error = { path: 'reports/bad.tar.xz', code: 'E_ARCHIVE_DAMAGED', message: 'the xz data are damaged' };

test('CSV has one row a host, those without a census too, and no formula', () => {
  const evil = { ...four[1], name: '=HYPERLINK("http://x","y")' };
  const lines = fleetCsv(fleet([evil, four[0]], { errors: [error] })).split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatch(
    /^host,path,kind,kernel,series,.*everyone_interrupts_least,.*,warnings,error,error_text$/,
  );
  expect(lines[1]).toMatch(
    /^"'=HYPERLINK\(""http:\/\/x"",""y""\)",a\.tar\.xz,sosreport,6\.1\.0-37-amd64,6\.1,x86_64,4,0,0,0,/,
  );
  expect(lines[2]).toMatch(/^c,c\.tar\.xz,sosreport,5\.14\.0-427\.el9\.x86_64,5\.14,x86_64,4,2,0,50,/);
  expect(lines[3]).toMatch(/^,reports\/bad\.tar\.xz,,+E_ARCHIVE_DAMAGED,the xz data are damaged$/);
});

test('Parquet, read back by another library, holds the same rows', async () => {
  const bytes = await fleetParquet(fleet(four, { errors: [error] }));
  const rows = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
  expect(rows).toHaveLength(5);
  expect(rows[3]).toMatchObject({
    host: 'd',
    cpus: 8n,
    cpus_empty: 8n,
    empty_percent: 100,
    isolated_empty: 4n,
    error: null,
  });
  expect(rows[4]).toMatchObject({
    host: null,
    cpus: null,
    empty_percent: null,
    path: error.path,
    error: error.code,
  });
});

test('made hosts are as empty as they were made', () => {
  for (let number = 0; number < 12; number++) {
    const made = madeHost(number);
    const { cpus, isolated } = fleetHost(censusOf(readHostSnapshot(madeFiles(made, number), 'x')));
    expect(cpus).toEqual({ online: made.cpus, empty: made.empty.length, notKnown: 0 });
    expect(isolated.online).toBe(made.isolated);
  }
});

test('the schema in docs/fleet.schema.json holds, and docs/result-format.md describes every field', () => {
  const schema = JSON.parse(readFileSync('docs/fleet.schema.json', 'utf8'));
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
  const nothing = { paths: ['x'], hosts: [], errors: [error], ignored: { encrypted: 2 }, notRead: 3 };
  for (const survey of [fleet(four, { errors: [error] }), fleetOf(nothing)]) {
    const written = JSON.parse(writeJson(survey));
    expect(validate(written) ? [] : validate.errors).toEqual([]);
    expect(validate({ ...written, more: 1 })).toBe(false);
  }
  const page = readFileSync('docs/result-format.md', 'utf8').split('# A survey of hosts')[1] ?? '';
  const fields = [schema, ...Object.values<{ properties?: object }>(schema.$defs)].flatMap(({ properties }) =>
    Object.keys(properties ?? {}),
  );
  expect(fields.filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
});

test('one host, and hosts of which none is half empty, are sentences too', () => {
  expect(fleet([host('a', 2, [])]).answers).toEqual([
    'Every CPU of 1 host holds pages: two-pass would interrupt everyone.',
    'Of all 2 CPUs together 0 (0.0 %) hold none.',
    'One drain of every zone on each host sends 1 interrupt by everyone, 1 by static-mask (0.0 % fewer) and 1 by two-pass (0.0 % fewer).',
  ]);
  expect(fleet([host('a', 4, [1])]).answers[0]).toBe(
    'More than half of the CPUs of 1 host hold pages: two-pass would interrupt everyone.',
  );
  expect(fleet([host('a', 4, [1, 2])]).answers[0]).toBe(
    'At least half of the CPUs of 1 host hold no page: two-pass would use a mask.',
  );
  expect(fleet([host('a', 4, [1]), host('b', 4, [])]).answers[0]).toBe(
    'At least half of the CPUs are empty nowhere: on none of 2 hosts would two-pass use a mask; every CPU holds pages on 1 (50.0 %).',
  );
});
