import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    // Files that start a browser wait for it most of the time.
    maxWorkers: 2,
    globalSetup: 'test/cli/build-folder.ts',
  },
});
