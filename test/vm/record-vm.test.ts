/** `drainlab record --vm` with a real kernel under a real QEMU. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { testKernels, whatKeepsFromBooting } from './test-kernel.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'drainlab-vm-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const system = '/sys/devices/system';
const lacking = whatKeepsFromBooting();
const [kernel = ''] = testKernels();
const words = (...args: string[]) => ['--import', 'tsx', join(root, 'src/cli/main.ts'), ...args];
const options = { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH, LANG: 'C.UTF-8' } } as const;

function drainlab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, words(...args), options);
  return { status, out: stdout, err: stderr };
}

const record = (output: string, ...args: string[]) => [
  ...['record', '--vm', '--kernel', kernel, '--output', join(folder, output), '--timeout', '200'],
  ...args,
];

describe.skipIf(lacking !== '')(
  `a kernel in a guest${lacking === '' ? '' : ` (lacking: ${lacking})`}`,
  () => {
    it('drains under our load, and the recording agrees with the kernel', () => {
      const { status, out, err } = drainlab(
        ...record('load', '--for', 'replay', '--cpus', '4', '--memory', '384', '--length', '8s'),
      );
      expect(err).toBe('');
      expect(status).toBe(0);
      expect(out).toContain('4 CPUs · 384 MB');
      expect(out).toContain('No event was lost.');
      const replayed = drainlab('replay', join(folder, 'load'), '--json');
      const { source, drains, selfCheck } = JSON.parse(replayed.out);
      expect(source).toMatchObject({ cpus: 4, lostEvents: 0 });
      expect(drains.requested).toBeGreaterThan(10);
      expect(selfCheck.drainsEqual / selfCheck.drainsCompared).toBeGreaterThan(0.9);
      // Two zones on each of four CPUs at two snapshots and more; under load lists change while they are printed.
      expect(selfCheck.listsCompared).toBeGreaterThanOrEqual(16);
      expect(selfCheck.listsEqual / selfCheck.listsCompared).toBeGreaterThan(0.7);
      expect(existsSync(join(folder, 'load/guest'))).toBe(false);
    }, 300_000);

    it('runs a command with what it needs, on the machine that was asked for', () => {
      const script = `cat ${system}/cpu/isolated; ls -d ${system}/node/node*; /usr/bin/sort --version; exit 3`;
      const { status, out, err } = drainlab(
        ...record('command', '--cpus', '4', '--memory', '384', '--numa', '2', '--append', 'isolcpus=2-3'),
        ...['--include', '/usr/bin/sort', '--', 'sh', '-c', script],
      );
      expect(err).toBe('');
      expect(out).toContain('FAILED');
      expect(status).toBe(1);
      const said = readFileSync(join(folder, 'command/workload.out'), 'utf8').split('\n');
      expect(said.slice(0, 3)).toEqual(['2-3', `${system}/node/node0`, `${system}/node/node1`]);
      expect(said.join('\n')).toContain('GNU coreutils');
      expect(readFileSync(join(folder, 'command/proc-start/cpu_isolated'), 'utf8')).toBe('2-3\n');
      expect(readdirSync(join(folder, 'command/zoneinfo'))).toHaveLength(2);
    }, 300_000);

    it('that does not boot ends in one message with its last lines', () => {
      const { status, err } = drainlab(...record('panic', '--append', 'rdinit=/absent root=/dev/absent'));
      expect(status).toBe(4);
      expect(err).toMatch(/the kernel did not boot: Kernel panic - not syncing: VFS: .* \[E_VM_BOOT\]/);
      expect(err).toMatch(/console at that time:\n {4}/);
      expect(readdirSync(join(folder, 'panic'))).toEqual(['console.txt']);
    }, 300_000);

    it('is gone after Ctrl-C, and so are its files', async () => {
      const child = spawn(process.execPath, words(...record('stopped')), { ...options, stdio: 'pipe' });
      let said = '';
      child.stderr.on('data', (text) => {
        said += text;
      });
      const consoleFile = join(folder, 'stopped/console.txt');
      while (!existsSync(consoleFile)) await new Promise((resolve) => setTimeout(resolve, 50));
      child.kill('SIGINT');
      const status = await new Promise((resolve) => child.on('close', resolve));
      expect(said).toContain('E_VM_STOPPED');
      expect(status).toBe(4);
      expect(readdirSync(join(folder, 'stopped'))).toEqual(['console.txt']);
    }, 300_000);
  },
);
