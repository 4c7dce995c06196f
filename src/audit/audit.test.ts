import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../test/fuzz/random.ts';
import { seedFolder } from '../../test/fuzz/seeds.ts';
import { parseCondition } from '../engine/report/check.ts';
import { bytesSource, openTrace } from '../trace/index.ts';
import { type AuditOptions, audit } from './audit.ts';
import type { AuditReport } from './audit-report.ts';
import { auditFailure } from './figures.ts';

/** Lines `CPU TASK-PID MICROSECONDS EVENT: FIELDS` as the kernel prints them in tracefs. */
function ftrace(lines: string): string {
  return lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const lost = /^lost (\d+) (\d+)$/.exec(line);
      if (lost !== null) return `CPU:${lost[1]} [LOST ${lost[2]} EVENTS]`;
      const [, cpu, task, micros, rest] = /^(\d+) (.+?) +(\d+) +(.*)$/.exec(line) ?? [];
      return `  ${task}   [${cpu.padStart(3, '0')}] d..1. 100.${micros.padStart(6, '0')}: ${rest}`;
    })
    .join('\n');
}

async function auditText(text: string, options: Partial<AuditOptions> = {}): Promise<AuditReport> {
  const reader = await openTrace(
    bytesSource('made by hand', new TextEncoder().encode(`# tracer: nop\n${text}\n`)),
  );
  return audit(reader, {
    name: 'made by hand',
    kernel: '6.18',
    isolated: [1],
    isolatedFrom: 'the test',
    ...options,
  });
}

const single = 'generic_smp_call_function_single_interrupt+0x0/0x10';

