import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { countLines, memoryRefusal, TracedDrains } from './drain-counter.ts';
import { rightsOfThisHost, whatKeeps } from './record/rights.ts';

test('lines of trace_pipe: events, calls of the drain function, losses; nothing else', () => {
  const text = [
    '       hackbench-1234  [001] ..... 12345.678901: mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_KERNEL',
    '       hackbench-1234  [001] ..... 12345.678950: __drain_all_pages <-__alloc_pages_slowpath.constprop.0',
    'CPU:1 [LOST 12 EVENTS]',
    '      kcompactd0-41    [000] ..... 12346.000001: __drain_all_pages <-compact_zone',
    '            bash-99    [000] ..... 12346.000002: tracing_mark_write: mm_vmscan_direct_reclaim_begin: not one',
    '            bash-99    [000] ..... 12346.000003: drain_local_pages <-drain_pages',
    '',
  ].join('\n');
  const event = 'mm_vmscan_direct_reclaim_begin';
  expect(countLines(text, event, '__drain_all_pages')).toEqual({ directReclaims: 1, drains: 2, lost: 12 });
  expect(countLines(text, event, '')).toEqual({ directReclaims: 1, drains: 0, lost: 12 });
});

test('as Debian 6.12.117 and 5.10 print it: as many reclaims as allocstall counted there (3 and 1), and as many drains', () => {
  const reclaim =
    'mm_vmscan_direct_reclaim_begin: order=9 gfp_flags=GFP_HIGHUSER_MOVABLE|__GFP_NOWARN|__GFP_RETRY_MAYFAIL|__GFP_COMP|__GFP_THISNODE';
  const lines = (flags: string, name: string, ...times: string[]) =>
    times
      .map((time, i) => {
        const what = i % 2 === 0 ? reclaim : `${name} <-__alloc_pages_slowpath.constprop.0`;
        return `            init-1       [001] ${flags} ${time}: ${what}\n`;
      })
      .join('');
  const newer = lines(
    '.....',
    '__drain_all_pages',
    '   10.239246',
    '   10.240112',
    '   10.400697',
    '   10.400937',
    '   10.463056',
    '   10.463223',
  );
  const older = lines('....', 'drain_all_pages', '    8.613020', '    8.613823');
  const event = 'mm_vmscan_direct_reclaim_begin';
  expect(countLines(newer, event, '__drain_all_pages')).toEqual({ directReclaims: 3, drains: 3, lost: 0 });
  expect(countLines(older, event, 'drain_all_pages')).toEqual({ directReclaims: 1, drains: 1, lost: 0 });
});

test('an instance takes 1.4 MB a CPU at first: refused where that is more than a twentieth of what is free', () => {
  const meminfo = 'MemTotal:       99999999 kB\nMemAvailable:   10240000 kB\n';
  expect(memoryRefusal(256, meminfo)).toBe('');
  expect(memoryRefusal(4096, meminfo)).toBe(
    'a tracing instance takes 5632 MB on 4096 CPUs for a moment, and 10000 MB are available',
  );
});

const rights = rightsOfThisHost();
const instances = join(rights.tracefs, 'instances');
const isOpen = whatKeeps('tracefs', rights).length === 0 && existsSync(instances);
const ours = (pid: number) => readdirSync(instances).filter((name) => name === `drainlab-watch-${pid}`);

describe.skipIf(!isOpen)('on the real tracer (skipped where tracefs is closed)', () => {
  test('counts what the kernel prints, and leaves no instance', async () => {
    // Reclaim does not come on demand; switches between tasks do, and are read in the same way.
    const counter = new TracedDrains('sched/sched_switch');
    try {
      expect(ours(process.pid)).toHaveLength(1);
      const size = readFileSync(join(instances, ours(process.pid)[0], 'buffer_size_kb'), 'utf8');
      expect(Number(size)).toBeLessThan(128);
      counter.read();
      await setTimeout(50);
      const { directReclaims, lost } = counter.read();
      expect(directReclaims + lost).toBeGreaterThan(2);
    } finally {
      expect(counter.close()).toEqual([]);
    }
    expect(ours(process.pid)).toEqual([]);
  });

  test('an event that the kernel does not have is refused, and nothing stays', () => {
    expect(() => new TracedDrains('vmscan/no_such_event')).toThrow(
      expect.objectContaining({ code: 'E_WATCH_TRACE' }),
    );
    expect(ours(process.pid)).toEqual([]);
  });

  test('killed with no chance to clean up, the instance is removed all the same', async () => {
    const module = new URL('./drain-counter.ts', import.meta.url).pathname;
    const script = `import { TracedDrains } from ${JSON.stringify(module)};
      new TracedDrains(); console.log('open'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const pid = child.pid ?? -1;
    expect(ours(pid)).toHaveLength(1);
    child.kill('SIGKILL');
    for (let i = 0; i < 40 && ours(pid).length > 0; i++) await setTimeout(50);
    expect(ours(pid)).toEqual([]);
  });
});
