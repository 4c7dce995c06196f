/** Sound archives of every packing, and hostile ones: each ends in a host with problems or in one clear error. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type MadeMember, madeFiles, madeHost, sosMembers, tarOf } from '../../../test/made-sosreports.ts';
import { readArchive } from './read-archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-archives-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** undefined: no such program here. */
function packedBy(program: string, input: Uint8Array, ...args: string[]): Buffer | undefined {
  const { stdout, status } = spawnSync(program, ['-c', ...args], { input, maxBuffer: 1 << 30 });
  return status === 0 ? stdout : undefined;
}

const host = madeHost(7);
const texts = madeFiles(host, 7);
const plain = await tarOf(sosMembers(host, 7, [{ name: 'var/log/messages', text: 'x'.repeat(200_000) }]));
const xz = packedBy('xz', plain);
const zstd = packedBy('zstd', plain, '-q');
const hasXz = xz !== undefined;

const failed = (path: string, options = {}) =>
  readArchive(path, options).then(
    ({ problems }) => `read, ${problems.join(' ')}`,
    (error) => `${error.code}: ${error.message}`,
  );

describe('a sosreport', () => {
  test.each([
    ['tar', 'program', plain],
    ['tar.gz', 'program', gzipSync(plain)],
    ['tar.xz', 'program', xz],
    ['tar.xz', 'wasm', xz],
    ['tar.zst', 'program', zstd],
  ] as const)('as .%s (%s) gives the texts that were packed', async (ending, xzBy, bytes) => {
    if (bytes === undefined) return;
    const reading = await readArchive(file(`a.${ending}`, bytes), { xzBy });
    expect(reading).toMatchObject({
      kind: 'sosreport',
      name: `sosreport-${host.name}-2026-11-23-abcdefg`,
      problems: [],
    });
    expect([...reading.files].sort()).toEqual([...texts].sort());
  });

  test('packed from afar, with ./ or from the root is found too', async () => {
    for (const root of ['tmp/sos/sosreport-x/', './sosreport-x/', '', '/', './']) {
      const path = file(
        'b.tar',
        await tarOf([
          { name: `${root}proc/zoneinfo`, text: 'z' },
          { name: `${root}uname`, text: 'u' },
        ]),
      );
      const reading = await readArchive(path);
      expect([root, ...reading.files]).toEqual([root, ['proc/zoneinfo', 'z'], ['uname', 'u']]);
      expect(reading.name).toBe(root.includes('sos') ? 'sosreport-x' : 'b');
    }
  });

  test('may be a copy of /proc', async () => {
    const members = [
      { name: 'web1/vmstat', text: 'v' },
      { name: 'web1/zoneinfo', text: 'z' },
    ];
    const reading = await readArchive(file('copy.tar', await tarOf(members)));
    expect(reading.kind).toBe('snapshot');
    expect(Object.fromEntries(reading.files)).toEqual({ 'proc/vmstat': 'v', 'proc/zoneinfo': 'z' });
  });

  test('beside others in one archive is read alone, and this is said', async () => {
    const members = ['b', 'a', 'a/chroot'].map((root) => ({ name: `${root}/proc/zoneinfo`, text: root }));
    const reading = await readArchive(file('two.tar', await tarOf(members)));
    expect(reading.files.get('proc/zoneinfo')).toBe('a');
    expect(reading.problems).toEqual(['The archive holds 3 hosts; only a is read.']);
  });
});

