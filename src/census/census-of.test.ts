import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { hostOf } from '../../test/host-texts.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { readHostSnapshot } from '../snapshot/read-host-snapshot.ts';
import { censusOf } from './census-of.ts';

const isolated = (list: string) => ({ 'sys/devices/system/cpu/isolated': `${list}\n` });
const fixture = (kernel: string) =>
  readHostSnapshot(
    new Map([['proc/zoneinfo', readFileSync(`test/fixtures/zoneinfo/${kernel}.txt`, 'utf8')]]),
    'x',
  );

describe('8 CPUs of which 1 and 3 hold pages, 3 is isolated', () => {
  const census = censusOf(hostOf([{ pages: [0, 5, 0, 7, 0, 0, 0, 0] }], isolated('3')));
  const policy = (name: string) => census.policies.find((one) => one.name === name);

  test('who holds pages, isolated CPUs apart', () => {
    expect(census.holders).toEqual({
      online: 8,
      holding: 2,
      empty: 6,
      notKnown: 0,
      emptyPercent: 75,
      holdingCpus: '1,3',
      isolated: { online: 1, empty: 0, notKnown: 0 },
      housekeeping: { online: 7, empty: 6, notKnown: 0 },
    });
    expect(census.pagesByCpu).toEqual([0, 5, 0, 7, 0, 0, 0, 0]);
  });

  test('everyone: 7 others whoever asks, 5 of them useless if an empty CPU asks, 6 if a holder does', () => {
    expect(policy('everyone')).toMatchObject({
      interrupts: [7, 7],
      disturbed: [7, 7],
      useless: [5, 6],
      isolatedDisturbed: [0, 1],
      pagesBack: [12, 12],
      maskAllocated: false,
      basis: 'exact',
    });
  });

  test('policies that look first: both holders, or the other one if a holder asks', () => {
    expect(policy('static-mask')).toMatchObject({
      interrupts: [1, 2],
      useless: [0, 0],
      maskAllocated: false,
    });
    expect(policy('selective')).toMatchObject({ interrupts: [1, 2], maskAllocated: true });
    expect(policy('worker')).toMatchObject({ interrupts: [0, 0], disturbed: [1, 2], workers: [2, 2] });
    expect(policy('remote')).toMatchObject({ interrupts: [0, 0], disturbed: [1, 2], locked: [1, 2] });
    expect(policy('skip-isolated')).toMatchObject({ disturbed: [0, 1], isolatedDisturbed: [0, 0] });
    expect(policy('skip-isolated')).toMatchObject({ pagesBack: [5, 5], strandedPages: [7, 7] });
    expect(policy('none')).toMatchObject({ disturbed: [0, 0], strandedPages: [12, 12] });
  });

  test("5.11's own policy is the worker", () => {
    expect(census.policies.filter(({ isKernels }) => isKernels).map(({ name }) => name)).toEqual(['worker']);
  });

  test('two-pass: 6 are empty and 4 are needed; 3 more holders leave 3 empty ones', () => {
    expect(census.twoPass).toEqual({ share: 0.5, empty: 6, needed: 4, decision: 'mask', marginCpus: 3 });
  });

  test('the answers say it', () => {
    expect(census.answers.slice(0, 4)).toEqual([
      '6 of 8 CPUs hold no page now: a drain that interrupts everyone would disturb 7 other CPUs, 5 to 6 of them for nothing; ' +
        'one that looks first would disturb 1 to 2.',
      '1 of 1 isolated CPU holds pages; everyone would disturb 0 to 1 of them.',
      'This kernel (5.11.4) drains by worker: it would queue work on 1 to 2 other CPUs.',
      'Two-pass would use a mask: 6 of 8 CPUs are empty, it asks for 4; 3 empty CPUs more with pages and it would interrupt everyone.',
    ]);
  });
});

