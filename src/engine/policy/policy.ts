/**
 * A drain policy is a point on four axes: whom it selects, what its selection needs, who does the
 * work, and what happens when several ask at once. Policies are data; the ledger knows the axes and
 * not the names. `docs/policies.md` has the history and the cost of each built-in policy.
 */

import type { BitSet } from '../../base/bit-set.ts';
import type { DrainRequest } from '../input/drain-request.ts';

/** Who is disturbed. */
export type Select =
  /** Every online CPU. */
  | { readonly who: 'everyone' }
  /** CPUs that hold pages. */
  | { readonly who: 'holders' }
  /** CPUs that hold pages if at least `share` of the online CPUs hold none, else everyone. */
  | { readonly who: 'holders-if-empty'; readonly share: number }
  /** CPUs that hold pages and are not isolated. */
  | { readonly who: 'holders-not-isolated' }
  | { readonly who: 'nobody' }
  /** A user's own rule: adds to `targets` (empty at the call) the CPUs to disturb. Pure. */
  | { readonly who: 'custom'; readonly choose: (request: DrainRequest, targets: BitSet) => void };

export const selections: readonly Select['who'][] = [
  'everyone',
  'holders',
  'holders-if-empty',
  'holders-not-isolated',
  'nobody',
  'custom',
];

/**
 * Where the set of CPUs is kept: needed only when the selection is not everyone or nobody.
 * `allocated`: with GFP_ATOMIC, when the selection needs it; on failure everyone is disturbed.
 */
export const masks = ['none', 'allocated', 'static'] as const;
export type Mask = (typeof masks)[number];

/** Who frees the pages: the victim in an interrupt, the victim in a kernel worker, the requester under the list's lock. */
export const carriers = ['interrupt', 'worker', 'lock', 'nobody'] as const;
export type Carrier = (typeof carriers)[number];

/** Several requesters at once. `one-others-return`: those that name a zone, or force the drain, wait. */
export const turns = ['all-proceed', 'one-others-return', 'one-others-wait'] as const;
export type Turn = (typeof turns)[number];

export interface Policy {
  readonly name: string;
  /** For people: kernels or origin (`3.4–4.10`, `patch v4`). */
  readonly origin: string;
  readonly select: Select;
  readonly mask: Mask;
  readonly carrier: Carrier;
  readonly turn: Turn;
}

/** For a user's own file: `export default definePolicy({...})`. Missing axes get the 3.4 kernel's value. */
export function definePolicy(policy: Pick<Policy, 'name' | 'select'> & Partial<Policy>): Policy {
  return { origin: 'own policy', mask: 'static', carrier: 'interrupt', turn: 'all-proceed', ...policy };
}
