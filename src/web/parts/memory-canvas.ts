/** Free pages of a zone and its watermarks over time, on a logarithmic scale. */

import type { MemoryPoints } from '../../engine/timeline/memory-log.ts';
import { firstAtLeast } from './time-scale.ts';
import type { Span } from './timeline-span.ts';

export const memoryLines = ['min', 'low', 'high'] as const;

export interface MemoryColours {
  readonly free: string;
  readonly line: string;
}

export function memoryColours(dark: boolean): MemoryColours {
  return dark ? { free: '#6fb4ff', line: '#a6afba' } : { free: '#0a5fb4', line: '#515a66' };
}

/** A zone's moments within a span, with one before and one after it, so that lines go to the edges. */
export function momentsIn({ timeNs }: MemoryPoints, { fromNs, toNs }: Span): [first: number, end: number] {
  const first = Math.max(0, firstAtLeast(timeNs, fromNs) - 1);
  const end = Math.min(timeNs.length, firstAtLeast(timeNs, toNs) + 1);
  return [first, end];
}

/** From the least to the most that is drawn of a zone, free pages or watermarks, at any time: the scale stays. */
export function scaleOf(points: MemoryPoints, zones: number, zone: number): { least: number; most: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = 1;
  for (let moment = 0; moment < points.timeNs.length; moment++) {
    const at = moment * zones + zone;
    most = Math.max(most, points.free[at], points.high[at]);
    for (const pages of [points.free[at], points.min[at], points.low[at]])
      if (pages > 0 && pages < least) least = pages;
  }
  return { least: Math.min(least, most), most };
}

/** Part of the height at which an amount is drawn, 0 … 1; what is below the scale is at its foot. */
export function heightPart(pages: number, { least, most }: { least: number; most: number }): number {
  if (pages <= least) return 0;
  return Math.log(pages / least) / Math.log(most / least);
}

/** Half the length of a watermark that is known at one moment, in pixels. */
const tickReach = 7;

/** `isSampled`: moments are close to each other and joined by lines; else each stands for itself. */
export function drawMemory(
  canvas: HTMLCanvasElement,
  points: MemoryPoints,
  { zones, zone, isSampled }: { zones: number; zone: number; isSampled: boolean },
  span: Span,
  colours: MemoryColours,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  const scale = scaleOf(points, zones, zone);
  const [first, end] = momentsIn(points, span);
  const x = (moment: number) => ((points.timeNs[moment] - span.fromNs) / (span.toNs - span.fromNs)) * width;
  const y = (pages: number) => height - 2 - heightPart(pages, scale) * (height - 6);
  context.lineWidth = 1;
  for (const [i, which] of memoryLines.entries()) {
    context.strokeStyle = colours.line;
    context.setLineDash([[2, 3], [6, 3], []][i]);
    context.beginPath();
    for (let moment = first; moment < end; moment++) {
      const pages = points[which][moment * zones + zone];
      if (pages < 0) continue;
      if (isSampled) context.lineTo(x(moment), y(pages));
      else drawTick(context, x(moment), y(pages));
    }
    context.stroke();
  }
  context.setLineDash([]);
  context.strokeStyle = colours.free;
  context.fillStyle = colours.free;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let moment = first; moment < end; moment++) {
    const pages = points.free[moment * zones + zone];
    if (pages < 0) continue;
    if (isSampled) context.lineTo(x(moment), y(pages));
    else context.rect(x(moment) - 2, y(pages) - 2, 4, 4);
  }
  if (isSampled) context.stroke();
  else context.fill();
}

function drawTick(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.moveTo(x - tickReach, y);
  context.lineTo(x + tickReach, y);
}
