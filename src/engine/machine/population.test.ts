import { describe, expect, test } from 'vitest';
import { onCpus, scenarioWith } from '../../../test/machines.ts';
import { PageLinks } from './page-chains.ts';
import { Population } from './population.ts';

function population(by: Parameters<typeof scenarioWith>[0]) {
  const scenario = scenarioWith(by);
  const people = new Population(scenario, new PageLinks(8), 1);
  return { people, tasks: people.tasks };
}

describe('who is there', () => {
  const by = {
    cpus: 4,
    tasks: [
      { kind: 'reader', count: 3, name: 'cat', cpus: onCpus(4, 1, 3) },
      { kind: 'network', count: 1, fifo: true },
      { kind: 'sleeper', count: 1, extra: { unkillable: 1 } },
    ],
    calls: [{ cause: 'debug-read', cpu: 2 }],
  } as const;

  test('tasks of the scenario in its order, then a kswapd for each node, then callers', () => {
    const { people, tasks } = population(by);
    expect(tasks.length).toBe(3 + 1 + 1 + 1 + 1);
    expect([...tasks.spec]).toEqual([0, 0, 0, 1, 2, -1, -1]);
    expect(people.kswapdOfNode).toEqual([5]);
    expect([4, 5, 6].map((task) => people.isKswapd(task))).toEqual([false, true, false]);
    expect([4, 5, 6].map((task) => people.callOf(task))).toEqual([-1, -1, 0]);
    expect([0, 3, 5, 6].map((task) => people.nameOf(task))).toEqual([
      'cat',
      'network',
      'kswapd0',
      'debug-read',
    ]);
  });

  test('CPUs are dealt out in turn; a caller stays where it is told', () => {
    const { tasks } = population(by);
    expect([...tasks.cpu]).toEqual([1, 3, 1, 0, 0, 0, 2]);
  });

  test('what a spec says of its tasks', () => {
    const { tasks } = population(by);
    expect([...tasks.index].slice(0, 5)).toEqual([0, 1, 2, 0, 0]);
    expect([...tasks.group].slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect([...tasks.fifo].slice(0, 5)).toEqual([0, 0, 0, 1, 0]);
    expect([...tasks.atomic].slice(0, 5)).toEqual([0, 0, 0, 1, 0]);
    expect([...tasks.unkillable].slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
  });

  test('kswapd keeps off isolated CPUs of its node', () => {
    const machine = { nodes: 2, nodeOfCpu: Int32Array.of(0, 0, 1, 1) };
    const { people, tasks } = population({ cpus: 4, isolated: [0, 2], machine });
    expect(people.kswapdOfNode.map((task) => tasks.cpu[task])).toEqual([1, 3]);
  });

  test('all CPUs of its node isolated: kswapd goes where it may', () => {
    const machine = { nodes: 2, nodeOfCpu: Int32Array.of(0, 0, 1, 1) };
    const { people, tasks } = population({ cpus: 4, isolated: [2, 3], machine });
    expect(people.kswapdOfNode.map((task) => tasks.cpu[task])).toEqual([0, 0]);
  });
});

describe('children', () => {
  test('a parent forks all children of its unit, and no others', () => {
    const { people, tasks } = population({
      cpus: 2,
      tasks: [
        { kind: 'reader', count: 1 },
        { kind: 'hackbench', count: 2, extra: { groups: 1, tasksPerGroup: 4 } },
      ],
    });
    // Task 0 reads; 1 is a parent with children 2-5, 6 another with 7-10; 11 is kswapd.
    const children = Array.from({ length: 12 }, (_, task) => people.isChild(task));
    expect(children.map(Number)).toEqual([0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0]);
    expect([0, 1, 6].map((task) => [tasks.forkNext[task], tasks.forkEnd[task]])).toEqual([
      [1, 1],
      [2, 6],
      [7, 11],
    ]);
    // One mailbox for each unit.
    expect([...tasks.group].slice(0, 11)).toEqual([0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
  });
});

test('tasks draw from streams of their own: another task more changes nothing', () => {
  const draws = (count: number) => {
    const { tasks } = population({ tasks: [{ kind: 'reader', count }] });
    return Array.from({ length: 5 }, () => tasks.draw(1));
  };
  expect(draws(2)).toEqual(draws(7));
  expect(new Set(draws(2)).size).toBe(5);
});
