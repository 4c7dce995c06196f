/** `drainlab calibrate` on the machine that runs the tests, and its file in `drainlab simulate`. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultCosts } from '../../src/engine/machine/costs.ts';
import type { Calibration } from '../../src/host/calibrate/calibration.ts';
import { compiledMain } from './compiled.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-calibrate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const main = compiledMain();

function drainlab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  });
  return { status, out: stdout, err: stderr };
}

const canMeasure = process.platform === 'linux' && availableParallelism() >= 2;

describe('drainlab calibrate', () => {
  it.skipIf(!canMeasure)(
    'counts a round trip only if the interrupts arrived, and its file is a scenario’s',
    () => {
      const { status, out, err } = drainlab('calibrate', '--seconds', '0.6', '--json', '--out', 'here.yaml');
      const calibration = JSON.parse(out) as Calibration;
      expect(err).toBe('');
      expect(calibration.schema).toBe('drainlab.calibration/1');
      for (const trip of calibration.roundTrips) {
        expect(trip.counted).toBeLessThanOrEqual(trip.batches);
        // Either enough batches were confirmed, or the output says that this does not count.
        if (trip.callNs === null)
          expect(calibration.warnings.join('\n')).toContain(`only ${trip.counted} of`);
        else expect(trip.counted).toBeGreaterThanOrEqual(20);
      }
      expect(calibration.costs.every(({ name, ns }) => name in defaultCosts && ns >= 0)).toBe(true);
      expect(status).toBe(calibration.costs.length > 0 ? 0 : 4);
      expect(existsSync(join(folder, 'here.yaml'))).toBe(calibration.costs.length > 0);
      if (calibration.costs.length === 0) return;
      expect(readFileSync(join(folder, 'here.yaml'), 'utf8')).toMatch(/^# drainlab\.calibration\/1/);
      const simulated = drainlab('simulate', 'quiet-drain', '--dry-run', '--costs', 'here.yaml');
      expect(simulated).toMatchObject({ status: 0, err: '' });
    },
  );

  it('asks for two CPUs at least', () => {
    expect(drainlab('calibrate', '--cpus', '0')).toMatchObject({
      status: 2,
      err: expect.stringContaining('fewer than two CPUs'),
    });
  });

  it('names a file of costs that is not there', () => {
    expect(drainlab('simulate', 'quiet-drain', '--dry-run', '--costs', 'none.yaml')).toMatchObject({
      status: 2,
      err: expect.stringContaining('none.yaml'),
    });
  });
});
