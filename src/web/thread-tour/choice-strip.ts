/** Which way drains went over time, as shares of columns: plain data for a picture. */

import type { Choice } from './claim.ts';

export interface ChoiceColumn {
  /** Its place in time. */
  readonly at: number;
  readonly masks: number;
  readonly everyone: number;
}

/** Drains in columns of equal time. */
export function choiceColumns(
  choices: readonly Choice[],
  fromNs: number,
  toNs: number,
  columns: number,
): ChoiceColumn[] {
  const found = Array.from({ length: columns }, (_, at) => ({ at, masks: 0, everyone: 0 }));
  for (const { timeNs, usesMask } of choices) {
    const at = Math.floor(((timeNs - fromNs) / (toNs - fromNs)) * columns);
    const column = found[Math.max(0, Math.min(columns - 1, at))];
    if (usesMask) column.masks++;
    else column.everyone++;
  }
  return found;
}
