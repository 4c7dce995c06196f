/** Every view with a real recording: looked at by axe-core in both themes and two sizes, without a complaint of the console. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { views } from '../../src/web/views/view-list.ts';
import { shippedRecordings } from '../recordings.ts';
import { violationsOf } from './accessibility.ts';
import { openFolderIn, openRecordingIn, PageUnderTest } from './page.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-views-'));
let web: PageUnderTest;
beforeAll(async () => {
  web = await PageUnderTest.start();
}, 120_000);
afterAll(async () => {
  await web.stop();
  rmSync(folder, { recursive: true });
});

const recording = join(shippedRecordings, 'patched-selective');

describe.each(views.map(({ name }) => name))('the view %s', (name) => {
  it('has nothing that axe finds, light and wide, dark and narrow, and never scrolls sideways', async () => {
    for (const look of [{}, { dark: true, width: 420 }]) {
      const { page, complaints } = await web.open(`#view=${name}`, look);
      await openFolderIn(page, recording);
      await page.locator('main h1, main h2').first().waitFor();
      await page.waitForTimeout(300);
      expect(await violationsOf(page)).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  it('is reached by its key, and its help lists the keys that work', async () => {
    const { page, complaints } = await web.open();
    await openFolderIn(page, recording);
    await page.keyboard.press(String(views.findIndex((view) => view.name === name) + 1));
    await page.waitForFunction((wanted) => location.hash.includes(`view=${wanted}`), name);
    await page.keyboard.press('?');
    expect(await page.locator('aside.keys dt').count()).toBeGreaterThan(5);
    await page.keyboard.press('Escape');
    expect(await page.locator('aside.keys').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

describe('what goes wrong', () => {
  it('is said with the reader’s own message, place and advice, and put away by Escape', async () => {
    const whole = readFileSync(join(recording, 'trace.dat'));
    const damaged = join(folder, 'trace.dat');
    writeFileSync(damaged, whole.subarray(0, whole.length / 2));
    const { page, complaints } = await web.open();
    await page.setInputFiles('input[aria-label="Recording"]', damaged);
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/trace\.dat, byte \d+: .*\[E_TRACE_/s);
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await alert.count()).toBe(0);
    // Nothing is lost: a sound recording opens after it.
    await openRecordingIn(page, join(recording, 'trace.dat'));
    expect(await page.locator('article.verdict h1').innerText()).toContain('interrupts');
    expect(complaints).toEqual([]);
  });

  it('is nothing when reading is called off', async () => {
    const { page, complaints } = await web.open();
    // Large enough to be seen while it is read.
    const long = join(folder, 'long.txt');
    const line = '            dd-101   [001] d..1   10.000001: mm_page_free: page=0x1 pfn=0x1 order=0\n';
    writeFileSync(long, line.repeat(1_500_000));
    await page.setInputFiles('input[aria-label="Recording"]', long);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('section.working').waitFor({ state: 'detached' });
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await page.locator('.recordings select').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe('text of a recording', () => {
  it('is shown as text, whatever it is', async () => {
    const hostile = join(folder, '<img src=x onerror=alert(1)>.txt');
    const lines = [
      '    <b>x</b>-101   [000] d..1   10.000001: mm_page_free: page=0x1 pfn=0x1 order=0',
      '    <b>x</b>-101   [000] d..1   10.000002: drain_all_pages: (drain_all_pages+0x0/0x20) zone=0x0',
      '    <b>x</b>-101   [001] d..1   10.000003: mm_page_free: page=0x2 pfn=0x2 order=0',
    ];
    writeFileSync(hostile, `${lines.join('\n')}\n`);
    const { page, complaints } = await web.open();
    await openRecordingIn(page, hostile);
    for (const { name } of views) {
      await page.evaluate((view) => {
        location.hash = location.hash.replace(/view=\w*|$/, `&view=${view}`);
      }, name);
      await page.waitForTimeout(150);
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('b').filter({ hasText: /^x$/ }).count()).toBe(0);
    }
    expect(complaints).toEqual([]);
  });
});