describe('functions called on other CPUs', () => {
  // CPU 0 calls flush on CPU 1 twice before CPU 1 takes the interrupt: two calls, one interrupt.
  const twoCallsOneInterrupt = ftrace(`
    0 kworker/0:1-7 0  csd_queue_cpu: cpu=1 callsite=on_each_cpu_cond_mask+0x20/0x60 func=do_flush_tlb_all csd=00000000aaaa0001
    0 kworker/0:1-7 1  ipi_send_cpu: cpu=1 callsite=on_each_cpu_cond_mask+0x20/0x60 callback=${single}
    2 bash-9        4  csd_queue_cpu: cpu=1 callsite=on_each_cpu_cond_mask+0x20/0x60 func=do_sync_core csd=00000000aaaa0002
    1 spin-5       11  call_function_single_entry: vector=251
    1 spin-5       12  csd_function_entry: func=do_flush_tlb_all, csd=00000000aaaa0001
    1 spin-5       15  csd_function_exit: func=do_flush_tlb_all, csd=00000000aaaa0001
    1 spin-5       16  csd_function_entry: func=do_sync_core, csd=00000000aaaa0002
    1 spin-5       17  csd_function_exit: func=do_sync_core, csd=00000000aaaa0002
    1 spin-5       21  call_function_single_exit: vector=251
  `);

  it('names the function, the place, the task and the times of each', async () => {
    const report = await auditText(twoCallsOneInterrupt);
    const [flush, sync] = report.causes;
    expect(flush).toMatchObject({
      kind: 'call',
      callback: 'do_flush_tlb_all',
      callsite: 'on_each_cpu_cond_mask+0x20',
      disturbances: 1,
      isolatedDisturbances: 1,
      calls: 1,
      handled: 1,
      // Queued at 0 µs, entered at 12, left at 15.
      latencyNs: { count: 1, max: 12_000 },
      durationNs: { count: 1, max: 3_000 },
      tasks: [{ comm: 'kworker/0:1', count: 2 }],
    });
    expect(sync).toMatchObject({ callback: 'do_sync_core', disturbances: 0, calls: 1, isolatedCalls: 1 });
    expect(sync.latencyNs?.max).toBe(12_000);
    // The interrupt: sent at 1 µs, entered at 11, 10 µs in the handler.
    expect(report.isolatedTotals).toMatchObject({
      interrupts: 1,
      sent: 1,
      handled: 1,
      calls: 2,
      latencyNs: { max: 10_000 },
      durationNs: { max: 10_000 },
      drains: 0,
    });
  });

  it('counts calls against interrupts', async () => {
    const { coalescing, unmatched } = await auditText(twoCallsOneInterrupt);
    expect(coalescing).toEqual({
      calls: 2,
      interrupts: 1,
      callsPerInterrupt: 2,
      isolatedCalls: 2,
      isolatedInterrupts: 1,
      outsideInterrupt: 0,
    });
    expect(Object.values(unmatched).every((times) => times === 0)).toBe(true);
  });

  it('says it in one sentence', async () => {
    const { lead } = await auditText(twoCallsOneInterrupt);
    expect(lead).toBe(
      'CPU 1 is isolated and was disturbed 1 time in 21.0 µs (1 interrupt, works not recorded): 1 by do_flush_tlb_all; 0 by page drains.',
    );
  });

  it('takes what a CPU calls on itself for no disturbance', async () => {
    const report = await auditText(
      ftrace(`
        1 perf-4 0 csd_function_entry: func=remote_function, csd=0000000000000000
        1 perf-4 1 csd_function_exit: func=remote_function, csd=0000000000000000
        0 perf-4 2 csd_function_entry: func=remote_function, csd=(nil)
        0 perf-4 3 csd_function_exit: func=remote_function, csd=(nil)
      `),
      { recorded: ['csd_queue_cpu'] },
    );
    expect([report.totals.calls, report.unmatched.entriesWithoutCall]).toEqual([0, 0]);
  });

  it('gives wake-ups that were queued together to the one run that served them', async () => {
    // The run names the first; the second was queued before it began. The third has a run of its own.
    const report = await auditText(
      ftrace(`
        0 a-1 0  csd_queue_cpu: cpu=1 callsite=ttwu_queue_wakelist+0x1/0x2 func=sched_ttwu_pending csd=00000000bbbb0001
        2 b-2 4  csd_queue_cpu: cpu=1 callsite=ttwu_queue_wakelist+0x1/0x2 func=sched_ttwu_pending csd=00000000bbbb0002
        1 c-3 10 csd_function_entry: func=sched_ttwu_pending, csd=00000000bbbb0001
        1 c-3 11 csd_function_exit: func=sched_ttwu_pending, csd=00000000bbbb0001
        0 a-1 20 csd_queue_cpu: cpu=1 callsite=ttwu_queue_wakelist+0x1/0x2 func=sched_ttwu_pending csd=00000000bbbb0003
        1 c-3 25 csd_function_entry: func=sched_ttwu_pending, csd=00000000bbbb0003
        1 c-3 26 csd_function_exit: func=sched_ttwu_pending, csd=00000000bbbb0003
      `),
    );
    // 10 - 0, 10 - 4 and 25 - 20 µs.
    expect(report.causes[0].latencyNs).toMatchObject({ count: 3, mean: 7_000, max: 10_000 });
    expect(report.unmatched.callsWithoutEntry).toBe(0);
  });
});