describe('zones and nodes', () => {
  const zones = [
    { name: 'DMA', pages: [0, 0, 0, 0] },
    { name: 'Normal', pages: [9, 0, 0, 0] },
    { node: 1, name: 'Normal', pages: [0, 0, 3, 0] },
  ];
  const nodes = {
    'sys/devices/system/node/node0/cpulist': '0-1\n',
    'sys/devices/system/node/node1/cpulist': '2-3\n',
  };
  const census = censusOf(hostOf(zones, nodes));

  test('an empty zone is not an empty CPU: CPU 0 holds pages of one zone, CPU 2 of another', () => {
    expect(census.zones.map(({ empty, lists }) => [empty, lists])).toEqual([
      [4, 4],
      [3, 4],
      [3, 4],
    ]);
    expect(census.holders).toMatchObject({ empty: 2, holdingCpus: '0,2' });
    expect(census.caveats.join(' ')).toMatch(/A zone whose lists are all empty does not make a CPU empty/);
  });

  test('a node counts its own zones only, over all CPUs and over its own', () => {
    expect(census.nodes).toEqual([
      { node: 0, zones: ['DMA', 'Normal'], cpus: 4, empty: 3, ownCpus: 2, ownEmpty: 1, parkedPages: 9 },
      { node: 1, zones: ['Normal'], cpus: 4, empty: 3, ownCpus: 2, ownEmpty: 1, parkedPages: 3 },
    ]);
  });

  test('without the lists of nodes it is not known whose CPUs they are', () => {
    expect(censusOf(hostOf(zones)).nodes[0]).toMatchObject({ cpus: 4, ownCpus: null, ownEmpty: null });
  });
});

describe('memory that is parked', () => {
  test('of the 5.11 file: 161 + 61 + 7 pages against the watermarks of its three zones', () => {
    const { parked, zones } = censusOf(fixture('5.11'));
    expect(parked).toMatchObject({ pages: 229, minPages: 8 + 4567 + 4567, lowPages: 10 + 5708 + 5708 });
    expect(parked.percentOfMin).toBeCloseTo(2.5049, 4);
    expect(parked.percentOfLow).toBeCloseTo(2.0042, 4);
    expect(parked.percentOfMemory).toBeCloseTo(0.02229, 5);
    expect(parked.bytes).toBeNull();
    expect(zones[1]).toMatchObject({
      parkedPages: 222,
      mostPages: 161,
      listHighLeast: 378,
      batch: 63,
      listHighMin: null,
    });
  });

  test('bytes where the size of a page is known', () => {
    expect(censusOf(hostOf([{ pages: [2, 1] }])).parked).toMatchObject({
      bytes: 3 * 4096,
      pageBytesFrom: 'x86_64',
    });
  });

  test('of 3.0 no share of the memory is known: managed pages are not printed', () => {
    const { parked, zones } = censusOf(fixture('3.0'));
    expect([parked.percentOfMemory, zones[1].managedPages]).toEqual([null, null]);
  });

  test('of 6.13 the limits float between two bounds', () => {
    expect(censusOf(fixture('6.13')).zones[1]).toMatchObject({ listHighMin: 1902, listHighMax: 21322 });
  });
});

test('settings of the host are named', () => {
  const files = {
    'proc/sys/vm/percpu_pagelist_high_fraction': '8\n',
    'proc/sys/vm/min_free_kbytes': '67584\n',
  };
  expect(censusOf(hostOf([{ pages: [1] }], files)).settings).toEqual({
    min_free_kbytes: 67584,
    percpu_pagelist_high_fraction: 8,
  });
});

