/** Which code drives recordings of which kernel. A new era is named here. */

import type { KernelRules } from '../machine/kernel-rules.ts';
import type { DrivenEra } from './driven.ts';
import { localEra } from './local-era.ts';
import { remoteEra } from './remote-era.ts';

export const drivenEras: readonly DrivenEra[] = [localEra, remoteEra];

/** null: recordings of such a kernel cannot be driven yet. */
export function drivenEraOf(rules: KernelRules): DrivenEra | null {
  return drivenEras.find((era) => era.drives(rules)) ?? null;
}
