/**
 * What the browser shows, pixel by pixel: the canvases of Timeline and Machine equal what the same drawing parts draw in Node
 * from a recording that is replayed here. No font is in it, so that it is the same in every browser.
 */

import { basename, join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecording } from '../../src/cli/recording.ts';
import { builtInPolicies } from '../../src/engine/policy/built-in.ts';
import { replay } from '../../src/engine/replay.ts';
import { type Packed, recordedViews } from '../../src/engine/timeline/pack.ts';
import { Timeline } from '../../src/engine/timeline/timeline.ts';
import { momentOf } from '../../src/thread/moments.ts';
import { openedMachine } from '../../src/thread/opened.ts';
import { amountColours, amountSteps } from '../../src/web/parts/colours.ts';
import { cpuOrder, drawHeatMap, rowPlan } from '../../src/web/parts/heat-map.ts';
import { drawMachine, drawnSide, machineColours, marksFor } from '../../src/web/parts/machine-canvas.ts';
import { type MachinePlan, machinePlan } from '../../src/web/parts/machine-plan.ts';
import { shippedRecordings } from '../recordings.ts';
import { openFolderIn, PageUnderTest } from './page.ts';

let web: PageUnderTest;
beforeAll(async () => {
  web = await PageUnderTest.start();
}, 120_000);
afterAll(() => web.stop());

/** Height of the heat map at most, as the view has it. */
const heatHeightMax = 420;

async function replayed(folder: string): Promise<Packed> {
  const { reader, machine, snapshots, kernel } = await openRecording(folder);
  const timeline = new Timeline(machine);
  const verdict = await replay(reader, machine, snapshots, { name: basename(folder), kernel, timeline });
  await reader.close();
  return recordedViews(verdict, timeline, reader.diagnostics);
}

function machineOf({ timeline, nodeOfCpu }: Packed) {
  return openedMachine(timeline.machine, Int32Array.from(nodeOfCpu));
}

function mostPages({ timeline, fromNs, toNs }: Packed): number {
  return timeline.pages.tile(fromNs, toNs + 1, 1).most.reduce((a, b) => Math.max(a, b), 1);
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
}

/** A picture of the same size as `canvas`, as Timeline draws it. */
function heatOf(views: Packed, width: number, dark: boolean, fromNs: number, toNs: number): Picture {
  const { online, isolated, nodeOfCpu } = machineOf(views);
  const plan = rowPlan(cpuOrder(online, isolated, nodeOfCpu), heatHeightMax);
  const { most } = views.timeline.pages.tile(fromNs, toNs, width);
  const pixels = new Uint32Array(width * plan.height);
  drawHeatMap(pixels, most, width, plan, amountSteps(mostPages(views)), amountColours(dark));
  return { width, height: plan.height, pixels };
}

/** As Machine draws it, without the numbers in its cells. */
function machineAt(views: Packed, plan: MachinePlan, dark: boolean, policy: string, drain: number): Picture {
  const { timeline } = views;
  const { timeNs } = timeline.drains.at(drain);
  const { pages, marks } = momentOf(timeline, builtInPolicies, { recording: 0, timeNs, policy, drain });
  const pixels = new Uint32Array(plan.width * plan.height);
  const shapes = marksFor(drawnSide(plan.cell));
  const colours = machineColours(dark, amountColours(dark));
  drawMachine(pixels, plan, pages, marks, shapes, amountSteps(mostPages(views)), colours);
  return { width: plan.width, height: plan.height, pixels };
}

/** What a canvas of the page shows. */
async function shown(page: Page, canvas: string): Promise<Picture> {
  const { width, height, text } = await page.evaluate((selector) => {
    const element = document.querySelector(selector);
    if (!(element instanceof HTMLCanvasElement)) return { width: 0, height: 0, text: '' };
    const { width, height } = element;
    // A copy: the page's own canvas stays as it is.
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    copy?.drawImage(element, 0, 0);
    const image = copy?.getImageData(0, 0, width, height);
    let text = '';
    for (const byte of image?.data ?? []) text += String.fromCharCode(byte);
    return { width, height, text: btoa(text) };
  }, canvas);
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  return { width, height, pixels: new Uint32Array(bytes.buffer) };
}

