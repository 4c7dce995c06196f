import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchReplay } from '../../bench/replay.ts';
import { shippedRecordings } from '../recordings.ts';

// The small size of bench/replay.ts, so that the benchmark keeps working and measures what it says.
describe('the benchmark of whole processes', () => {
  const isBuilt = existsSync(join(shippedRecordings, '../dist/cli/main.js'));
  it.skipIf(!isBuilt)(
    `times a replay and hashes what it printed, twice the same${isBuilt ? '' : ': skipped, run npm run build first'}`,
    () => {
      const folder = join(shippedRecordings, '7.2-remote');
      const result = benchReplay(folder, 2);
      const eight = result['replay, eight policies'];
      expect(eight.ms).toBeGreaterThan(result['bare node'].ms);
      expect(eight.hash).toMatch(/^[0-9a-f]{12}$/);
      expect(eight.hash).not.toBe(result['replay, one policy'].hash);
    },
  );
});
