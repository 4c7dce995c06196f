import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('addEventListener', () => {});
const { moved, withinWhole, zoomed, zoomedAround } = await import('./timeline-span.ts');

const span = (fromNs: number, toNs: number) => ({ fromNs, toNs });

describe('the span that is looked at', () => {
  it('keeps the place under the pointer when it is zoomed', () => {
    expect(zoomed(span(100, 300), 0.5, 0.25)).toEqual(span(125, 225));
    expect(zoomed(span(100, 300), 2)).toEqual(span(0, 400));
  });

  it('is zoomed around the chosen drain, which is brought into sight', () => {
    expect(zoomedAround(span(100, 300), 0.5, 150)).toEqual(span(125, 225));
    expect(zoomedAround(span(100, 300), 0.5, 1000)).toEqual(span(950, 1050));
  });

  it('stays within the recording and is never shorter than a microsecond', () => {
    const whole = span(0, 100_000);
    expect(withinWhole(moved(span(0, 10_000), -0.5), whole)).toEqual(span(0, 10_000));
    expect(withinWhole(moved(span(90_000, 100_000), 0.5), whole)).toEqual(span(90_000, 100_000));
    expect(withinWhole(span(-50_000, 200_000), whole)).toEqual(whole);
    expect(withinWhole(span(99_990, 100_000), whole)).toEqual(span(99_000, 100_000));
  });
});
