/**
 * Colours of amounts: from dark to light through blue, green and yellow, so that order is seen in grey and by those who
 * cannot tell red from green. Anchors are mixed in linear steps; nothing is drawn where there is nothing.
 */

/** Red, green, blue at equal steps from few to many, on a dark and on a light page. */
const anchors: ReadonlyArray<readonly [number, number, number]> = [
  [68, 1, 84],
  [62, 74, 137],
  [38, 130, 142],
  [53, 183, 121],
  [180, 222, 44],
  [253, 231, 37],
];

const steps = 256;

/** 256 colours as the canvas has them in memory (ABGR); the first is the page's own background: no pages. */
export function amountColours(dark: boolean): Uint32Array {
  const colours = new Uint32Array(steps);
  for (let i = 0; i < steps; i++) {
    // On a light page few must be light and many dark.
    const at = dark ? i / (steps - 1) : 1 - i / (steps - 1);
    colours[i] = mixed(at);
  }
  colours[0] = dark ? packed(21, 24, 28) : packed(255, 255, 255);
  return colours;
}

function mixed(at: number): number {
  const place = at * (anchors.length - 1);
  const index = Math.min(anchors.length - 2, Math.floor(place));
  const part = place - index;
  const [from, to] = [anchors[index], anchors[index + 1]];
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + (to[channel] - from[channel]) * part);
  return packed(mix(0), mix(1), mix(2));
}

/** Little-endian, as on every machine that runs a browser. */
export function packed(red: number, green: number, blue: number): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Step of an amount: logarithmic, 0 only for nothing. */
export function amountStep(pages: number, most: number): number {
  if (pages <= 0) return 0;
  if (pages >= most) return steps - 1;
  return 1 + Math.floor(((steps - 2) * Math.log2(1 + pages)) / Math.log2(1 + most));
}

/** Steps of 0 … `most`, looked up while drawing; amounts beyond have the last colour. */
export function amountSteps(most: number): Uint8Array {
  return Uint8Array.from({ length: Math.min(most, 1 << 20) + 1 }, (_, pages) => amountStep(pages, most));
}
