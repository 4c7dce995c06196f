/** What drains do to CPUs in whole simulated runs: bounds that hold for every drain, whatever the load. */

import { expect, test } from 'vitest';
import { DrainResult, type Run } from '../src/engine/accounting/run.ts';
import { policyByName } from '../src/engine/policy/by-name.ts';
import { simulate } from '../src/engine/simulate.ts';
import { readYaml } from '../src/scenario/read-yaml.ts';

const ms = 1e6;

/** Four of 64 CPUs work, the others sleep and hold nothing. */
const sleepers = `
name: sleepers
title: four of 64 CPUs work
machine: { cpus: 64, memory: 1 GiB, idle: nehalem, interrupts: x2apic-cluster }
kernel: { version: "3.0" }
tasks:
  - { kind: anonymous, count: 4, cpus: 0-3, memory: 300 MiB }
  - { kind: reader, count: 4, cpus: 0-3 }
`;

function runOf(text: string, policy: string, seconds: number): Run {
  const scenario = readYaml(text);
  return simulate({ ...scenario, run: { ...scenario.run, seconds } }, policyByName(policy), 1);
}

/** Each drain that is over, as one object. */
function drainsOf({ drains }: Run) {
  const rows = [];
  for (let i = 0; i < drains.length; i++) {
    if (drains.endNs[i] < 0) continue;
    rows.push({
      ns: drains.endNs[i] - drains.timeNs[i],
      result: drains.result[i],
      holders: drains.holders[i],
      targets: drains.targets[i],
      interrupts: drains.interrupts[i],
      workers: drains.workers[i],
      useless: drains.useless[i],
      idleWoken: drains.idleWoken[i],
      hardwareSends: drains.hardwareSends[i],
      slowestNs: drains.slowestNs[i],
    });
  }
  return rows;
}

test.each(['everyone', 'static-mask', 'selective', 'worker'])(
  '%s: no drain wakes or disturbs in vain more CPUs than it disturbs, or ends before its slowest target',
  (policy) => {
    const rows = drainsOf(runOf(sleepers, policy, 0.3)).filter(({ result }) => result !== DrainResult.busy);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      const disturbed = row.interrupts + row.workers;
      expect(row.interrupts).toBeLessThanOrEqual(63);
      expect(row.idleWoken).toBeLessThanOrEqual(disturbed);
      expect(row.useless).toBeLessThanOrEqual(disturbed);
      expect(row.hardwareSends).toBeLessThanOrEqual(Math.max(row.interrupts, 0));
      expect(row.slowestNs).toBeLessThanOrEqual(row.ns);
    }
  },
);

test('everyone interrupts 63 of 64 CPUs at each drain, with four writes by cluster', () => {
  const rows = drainsOf(runOf(sleepers, 'everyone', 0.3));
  expect(rows.length).toBeGreaterThan(0);
  for (const { interrupts, hardwareSends } of rows) expect([interrupts, hardwareSends]).toEqual([63, 4]);
});

test('CPUs in deep sleep are woken by everyone, and by static-mask only if they hold pages', () => {
  const woken = (policy: string) =>
    runOf(sleepers, policy, 0.3).counters.idleWokenByState.reduce((sum, n) => sum + n, 0);
  const byEveryone = woken('everyone');
  expect(byEveryone).toBeGreaterThan(1000);
  // The 60 that never work hold nothing; one of the four that do may sleep for a moment when it is drained.
  expect(woken('static-mask')).toBeLessThan(byEveryone / 100);
});

const guest = (host: string) => `
name: guest
title: a guest
machine:
  cpus: 8
  memory: 496 MiB
  idle: none
${host}
kernel: { version: "5.10" }
tasks:
  - { kind: anonymous, count: 4, cpus: 0-3, memory: 110 MiB }
  - { kind: reader, count: 3, cpus: 4-6 }
`;

test('on a host with two processors answers come milliseconds later than on one with enough', () => {
  const median = (host: string) => {
    const all = drainsOf(runOf(guest(host), 'everyone', 1)).map(({ slowestNs }) => slowestNs);
    expect(all.length).toBeGreaterThan(10);
    return all.sort((a, b) => a - b)[all.length >> 1];
  };
  // Seven busy CPUs on two processors, slices of 4 ms: the slowest of seven waits for a slice or two.
  const shared = median('  host: { cpus: 2, slice: 4 ms }');
  expect(shared).toBeGreaterThan(1 * ms);
  expect(shared).toBeLessThan(20 * ms);
  expect(median('')).toBeLessThan(0.2 * ms);
});
