/** The eight policies that drainlab knows: those of every kernel, those of the 2011 thread, and two bounds. */

import type { Policy } from './policy.ts';

export const everyone: Policy = {
  name: 'everyone',
  origin: 'up to 3.3',
  select: { who: 'everyone' },
  mask: 'none',
  carrier: 'interrupt',
  turn: 'all-proceed',
};

export const selective: Policy = {
  name: 'selective',
  origin: 'patch v4, 2011',
  select: { who: 'holders' },
  mask: 'allocated',
  carrier: 'interrupt',
  turn: 'all-proceed',
};

export const twoPass: Policy = {
  name: 'two-pass',
  origin: 'Mel Gorman, 2011',
  select: { who: 'holders-if-empty', share: 0.5 },
  mask: 'allocated',
  carrier: 'interrupt',
  turn: 'all-proceed',
};

export const staticMask: Policy = {
  name: 'static-mask',
  origin: '3.4–4.10',
  select: { who: 'holders' },
  mask: 'static',
  carrier: 'interrupt',
  turn: 'all-proceed',
};

export const worker: Policy = {
  name: 'worker',
  origin: '4.11–5.19',
  select: { who: 'holders' },
  mask: 'static',
  carrier: 'worker',
  turn: 'one-others-return',
};

export const remote: Policy = {
  name: 'remote',
  origin: '6.0 on',
  select: { who: 'holders' },
  mask: 'static',
  carrier: 'lock',
  turn: 'one-others-return',
};

export const skipIsolated: Policy = {
  name: 'skip-isolated',
  origin: 'as memcg does',
  select: { who: 'holders-not-isolated' },
  mask: 'static',
  carrier: 'worker',
  turn: 'one-others-return',
};

export const none: Policy = {
  name: 'none',
  origin: 'the floor',
  select: { who: 'nobody' },
  mask: 'none',
  carrier: 'nobody',
  turn: 'all-proceed',
};

/** In the order in which they are shown: as history had them. */
export const builtInPolicies: readonly Policy[] = [
  everyone,
  selective,
  twoPass,
  staticMask,
  worker,
  remote,
  skipIsolated,
  none,
];
