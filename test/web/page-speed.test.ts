import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { benchPage, figuresText, type PageFigures } from '../../bench/page.ts';
import { shippedRecordings } from '../recordings.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** A small size of bench/page.ts: times are not compared with bars here, since other tests run beside it. */
describe('the speed of the page', () => {
  it('is measured on frames that were drawn and on the command line’s own verdict', async () => {
    const figures: PageFigures = await benchPage({
      recording: join(shippedRecordings, 'patched-selective'),
      cpus: 64,
      frames: 12,
      drainlab: ['--import', 'tsx', main],
    });
    expect(Object.keys(figures.frames)).toHaveLength(3);
    for (const times of Object.values(figures.frames)) {
      expect(times).toHaveLength(12);
      expect(Math.min(...times)).toBeGreaterThan(0);
    }
    expect(figures.longestTaskMs.timeline).toBeGreaterThan(0);
    expect(figures.longestTaskMs.machine).toBeGreaterThan(0);
    expect(figures.firstPaintMs).toBeGreaterThan(0);
    // Sizes do not depend on the machine: these bars hold here too.
    expect(figures.emptyBytes).toBeGreaterThan(5_000);
    expect(figures.allBytes).toBeGreaterThan(figures.emptyBytes);
    expect(figures.allBytes).toBeLessThan(150_000);
    expect(figures.hash).toMatch(/^[0-9a-f]{12}$/);
    expect(figuresText(figures)).toHaveLength(8);
  }, 180_000);
});
