/** The sums of a run (`RunCounters` in run.ts), all 0. */

import type { RunCounters } from './run.ts';

export function newRunCounters(): RunCounters {
  return {
    pageOperations: 0,
    allocations: 0,
    frees: 0,
    allocationFailures: 0,
    refills: 0,
    giveBacks: 0,
    allocstall: 0,
    directReclaimProgress: 0,
    directReclaimNoProgress: 0,
    directReclaimNs: 0,
    throttled: 0,
    kswapdWakes: 0,
    kswapdReclaimed: 0,
    oomKills: 0,
    disturbedNs: 0,
    isolatedDisturbedNs: 0,
    idleWokenByState: [],
    lostResidencyNs: 0,
    lockedOut: 0,
    maskPagesHeld: 0,
    sendMaskAllocations: 0,
    sendMaskFailures: 0,
    strandedPagesEnd: 0,
  };
}
