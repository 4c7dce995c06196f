/** All steps of the tour, in the order of the mail. */

import type { Claim } from './claim.ts';
import { interruptClaims } from './interrupt-claims.ts';
import { maskClaims } from './mask-claims.ts';
import { outcomeClaims } from './outcome-claims.ts';

export const claims: readonly Claim[] = [...maskClaims, ...interruptClaims, ...outcomeClaims];
