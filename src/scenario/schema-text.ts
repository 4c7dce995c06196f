/** The JSON Schema of scenario files as text: what `drainlab schema scenario` prints and docs/ holds. */

import { scenarioJsonSchema } from './schema.ts';

export function scenarioSchemaText(): string {
  return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
}
