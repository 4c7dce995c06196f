/**
 * Makes test/closed-loop/real-runs.json from the large recordings: what the drains of the patched kernel and of the
 * stock kernels were like, so that the closed loop can be compared where the recordings are not.
 *
 *     npx tsx bench/collect-real-runs.ts [FOLDER] > test/closed-loop/real-runs.json
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { largeRecordings } from '../test/recordings.ts';

interface PatchedRun {
  readonly name: string;
  readonly policy: number;
  readonly vcpus: number;
  readonly load_s: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly vmstat: Readonly<Record<string, number>>;
  readonly holders_hist: Readonly<Record<string, number>>;
  readonly dur_us: Readonly<Record<string, number>>;
}

interface StockDrain {
  readonly comm: string;
  readonly kernelCpus: readonly number[];
}

const policies = ['worker', 'everyone', 'selective', 'two-pass', 'static-mask'];
const folder = process.argv[2] ?? largeRecordings;
if (folder === null) throw new Error('name the folder of the large recordings');
const read = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));

const histogram = (by: Readonly<Record<string, number>>, cpus: number) =>
  Array.from({ length: cpus + 1 }, (_, holders) => by[holders] ?? 0);

const patched = (read('patched-runs', 'summary.json') as PatchedRun[]).map((run) => {
  const { counters, vmstat } = run;
  const failslab = /failslab(\d+)/.exec(run.name);
  return {
    name: run.name,
    policy: policies[run.policy],
    failslab: failslab ? Number(failslab[1]) : 0,
    maskBytes: run.name.includes('mask512') ? 512 : 8,
    trace: run.name.startsWith('LA') ? 'light' : 'full',
    cpus: run.vcpus,
    loadSeconds: run.load_s,
    drains: counters.drains,
    busy: counters.busy,
    fellBack: counters.mask_fail,
    everyoneByChoice: counters.everyone_by_choice,
    saved: counters.saved,
    holders: histogram(run.holders_hist, run.vcpus),
    interrupts: counters.ipi_others,
    interruptsEmpty: counters.ran_remote_empty,
    works: counters.works,
    retryGot: counters.retry_ok,
    retryFailed: counters.retry_fail,
    maskFromPage: counters.mask_page,
    allocstall: Object.entries(vmstat).reduce(
      (sum, [key, n]) => sum + (key.startsWith('allocstall') ? n : 0),
      0,
    ),
    oomKills: vmstat.oom_kill,
    drainUs: { p50: run.dur_us.p50, p90: run.dur_us.p90, p99: run.dur_us.p99 },
  };
});

const stock = ['5.10-oom', '5.10-stream', '5.10-isolated'].map((name) => {
  const reference = read(name, 'reference.json');
  const drains = reference.drains as StockDrain[];
  const chosen = new Array(reference.cpus + 1).fill(0);
  const callers: Record<string, number> = {};
  for (const { kernelCpus, comm } of drains) {
    chosen[kernelCpus.length]++;
    callers[comm] = (callers[comm] ?? 0) + 1;
  }
  return { name, cpus: reference.cpus, seconds: reference.seconds, drains: drains.length, chosen, callers };
});

const about =
  'Counts of runs of a real 5.10.262 kernel in QEMU (software emulation, 2 processors of the host). patched: built with the ' +
  'drain policies of the thread and counters of its own; holders: drains by number of CPUs that held pages at the call; ' +
  'trace full: all page events were recorded, light: only drains. stock: Debian kernels, which drain by workers; chosen: drain calls by ' +
  'number of CPUs on which work was queued (0: turned away, or nobody held pages). Made by bench/collect-real-runs.ts.';
process.stdout.write(`${JSON.stringify({ about, patched, stock })}\n`);
