/** What each kind of task does next: its operations in order, with what they ask for. hackbench has its own file. */

import { describe, expect, test } from 'vitest';
import { scenarioWith } from '../../../../test/machines.ts';
import { type TaskKind, type TaskSpec, taskKinds } from '../../input/scenario.ts';
import { PageLinks } from '../page-chains.ts';
import { Op, TaskTable } from '../task-table.ts';
import { programs } from './programs.ts';

const opNames = Object.fromEntries(Object.entries(Op).map(([name, op]) => [op, name]));

/** Task 0 of a spec, one operation after the other. */
function life(kind: TaskKind, by: Partial<TaskSpec> = {}) {
  const [spec] = scenarioWith({ tasks: [{ kind, ...by }] }).tasks;
  const tasks = new TaskTable(1, 1, new PageLinks(64), 1);
  const program = programs[kind];
  program.start(tasks, 0, spec, 0);
  const now = (): string => `${opNames[tasks.op[0]]} ${tasks.todo[0]}`;
  const next = (nowNs = 0): string => {
    program.next(tasks, 0, spec, nowNs);
    return now();
  };
  return { tasks, now, next };
}

/** The task holds so many blocks of order 0. */
function holds(tasks: TaskTable, blocks: number): void {
  while (tasks.holdings.length[0] > 0) tasks.holdings.popHead(0);
  for (let pfn = 0; pfn < blocks; pfn++) tasks.holdings.pushHead(0, pfn);
  tasks.pages[0] = blocks;
}

const number = (text: string) => Number(text.split(' ')[1]);

test('there is a program for every kind', () => {
  expect(Object.keys(programs).sort()).toEqual([...taskKinds].sort());
});

describe('anonymous', () => {
  test('grows by 16 pages at a time, gives all of it back, begins again', () => {
    const { tasks, next } = life('anonymous', { pages: 40 });
    const seen = [next()];
    for (const pages of [16, 32, 48]) {
      tasks.pages[0] = pages;
      // After each round of pages comes its pause: none here, so the next choice.
      seen.push(next());
    }
    tasks.pages[0] = 0;
    seen.push(next());
    expect(seen).toEqual(['allocate 16', 'allocate 16', 'allocate 16', 'release 48', 'allocate 16']);
    expect(tasks.type[0]).toBe(1);
  });

  test('in blocks of order 3: two of 8 pages', () => {
    const { tasks, next } = life('anonymous', { pages: 40, order: 3 });
    expect([next(), tasks.order[0]]).toEqual(['allocate 2', 3]);
    tasks.pages[0] = 41;
    expect(next()).toBe('release 6');
  });

  test('with a pause: between half and one and a half of it', () => {
    const { next } = life('anonymous', { pages: 400, sleepNs: 1000 });
    next();
    const pause = next();
    expect(pause).toMatch(/^sleep /);
    expect(number(pause)).toBeGreaterThanOrEqual(500);
    expect(number(pause)).toBeLessThanOrEqual(1500);
    expect(next()).toBe('allocate 16');
  });

  test('exits when its life is over', () => {
    const { next } = life('anonymous', { pages: 400, lifetimeNs: 5000 });
    expect(next(4999)).toBe('allocate 16');
    expect(next(5000)).toBe('exit 0');
  });
});

test('a rate keeps itself on average: 16 pages at 1,000 a second are 16 ms', () => {
  const { next } = life('page-cache', { rate: 1000 });
  let sum = 0;
  const rounds = 400;
  for (let i = 0; i < rounds; i++) {
    expect(next()).toBe('read 16');
    sum += number(next());
  }
  // Exponential: the mean of 400 is off by 5 % (one standard deviation).
  expect(Math.abs(sum / rounds / 16e6 - 1)).toBeLessThan(0.2);
});

test('page-cache reads 16 pages, again and again', () => {
  const { tasks, next } = life('page-cache');
  expect([next(), next()]).toEqual(['read 16', 'read 16']);
  expect(tasks.type[0]).toBe(1);
});