/** The page is wider than this once it is laid out. */
const widthMin = 600;

/** How many pixels differ that are not `masked`; infinitely many where the sizes do. */
function differences(one: Picture, other: Picture, masked?: Uint8Array): number {
  if (one.width < widthMin || one.width !== other.width || one.height !== other.height)
    return Number.POSITIVE_INFINITY;
  let count = 0;
  for (let at = 0; at < one.pixels.length; at++)
    if (one.pixels[at] !== other.pixels[at] && masked?.[at] !== 1) count++;
  return count;
}

const coloursIn = ({ pixels }: Picture) => new Set(pixels).size;

/** A drawing comes when its data does: looks until it is as `wanted`, or time is over. */
async function isShown(
  page: Page,
  canvas: string,
  wanted: (width: number) => Picture,
  maskOf: (width: number) => Uint8Array | undefined = () => undefined,
): Promise<void> {
  await page.locator(canvas).waitFor();
  const differing = async () => {
    const picture = await shown(page, canvas);
    return differences(picture, wanted(picture.width), maskOf(picture.width));
  };
  await expect.poll(differing, { timeout: 15_000, interval: 300 }).toBe(0);
}

/** Where the numbers of cells stand: at the top and at the bottom of each. Marks are in the middle. */
function textMask({ cell, left, top, width, height }: MachinePlan): Uint8Array {
  const mask = new Uint8Array(width * height);
  const side = drawnSide(cell);
  for (let cpu = 0; cpu < left.length; cpu++) {
    if (left[cpu] < 0) continue;
    for (let y = 0; y < side; y++) {
      if (y >= 16 && y < side - 16) continue;
      const at = (top[cpu] + y) * width + left[cpu];
      mask.fill(1, at, at + side);
    }
  }
  return mask;
}

describe.each(['patched-selective', '5.10-workers'])('the pictures of %s', (name) => {
  const folder = join(shippedRecordings, name);

  it('of Timeline are those that Node draws: the whole in both themes, and a part of it', async () => {
    const views = await replayed(folder);
    const { fromNs, toNs } = views;
    const part = {
      fromNs: Math.round(fromNs + (toNs - fromNs) * 0.4),
      toNs: Math.round(fromNs + (toNs - fromNs) * 0.41),
    };
    for (const { hash, span, dark } of [
      { hash: '', span: { fromNs, toNs }, dark: false },
      { hash: '', span: { fromNs, toNs }, dark: true },
      { hash: `&from=${part.fromNs}&to=${part.toNs}`, span: part, dark: false },
    ]) {
      const { page, complaints } = await web.open(`#view=timeline${hash}`, { dark });
      await openFolderIn(page, folder);
      const wanted = (width: number) => heatOf(views, width, dark, span.fromNs, span.toNs);
      await isShown(page, 'canvas.heat', wanted);
      expect(coloursIn(wanted(1000))).toBeGreaterThan(3);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  it('of Machine are those that Node draws, beside the numbers in cells: marks of each policy at a drain', async () => {
    const views = await replayed(folder);
    const drain = views.timeline.drains.length >> 1;
    const at = views.timeline.drains.at(drain).timeNs;
    const different = new Set<string>();
    for (const [policy, dark] of [
      ['everyone', false],
      ['static-mask', true],
    ] as const) {
      const { page, complaints } = await web.open(`#view=machine&policy=${policy}&at=${at}&drain=${drain}`, {
        dark,
      });
      await openFolderIn(page, folder);
      const canvas = '.machine-picture canvas';
      const planOf = (width: number) => machinePlan(machineOf(views), width, 800 - 380);
      const wanted = (width: number) => machineAt(views, planOf(width), dark, policy, drain);
      await isShown(page, canvas, wanted, (width) => textMask(planOf(width)));
      const { width } = await shown(page, canvas);
      different.add(String(wanted(width).pixels));
      expect(coloursIn(wanted(width))).toBeGreaterThan(3);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
    expect(different.size).toBe(2);
  });
});
