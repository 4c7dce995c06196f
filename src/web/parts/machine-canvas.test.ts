import { describe, expect, it } from 'vitest';
import { Mark } from '../../thread/messages.ts';
import { amountColours, amountSteps } from './colours.ts';
import { drawMachine, drawnSide, machineColours, marksFor } from './machine-canvas.ts';
import { machinePlan } from './machine-plan.ts';

const colours = machineColours(true, amountColours(true));
const steps = amountSteps(100);

function drawn(pages: number[], kinds: number[], width = 200, height = 120) {
  const cpus = pages.length;
  const plan = machinePlan(
    { online: new Uint8Array(cpus).fill(1), isolated: new Uint8Array(cpus), nodeOfCpu: new Int32Array(cpus) },
    width,
    height,
  );
  const pixels = new Uint32Array(plan.width * plan.height);
  const marks = marksFor(drawnSide(plan.cell));
  drawMachine(pixels, plan, Int32Array.from(pages), Uint8Array.from(kinds), marks, steps, colours);
  const at = (cpu: number, x: number, y: number) =>
    pixels[(plan.top[cpu] + y) * plan.width + plan.left[cpu] + x];
  const inked = (cpu: number) => {
    let count = 0;
    for (let y = 0; y < marks.side; y++)
      for (let x = 0; x < marks.side; x++) if (at(cpu, x, y) === colours.mark) count++;
    return count;
  };
  return { plan, pixels, at, inked, side: marks.side };
}

describe('the picture of a machine', () => {
  it('has the colour of the amount in every pixel of a cell, and another where there is nothing', () => {
    const { at, side } = drawn([0, 1, 100, 5000], [0, 0, 0, 0]);
    for (const [x, y] of [
      [0, 0],
      [side - 1, side - 1],
    ]) {
      expect(at(0, x, y)).toBe(colours.empty);
      expect(at(1, x, y)).toBe(colours.amounts[steps[1]]);
      expect(at(2, x, y)).toBe(colours.amounts[255]);
      expect(at(3, x, y)).toBe(colours.amounts[255]);
    }
    expect(at(0, side, 0)).toBe(colours.back);
  });

  it('tells the marks apart by shape: a dot in the middle, a cross with corners, a ring at the edge', () => {
    const { at, side } = drawn([9, 9, 9, 9], [Mark.none, Mark.useful, Mark.useless, Mark.requester]);
    const middle = Math.floor((side - 1) / 2);
    const reach = Math.floor(Math.min(10, side * 0.32));
    const ink = (cpu: number, x: number, y: number) => at(cpu, x, y) === colours.mark;
    const looks = (cpu: number) => [
      ink(cpu, middle, middle),
      ink(cpu, middle + reach, middle + reach),
      ink(cpu, 0, 0),
    ];
    expect([0, 1, 2, 3].map(looks)).toEqual([
      [false, false, false],
      [true, false, false],
      [true, true, false],
      [false, false, true],
    ]);
  });

  it('still has different marks in the smallest cells of 8,192 CPUs', () => {
    const pages = new Array<number>(8192).fill(3);
    const kinds = pages.map((_, cpu) => cpu % 4);
    const { plan, inked } = drawn(pages, kinds, 388, 500);
    expect(plan.cell).toBeGreaterThanOrEqual(4);
    expect(inked(0)).toBe(0);
    const counts = [inked(1), inked(2), inked(3)];
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(new Set(counts).size).toBe(3);
  });

  it('draws nothing outside of cells', () => {
    const { pixels, plan } = drawn([9, 9, 9], [1, 2, 3]);
    const inCells = 3 * drawnSide(plan.cell) ** 2;
    expect(pixels.filter((pixel) => pixel !== colours.back).length).toBe(inCells);
  });
});
