import { describe, expect, it } from 'vitest';
import { amountColours, amountSteps } from './colours.ts';
import { cpuOrder, drawHeatMap, entryAt, rowPlan } from './heat-map.ts';

const colours = amountColours(true);
const steps = amountSteps(100);
const colourOf = (pages: number) => colours[steps[pages]];

describe('the heat map', () => {
  it('gives each CPU its rows, in their order, with a line between tall ones', () => {
    const plan = rowPlan(Int32Array.of(1, 0), 12);
    const pixels = new Uint32Array(2 * plan.height);
    // Two columns; CPU 0 has 0 and 5 pages, CPU 1 has 100 and 0.
    drawHeatMap(pixels, Int32Array.of(0, 5, 100, 0), 2, plan, steps, colours);
    const row = (at: number) => [...pixels.subarray(2 * at, 2 * at + 2)];
    expect(plan.height).toBe(12);
    expect(row(0)).toEqual([colourOf(100), colours[0]]);
    expect(row(5)).toEqual([colours[0], colours[0]]);
    expect(row(6)).toEqual([colours[0], colourOf(5)]);
  });

  it('shows of CPUs that share a row the one with the most pages, whatever their order', () => {
    for (const pages of [
      [3, 90, 7],
      [90, 3, 7],
      [3, 7, 90],
    ]) {
      const plan = rowPlan(Int32Array.of(0, 1, 2), 1);
      const pixels = new Uint32Array(plan.height);
      drawHeatMap(pixels, Int32Array.from(pages), 1, plan, steps, colours);
      expect([...pixels]).toEqual([colourOf(90)]);
    }
  });

  it('finds the CPU under the pointer', () => {
    const plan = rowPlan(Int32Array.of(4, 7, 9), 30);
    expect([0, 9, 10, 29, 30, -1].map((row) => entryAt(plan, row))).toEqual([0, 0, 1, 2, -1, -1]);
  });

  it('orders CPUs: not isolated first, then by node; offline ones are not there', () => {
    const online = Uint8Array.of(1, 1, 0, 1, 1);
    const isolated = Uint8Array.of(1, 0, 0, 0, 1);
    const nodes = Int32Array.of(0, 1, 0, 0, 0);
    expect([...cpuOrder(online, isolated, nodes)]).toEqual([3, 1, 0, 4]);
  });
});
