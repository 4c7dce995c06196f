/** The part of JSON Schema that the form of a scenario uses, and the way from a path to what stands there. */

import type { LinePath } from './yaml-lines.ts';

export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly additionalProperties?: boolean | JsonSchema;
}

/** Null: the form has no such place. */
export function schemaAt(schema: JsonSchema, path: LinePath): JsonSchema | null {
  let at: JsonSchema = schema;
  for (const part of path) {
    const variants = [at, ...(at.anyOf ?? [])];
    const next =
      typeof part === 'number'
        ? variants.find(({ items }) => items !== undefined)?.items
        : variants.find(({ properties }) => properties !== undefined && Object.hasOwn(properties, part))
            ?.properties?.[part];
    if (next === undefined) return null;
    at = next;
  }
  return at;
}
