import { expect, test } from 'vitest';
import { deepestState, IdleHistory, idleStates, polling, stateAfter } from './idle-states.ts';

const us = 1000;
const ms = 1_000_000;

test('states go from shallow to deep, and each pays only after its exit', () => {
  for (const states of Object.values(idleStates))
    states.forEach((state, i) => {
      expect(state.residencyNs).toBeGreaterThanOrEqual(state.exitNs);
      if (i > 0) expect(state.exitNs).toBeGreaterThan(states[i - 1].exitNs);
      if (i > 0) expect(state.residencyNs).toBeGreaterThanOrEqual(states[i - 1].residencyNs);
    });
});

test('the machines of the thread wake from C6 in 200 µs (Nehalem) and 104 µs (Sandy Bridge)', () => {
  expect(idleStates.nehalem.at(-1)).toEqual({ name: 'C6', exitNs: 200 * us, residencyNs: 800 * us });
  expect(idleStates['sandy-bridge'].at(-1)).toEqual({ name: 'C6', exitNs: 104 * us, residencyNs: 345 * us });
});

test('the deepest state whose residency fits is chosen, none below the first', () => {
  const states = idleStates.nehalem; // residencies 6, 20, 80, 800 µs
  expect(deepestState(states, 5 * us)).toBe(polling);
  expect(deepestState(states, 6 * us)).toBe(0);
  expect(deepestState(states, 79 * us)).toBe(1);
  expect(deepestState(states, 80 * us)).toBe(2);
  expect(deepestState(states, 799 * us)).toBe(2);
  expect(deepestState(states, Number.POSITIVE_INFINITY)).toBe(3);
  expect(deepestState(idleStates.none, Number.POSITIVE_INFINITY)).toBe(polling);
});

test('a CPU that expected a short time goes deeper at the tick, not before', () => {
  const states = idleStates.nehalem;
  expect(stateAfter(states, 50 * us, 3.9 * ms, 4 * ms)).toBe(1);
  expect(stateAfter(states, 50 * us, 4 * ms, 4 * ms)).toBe(3);
  expect(stateAfter(states, 50 * us, 400 * ms, 0)).toBe(1);
});

test('the governor expects the mean of the last eight idle times', () => {
  const history = new IdleHistory(2);
  expect(history.expectedNs(1)).toBe(Number.POSITIVE_INFINITY);
  history.note(1, 100);
  history.note(1, 200);
  expect(history.expectedNs(1)).toBe(150);
  for (let i = 0; i < 6; i++) history.note(1, 300);
  expect(history.expectedNs(1)).toBe((100 + 200 + 6 * 300) / 8);
  history.note(1, 900); // the first, 100, goes
  expect(history.expectedNs(1)).toBe((200 + 6 * 300 + 900) / 8);
  expect(history.expectedNs(0)).toBe(Number.POSITIVE_INFINITY);
});
