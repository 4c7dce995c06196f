/** Assertions for our own mistakes. What a user can get wrong is a `DrainlabError`, see errors.ts. */

/** Throws when `condition` does not hold: a mistake in drainlab itself, never in its input. */
export function assert(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(`drainlab is wrong about itself: ${why}. Please report this.`);
}
