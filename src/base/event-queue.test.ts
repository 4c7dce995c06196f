import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue } from './event-queue.ts';

test('events come out by time, and at equal times in the order in which they went in', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 300 }), (times) => {
      const queue = new EventQueue(2);
      times.forEach((time, i) => {
        queue.push(time, i);
      });
      const expected = times.map((time, i) => ({ time, i })).sort((a, b) => a.time - b.time || a.i - b.i);
      for (const { time, i } of expected) {
        expect(queue.nextTime).toBe(time);
        expect(queue.pop()).toBe(i);
      }
      expect(queue.nextTime).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});

test('events that come while others leave keep the order', () => {
  const queue = new EventQueue();
  queue.push(5, 1);
  queue.push(5, 2);
  expect(queue.pop()).toBe(1);
  queue.push(5, 3);
  queue.push(4, 4);
  expect([queue.pop(), queue.pop(), queue.pop()]).toEqual([4, 2, 3]);
});
