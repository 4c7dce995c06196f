import { describe, expect, it } from 'vitest';
import { amountColours, amountSteps } from './colours.ts';
import { drawMatrix, matrixGroups, matrixSums } from './pair-matrix.ts';

const isolated = new Set([2, 3]);

describe('sender by victim', () => {
  it('puts isolated CPUs first, one a cell where there is room', () => {
    expect(matrixGroups([3, 1, 0, 2], isolated, 10)).toEqual([
      { cpus: [2], isIsolated: true },
      { cpus: [3], isIsolated: true },
      { cpus: [0], isIsolated: false },
      { cpus: [1], isIsolated: false },
    ]);
  });

  it('puts neighbours together where there is none, never isolated ones with others', () => {
    const groups = matrixGroups([0, 1, 2, 3, 4], isolated, 2);
    expect(groups.map(({ cpus }) => cpus)).toEqual([
      [2, 3],
      [0, 1, 4],
    ]);
  });

  it('adds up every pair in its cell', () => {
    const groups = matrixGroups([0, 1, 2, 3], isolated, 2);
    const pairs = { sender: [0, 1, 0, 3], victim: [2, 3, 1, 0], count: [5, 7, 11, 13] };
    // Isolated CPUs 2 and 3 first. CPUs 0 and 1 sent them 5 and 7, and each other 11; CPU 3 sent 13 back.
    expect([...matrixSums(pairs, groups, groups)]).toEqual([0, 13, 12, 11]);
  });

  it('draws cells of their size, and nothing where nothing was sent', () => {
    const colours = amountColours(true);
    const steps = amountSteps(10);
    const pixels = new Uint32Array(4);
    drawMatrix(pixels, Float64Array.of(0, 10, 1, 0), 2, 1, steps, colours);
    expect([...pixels]).toEqual([colours[0], colours[255], colours[steps[1]], colours[0]]);
    const large = new Uint32Array(4 * 4);
    drawMatrix(large, Float64Array.of(3), 1, 4, steps, colours);
    expect(large.filter((pixel) => pixel === colours[steps[3]]).length).toBe(9);
  });
});
