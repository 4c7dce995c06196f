/**
 * The pictures of the timeline: heat map of CPUs, and tracks of drains. Each canvas has one pixel a column of time; what was
 * drawn last is stretched while the next tile is on its way, so that panning and zooming never wait.
 */

import type { PagesTile } from '../../engine/timeline/pages-log.ts';
import type { DrainBars } from './drain-track.ts';
import { drawHeatMap, type RowPlan } from './heat-map.ts';
import type { Span } from './timeline-span.ts';

/** A tile as a picture that can be stretched. */
export class TilePicture {
  readonly canvas: OffscreenCanvas;
  readonly span: Span;

  constructor(tile: PagesTile, plan: RowPlan, steps: Uint8Array, colours: Uint32Array) {
    this.span = { fromNs: tile.fromNs, toNs: tile.toNs };
    this.canvas = new OffscreenCanvas(tile.columns, plan.height);
    const image = new ImageData(tile.columns, plan.height);
    drawHeatMap(new Uint32Array(image.data.buffer), tile.most, tile.columns, plan, steps, colours);
    this.canvas.getContext('2d')?.putImageData(image, 0, 0);
  }
}

/** Draws what is known of `span`: a finer picture over a coarser one. */
export function drawPictures(
  canvas: HTMLCanvasElement,
  pictures: ReadonlyArray<TilePicture | null>,
  { fromNs, toNs }: Span,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  const perNs = canvas.width / (toNs - fromNs);
  for (const picture of pictures) {
    if (picture === null) continue;
    const { span } = picture;
    context.drawImage(
      picture.canvas,
      (span.fromNs - fromNs) * perNs,
      0,
      (span.toNs - span.fromNs) * perNs,
      canvas.height,
    );
  }
}

export interface TrackColours {
  readonly everyone: string;
  readonly useful: string;
  readonly useless: string;
  readonly stall: string;
}

export function trackColours(dark: boolean): TrackColours {
  return dark
    ? { everyone: '#424a54', useful: '#6fb4ff', useless: '#ffa657', stall: '#c99bff' }
    : { everyone: '#c9ced6', useful: '#0a5fb4', useless: '#b4530a', stall: '#7a3db8' };
}

/** Bars from the bottom: the policy that is compared behind, the policy before it, of it what was for nothing hatched by another colour on top. */
export function drawDrainTrack(canvas: HTMLCanvasElement, bars: DrainBars, colours: TrackColours): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  const most = bars.against.reduce((a, b) => Math.max(a, b), 1);
  const tall = (value: number) => (value === 0 ? 0 : Math.max(1, Math.round((value / most) * height)));
  for (let column = 0; column < width; column++) {
    if (bars.drains[column] === 0) continue;
    const behind = tall(bars.against[column]);
    context.fillStyle = colours.everyone;
    context.fillRect(column, height - behind, 1, behind);
    const disturbed = tall(bars.disturbed[column]);
    context.fillStyle = colours.useful;
    context.fillRect(column, height - disturbed, 1, disturbed);
    const useless = Math.min(disturbed, tall(bars.useless[column]));
    context.fillStyle = colours.useless;
    context.fillRect(column, height - disturbed, 1, useless);
  }
}

/** From a line in the middle: the policy upwards, the other downwards, what was for nothing at the ends and striped. */
export function drawMirrored(canvas: HTMLCanvasElement, bars: DrainBars, colours: TrackColours): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  const half = (height - 1) / 2;
  context.clearRect(0, 0, width, height);
  const most = mostOfBoth(bars);
  const tall = (value: number) => (value === 0 ? 0 : Math.max(1, Math.round((value / most) * half)));
  const bar = (column: number, direction: 1 | -1, disturbed: number, useless: number) => {
    const whole = tall(disturbed);
    const useful = whole - Math.min(whole, tall(useless));
    const fill = (from: number, to: number) =>
      context.fillRect(column, direction > 0 ? half + 1 + from : half - to, 1, to - from);
    context.fillStyle = colours.useful;
    if (useful > 0) fill(0, useful);
    context.fillStyle = colours.useless;
    // Stripes, so that colour alone does not tell it; the end is always drawn.
    for (let from = useful; from < whole; from += 3) fill(from, Math.min(whole, from + 2));
    if (whole > useful) fill(whole - 1, whole);
  };
  for (let column = 0; column < width; column++) {
    if (bars.drains[column] === 0) continue;
    bar(column, -1, bars.disturbed[column], bars.useless[column]);
    bar(column, 1, bars.against[column], bars.againstUseless[column]);
  }
  context.fillStyle = colours.everyone;
  context.fillRect(0, half, width, 1);
}

/** The end of the scale of both policies. */
export function mostOfBoth({ disturbed, against }: DrainBars): number {
  let most = 1;
  for (let column = 0; column < disturbed.length; column++)
    most = Math.max(most, disturbed[column], against[column]);
  return most;
}

/** Longest stall in each column, on a scale of powers of ten from 1 µs to 1 s. */
export function drawStallTrack(canvas: HTMLCanvasElement, bars: DrainBars, colours: TrackColours): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  context.fillStyle = colours.stall;
  for (let column = 0; column < width; column++) {
    const tall = Math.round(height * stallPart(bars.stallNs[column]));
    if (tall > 0) context.fillRect(column, height - tall, 1, tall);
  }
}

/** 1 µs → 0, 1 s → 1; at least a little for what there is. */
export function stallPart(ns: number): number {
  if (ns <= 0) return 0;
  return Math.max(0.04, Math.min(1, Math.log10(ns / 1e3) / 6));
}
