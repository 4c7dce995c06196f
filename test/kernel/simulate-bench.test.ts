import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { drainCost } from '../../bench/drain-cost.ts';
import { pageLoop } from '../../bench/page-loop.ts';
import { simulateOnce } from '../../bench/simulate-once.ts';

// The small sizes of bench/simulate.ts and bench/drain-cost.ts, so that they keep working and measure what they say.
const source = fileURLToPath(new URL('../../bench/peers/page-loop.c', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'page-loop-'));
const compiled = join(folder, 'page-loop');
const hasCompiler = spawnSync('cc', ['-O1', '-o', compiled, source]).status === 0;
afterAll(() => rmSync(folder, { recursive: true }));

describe('the benchmark of the simulator', () => {
  it.skipIf(!hasCompiler)(
    `does the same as its peer in C, page by page${hasCompiler ? '' : ': skipped, there is no C compiler'}`,
    () => {
      for (const load of [
        // Little memory: blocks are split and joined all the time.
        { cpus: 8, mebibytes: 64, held: 1024, operations: 300_000 },
        { cpus: 70, mebibytes: 2048, held: 3000, operations: 300_000 },
      ]) {
        const own = pageLoop(load);
        const { status, stdout } = spawnSync(compiled, own.arguments, { encoding: 'utf8' });
        expect(status).toBe(0);
        const peer = JSON.parse(stdout);
        expect([peer.hash, peer.operations, peer.events]).toEqual([own.hash, own.operations, own.events]);
        // The hash folds in pages and times: another load has another one.
        expect(pageLoop({ ...load, held: 200 }).hash).not.toBe(own.hash);
      }
    },
  );

  it('runs the whole model until memory is tight, twice the same', () => {
    const run = simulateOnce('tight-8', 'static-mask', 0.2);
    expect(run.operations).toBeGreaterThan(300_000);
    expect(run.drains).toBeGreaterThan(0);
    expect(simulateOnce('tight-8', 'static-mask', 0.2).hash).toBe(run.hash);
  });

  it('drains as many CPUs as it says', () => {
    const cost = drainCost(32, 8, 40, 1);
    expect(cost.drains).toBe(40);
    expect(cost.holdersMean).toBeGreaterThan(4);
    expect(cost.holdersMean).toBeLessThanOrEqual(8);
  });
});
