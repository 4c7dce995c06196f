import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { smallStorm } from '../../../test/small-storm.ts';
import { policyByName } from '../../engine/policy/by-name.ts';
import { Simulation } from '../../engine/simulation.ts';
import { drainStory, parseExplain, storyText } from './simulate-explain.ts';

const storm = (version: string, ...more: string[]) =>
  smallStorm('run.seconds=0.03', `kernel.version=${version}`, ...more);

test('which drain', () => {
  expect([parseExplain('drain=17'), parseExplain('3')]).toEqual([17, 3]);
  expect(() => parseExplain('drain=x')).toThrow('names no drain');
});

test.each([
  ['3.0', 'everyone', 'on_each_cpu(), smp_call_function_many() in kernel/smp.c'],
  ['3.0', 'selective', 'zalloc_cpumask_var(&cpus, GFP_ATOMIC) in lib/cpumask.c'],
  ['3.4', 'static-mask', 'on_each_cpu_mask(), smp_call_function_many() in kernel/smp.c'],
  ['5.10', 'worker', 'flush_work() in kernel/workqueue.c'],
  ['6.1', 'remote', 'drain_pages_zone(): pcp_spin_lock() in mm/page_alloc.c'],
])('Linux %s by %s names the functions of its way', (version, name, kernel) => {
  const scenario = storm(version);
  const { steps, title } = drainStory(scenario, policyByName(name), 1, 0);
  expect(title).toContain(`Drain 0 of small-storm under ${name}, Linux ${version}`);
  expect(steps.map((step) => step.kernel)).toContain(kernel);
  expect(steps[0].sinceNs).toBe(0);
});

test('without a mask it goes on as everyone’s drain', () => {
  const { steps } = drainStory(
    storm('3.0', 'faults.failslab.probability=100'),
    policyByName('selective'),
    1,
    0,
  );
  const kernel = steps.map((step) => step.kernel);
  expect(kernel).toContain('zalloc_cpumask_var() returns false: on_each_cpu()');
  expect(kernel).toContain('on_each_cpu(), smp_call_function_many() in kernel/smp.c');
});

test('what it tells is what the run counts', () => {
  const scenario = storm('3.0');
  const policy = policyByName('selective');
  const story = drainStory(scenario, policy, 1, 12);
  const run = new Simulation(scenario, policy, 1);
  while (run.runUntil(run.nowNs + 1e6));
  const { columns } = run.drains;
  const last = story.steps.filter(({ text }) => text.startsWith('All answers are in'));
  expect(last[0].text).toContain(`${columns.pagesBack[12]} pages went back`);
  expect(last[0].sinceNs).toBeCloseTo(columns.endNs[12] - columns.timeNs[12], 6);
  expect(story.sum).toContain(
    `${columns.interrupts[12]} other CPUs disturbed, ${columns.useless[12]} of them for nothing`,
  );
});

describe('on paper', () => {
  const text = storyText(drainStory(storm('3.0'), policyByName('everyone'), 1, 3), {
    width: 80,
    colours: picocolors.createColors(false),
    unicode: true,
  });

  test('steps are numbered, and fit', () => {
    const numbers = [...text.matchAll(/^ *(\d+)\. +\+/gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    expect(numbers.length).toBeGreaterThan(6);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('a drain that is not there', () => {
    expect(() => drainStory(storm('3.0'), policyByName('everyone'), 1, 1e6)).toThrow(
      /has \d+ drains, numbered 0 to/,
    );
    expect(() => drainStory(storm('3.0', 'run.seconds=0.00205'), policyByName('everyone'), 1, 0)).toThrow(
      'nobody asks',
    );
  });
});
