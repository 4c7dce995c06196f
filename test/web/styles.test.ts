/** Styles of the views together: none disturbs another's, and what is drawn is seen in the colours that a system forces. */

import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { views } from '../../src/web/views/view-list.ts';
import { shippedRecordings } from '../recordings.ts';
import { openFolderIn, PageUnderTest } from './page.ts';

let web: PageUnderTest;
beforeAll(async () => {
  web = await PageUnderTest.start();
}, 120_000);
afterAll(() => web.stop());

const recording = join(shippedRecordings, 'patched-selective');

async function show(page: Page, view: string): Promise<void> {
  await page.evaluate((name) => {
    location.hash = `view=${name}`;
  }, view);
  await page.locator('main h1, main h2').first().waitFor();
  await page.waitForTimeout(400);
}

/** Where headings, labels, fields and tables stand, from left to right: heights follow what a run says just now. */
async function places(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('main :is(h1, h2, label, select, table, canvas, input, button)')].map(
      (each) => {
        const { left, width } = each.getBoundingClientRect();
        return `${each.tagName} ${each.className} ${Math.round(left)} ${Math.round(width)}`;
      },
    ),
  );
}

it.each(['machine', 'timeline', 'compare', 'lab', 'live', 'audit'])(
  'the view %s looks the same after all others were shown',
  async (view) => {
    const { page } = await web.open(`#view=${view}`);
    await openFolderIn(page, recording);
    await show(page, view);
    const before = await places(page);
    expect(before.length).toBeGreaterThan(0);
    for (const { name } of views) await show(page, name);
    await show(page, view);
    expect(await places(page)).toEqual(before);
    await page.context().close();
  },
);

it('text in pictures has the colour that the system forces, whatever theme was chosen', async () => {
  const { page, complaints } = await web.open('#view=verdict');
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'light' });
  await page.locator('.theme select').selectOption('dark');
  await openFolderIn(page, recording);
  const texts = await page.evaluate(() => {
    const forced = getComputedStyle(document.body).color;
    return [...document.querySelectorAll('main svg text')].map(
      (each) => getComputedStyle(each).fill === forced,
    );
  });
  expect(texts.length).toBeGreaterThan(5);
  expect(texts).not.toContain(false);
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light');
  expect(complaints).toEqual([]);
  await page.context().close();
});