describe('interrupts', () => {
  it('tells reschedule interrupts, irq_work and what a CPU sends to itself apart', async () => {
    const report = await auditText(
      ftrace(`
        0 a-1 0 ipi_send_cpu: cpu=1 callsite=wakeup_preempt+0x92/0xa0 callback=0x0
        1 b-2 3 reschedule_entry: vector=253
        1 b-2 5 reschedule_exit: vector=253
        1 b-2 6 ipi_send_cpu: cpu=1 callsite=irq_work_queue+0x2f/0x40 callback=nohz_full_kick_func+0x0/0x10
        1 b-2 7 irq_work_entry: vector=246
        1 b-2 8 irq_work_exit: vector=246
      `),
    );
    expect(report.totals).toMatchObject({
      sent: 1,
      selfInterrupts: 1,
      interruptsByKind: { reschedule: 1 },
      handled: 2,
    });
    expect(
      report.causes.map(({ kind, callback, disturbances, selfInterrupts }) => [
        kind,
        callback,
        disturbances,
        selfInterrupts,
      ]),
    ).toEqual([
      ['reschedule', '', 1, 0],
      ['irqWork', 'nohz_full_kick_func', 0, 1],
    ]);
    expect(report.callbacks).toEqual([
      { callback: '0x0', events: 1, targets: 1, isolatedTargets: 1 },
      { callback: 'nohz_full_kick_func', events: 1, targets: 1, isolatedTargets: 1 },
    ]);
  });

  it('serves two sends by two handlers, and by one where the controller merged them', async () => {
    const two = await auditText(
      ftrace(`
        0 a-1 0 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0
        2 b-2 1 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0
        1 c-3 3 reschedule_entry: vector=253
        1 c-3 4 reschedule_exit: vector=253
        1 c-3 5 reschedule_entry: vector=253
        1 c-3 6 reschedule_exit: vector=253
      `),
    );
    expect(two.totals.latencyNs).toMatchObject({ count: 2, mean: 3_500, max: 4_000 });
    expect(two.unmatched).toMatchObject({ sentMerged: 0, handledWithoutSend: 0 });
    const one = await auditText(
      ftrace(`
        0 a-1 0 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0
        2 b-2 1 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0
        1 c-3 3 reschedule_entry: vector=253
        1 c-3 4 reschedule_exit: vector=253
        0 a-1 9 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0
        1 c-3 10 reschedule_entry: vector=253
      `),
    );
    expect(one.totals.latencyNs).toMatchObject({ count: 2, mean: 2_000, max: 3_000 });
    expect(one.unmatched).toMatchObject({ sentMerged: 1, handledWithoutSend: 0, handlersWithoutExit: 1 });
  });

  it('counts each CPU of a mask, as the kernel prints it', async () => {
    // Bits 1, 2, 33 of a mask of 40 CPUs.
    const report = await auditText(
      ftrace(`
        0 a-1 0 ipi_send_cpumask: cpumask=00000002,00000006 callsite=smp_call+0x1/0x2 callback=${single}
        33 b-2 5 call_function_entry: vector=252
        33 b-2 9 call_function_exit: vector=252
      `),
    );
    expect(report.matrix.rows.map(([sender, victim, sent]) => [sender, victim, sent])).toEqual([
      [0, 1, 1],
      [0, 2, 1],
      [0, 33, 1],
    ]);
    expect(report.callbacks[0]).toMatchObject({ events: 1, targets: 3, isolatedTargets: 1 });
    expect(report.unmatched.sentWithoutHandler).toBe(2);
  });

  it('reads what tools print that cannot decode it', async () => {
    const report = await auditText(
      ftrace(`
        0 a-1 0 ipi_send_cpumask: [FAILED TO PARSE] cpumask=ARRAY[06, 00, 00, 00, 00, 00, 00, 00] callsite=0xffffffff81123456 callback=0xffffffff81198765
        1 b-2 5 call_function_entry: vector=252
      `),
    );
    expect(report.causes[0]).toMatchObject({
      kind: 'call',
      callback: '',
      callsite: '0xffffffff81123456',
      sent: 2,
      handled: 1,
    });
    expect(report.notes.join(' ')).toContain('no symbols for some addresses');
  });

  it('counts the two events of one interrupt of arm64 once', async () => {
    const report = await auditText(
      ftrace(`
        0 a-1 0 ipi_send_cpu: cpu=1 callsite=generic_exec_single+0x1/0x2 callback=${single}
        0 a-1 1 ipi_raise: target_mask=2 (Function call interrupts)
        1 b-2 4 ipi_entry: (Function call interrupts)
        1 b-2 6 ipi_exit: (Function call interrupts)
        0 a-1 8 ipi_raise: target_mask=6 (Rescheduling interrupts)
      `),
    );
    expect(report.totals.interruptsByKind).toEqual({ call: 1, reschedule: 2 });
    expect(report.causes.find(({ kind }) => kind === 'call')).toMatchObject({
      sent: 1,
      handled: 1,
      latencyNs: { max: 4_000 },
      durationNs: { max: 2_000 },
    });
  });

  it('counts handlers where no sending was recorded, and says that senders are not known', async () => {
    const report = await auditText(
      ftrace(`
        1 b-2 0 call_function_single_entry: vector=251
        1 b-2 4 call_function_single_exit: vector=251
      `),
      { kernel: '5.10.0' },
    );
    expect(report.recorded.interruptsFrom).toBe('handled');
    expect(report.isolatedTotals).toMatchObject({ interrupts: 1, sent: null, calls: null, drains: null });
    expect(report.recorded.missing.map(({ events }) => events)).toContain(
      'ipi:ipi_send_cpu, ipi:ipi_send_cpumask',
    );
    expect(report.lead).toContain('page drains among them are not known');
  });
});

