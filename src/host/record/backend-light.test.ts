import { describe, expect, it } from 'vitest';
import { lightLine, lightPlan } from './backend-light.ts';
import type { LightKernel } from './light-kernel.ts';
import { planText } from './plan.ts';

const kernel: LightKernel = {
  release: '6.12.0',
  architecture: 'x86_64',
  drain: '__drain_all_pages',
  seenFrom: 'call',
  tellsForce: true,
  visit: 'drain_pages_zone',
  visitedBy: 'requester',
  mask: 'cpus_with_pcps.6',
  mutex: 'pcpu_drain_mutex',
  cpuCount: 8,
  possible: '0-7',
  online: '0-7',
  isolated: '',
  zones: ['0/DMA'],
  knowsTypes: true,
};

describe('bpftrace', () => {
  it.each([
    [8, 64],
    // 64 MiB for all CPUs: 16 pages of 4 KiB for each of 1,024.
    [1024, 16],
  ])('on %i CPUs gets %i pages of buffer for each', (cpuCount, pages) => {
    expect(lightLine({ ...kernel, cpuCount })).toContain(`BPFTRACE_PERF_RB_PAGES=${pages} `);
  });

  it('gets an empty header where it cannot read the kernel’s types', () => {
    expect(lightLine(kernel)).not.toContain(' -I ');
    expect(lightLine({ ...kernel, knowsTypes: false })).toContain(' -I ');
  });
});

describe('the plan', () => {
  it('is a shell script with the whole program, the command and the end', () => {
    const text = planText(lightPlan({ folder: 'rec', kernel, command: ['sh', '-c', 'make test'] }));
    const lines = text.split('\n');
    expect(lines).toContain("cat > light.bt <<'END_OF_PROGRAM'");
    expect(lines).toContain('kprobe:__drain_all_pages {');
    expect(lines.slice(lines.indexOf('END_OF_PROGRAM') + 1, -1)).toEqual([
      'env BPFTRACE_PERF_RB_PAGES=64 bpftrace -q -B line light.bt > light.raw &',
      "sh -c 'make test'",
      'kill -INT $!; wait',
      '# save /proc/zoneinfo, vmstat, interrupts, … to proc-end/',
      '# sort the lines of light.raw by time into trace.txt',
    ]);
  });

  it('says what this kernel cannot tell', () => {
    const plan = lightPlan({
      folder: 'rec',
      command: [],
      kernel: { ...kernel, seenFrom: 'turn', knowsTypes: false },
    });
    expect(plan.notes).toHaveLength(2);
    expect(plan.notes.join(' ')).toMatch(/turned away.*no line.*addresses, no names/);
  });
});
