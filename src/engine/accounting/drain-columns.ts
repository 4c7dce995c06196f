/** The columns of a run's drains (`DrainColumns` in run.ts), growing as drains come. */

import { type DrainColumns, DrainResult } from './run.ts';

const firstCapacity = 256;

type Column = Float64Array | Int32Array | Uint8Array;

export function makeDrainColumns(): DrainColumns {
  const float = () => new Float64Array(firstCapacity);
  const int = () => new Int32Array(firstCapacity);
  const byte = () => new Uint8Array(firstCapacity);
  return {
    length: 0,
    timeNs: float(),
    endNs: float(),
    cpu: int(),
    task: int(),
    cause: byte(),
    zone: int(),
    forced: byte(),
    result: byte(),
    retry: byte(),
    holders: int(),
    isolatedHolders: int(),
    requesterHeld: byte(),
    holderPages: int(),
    online: int(),
    targets: int(),
    interrupts: int(),
    useless: int(),
    workers: int(),
    locked: int(),
    isolatedDisturbed: int(),
    idleWoken: int(),
    hardwareSends: int(),
    maskSource: byte(),
    maskPages: int(),
    maskNs: float(),
    scanNs: float(),
    slowestNs: float(),
    pagesBack: int(),
    freePages: int(),
    concurrent: int(),
  };
}

/** A new row: not over, everything else 0. Returns its number. */
export function addDrain(drains: DrainColumns): number {
  const row = drains.length++;
  if (row === drains.timeNs.length) grow(drains);
  drains.endNs[row] = -1;
  drains.result[row] = DrainResult.unfinished;
  return row;
}

/** The columns by name, in the order in which they are written down here. */
export function drainColumnEntries(drains: DrainColumns): [string, Column][] {
  return Object.entries(drains).filter((entry): entry is [string, Column] => typeof entry[1] !== 'number');
}

function grow(drains: DrainColumns): void {
  for (const [name, column] of drainColumnEntries(drains)) {
    const grown = new (column.constructor as new (length: number) => Column)(column.length * 2);
    grown.set(column);
    Object.assign(drains, { [name]: grown });
  }
}
