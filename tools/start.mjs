// `npm start`: replays each recording shipped in recordings/, simulates one machine, takes the census of another, and says where to go next.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const drainlab = join(root, 'bin/drainlab.js');
const names = readdirSync(join(root, 'recordings'))
  .filter((name) => existsSync(join(root, 'recordings', name, 'trace.dat')))
  .sort();

/** Runs drainlab in the checkout, shown as a user would type it. */
function show(...args) {
  console.log(`\n$ npx drainlab ${args.join(' ')}\n`);
  const { status } = spawnSync(process.execPath, [drainlab, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

show('replay', 'recordings/patched-everyone');
show('replay', ...names.map((name) => `recordings/${name}`));
show('simulate', 'quiet-drain');
show('census', 'recordings/5.10-workers/proc-start');

console.log(`
Where to go next
  what would two-pass have saved?     npx drainlab replay recordings/patched-everyone --policy two-pass
  your own recording                  npx drainlab replay trace.dat          (what to record: docs/trace-formats.md)
  a machine that you do not have      npx drainlab simulate --list       (what is modelled: docs/model.md)
  the mail of 2011, claim by claim    docs/the-thread.md
  who holds pages on this host        npx drainlab census                   (a thousand sosreports: docs/census.md)
  who interrupts isolated CPUs        npx drainlab audit recordings/6.12-remote
  all of it in a browser              npx drainlab serve recordings/patched-everyone
  what is in a recording              npx drainlab trace info recordings/6.12-remote/trace.dat
  all options                         npx drainlab replay --help
  how each number is made             docs/architecture.md, docs/policies.md
`);
