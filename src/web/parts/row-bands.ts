/** Which rows of the heat map belong together, and which of them have room for a number. */

import type { OpenedMachine } from '../../thread/messages.ts';
import type { RowPlan } from './heat-map.ts';

export interface RowBand {
  readonly top: number;
  readonly height: number;
  readonly isIsolated: boolean;
  readonly name: string;
}

type Grouping = Pick<OpenedMachine, 'isolated' | 'nodeOfCpu'>;

/** Neighbouring rows of one node that are all isolated, or all not. */
export function rowBands({ order, top }: RowPlan, { isolated, nodeOfCpu }: Grouping): RowBand[] {
  const bands: RowBand[] = [];
  const isSame = (a: number, b: number) => isolated[a] === isolated[b] && nodeOfCpu[a] === nodeOfCpu[b];
  for (let first = 0; first < order.length; ) {
    let next = first + 1;
    while (next < order.length && isSame(order[first], order[next])) next++;
    const cpu = order[first];
    const parts = nodeOfCpu[cpu] >= 0 ? [`node ${nodeOfCpu[cpu]}`] : [];
    if (isolated[cpu] === 1) parts.push('isolated');
    bands.push({
      top: top[first],
      height: top[next] - top[first],
      isIsolated: isolated[cpu] === 1,
      name: parts.join(', '),
    });
    first = next;
  }
  return bands;
}

/** Pixels that a number needs. */
const numberHeight = 12;
/** Between numbers where not every CPU has one. */
const sparseHeight = 28;

/** Numbers of CPUs at the middle of their rows, as many as there is room for. */
export function rowNumbers({ order, top, height }: RowPlan): Array<{ cpu: number; middle: number }> {
  const numbers: Array<{ cpu: number; middle: number }> = [];
  const apart = height >= numberHeight * order.length ? numberHeight : sparseHeight;
  let free = 0;
  for (let i = 0; i < order.length; i++) {
    const middle = (top[i] + top[i + 1]) / 2;
    if (middle < free) continue;
    numbers.push({ cpu: order[i], middle });
    free = middle + apart;
  }
  return numbers;
}
