/** Two rates over time as bars from a middle line, A up and B down, and what A has more than B as a line over them. */

export interface PairColours {
  readonly a: string;
  readonly b: string;
  readonly line: string;
  readonly middle: string;
}

export function pairColours(dark: boolean): PairColours {
  return dark
    ? { a: '#6fb4ff', b: '#ffa657', line: '#e8ebef', middle: '#a6afba' }
    : { a: '#0a5fb4', b: '#c4681a', line: '#16191d', middle: '#515a66' };
}

/** Largest of both, at least 1: the scale that they share. */
export function pairScale(a: Float64Array, b: Float64Array): number {
  return [...a, ...b].reduce((most, value) => Math.max(most, value), 1);
}

/** Up for A and down for B in part of half the height, and the difference where the line goes. */
export function pairParts(
  a: Float64Array,
  b: Float64Array,
): { up: Float64Array; down: Float64Array; line: Float64Array } {
  const most = pairScale(a, b);
  return {
    up: a.map((value) => value / most),
    down: b.map((value) => value / most),
    line: a.map((value, i) => (value - b[i]) / most),
  };
}

/** B is hatched, so that the two are not told apart by colour alone. */
export function drawPair(
  canvas: HTMLCanvasElement,
  a: Float64Array,
  b: Float64Array,
  colours: PairColours,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  const middle = Math.floor(height / 2);
  const { up, down, line } = pairParts(a, b);
  const edge = (bin: number) => Math.round((bin * width) / up.length);
  const tall = (part: number) => (part === 0 ? 0 : Math.max(1, Math.round(part * (middle - 1))));
  context.clearRect(0, 0, width, height);
  for (let bin = 0; bin < up.length; bin++) {
    const x = edge(bin);
    const wide = Math.max(1, edge(bin + 1) - x - 1);
    context.fillStyle = colours.a;
    context.fillRect(x, middle - tall(up[bin]), wide, tall(up[bin]));
    context.fillStyle = colours.b;
    for (let y = 0; y < tall(down[bin]); y += 3) {
      context.fillRect(x, middle + 1 + y, wide, Math.min(2, tall(down[bin]) - y));
    }
  }
  context.fillStyle = colours.middle;
  context.fillRect(0, middle, width, 1);
  context.strokeStyle = colours.line;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let bin = 0; bin < line.length; bin++) {
    const y = middle - line[bin] * (middle - 1);
    context.lineTo(edge(bin), y);
    context.lineTo(edge(bin + 1), y);
  }
  context.stroke();
}
