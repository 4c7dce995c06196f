/** A machine as pixels, one cell a CPU: plain functions on typed arrays, so that a frame of 8,192 CPUs allocates nothing. */

import { Mark } from '../../thread/messages.ts';
import { packed } from './colours.ts';
import type { MachinePlan } from './machine-plan.ts';

/** Colours of a picture, as the canvas has them in memory. */
export interface MachineColours {
  readonly back: number;
  /** A CPU without pages. */
  readonly empty: number;
  /** By step of the amount of pages. */
  readonly amounts: Uint32Array;
  readonly mark: number;
  /** Around marks, so that they are seen on every colour of a cell. */
  readonly halo: number;
}

export function machineColours(dark: boolean, amounts: Uint32Array): MachineColours {
  return {
    back: amounts[0],
    empty: dark ? packed(46, 53, 61) : packed(228, 231, 236),
    amounts,
    mark: dark ? packed(255, 255, 255) : packed(0, 0, 0),
    halo: dark ? packed(0, 0, 0) : packed(255, 255, 255),
  };
}

const clear = 0;
const ink = 1;
const around = 2;

/** Shapes of the marks for one size of a cell, each `side * side` of clear, ink, around; by `Mark`. */
export interface Marks {
  readonly side: number;
  readonly shapes: readonly Uint8Array[];
}

/** A dot where a CPU is disturbed, a cross where for nothing, a ring around who asks: told apart by shape. */
export function marksFor(side: number): Marks {
  const shapes = [new Uint8Array(side * side), dot(side), cross(side), ring(side)];
  if (side >= 7) for (const shape of [shapes[Mark.useful], shapes[Mark.useless]]) outline(shape, side);
  return { side, shapes };
}

function shapeOf(side: number, isInk: (dx: number, dy: number) => boolean): Uint8Array {
  const shape = new Uint8Array(side * side);
  const middle = (side - 1) / 2;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) if (isInk(x - middle, y - middle)) shape[y * side + x] = ink;
  return shape;
}

function dot(side: number): Uint8Array {
  const radius = Math.max(0.75, Math.min(6, side / 5));
  return shapeOf(side, (dx, dy) => dx * dx + dy * dy <= radius * radius);
}

function cross(side: number): Uint8Array {
  const reach = Math.max(1, Math.min(10, side * 0.32));
  const thick = side >= 16 ? 1.5 : 0.5;
  return shapeOf(
    side,
    (dx, dy) =>
      Math.max(Math.abs(dx), Math.abs(dy)) <= reach && Math.abs(Math.abs(dx) - Math.abs(dy)) <= thick,
  );
}

function ring(side: number): Uint8Array {
  const edge = (side - 1) / 2 - (side >= 16 ? 1.5 : 0.5);
  return shapeOf(side, (dx, dy) => Math.max(Math.abs(dx), Math.abs(dy)) >= edge);
}

/** A line of another colour around what is drawn. */
function outline(shape: Uint8Array, side: number): void {
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (shape[y * side + x] === clear && touchesInk(shape, side, x, y)) shape[y * side + x] = around;
    }
  }
}

function touchesInk(shape: Uint8Array, side: number, x: number, y: number): boolean {
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const [px, py] = [x + dx, y + dy];
      if (px >= 0 && py >= 0 && px < side && py < side && shape[py * side + px] === ink) return true;
    }
  }
  return false;
}

/** Side of what is drawn of a cell: large cells have a gap between them. */
export function drawnSide(cell: number): number {
  if (cell >= 12) return cell - 2;
  return cell >= 4 ? cell - 1 : cell;
}

/**
 * Draws every CPU. `pixels` has `plan.width * plan.height` entries; `steps` says for an amount of pages which colour it has
 * (amountSteps of colours.ts), `kinds` the `Mark` of each CPU.
 */
export function drawMachine(
  pixels: Uint32Array,
  plan: MachinePlan,
  pages: Int32Array,
  kinds: Uint8Array,
  marks: Marks,
  steps: Uint8Array,
  colours: MachineColours,
): void {
  const { width, left, top } = plan;
  const { side, shapes } = marks;
  const last = steps.length - 1;
  pixels.fill(colours.back);
  for (let cpu = 0; cpu < left.length; cpu++) {
    if (left[cpu] < 0) continue;
    const held = pages[cpu];
    const colour = held <= 0 ? colours.empty : colours.amounts[steps[held > last ? last : held]];
    let at = top[cpu] * width + left[cpu];
    for (let y = 0; y < side; y++, at += width) pixels.fill(colour, at, at + side);
    if (kinds[cpu] !== Mark.none)
      drawShape(pixels, top[cpu] * width + left[cpu], width, shapes[kinds[cpu]], side, colours);
  }
}

function drawShape(
  pixels: Uint32Array,
  start: number,
  width: number,
  shape: Uint8Array,
  side: number,
  { mark, halo }: MachineColours,
): void {
  for (let y = 0, from = 0, at = start; y < side; y++, at += width) {
    for (let x = 0; x < side; x++, from++) {
      if (shape[from] !== clear) pixels[at + x] = shape[from] === ink ? mark : halo;
    }
  }
}