describe('what is no archive of a host', () => {
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31) % 251));
  test.each([
    ['nothing', '', /^E_ARCHIVE_TRUNCATED: the file is empty/],
    ['text', 'Node 0, zone DMA\n'.repeat(100), /^E_ARCHIVE_FORMAT: it is no tar archive/],
    ['noise', noise, /^E_ARCHIVE_FORMAT: it is no tar archive/],
    ['bzip2', 'BZh91AY&SY', /^E_ARCHIVE_FORMAT: it is bzip2, which is not read/],
    ['gzip of text', gzipSync('hello'.repeat(1000)), /^E_ARCHIVE_FORMAT: it is no tar archive/],
    [
      'xz of nothing',
      Buffer.from('fd377a585a000004', 'hex'),
      /^E_ARCHIVE_TRUNCATED: the xz data end too early/,
    ],
  ])('%s', async (_, bytes, expected) => {
    expect(await failed(file('odd', bytes))).toMatch(expected);
  });

  test('a tar without zoneinfo, a folder, a name that is not there', async () => {
    expect(await failed(file('c.tar', await tarOf([{ name: 'x/proc/vmstat', text: 'v' }])))).toBe(
      'E_ARCHIVE_NO_HOST: no zoneinfo of a host among its 1 files',
    );
    expect(await failed(folder)).toMatch(/^E_ARCHIVE_READ: /);
    expect(await failed(join(folder, 'absent'))).toMatch(/^E_ARCHIVE_READ: /);
  });
});

describe('a half archive', () => {
  /** Small, so that every place can be tried; zoneinfo in the middle. */
  const small = tarOf([
    { name: 'h/proc/vmstat', text: 'nr_free_pages 1\n' },
    { name: 'h/proc/zoneinfo', text: 'Node 0, zone Normal\n'.repeat(40) },
    { name: 'h/sys/devices/system/cpu/online', text: '0\n' },
  ]);
  const isFine = (outcome: string) =>
    /^(read, |E_ARCHIVE_(TRUNCATED|DAMAGED|FORMAT|NO_HOST): )/.test(outcome) ? '' : outcome;

  test('plain, cut anywhere: whole texts or an error, never a part of a text', async () => {
    const bytes = await small;
    const whole = await readArchive(file('whole.tar', bytes));
    for (let length = 0; length < bytes.length; length += 37) {
      const path = file('cut.tar', bytes.subarray(0, length));
      const reading = await readArchive(path).catch((error) => String(error.code));
      if (typeof reading === 'string') {
        expect(reading).toMatch(/^E_ARCHIVE_(TRUNCATED|FORMAT|NO_HOST)$/);
        continue;
      }
      for (const [name, text] of reading.files) expect(text).toBe(whole.files.get(name));
      // Fewer than two blocks of zeros behind the last file: it may be cut.
      if (length < bytes.length - 512) expect([length, reading.problems.length]).toEqual([length, 1]);
    }
  });

  test.each(['gz', 'xz', 'zst'])('.tar.%s, cut anywhere', async (ending) => {
    const bytes = await small;
    const packed = ending === 'gz' ? gzipSync(bytes) : packedBy(ending === 'xz' ? 'xz' : 'zstd', bytes, '-q');
    if (packed === undefined) return;
    for (let length = 0; length < packed.length; length++) {
      const outcome = await failed(file(`cut.${ending}`, packed.subarray(0, length)), { xzBy: 'wasm' });
      expect([length, isFine(outcome)]).toEqual([length, '']);
      expect([length, outcome]).not.toEqual([length, 'read, ']);
    }
  });

  test.skipIf(!hasXz)('the program and the Wasm of xz agree on what is cut and what is damaged', async () => {
    const packed = packedBy('xz', await small) ?? Buffer.alloc(0);
    // The Wasm gives up the last 64 KB before the cut, so zoneinfo may be among them; both say what is wrong.
    const codeOf = (outcome: string) => /too early|damaged|format/.exec(outcome)?.[0];
    for (let length = 6; length < packed.length; length += 41) {
      const path = file('cut.xz', packed.subarray(0, length));
      expect([length, codeOf(await failed(path, { xzBy: 'program' }))]).toEqual([
        length,
        codeOf(await failed(path, { xzBy: 'wasm' })),
      ]);
    }
    const junk = file('junk.xz', Buffer.concat([packed, Buffer.alloc(100, 'junk')]));
    expect(codeOf(await failed(junk, { xzBy: 'program' }))).toBe('damaged');
    expect(codeOf(await failed(junk, { xzBy: 'wasm' }))).toBe('damaged');
  });

  test('or one with other bytes in it is a host, or an error of ours', async () => {
    const packed = gzipSync(await small);
    const bytes = await small;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (changes, isPacked) => {
          const damaged = Buffer.from(isPacked ? packed : bytes);
          for (const [at, byte] of changes) damaged[at % damaged.length] = byte;
          expect(isFine(await failed(file('damaged', damaged)))).toBe('');
        },
      ),
      { numRuns: 100, seed: 20111230 },
    );
  });

  test('whose zoneinfo came out whole is a host that says what is missing', async () => {
    const bytes = await small;
    const path = file('late.tar', bytes.subarray(0, 3 * 512 + 1024 + 512));
    const reading = await readArchive(path);
    expect(reading.files.has('proc/zoneinfo')).toBe(true);
    expect(reading.problems).toHaveLength(1);
  });

  test('gzip with zeros behind its end is read; with other bytes the host says that it is damaged', async () => {
    // More than one write of the decoder, which drops what it made of a write that fails.
    const noise = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * i * 31 + (i >> 3)) % 251));
    const members = [(await small).subarray(0, -1024), await tarOf([{ name: 'h/var/x', text: noise }])];
    const packed = gzipSync(Buffer.concat(members), { level: 0 });
    const followedBy = async (bytes: Buffer) => file('trailing.tar.gz', Buffer.concat([packed, bytes]));
    expect(await failed(await followedBy(Buffer.alloc(77)))).toBe('read, ');
    expect(await failed(await followedBy(Buffer.alloc(77, 'junk')))).toBe(
      'read, the gzip data are damaged: what stands behind that place is missing.',
    );
  });
});