describe('works', () => {
  it('disturb the CPU that carries them out when another queued them', async () => {
    const report = await auditText(
      ftrace(`
        0 a-1  0 workqueue_queue_work: work struct=00000000cccc0001 function=vmstat_update workqueue=mm_percpu_wq req_cpu=1 cpu=1
        0 a-1  1 workqueue_queue_work: work struct=00000000cccc0002 function=flush workqueue=events_unbound req_cpu=256 cpu=-1
        0 a-1  2 workqueue_queue_work: work struct=00000000cccc0003 function=own workqueue=events req_cpu=0 cpu=0
        1 kworker/1:0-8  7 workqueue_execute_start: work struct 00000000cccc0001: function vmstat_update
        1 kworker/1:0-8 12 workqueue_execute_end: work struct 00000000cccc0001: function vmstat_update
        2 kworker/u4:0-9 20 workqueue_execute_start: work struct 00000000cccc0002: function flush
        0 kworker/0:0-10 21 workqueue_execute_start: work struct 00000000cccc0003: function own
      `),
    );
    expect(
      report.causes
        .filter(({ disturbances }) => disturbances > 0)
        .map((cause) => [cause.callback, cause.callsite, cause.isolatedDisturbances, cause.latencyNs?.max]),
    ).toEqual([
      ['vmstat_update', 'mm_percpu_wq', 1, 7_000],
      ['flush', 'events_unbound', 0, 19_000],
    ]);
    expect(report.isolatedTotals).toMatchObject({ works: 1, interrupts: null, disturbances: 1 });
    expect(report.victims[0]).toMatchObject({ cpu: 1, works: 1, longestNs: 5_000 });
  });

  it('of a drain are useless when the worker frees no page', async () => {
    const queue = (n: number, cpu: number) =>
      `0 a-1 ${n} workqueue_queue_work: work struct=00000000dddd000${n} function=drain_local_pages_wq workqueue=0000000012345678 req_cpu=${cpu} cpu=${cpu}`;
    const report = await auditText(
      ftrace(`
        ${queue(1, 1)}
        ${queue(2, 2)}
        1 kworker/1:0-8 10 workqueue_execute_start: work struct 00000000dddd0001: function drain_local_pages_wq
        2 kworker/2:0-9 11 workqueue_execute_start: work struct 00000000dddd0002: function drain_local_pages_wq
        1 kworker/1:0-8 12 mm_page_pcpu_drain: page=000000001 pfn=0x10 order=0 migratetype=1
        2 other-77      13 mm_page_pcpu_drain: page=000000001 pfn=0x11 order=0 migratetype=1
        1 kworker/1:0-8 14 workqueue_execute_end: work struct 00000000dddd0001: function drain_local_pages_wq
        2 kworker/2:0-9 15 workqueue_execute_end: work struct 00000000dddd0002: function drain_local_pages_wq
      `),
    );
    // The page of the other task on CPU 2 is not of that drain.
    expect(report.totals).toMatchObject({ works: 2, drains: 2, drainsJudged: 2, drainsUseless: 1 });
    expect(report.isolatedTotals).toMatchObject({ drains: 1, drainsJudged: 1, drainsUseless: 0 });
  });
});

