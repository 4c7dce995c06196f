/** Plans on folders that look like the tracefs of some kernels, carried out and taken back there. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tracefsPlan } from './backend-tracefs.ts';
import { HostChanges } from './host-changes.ts';
import { changeLine, undoLine } from './plan.ts';
import type { RecordOrder } from './recorder.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drainlab-tracefs-'));
  put('tracing_on', '1\n');
  put('trace_clock', '[local] global mono\n');
  put('buffer_size_kb', '7 (expanded: 1408)\n');
  put('saved_cmdlines_size', '128\n');
  put('set_event', '');
  put('current_tracer', 'nop\n');
  put('kprobe_events', '');
  put('events/kmem/mm_page_free/enable', '0\n');
  put('events/workqueue/workqueue_queue_work/enable', '0\n');
  put('events/workqueue/workqueue_queue_work/filter', 'none\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}
const textOf = (name: string) => readFileSync(join(root, name), 'utf8');

const order: RecordOrder = {
  folder: '/none',
  command: [],
  bufferKilobytesPerCpu: 4096,
  wanted: {
    events: [
      { system: 'kmem', name: 'mm_page_free', filter: '' },
      { system: 'workqueue', name: 'workqueue_queue_work', filter: 'function == 0xffffffff81200100' },
    ],
    probes: [
      { name: 'drain_pages', symbol: 'drain_pages', line: 'p:drainlab/drain_pages drain_pages cpu=%di:u32' },
    ],
    lacking: [],
  },
};

describe('the plan for tracefs', () => {
  test('with instances: one of our own, after the probes so that they can be removed after it', () => {
    mkdirSync(join(root, 'instances'));
    const { before } = tracefsPlan(root, order);
    const mine = `${root}/instances/drainlab-${process.pid}`;
    expect(before.map(changeLine)).toEqual([
      `echo 16384 > ${root}/saved_cmdlines_size`,
      `echo 'p:drainlab/drain_pages drain_pages cpu=%di:u32' >> ${root}/kprobe_events`,
      `mkdir ${mine}`,
      `echo 0 > ${mine}/tracing_on`,
      `echo global > ${mine}/trace_clock`,
      `echo 4096 > ${mine}/buffer_size_kb`,
      `echo 1 > ${mine}/events/kmem/mm_page_free/enable`,
      `echo 'function == 0xffffffff81200100' > ${mine}/events/workqueue/workqueue_queue_work/filter`,
      `echo 1 > ${mine}/events/workqueue/workqueue_queue_work/enable`,
      `echo 1 > ${mine}/events/drainlab/drain_pages/enable`,
    ]);
    expect(before.map(undoLine).filter((line) => line !== '')).toEqual([
      `echo 128 > ${root}/saved_cmdlines_size`,
      `echo -:drainlab/drain_pages >> ${root}/kprobe_events`,
      `rmdir ${mine}`,
    ]);
  });

  test('without instances (before 3.10): the main buffer, and every setting put back as it was', () => {
    const names = ['tracing_on', 'saved_cmdlines_size', 'events/kmem/mm_page_free/enable'];
    const before = names.map(textOf);
    const { before: changes } = tracefsPlan(root, order);
    const host = new HostChanges();
    for (const change of changes) host.make(change);
    expect([textOf('tracing_on'), textOf('trace_clock'), textOf('buffer_size_kb')]).toEqual([
      '0\n',
      'global\n',
      '4096\n',
    ]);
    expect(host.undoAll()).toEqual([]);
    expect(names.map(textOf)).toEqual(before);
    // What it would have become at its first use: to before that no tracer goes back.
    expect([textOf('trace_clock'), textOf('buffer_size_kb')]).toEqual(['local\n', '1408\n']);
    // `0` is how a filter is cleared.
    expect(textOf('events/workqueue/workqueue_queue_work/filter')).toBe('0\n');
  });

  test('without instances and with somebody else tracing: refused, nothing touched', () => {
    put('set_event', 'sched:sched_switch\n');
    expect(() => tracefsPlan(root, order)).toThrow(/somebody else is tracing/);
    put('set_event', '');
    put('current_tracer', 'function\n');
    expect(() => tracefsPlan(root, order)).toThrow(expect.objectContaining({ code: 'E_RECORD_BUSY' }));
  });

  test('on a tracefs that is closed to us: an instance, as nearly every kernel has', () => {
    const { before } = tracefsPlan('/no/such/tracing', order);
    expect(before.some((change) => change.do === 'make')).toBe(true);
  });
});