describe('a hostile archive', () => {
  const zoneinfo: MadeMember = { name: 'h/proc/zoneinfo', text: 'z' };

  test('with links, devices and names that lead out: nothing is followed, each is told', async () => {
    const members: MadeMember[] = [
      { name: '../../etc/cron.d/evil', text: 'x' },
      { name: 'h/proc/../../../proc/vmstat', text: 'x' },
      { name: '/proc/interrupts', text: 'absolute: a name like any other' },
      { name: 'h/proc/cmdline', type: 'symlink', linkname: '/etc/shadow' },
      { name: 'h/proc/vmstat', type: 'link', linkname: '/etc/passwd' },
      { name: 'h/proc/loadavg', type: 'fifo' },
      { name: 'h/proc/version', type: 'character-device' },
      { name: 'h/uname', type: 'symlink', linkname: 'sos_commands/kernel/uname_-a' },
      zoneinfo,
    ];
    const before = readdirSync(folder).length;
    const reading = await readArchive(file('links.tar', await tarOf(members)));
    expect([...reading.files.keys()]).toEqual(['proc/zoneinfo']);
    expect(reading.problems).toEqual([
      '"../../etc/cron.d/evil" leads out of the archive; it is left out.',
      '"h/proc/../../../proc/vmstat" leads out of the archive; it is left out.',
      'proc/cmdline is a symlink, not a file; it is left out.',
      'proc/vmstat is a link, not a file; it is left out.',
      'proc/loadavg is a fifo, not a file; it is left out.',
      'The same holds for 1 more files.',
    ]);
    expect(readdirSync(folder).length).toBe(before + 1);
  });

  test('zoneinfo itself a link', async () => {
    const path = file(
      'link.tar',
      await tarOf([{ ...zoneinfo, text: '', type: 'symlink', linkname: '/proc/zoneinfo' }]),
    );
    expect(await failed(path)).toBe(
      'E_ARCHIVE_NO_HOST: no zoneinfo of a host among its 1 files; proc/zoneinfo is a symlink, not a file; it is left out',
    );
  });

  test('a file twice: the last counts, as for tar', async () => {
    const path = file('twice.tar', await tarOf([zoneinfo, { ...zoneinfo, text: 'later' }]));
    const reading = await readArchive(path);
    expect(reading.files.get('proc/zoneinfo')).toBe('later');
    expect(reading.problems).toEqual(['proc/zoneinfo is there more than once; the last is read.']);
  });

  test('a member that claims 10 GB and is cut', async () => {
    const claimed = claim(await tarOf([{ name: 'h/var/log/big', text: 'x' }]), 10e9);
    const behind = Buffer.concat([(await tarOf([zoneinfo])).subarray(0, 1024), claimed]);
    expect(await failed(file('claim.tar', behind))).toBe(
      'read, the tar ends inside a file: what stands behind that place is missing.',
    );
    expect(await failed(file('claim2.tar', claimed))).toBe('E_ARCHIVE_TRUNCATED: the tar ends inside a file');
  });

  test('zoneinfo that claims 10 GB is never kept', async () => {
    const path = file('claim3.tar', claim(await tarOf([zoneinfo]), 10e9));
    expect(await failed(path)).toMatch(/^E_ARCHIVE_TRUNCATED/);
  });

  test('a bomb ends at the limit, and what was whole before it counts', async () => {
    const zeros = gzipSync(Buffer.alloc(8 << 20));
    const bomb = Buffer.concat([gzipSync((await tarOf([zoneinfo])).subarray(0, 1024)), zeros, zeros]);
    expect(await failed(file('bomb.tar.gz', bomb), { bytesMax: 12 << 20 })).toMatch(
      /^read, it unpacks to more than 0\.01171875 GiB/,
    );
  });

  test('more members than any host has', async () => {
    const one = (await tarOf([{ name: 'h/a', text: '' }])).subarray(0, 512);
    const many = gzipSync(Buffer.concat(Array<Buffer>(5000).fill(one)));
    expect(await failed(file('many.tar.gz', many), { membersMax: 4000 })).toBe(
      'E_ARCHIVE_LIMIT: it holds more than 4000 files',
    );
  });

  test.skipIf(zstd === undefined)('zstd with a window of 2 GiB is refused', async () => {
    const wide = packedBy('zstd', plain, '-q', '--ultra', '--long=31', '-1', '--no-check');
    const header = wide ?? Buffer.alloc(0);
    // A frame without content size: the window descriptor follows the frame header byte. 2^31: exponent 21 above 2^10.
    const frame = Buffer.concat([
      Buffer.from('28b52ffd', 'hex'),
      Buffer.from([0x00, 21 << 3]),
      header.subarray(6),
    ]);
    expect(await failed(file('wide.tar.zst', frame))).toBe('E_ARCHIVE_DAMAGED: the zstd data are damaged');
  });

  test.skipIf(!hasXz)('memory stays bounded while a bomb of zeros is unpacked', async () => {
    const zeros = spawnSync('sh', ['-c', 'head -c 150000000 /dev/zero | xz -0 -T2'], {
      maxBuffer: 1 << 26,
    }).stdout;
    const header = packedBy(
      'xz',
      claim((await tarOf([{ name: 'h/var/log/big', text: 'x' }])).subarray(0, 512), 1.5e8),
    );
    const path = file('zeros.tar.xz', Buffer.concat([header ?? zeros, zeros]));
    const before = process.memoryUsage.rss();
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss() - before);
    }, 10);
    const outcome = await failed(path);
    clearInterval(timer);
    expect(outcome).toMatch(/^E_ARCHIVE_(TRUNCATED|NO_HOST)/);
    expect(most).toBeLessThan(100e6);
  });
});

/** The first header says that its member has `size` bytes. */
function claim(tar: Buffer, size: number): Buffer {
  const bytes = Buffer.from(tar);
  bytes.fill(0, 124, 136);
  bytes[124] = 0x80;
  bytes.writeUIntBE(size, 130, 6);
  bytes.fill(0x20, 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

test('the texts of a shipped recording are what a tar of them gives', async () => {
  const zoneinfo = readFileSync(
    new URL('../../../recordings/5.10-workers/proc-start/zoneinfo', import.meta.url),
  );
  const reading = await readArchive(file('real.tar', await tarOf([{ name: 'x/zoneinfo', text: zoneinfo }])));
  expect(reading.files.get('proc/zoneinfo')).toBe(zoneinfo.toString('latin1'));
});