describe('drains of page lists', () => {
  const call = `
    0 a-1 0 csd_queue_cpu: cpu=1 callsite=f+0x1/0x2 func=do_sync_core csd=00000000aaaa0001
    0 a-1 1 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=${single}`;
  const work = `
    0 a-1 2 workqueue_queue_work: work struct=00000000cccc0001 function=vmstat_update workqueue=mm_percpu_wq req_cpu=1 cpu=1`;

  it.each([
    ['up to 4.10 in interrupts', '4.9.0', call, 0],
    ['up to 4.10 not in works', '4.9.0', work, null],
    ['up to 5.19 in works', '5.14.0-503.el9', work, 0],
    ['up to 5.19 not in interrupts', '5.14.0-503.el9', call, null],
    ['from 6.0 on in neither', '6.1.0', work, 0],
    ['in either where the kernel is not known', '', call + work, 0],
    ['perhaps unseen where the kernel is not known', '', call, null],
  ])('show %s', async (_, kernel, lines, drains) => {
    const report = await auditText(ftrace(lines), { kernel });
    expect([report.totals.drains, report.isolatedTotals?.drains]).toEqual([drains, drains]);
  });
});

describe('what limits the answer', () => {
  const send = `0 a-1 0 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0`;

  it('is said first when events were lost', async () => {
    const report = await auditText(ftrace(`${send}\nlost 1 12`));
    expect(report.lead).toMatch(/^Events were lost, so these are lower bounds\. /);
    expect(report.source.lostEvents).toBe(12);
  });

  it('fails a check of a figure that is not known, rather than pass it', async () => {
    const report = await auditText(ftrace(send), { isolated: [], isolatedFrom: '' });
    const check = (text: string) => auditFailure(parseCondition(text), report);
    expect(check('isolatedInterrupts>0')).toBe(
      'isolatedInterrupts>0: isolatedInterrupts is not known for this recording',
    );
    expect(check('interrupts>0')).toBe('interrupts>0: interrupts is 1');
    expect(check('interrupts>1')).toBe('');
    expect(() => check('isolatedInterupts>0')).toThrow(/no figure "isolatedInterupts"/);
  });

  it('counts nothing as zero when somebody says that the event was on', async () => {
    const silent = ftrace('0 a-1 0 sched_wakeup: comm=a pid=1');
    const unsaid = await auditText(silent);
    expect(unsaid.isolatedTotals?.interrupts).toBeNull();
    expect(unsaid.lead).toContain('whether it was disturbed is not known');
    const said = await auditText(silent, { recorded: ['ipi:ipi_send_cpu'] });
    expect(said.isolatedTotals?.interrupts).toBe(0);
  });

  it('gives no times where stamps are cycles', async () => {
    const { source, totals, victims, notes } = await auditText(
      `  a-1   [000] d..1. 8123456789: ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0
  b-2   [001] d..1. 8123456999: reschedule_entry: vector=253`,
    );
    expect([source.seconds, totals.interrupts, totals.latencyNs, victims[0].firstNs]).toEqual([
      null,
      1,
      null,
      -1,
    ]);
    expect(notes.join(' ')).toContain('not time: no times are given');
  });

  it('counts only between --from and --to', async () => {
    const lines = ftrace(`
      0 a-1 0 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0
      0 a-1 500 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0
      0 a-1 900 ipi_send_cpu: cpu=1 callsite=f+0x1/0x2 callback=0x0
    `);
    const report = await auditText(lines, { fromNs: 400_000, toNs: 600_000 });
    expect([report.totals.interrupts, report.source.seconds]).toEqual([1, 0.0002]);
    expect(report.timeline).toMatchObject({ startNs: 400_000, interrupts: [1] });
  });
});