describe('CPUs of which not every count was printed', () => {
  test('an offline CPU has no list and does not count as empty', () => {
    const { holders, pagesByCpu } = censusOf(hostOf([{ pages: [1, null, 0, 0] }]));
    expect([holders.online, holders.empty, pagesByCpu]).toEqual([3, 2, [1, null, 0, 0]]);
  });

  test('one that is online and has no list is neither empty nor a holder: both bounds are given', () => {
    const census = censusOf(
      hostOf([{ pages: [4, 0, 0, null] }], { 'sys/devices/system/cpu/online': '0-3\n' }),
    );
    expect(census.holders).toMatchObject({ online: 4, holding: 1, empty: 2, notKnown: 1 });
    expect(census.holders.emptyPercent).toBeCloseTo(66.6667, 4);
    const mask = census.policies.find(({ name }) => name === 'static-mask');
    // CPU 0 asks and CPU 3 is empty: nobody; CPU 1 asks and CPU 3 holds pages: 0 and 3.
    expect(mask).toMatchObject({ interrupts: [0, 2], basis: 'not-known' });
    // 2 or 3 of 4 are empty: at least the 2 that it needs.
    expect(census.twoPass).toMatchObject({ decision: 'mask', marginCpus: null });
    expect(census.answers[0]).toMatch(/^2 of 4 CPUs hold no page now \(of 1 more it is not known\): /);
  });

  test('what two-pass does may hang on them', () => {
    const census = censusOf(
      hostOf([{ pages: [4, 4, 0, null] }], { 'sys/devices/system/cpu/online': '0-3\n' }),
    );
    expect(census.twoPass).toEqual({
      share: 0.5,
      empty: 1,
      needed: 2,
      decision: 'not-known',
      marginCpus: null,
    });
  });

  test('a CPU that holds pages in the one zone that was printed is a holder all the same', () => {
    const zones = [{ name: 'DMA', pages: [0, 0] }, { pages: [3, null] }];
    expect(censusOf(hostOf(zones)).holders).toMatchObject({ holding: 1, empty: 0, notKnown: 1 });
  });

  test('a host without any list is refused with what is known', () => {
    expect(() => censusOf(readHostSnapshot(new Map(), 'web07'))).toThrow(
      'nothing is known of the lists of its CPUs: proc/zoneinfo is missing',
    );
  });
});

describe('small machines', () => {
  test('one CPU has nobody to disturb', () => {
    const { answers, twoPass } = censusOf(hostOf([{ pages: [5] }]));
    expect(answers[0]).toBe(
      'The only CPU holds pages now: there is no other CPU that a drain could disturb.',
    );
    expect(twoPass).toMatchObject({ needed: 1, decision: 'everyone', marginCpus: 1 });
  });

  test('nobody holds a page, and everybody does', () => {
    expect(censusOf(hostOf([{ pages: [0, 0] }])).answers[0]).toBe(
      'None of 2 CPUs holds a page now: a drain that interrupts everyone would disturb 1 other CPU, for nothing; ' +
        'one that looks first would disturb 0.',
    );
    expect(censusOf(hostOf([{ pages: [1, 1] }])).answers[0]).toMatch(
      /^Every one of 2 CPUs holds pages now: .* 1 other CPU, not for nothing; one that looks first would disturb 1\.$/,
    );
    // Who asks decides whether the other one is the empty one.
    expect(censusOf(hostOf([{ pages: [0, 1] }])).answers[0]).toBe(
      '1 of 2 CPUs holds no page now: a drain that interrupts everyone would disturb 1 other CPU, 0 to 1 of them for nothing; ' +
        'one that looks first would disturb 0 to 1.',
    );
  });
});

test('--isolated takes the place of what the host says; CPUs that it does not have are no matter', () => {
  const host = hostOf([{ pages: [0, 5, 0, 7] }], isolated('3'));
  expect(censusOf(host, { isolated: [0, 1, 99] }).holders.isolated).toEqual({
    online: 2,
    empty: 1,
    notKnown: 0,
  });
});

describe('the schema in docs/census.schema.json', () => {
  const schema = JSON.parse(readFileSync('docs/census.schema.json', 'utf8'));
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);

  test.each(['3.0', '3.18', '4.9', '5.15', '6.13', '7.0'])('holds for the file of %s', (kernel) => {
    const written = JSON.parse(writeJson(censusOf(fixture(kernel))));
    expect(validate(written) ? [] : validate.errors).toEqual([]);
  });

  test('holds where little is known, and a field too many breaks it', () => {
    const census = censusOf(
      hostOf([{ pages: [4, 4, 0, null] }], { 'sys/devices/system/cpu/online': '0-3\n' }),
    );
    const written = JSON.parse(writeJson(census));
    expect(validate(written) ? [] : validate.errors).toEqual([]);
    expect(validate({ ...written, more: 1 })).toBe(false);
    expect(validate({ ...written, holders: { ...written.holders, more: 1 } })).toBe(false);
  });

  test('docs/result-format.md describes every field', () => {
    const page = readFileSync('docs/result-format.md', 'utf8').split('# The census')[1] ?? '';
    const fields = [schema, ...Object.values<{ properties?: object }>(schema.$defs)].flatMap(
      ({ properties }) => Object.keys(properties ?? {}),
    );
    expect(fields.filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
  });
});
