import { describe, expect, it } from 'vitest';
import { amountColours, amountStep, amountSteps } from './colours.ts';

describe('colours of amounts', () => {
  it('tell nothing from one page, and go up with the amount', () => {
    expect(amountStep(0, 1000)).toBe(0);
    expect(amountStep(-3, 1000)).toBe(0);
    expect(amountStep(1, 1000)).toBeGreaterThan(0);
    const steps = [...amountSteps(1000)];
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps[1000]).toBe(255);
    expect(amountStep(5000, 1000)).toBe(255);
  });

  it('grow lighter on a dark page and darker on a light one, at every step', () => {
    const brightness = (colour: number) =>
      0.2126 * (colour & 255) + 0.7152 * ((colour >> 8) & 255) + 0.0722 * ((colour >> 16) & 255);
    const dark = [...amountColours(true)].slice(1).map(brightness);
    const light = [...amountColours(false)].slice(1).map(brightness);
    expect(dark).toEqual([...dark].sort((a, b) => a - b));
    expect(light).toEqual([...light].sort((a, b) => b - a));
  });
});