describe('the counts', () => {
  const lines = readFileSync(join(seedFolder, 'calls-6.18.txt'), 'utf8').trimEnd().split('\n');
  const sum = <T>(items: readonly T[], of: (item: T) => number) =>
    items.reduce((total, item) => total + of(item), 0);

  /** By cause, victim, pair, kind and time the same events are counted. */
  function expectSumsToAgree({ totals, causes, victims, matrix, timeline, callbacks }: AuditReport): void {
    const sent = totals.sent ?? 0;
    expect(sum(causes, (cause) => cause.sent)).toBe(sent);
    expect(sum(matrix.rows, ([, , interrupts]) => interrupts)).toBe(sent);
    expect(sum(timeline.interrupts, (times) => times)).toBe(totals.interrupts ?? 0);
    expect(sum(Object.values(totals.interruptsByKind), (times) => times)).toBe(totals.interrupts ?? 0);
    expect(sum(callbacks, ({ targets }) => targets)).toBe(sent + (totals.selfInterrupts ?? 0));
    expect(sum(causes, (cause) => cause.handled)).toBe(totals.handled ?? 0);
    expect(sum(causes, (cause) => cause.disturbances)).toBe(totals.disturbances ?? 0);
    expect(sum(victims, (victim) => victim.disturbances)).toBe(totals.disturbances ?? 0);
    for (const victim of victims)
      expect(sum(victim.causes, (each) => each.disturbances)).toBe(victim.disturbances);
    expect(sum(causes, (cause) => cause.calls)).toBe(sum(matrix.rows, ([, , , calls]) => calls));
  }

  it('agree with each other, whatever lines are missing, doubled or out of place', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed);
      const damaged = lines.filter((line) => line.startsWith('#') || !random.chance(8));
      for (let change = 0; change < 10; change++) {
        const line = damaged[random.below(damaged.length)];
        damaged.splice(
          random.below(damaged.length),
          random.below(2),
          line.replace('cpu=1', `cpu=${random.below(3)}`),
        );
      }
      expectSumsToAgree(await auditText(damaged.join('\n')));
    }
  });

  it('pair every event of a piece of a real recording in which nothing is missing', async () => {
    const report = await auditText(lines.join('\n'));
    expectSumsToAgree(report);
    expect(Object.values(report.unmatched).every((times) => times === 0)).toBe(true);
  });
});

describe('hostile recordings', () => {
  it('cannot steer the terminal by names of tasks or functions', async () => {
    const report = await auditText(
      ftrace('0 \u001b[31mred-1 0 ipi_send_cpu: cpu=1 callsite=ev\u0007il+0x1/0x2 callback=0x0'),
    );
    expect(report.causes[0]).toMatchObject({
      callsite: 'ev\\x07il+0x1',
      tasks: [{ comm: '\\x1b[31mred', count: 1 }],
    });
  });

  it('count what cannot be read', async () => {
    const report = await auditText(
      ftrace(`
        0 a-1 0 ipi_send_cpu: cpu=4294967295 callsite=f+0x1/0x2 callback=0x0
        0 a-1 1 ipi_send_cpumask: cpumask=0-99999999 callsite=f+0x1/0x2 callback=0x0
        0 a-1 2 csd_queue_cpu: cpu=x callsite=f func=g csd=1
        0 a-1 3 ipi_raise: nothing
      `),
    );
    expect(report.unmatched.unreadable).toBe(4);
    expect(report.totals.interrupts).toBe(0);
  });

  it('stay bounded: thousands of causes and tasks are counted together beyond a limit', async () => {
    const lines = Array.from(
      { length: 5000 },
      (_, i) => `0 task${i}-${i + 1} ${i} ipi_send_cpu: cpu=1 callsite=f${i}+0x1/0x2 callback=0x0`,
    ).join('\n');
    const report = await auditText(ftrace(lines));
    expect(report.causes.length).toBe(4097);
    expect(report.causes[0]).toMatchObject({ callback: '(causes beyond the first 4096)', disturbances: 904 });
    expect(report.causes[0].tasks.length).toBeLessThanOrEqual(257);
    expect(report.totals.interrupts).toBe(5000);
  });
});
