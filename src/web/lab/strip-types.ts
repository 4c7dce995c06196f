/** TypeScript → JavaScript by taking the types out; lines stay where they are. Loaded when a policy is run. */

import { transform } from 'sucrase';

/** Throws a SyntaxError whose message ends in `(LINE:COLUMN)`. */
export function stripTypes(typescript: string): string {
  return transform(typescript, { transforms: ['typescript'], disableESTransforms: true }).code;
}