describe('reader', () => {
  test('read-ahead of 32 pages without retry, the wait for the disk, the copy', () => {
    const { tasks, next } = life('reader', { sleepNs: 100 });
    expect([next(), tasks.noRetry[0]]).toEqual(['read 32', 1]);
    expect(next()).toMatch(/^sleep /);
    const copy = next();
    // 32 pages of 400 ns, half to one and a half of it.
    expect(copy).toMatch(/^compute /);
    expect(number(copy)).toBeGreaterThanOrEqual(6400);
    expect(number(copy)).toBeLessThanOrEqual(19_200);
    expect(next()).toBe('read 32');
  });

  test('read-ahead that got nothing: the one page that is needed, and for that it tries on', () => {
    const { tasks, next } = life('reader');
    next();
    tasks.failed[0] = 1;
    tasks.missed[0] = 32;
    expect([next(), tasks.noRetry[0]]).toEqual(['read 1', 0]);
  });

  test('read-ahead that got 20 pages goes on with these', () => {
    const { tasks, next } = life('reader', { extra: { copyNs: 0 } });
    next();
    tasks.failed[0] = 1;
    tasks.missed[0] = 12;
    next();
    expect(tasks.counter[0]).toBe(20);
    expect(tasks.failed[0]).toBe(0);
  });
});

describe('network', () => {
  test('fills its ring by 64 blocks, frees the oldest beyond its size', () => {
    const { tasks, next } = life('network', { pages: 10, order: 1 });
    expect([next(), tasks.order[0], tasks.type[0]]).toEqual(['allocate 64', 1, 0]);
    holds(tasks, 30);
    expect(next()).toBe('releaseOldest 20');
    expect(next()).toBe('allocate 64');
  });

  test('a packet that is dropped is no reason to stop', () => {
    const { tasks, next } = life('network', { pages: 10 });
    next();
    tasks.failed[0] = 1;
    expect([next(), tasks.failed[0]]).toEqual(['releaseOldest 0', 0]);
  });
});

test('fork-storm: seven pages of the kernel, those of the child, a moment, everything back', () => {
  const { tasks, next } = life('fork-storm', { pages: 20 });
  expect([next(), tasks.type[0]]).toEqual(['allocate 7', 0]);
  expect([next(), tasks.type[0]]).toEqual(['allocate 20', 1]);
  const moment = number(next());
  expect(moment).toBeGreaterThanOrEqual(100_000);
  expect(moment).toBeLessThanOrEqual(300_000);
  holds(tasks, 27);
  expect(next()).toBe('release 27');
  expect(next()).toBe('allocate 7');
});

test('slab-user takes 1 to 32 objects, and gives some back when it has more than it may', () => {
  const { tasks, next } = life('slab-user', { pages: 5 });
  const taken = next();
  expect(taken).toMatch(/^takeObjects /);
  expect(number(taken)).toBeGreaterThanOrEqual(1);
  expect(number(taken)).toBeLessThanOrEqual(32);
  tasks.objects.get(0)?.push(1, 2, 3, 4, 5);
  expect(next()).toBe('giveObjects 0');
  next();
  tasks.objects.get(0)?.push(6);
  const given = next();
  expect(given).toMatch(/^giveObjects /);
  expect(number(given)).toBeGreaterThanOrEqual(1);
  expect(number(given)).toBeLessThanOrEqual(6);
});

test('sleeper comes now and then, takes up to twice its pages, frees them and rests', () => {
  const { tasks, now, next } = life('sleeper', { pages: 10, sleepNs: 1_000_000 });
  // The first visit lies somewhere in the first pause.
  expect(now()).toMatch(/^sleep /);
  expect(number(now())).toBeLessThanOrEqual(1_000_000);
  const taken = number(next());
  expect(taken).toBeGreaterThanOrEqual(1);
  expect(taken).toBeLessThanOrEqual(20);
  holds(tasks, taken);
  expect(next()).toBe(`release ${taken}`);
  expect(number(next())).toBeGreaterThanOrEqual(500_000);
});

test('spinner takes its pages once and computes', () => {
  const { now, next } = life('spinner', { pages: 10 });
  expect(now()).toBe('allocate 10');
  expect(next()).toMatch(/^compute /);
  expect(number(next())).toBeGreaterThan(1_000_000);
  expect(life('spinner').now()).toBe('none 0');
});

test('walker: a page for a file and back, now and then one that stays, and no more than its size', () => {
  const { tasks, next } = life('walker', { pages: 3 });
  expect([next(), tasks.type[0]]).toEqual(['allocate 1', 0]);
  expect(next()).toBe('release 1');
  expect(['allocate 0', 'allocate 1']).toContain(next());
  expect(tasks.type[0]).toBe(2);
  holds(tasks, 5);
  expect(next()).toBe('releaseOldest 2');
  const work = number(next());
  expect(work).toBeGreaterThanOrEqual(10_000);
  expect(work).toBeLessThanOrEqual(30_000);
  // One file of three needs a slab page.
  let kept = 0;
  for (let file = 0; file < 600; file++) {
    next();
    next();
    kept += number(next());
    next();
    next();
  }
  expect(kept).toBeGreaterThan(150);
  expect(kept).toBeLessThan(250);
});
