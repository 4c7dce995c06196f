import { describe, expect, test } from 'vitest';
import { readFtraceLine } from './ftrace-text.ts';
import { LineClass, TextLine } from './text-line.ts';

/** The parts of one line, as text and numbers. */
function partsOf(text: string) {
  const bytes = new TextEncoder().encode(text);
  const line = new TextLine();
  const lineClass = readFtraceLine(bytes, 0, bytes.length, line);
  const part = (from: number, to: number) => text.slice(from, to);
  if (lineClass === LineClass.lost) return { lostCpu: line.lostCpu, lostCount: line.lostCount };
  if (lineClass !== LineClass.event) return lineClass;
  return {
    comm: part(line.commStart, line.commEnd),
    pid: line.pid,
    cpu: line.cpu,
    stamp: BigInt(line.seconds) * 1_000_000_000n + BigInt(line.nanoseconds),
    name: part(line.nameStart, line.nameEnd),
    body: part(line.bodyStart, line.bodyEnd),
  };
}

describe('a line of ftrace text', () => {
  test('of trace-cmd report has nanoseconds and padded names', () => {
    const text =
      '            init-1     [007]     9.222855745: mm_page_free:         page=0x1 pfn=50811 order=0';
    expect(partsOf(text)).toEqual({
      comm: 'init',
      pid: 1,
      cpu: 7,
      stamp: 9_222_855_745n,
      name: 'mm_page_free',
      body: 'page=0x1 pfn=50811 order=0',
    });
  });

  test('of trace has flags and microseconds', () => {
    const text = '          <idle>-0       [000] d..2.   928.203573: call_function_entry: vector=252';
    expect(partsOf(text)).toMatchObject({ comm: '<idle>', pid: 0, cpu: 0, stamp: 928_203_573_000n });
  });

  test('may have a thread group', () => {
    const known =
      '         timeout-5956    (   5956) [001] ...2.   958.354116: mm_page_free: pfn=0x163c34 order=0';
    const unknown =
      '         timeout-5956    (-------) [001] ...2.   958.354116: mm_page_free: pfn=0x163c34 order=0';
    expect(partsOf(known)).toMatchObject({ pid: 5956, cpu: 1, stamp: 958_354_116_000n });
    expect(partsOf(unknown)).toMatchObject({ pid: 5956, cpu: 1, name: 'mm_page_free' });
  });

  test('may lack the flags', () => {
    const text = '       trace-cmd-5887    [000]    958.193327: mm_page_alloc: pfn=0x10a0d1';
    expect(partsOf(text)).toMatchObject({ comm: 'trace-cmd', pid: 5887, cpu: 0, body: 'pfn=0x10a0d1' });
  });

  test('in latency format counts microseconds from the first event', () => {
    const text = 'trace-cm-5887      0d..2. 16136us+: sched_switch: prev_comm=trace-cmd prev_pid=5887';
    expect(partsOf(text)).toMatchObject({ comm: 'trace-cm', pid: 5887, cpu: 0, stamp: 16_136_000n });
  });

  test('of trace-cmd report -l has the CPU before the flags', () => {
    const text = 'kworker/-441    55.....    70.624229: mm_page_alloc:        pfn=0x2a9a0 order=0';
    const raw = '    init-1      46-0x0    70.624229: mm_page_alloc:         pfn=0x2a9a0 order=0';
    expect(partsOf(text)).toMatchObject({ comm: 'kworker/', pid: 441, cpu: 55, stamp: 70_624_229_000n });
    expect(partsOf(raw)).toMatchObject({ comm: 'init', pid: 1, cpu: 46, name: 'mm_page_alloc' });
  });

  test('may hold the difference to the line before', () => {
    const text =
      '            init-1     [046]    70.624570: (+341)   mm_page_alloc:        pfn=0x2a9a1 order=0';
    expect(partsOf(text)).toMatchObject({
      stamp: 70_624_570_000n,
      name: 'mm_page_alloc',
      body: 'pfn=0x2a9a1 order=0',
    });
  });

  test('keeps a raw stamp of 64 bits exact', () => {
    const text = '            bash-5894    [001] ...1. 18446744073709551615: tracing_mark_write: hello';
    expect(partsOf(text)).toMatchObject({ stamp: 18_446_744_073_709_551_615n, body: 'hello' });
  });

  test('finds the task even if its name has spaces, dashes and brackets', () => {
    expect(partsOf('     kworker/2:1-89    [002]    18.996362084: x: ')).toMatchObject({
      comm: 'kworker/2:1',
      pid: 89,
    });
    expect(partsOf('    a-1 [b] c-d -77      [002]    18.996362084: x: ')).toMatchObject({
      comm: 'a-1 [b] c-d ',
      pid: 77,
    });
    // The same with the blanks in front cut off, as mail does.
    expect(partsOf('web server-2-77 [002] 18.996362084: x: ')).toMatchObject({
      comm: 'web server-2',
      pid: 77,
    });
  });

  test('of an instance has its name before the task', () => {
    const text = 'other:            <...>-9     [000]     0.000002: mm_page_alloc:        pfn=0x64 order=0';
    const bytes = new TextEncoder().encode(text);
    const line = new TextLine();
    expect(readFtraceLine(bytes, 0, bytes.length, line)).toBe(LineClass.event);
    expect(text.slice(line.bufferStart, line.bufferEnd)).toBe('other');
    expect(partsOf(text)).toMatchObject({ comm: '<...>', pid: 9, cpu: 0 });
  });

  test('of the function tracer names the function', () => {
    const bytes = new TextEncoder().encode(
      '            init-1     [007] .....     9.222855: drain_all_pages <-__alloc_pages_slowpath',
    );
    const line = new TextLine();
    expect(readFtraceLine(bytes, 0, bytes.length, line)).toBe(LineClass.event);
    expect(line.isFunction).toBe(true);
    expect(new TextDecoder().decode(bytes.subarray(line.nameStart, line.nameEnd))).toBe('drain_all_pages');
  });

  test('may say that events were lost, and how many', () => {
    expect(partsOf('CPU:1 [LOST 380 EVENTS]')).toEqual({ lostCpu: 1, lostCount: 380 });
    expect(partsOf('CPU:12 [LOST EVENTS]')).toEqual({ lostCpu: 12, lostCount: -1 });
    expect(partsOf('CPU:3 [7 EVENTS DROPPED]')).toEqual({ lostCpu: 3, lostCount: 7 });
    expect(partsOf('CPU:3 [EVENTS DROPPED]')).toEqual({ lostCpu: 3, lostCount: -1 });
  });

  test('that belongs to the form is passed over, any other is unreadable', () => {
    for (const text of [
      '',
      '   ',
      '# tracer: nop',
      'cpus=8',
      'CPU 3 is empty',
      ' => do_syscall_64',
      'version = 6',
    ]) {
      expect(partsOf(text)).toBe(LineClass.silent);
    }
    for (const text of [
      'hello',
      'init-1',
      'init-1 [7] 1.5',
      'init-1 [70000] 1.5: x: ',
      'mm_page_free: pfn=1',
    ]) {
      expect(partsOf(text)).toBe(LineClass.unreadable);
    }
  });
});
