import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { machineFrom, parseZoneinfo, snapshotFrom } from '../engine/input/zoneinfo.ts';
import { ZoneinfoScanner } from './zoneinfo-scanner.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Forms of all kernels, and what real hosts printed. */
function texts(): Array<[name: string, text: string]> {
  const files = readdirSync(join(root, 'test/fixtures/zoneinfo')).map(
    (name) => `test/fixtures/zoneinfo/${name}`,
  );
  for (const path of readdirSync(join(root, 'recordings'), { recursive: true, encoding: 'utf8' })) {
    if (/\/zoneinfo$|zoneinfo-snap-.*\.txt$/.test(path)) files.push(`recordings/${path}`);
  }
  return files
    .filter((file) => statSync(join(root, file)).isFile())
    .map((file) => [file, readFileSync(join(root, file), 'latin1')]);
}

function scannerOf(text: string): { scanner: ZoneinfoScanner; machine: ReturnType<typeof machineFrom> } {
  const zones = parseZoneinfo(text);
  const machine = machineFrom(zones, { cpuCount: 1 });
  const bytes = Buffer.from(text, 'latin1');
  return { scanner: new ZoneinfoScanner(machine, zones, bytes, bytes.length), machine };
}

describe('scanning', () => {
  test.each(texts())('%s: the counts of the parser, and the sum of all lines "count:"', (_, text) => {
    const { scanner, machine } = scannerOf(text);
    const bytes = Buffer.from(text, 'latin1');
    expect(scanner.scan(bytes, bytes.length)).toBe(true);
    const snapshot = snapshotFrom(parseZoneinfo(text), machine, 0, '');
    expect([...scanner.pages]).toEqual([...snapshot.pages]);
    expect([...scanner.freePages]).toEqual([...(snapshot.free ?? [])]);
    expect([...scanner.lowPages]).toEqual(machine.zones.map(({ lowWatermark }) => lowWatermark));
    const sum = [...text.matchAll(/^ +count: +(\d+)$/gm)].reduce(
      (total, [, count]) => total + Number(count),
      0,
    );
    const parked = scanner.pages.reduce((total, pages) => total + Math.max(0, pages), 0);
    expect(parked).toBe(sum);
  });

  test('numbers of other lengths are followed, another form is refused', () => {
    const text = readFileSync(join(root, 'test/fixtures/zoneinfo/6.13.txt'), 'latin1');
    const { scanner } = scannerOf(text);
    const scan = (changed: string) => {
      const bytes = Buffer.from(changed, 'latin1');
      return scanner.scan(bytes, bytes.length);
    };
    expect(scan(text.replace(/count: +\d+/, 'count:    1234567'))).toBe(true);
    expect(Math.max(...scanner.pages)).toBe(1234567);
    expect(scan(text.replace(/^ +batch: .*\n/m, ''))).toBe(false);
    expect(scan(text.replace(/cpu: \d+/, 'cpu: 70000'))).toBe(false);
    expect(scan(text.replace(/count: +\d+/, 'count:    -5'))).toBe(false);
    expect(scan(`${text}Node 9, zone   Normal\n  pages free     1\n`)).toBe(false);
    expect(scan(text.slice(0, -10))).toBe(false);
    expect(scan('')).toBe(false);
    expect(scan(text)).toBe(true);
  });
});
