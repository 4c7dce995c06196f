// Makes a checkout ready: installs what package-lock.json names if it is not there, then builds dist/.
// Runs on bare Node, before anything is installed: `npm start` and `npm test` call it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `drainlab needs Node 20.19 or newer, this is ${process.versions.node}. Install one from https://nodejs.org`,
  );
  process.exit(2);
}

/** Packages and versions that a lock file names; install-time details left out. */
function versions(file) {
  const { packages } = JSON.parse(readFileSync(file, 'utf8'));
  return new Map(
    Object.entries(packages)
      .filter(([path]) => path !== '')
      .map(([path, entry]) => [path, entry]),
  );
}

/** Is everything in package-lock.json installed in this version? Optional packages of other platforms may be absent. */
function installed() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const here = versions(record);
  for (const [path, wanted] of versions(join(root, 'package-lock.json'))) {
    const found = here.get(path);
    if (found ? found.version !== wanted.version : !wanted.optional) return false;
  }
  return true;
}

function run(command, args) {
  try {
    execFileSync(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    });
  } catch (error) {
    console.error(
      `\`${[command, ...args].join(' ')}\` failed${error.status ? ` with exit code ${error.status}` : `: ${error.message}`}.`,
    );
    process.exit(4);
  }
}

if (!installed()) {
  console.error('Installing what package-lock.json names …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
rmSync(join(root, 'dist'), { recursive: true, force: true });
run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
run(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn']);
run(process.execPath, [
  join(root, 'node_modules/vite/bin/vite.js'),
  'build',
  '--config',
  'vite.mail.config.ts',
  '--logLevel',
  'warn',
]);
