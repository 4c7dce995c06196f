/**
 * From measured times to the cost table of the simulator. A round trip is a sum of steps that cannot be measured apart
 * from user space: those of the model are scaled by one factor, so that they add up to what was measured.
 */

import { defaultCosts } from '../../engine/machine/costs.ts';
import type { CalibratedCost, LineCosts, RoundTrip } from './calibration.ts';

/** Steps of one call that do not depend on the number of targets (machine/interrupts.ts, machine/handler-cost.ts). */
const fixedSteps = ['sendBaseNs', 'deliveryNs', 'handlerEntryNs', 'ackNs'];

/** Steps that come once a target. In a guest each write to the interrupt register leaves to the host. */
const targetSteps = (virtual: boolean, newer: boolean): string[] => [
  newer ? 'sendPerTargetNewNs' : 'sendPerTargetNs',
  ...(virtual ? ['sendPerWriteGuestNs', 'kickGuestNs'] : ['sendPerWriteNs']),
  'ackPerTargetNs',
];

export interface SendPart {
  /** What a call costs more than one that interrupts nobody, without targets and for each target. */
  readonly fixedNs: number;
  readonly perTargetNs: number;
  /** How many numbers of targets it rests on. */
  readonly points: number;
}

/**
 * Least squares over the numbers of targets that counted. With one of them alone the two parts cannot be told apart:
 * they share the time as the model's defaults do. null: nothing counted, or a call with targets is not slower.
 */
export function sendPart(trips: readonly RoundTrip[], virtual: boolean, newer: boolean): SendPart | null {
  const base = trips.find(({ targets }) => targets === 0)?.callNs?.median;
  if (base === undefined) return null;
  const points = trips.flatMap(({ targets, callNs }) =>
    targets > 0 && callNs !== null ? [{ targets, ns: callNs.median - base }] : [],
  );
  if (points.length === 0 || points.some(({ ns }) => ns <= 0)) return null;
  const fixed = sumOf(fixedSteps);
  const each = sumOf(targetSteps(virtual, newer));
  if (points.length === 1) {
    const [{ targets, ns }] = points;
    const factor = ns / (fixed + each * targets);
    return { fixedNs: fixed * factor, perTargetNs: each * factor, points: 1 };
  }
  const mean = (pick: (point: { targets: number; ns: number }) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const meanTargets = mean(({ targets }) => targets);
  const meanNs = mean(({ ns }) => ns);
  const slope =
    mean(({ targets, ns }) => (targets - meanTargets) * (ns - meanNs)) /
    mean(({ targets }) => (targets - meanTargets) ** 2);
  const intercept = meanNs - slope * meanTargets;
  if (slope <= 0 || intercept <= 0) return null;
  return { fixedNs: intercept, perTargetNs: slope, points: points.length };
}

/** Costs of a kernel of 5.16 on (`newer`) or before, on a guest (`virtual`) or not. */
export function costsFrom(
  trips: readonly RoundTrip[],
  lines: LineCosts | null,
  virtual: boolean,
  newer: boolean,
): CalibratedCost[] {
  const costs: CalibratedCost[] = [];
  const part = sendPart(trips, virtual, newer);
  if (part !== null) {
    const from =
      part.points === 1
        ? 'one number of targets: fixed part and part for each target not told apart'
        : `line through ${part.points} numbers of targets`;
    costs.push(
      ...scaled(fixedSteps, part.fixedNs, from),
      ...scaled(targetSteps(virtual, newer), part.perTargetNs, from),
    );
  }
  if (lines?.counts) {
    costs.push(
      measured('scanPerListNs', lines.remoteNs.median, 'reading a line that another CPU has written'),
      measured('localListNs', lines.ownNs.median, 'reading a line again'),
      measured(
        'lockListNs',
        lines.remoteAtomicNs.median,
        'an atomic addition on a line that another CPU has written',
      ),
    );
  }
  return costs;
}

/** The defaults of these steps, times what makes their sum `totalNs`. */
function scaled(names: readonly string[], totalNs: number, from: string): CalibratedCost[] {
  const factor = totalNs / sumOf(names);
  return names.map((name) => ({ name, ns: rounded(defaultCosts[name] * factor), basis: 'scaled', from }));
}

function measured(name: string, ns: number, from: string): CalibratedCost {
  return { name, ns: rounded(ns), basis: 'measured', from };
}

function sumOf(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + defaultCosts[name], 0);
}

/** Tenths of a nanosecond are more than any of these measurements can say. */
function rounded(ns: number): number {
  return Math.round(ns * 10) / 10;
}
