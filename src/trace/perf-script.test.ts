import { describe, expect, test } from 'vitest';
import { readPerfLine } from './perf-script.ts';
import { LineClass, TextLine } from './text-line.ts';

function partsOf(text: string) {
  const bytes = new TextEncoder().encode(text);
  const line = new TextLine();
  const lineClass = readPerfLine(bytes, 0, bytes.length, line);
  if (lineClass === LineClass.lost) return { lostCpu: line.lostCpu, lostCount: line.lostCount };
  if (lineClass !== LineClass.event) return lineClass;
  return {
    comm: text.slice(line.commStart, line.commEnd),
    pid: line.pid,
    cpu: line.cpu,
    stamp: BigInt(line.seconds) * 1_000_000_000n + BigInt(line.nanoseconds),
    name: text.slice(line.nameStart, line.nameEnd),
    body: text.slice(line.bodyStart, line.bodyEnd),
  };
}

describe('a line of perf script', () => {
  test('has system, event and fields', () => {
    const text =
      '            perf  6013 [001]   961.920200:             kmem:mm_page_free: page=0x1188d7 pfn=0x1188d7 order=0';
    expect(partsOf(text)).toEqual({
      comm: 'perf',
      pid: 6013,
      cpu: 1,
      stamp: 961_920_200_000n,
      name: 'kmem:mm_page_free',
      body: 'page=0x1188d7 pfn=0x1188d7 order=0',
    });
  });

  test('may have process and thread, a period and nanoseconds', () => {
    const text =
      '     migration/0    18/19    [000]   961.920124737:          1             sched:sched_switch: prev_comm=x';
    expect(partsOf(text)).toMatchObject({
      comm: 'migration/0',
      pid: 19,
      stamp: 961_920_124_737n,
      name: 'sched:sched_switch',
    });
  });

  test('may have letters after the CPU (-F +misc)', () => {
    const text =
      '            perf  6013 [000] K       961.920101:             sched:sched_switch: prev_comm=perf';
    expect(partsOf(text)).toMatchObject({ cpu: 0, name: 'sched:sched_switch' });
  });

  test('may lack the CPU', () => {
    expect(partsOf('perf  6013   961.920101:  kmem:mm_page_free: pfn=0x1')).toMatchObject({
      pid: 6013,
      cpu: -1,
    });
  });

  test('finds the task even if its name has spaces', () => {
    const text = 'Web Content 2  6013 [000]   961.920101: kmem:mm_page_free: pfn=0x1';
    expect(partsOf(text)).toMatchObject({ comm: 'Web Content 2', pid: 6013 });
  });

  test('names no thread when the task is about to end', () => {
    const text =
      '             :-1    -1 [001] 21591.909220:     ipi:ipi_send_cpu: cpu=0 callsite=a callback=0x0';
    expect(partsOf(text)).toMatchObject({ comm: ':-1', pid: -1, cpu: 1, name: 'ipi:ipi_send_cpu' });
    expect(partsOf(text.replace('   -1 ', '-1/-1 '))).toMatchObject({ pid: -1, cpu: 1 });
  });

  test('may say that events were lost', () => {
    expect(partsOf('         swapper     0 [003]     7.500000: PERF_RECORD_LOST lost 12')).toEqual({
      lostCpu: 3,
      lostCount: 12,
    });
  });

  test('of a call chain, a header or a record of perf itself is passed over', () => {
    for (const text of [
      '',
      '\tffffffff815c7ad1 __traceiter_mm_page_alloc+0x41 ([kernel.kallsyms])',
      '    ffffffff815c7ad1 __traceiter_mm_page_alloc+0x41 ([kernel.kallsyms])',
      '# os release : 6.18.44',
      '        kthreadd     0 [000]     0.000000: PERF_RECORD_COMM: kthreadd:2/2',
    ]) {
      expect(partsOf(text)).toBe(LineClass.silent);
    }
    expect(partsOf('so long')).toBe(LineClass.unreadable);
  });
});
