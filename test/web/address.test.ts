/** A copied address opens the same view once the recording is open, wherever the page lies; back and forward go through what was chosen. */

import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedRecordings } from '../recordings.ts';
import { openFolderIn, PageUnderTest } from './page.ts';

let web: PageUnderTest;
beforeAll(async () => {
  // As on a static host where the page is one of many.
  web = await PageUnderTest.start('/some/path%20of/drainlab/');
}, 120_000);
afterAll(() => web.stop());

const recording = join(shippedRecordings, 'patched-selective');

/** What a person sees of what was chosen. */
async function looks(page: Page): Promise<Record<string, string>> {
  await page.locator('main h1, main h2').first().waitFor();
  await page.waitForTimeout(300);
  return page.evaluate(() => {
    const text = (selector: string) =>
      [...document.querySelectorAll<HTMLElement>(selector)].map(({ innerText }) => innerText).join('\n');
    const values = [...document.querySelectorAll('main select')].map((each) =>
      each instanceof HTMLSelectElement ? each.value : '',
    );
    return {
      view: text('nav a[aria-current]'),
      heading: text('main h1'),
      tables: text('main table'),
      span: text('.timeline .span'),
      panel: text('.with-panel > :last-child'),
      values: values.join(' '),
    };
  });
}

/** Opens `address` as somebody does who got it by mail. */
async function elsewhere(address: string): Promise<Record<string, string>> {
  const { page, complaints } = await web.open(new URL(address).hash);
  await openFolderIn(page, recording);
  const seen = await looks(page);
  expect(complaints).toEqual([]);
  await page.context().close();
  return seen;
}

describe('the address', () => {
  it('carries the order of a table', async () => {
    const { page } = await web.open();
    await openFolderIn(page, recording);
    const before = await looks(page);
    await page.getByRole('button', { name: 'order by useless' }).click();
    const chosen = await looks(page);
    expect(chosen.tables).not.toBe(before.tables);
    expect(await elsewhere(page.url())).toEqual(chosen);
    await page.context().close();
  });

  it('carries view, policy, range of time and drain', async () => {
    const { page, complaints } = await web.open('#view=timeline');
    await openFolderIn(page, recording);
    const whole = await looks(page);
    await page.locator('.timeline header select').first().selectOption('everyone');
    await page.keyboard.press('+');
    await page.keyboard.press('n');
    const chosen = await looks(page);
    expect(chosen.span).not.toBe(whole.span);
    expect(chosen.values).not.toBe(whole.values);
    expect(chosen.panel).not.toBe('');
    expect(Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)))).toMatchObject({
      view: 'timeline',
      policy: 'everyone',
      from: expect.stringMatching(/^\d+$/),
      drain: expect.stringMatching(/^\d+$/),
    });
    expect(await elsewhere(page.url())).toEqual(chosen);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('carries the moment and the CPU of Machine', async () => {
    const { page } = await web.open('#view=machine');
    await openFolderIn(page, recording);
    await looks(page);
    await page.keyboard.press('n');
    await page.keyboard.press('n');
    await page.locator('.machine-picture canvas').click({ position: { x: 30, y: 40 } });
    const chosen = await looks(page);
    expect(page.url()).toMatch(/&at=\d+.*&drain=\d+.*&cpu=\d+/);
    expect(chosen.panel).not.toBe('');
    expect(await elsewhere(page.url())).toEqual(chosen);
    await page.context().close();
  });

  it('goes back and forward through what was chosen', async () => {
    const { page, complaints } = await web.open();
    await openFolderIn(page, recording);
    const seen = [await looks(page)];
    const steps = [
      () => page.getByRole('link', { name: 'Timeline', exact: true }).click(),
      () => page.locator('.timeline header select').first().selectOption('everyone'),
      () => page.getByRole('link', { name: 'Verdict', exact: true }).click(),
    ];
    for (const step of steps) {
      await step();
      seen.push(await looks(page));
    }
    for (const before of seen.slice(0, -1).reverse()) {
      await page.goBack();
      expect(await looks(page)).toEqual(before);
    }
    for (const after of seen.slice(1)) {
      await page.goForward();
      expect(await looks(page)).toEqual(after);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['a view that is none', '#view=nothing'],
    ['a policy that is none', '#view=timeline&policy=nobody'],
    ['a range that is none', '#view=timeline&from=9e99&to=-1'],
    ['a drain that is none', '#view=timeline&drain=999999999'],
    ['half a drain', '#view=machine&drain=0.5&at=NaN&cpu=1e9'],
    ['markup', '#view=<img src=x onerror=alert(1)>&recording=<b>&policy=<b>x</b>'],
  ])('may say what is not there: %s', async (_, hash) => {
    const { page, complaints } = await web.open(hash);
    await openFolderIn(page, recording);
    await looks(page);
    expect(await page.locator('section.failed, main img, main b').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
