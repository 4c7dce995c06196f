/** Assertions for our own mistakes. What a user can get wrong is a `DrainlabError`, see errors.ts. */

/** Throws when `condition` does not hold: a mistake in drainlab itself, never in its input. */
export function assert(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(`drainlab is wrong about itself: ${why}. Please report this.`);
}

/** For the default arm of a switch that must know every value. */
export function unreachable(value: never): never {
  throw new Error(`drainlab is wrong about itself: unexpected value ${String(value)}. Please report this.`);
}
