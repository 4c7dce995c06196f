/**
 * `npm run fuzz -- --minutes 30 [--seed N] [--only NUMBER] [--folder DIR]`: damages small recordings for as long as asked and
 * reports how drainlab took it. Inputs on which it crashed or hung are saved in the folder. Exit code 1 when there are any.
 */

import { mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Crash, fuzz, inputMsMax, makeInput } from './fuzz.ts';
import { readSeeds } from './seeds.ts';
import { tryInput } from './try-input.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    only: { type: 'string' },
    folder: { type: 'string', default: 'fuzz-crashes' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1e9);
const minutes = Number(values.minutes);
if (!Number.isSafeInteger(seed) || !(minutes > 0)) {
  process.stderr.write('usage: npm run fuzz -- [--minutes N] [--seed N] [--only NUMBER] [--folder DIR]\n');
  process.exit(2);
}
const folder = values.folder;

function save({ number, seedName, bytes, error }: Crash): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${seed}-${number}-${seedName}`);
  writeFileSync(path, bytes);
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  writeFileSync(`${path}.why`, `${why}\n`);
  process.stderr.write(
    `input ${number} from ${seedName}, saved as ${path}:\n  ${why.split('\n').slice(0, 4).join('\n  ')}\n`,
  );
}

/** Kills the process when one input takes for ever: a loop that never ends cannot be left otherwise. */
function startWatchdog(): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const code = `
    const { workerData } = require('node:worker_threads');
    let last = -1;
    setInterval(() => {
      const now = workerData.shared[0];
      if (now === last) {
        require('node:fs').writeSync(2, 'HANG: run again with --seed ' + workerData.seed + ' --only ' + now + '\\n');
        process.kill(process.pid, 'SIGKILL');
      }
      last = now;
    }, workerData.ms);`;
  new Worker(code, { eval: true, execArgv: [], workerData: { shared, seed, ms: inputMsMax * 24 } }).unref();
  return shared;
}

if (values.only !== undefined) {
  const { seedName, bytes, random } = makeInput(seed, Number(values.only), readSeeds());
  save({ number: Number(values.only), seedName, bytes, error: 'asked for by --only' });
  console.log(await tryInput(seedName, bytes, random));
} else {
  const current = startWatchdog();
  mkdirSync(folder, { recursive: true });
  const progress = openSync(join(folder, 'current-input'), 'w');
  const end = Date.now() + minutes * 60_000;
  let rssMax = 0;
  console.log(`seed ${seed}, ${minutes} minutes`);
  const report = await fuzz({
    seed,
    goesOn: (number) => {
      if (number % 256 === 0) rssMax = Math.max(rssMax, process.memoryUsage.rss());
      return Date.now() < end;
    },
    onInput: (number) => {
      current[0] = number;
      // When the process itself dies (out of memory), this file names the input.
      writeSync(progress, `${seed} ${number}\n`.padEnd(32), 0);
    },
    onCrash: save,
  });
  for (const [name, outcomes] of [...report.outcomes].sort()) {
    const parts = [...outcomes].sort((a, b) => b[1] - a[1]).map(([outcome, count]) => `${outcome} ${count}`);
    console.log(`${name.padEnd(22)} ${parts.join(', ')}`);
  }
  console.log(
    `${report.inputs} inputs, ${report.crashes} crashes, at most ${Math.round(rssMax / 1e6)} MB resident`,
  );
  process.exitCode = report.crashes > 0 ? 1 : 0;
}
