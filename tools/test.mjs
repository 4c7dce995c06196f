// `npm test`: types, lint, then every test. Ends with one line that counts them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
let passed = 0;
let failed = 0;

/** Runs a script of an installed package with this Node; true when it ended well. */
function run(name, script, args) {
  console.log(`\n> ${name}`);
  return (
    spawnSync(process.execPath, [join(modules, script), ...args], { cwd: root, stdio: 'inherit' }).status ===
    0
  );
}

function check(name, script, args) {
  if (run(name, script, args)) passed++;
  else failed++;
}

check('types', 'typescript/bin/tsc', ['-p', '.']);
check('lint', '@biomejs/biome/bin/biome', ['check', '.']);

const folder = mkdtempSync(join(tmpdir(), 'drainlab-test-'));
const report = join(folder, 'report.json');
const fine = run('tests', 'vitest/vitest.mjs', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);
let skipped = 0;
try {
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  passed += numPassedTests;
  // A file that does not load has no failed test to count, and is a failure all the same.
  failed += Math.max(numFailedTests, Math.min(1, numFailedTestSuites));
  skipped = numPendingTests;
  for (const { assertionResults } of testResults)
    for (const { status, fullName } of assertionResults)
      if (status === 'pending' || status === 'skipped') console.log(`skipped: ${fullName}`);
  if (!fine && failed === 0) failed++;
} catch (error) {
  console.error(`the test run left no report: ${error.message}`);
  failed++;
}
rmSync(folder, { recursive: true, force: true });
if (skipped > 0)
  console.log(`${skipped} skipped: what they need is not on this machine (see CONTRIBUTING.md)`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
