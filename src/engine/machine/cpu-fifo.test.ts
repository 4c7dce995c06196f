import { expect, test } from 'vitest';
import { CpuFifo } from './cpu-fifo.ts';

test('entries leave each CPU in the order in which they came, and only the first must tell the CPU', () => {
  const fifo = new CpuFifo(3, 2);
  expect(fifo.push(1, 10)).toBe(true);
  expect(fifo.push(1, 11)).toBe(false);
  expect(fifo.push(2, 20)).toBe(true);
  expect(fifo.push(1, 12)).toBe(false);
  expect([...fifo.length]).toEqual([0, 3, 1]);
  expect([fifo.shift(1), fifo.shift(1), fifo.shift(1), fifo.shift(1)]).toEqual([10, 11, 12, -1]);
  expect(fifo.push(1, 13)).toBe(true);
  expect(fifo.shift(2)).toBe(20);
  expect(fifo.shift(1)).toBe(13);
  expect([...fifo.length]).toEqual([0, 0, 0]);
});

test('a thousand entries over few places come back whole', () => {
  const fifo = new CpuFifo(4, 2);
  const taken: number[][] = [[], [], [], []];
  for (let i = 0; i < 1000; i++) {
    fifo.push(i % 4, i);
    if (i % 3 === 0) taken[i % 4].push(fifo.shift(i % 4));
  }
  for (let cpu = 0; cpu < 4; cpu++) while (fifo.length[cpu] > 0) taken[cpu].push(fifo.shift(cpu));
  for (let cpu = 0; cpu < 4; cpu++)
    expect(taken[cpu]).toEqual(Array.from({ length: 250 }, (_, i) => 4 * i + cpu));
});
