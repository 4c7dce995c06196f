import { expect, test } from 'vitest';
import { lossesOf, lossText, lostEvents } from './losses.ts';

const stats = (overrun: number, commitOverrun: number, dropped: number) =>
  `entries: 0\noverrun: ${overrun}\ncommit overrun: ${commitOverrun}\nbytes: 0\noldest event ts:     1.0\nnow ts:     2.0\ndropped events: ${dropped}\nread events: 12345\n`;

test('events that the kernel counts as lost, in each of its three ways, by CPU', () => {
  const losses = lossesOf([
    { cpu: 0, text: stats(0, 0, 0) },
    { cpu: 1, text: stats(1000, 20, 3) },
    { cpu: 3, text: stats(0, 0, 5) },
  ]);
  expect(losses.cpus).toEqual([
    { cpu: 1, events: 1023 },
    { cpu: 3, events: 5 },
  ]);
  expect(lostEvents(losses)).toBe(1028);
  expect(lossText(losses)).toBe('1,028 events were lost (CPU 1: 1,023, CPU 3: 5).');
});

test('nothing lost, nothing said', () => {
  expect(lossText(lossesOf([{ cpu: 0, text: stats(0, 0, 0) }]))).toBe('');
});

test('perf tells no CPU', () => {
  expect(lossText({ cpus: [], unplaced: 77 })).toBe('77 events were lost.');
});
