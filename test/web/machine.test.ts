import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedRecordings } from '../recordings.ts';
import { violationsOf } from './accessibility.ts';
import { openFolderIn, PageUnderTest } from './page.ts';

let web: PageUnderTest;
beforeAll(async () => {
  web = await PageUnderTest.start();
}, 120_000);
afterAll(() => web.stop());

const recording = join(shippedRecordings, 'patched-selective');

describe('the machine', () => {
  it('is stepped from drain to drain and asked for a CPU by keys; back goes back; the address carries it', async () => {
    const { page, complaints } = await web.open('#view=machine&policy=everyone');
    await openFolderIn(page, recording);
    const sentence = page.locator('.machine .sentence');
    await sentence.getByText('everyone').waitFor();
    expect(await sentence.innerText()).toMatch(/Drain 1 of \d+, now, .*everyone disturbs 7 other CPUs/s);
    await page.keyboard.press('n');
    await sentence.getByText(/of \d+, now/).waitFor();
    await expect.poll(() => sentence.innerText()).toMatch(/Drain 2 of/);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('region', { name: 'CPU 1' }).waitFor();
    expect(await page.locator('.cpu-panel').innerText()).toMatch(/It was a holder at \d+ of \d+ drains/);
    await expect.poll(() => page.url()).toContain('cpu=1');
    expect(await violationsOf(page)).toEqual([]);
    await page.goBack();
    await expect.poll(() => sentence.innerText()).toMatch(/Drain 1 of/);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('plays, and stops at a key', async () => {
    const { page, complaints } = await web.open('#view=machine');
    await openFolderIn(page, recording);
    const slider = page.getByRole('slider', { name: 'Time' });
    await slider.waitFor();
    const before = Number(await slider.inputValue());
    // Letters work also while the slider has the focus; arrows are its own.
    await slider.focus();
    await page.keyboard.press('k');
    await expect.poll(async () => Number(await slider.inputValue())).toBeGreaterThan(before);
    await page.keyboard.press('k');
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    const stopped = await slider.inputValue();
    await page.waitForTimeout(300);
    expect(await slider.inputValue()).toBe(stopped);
    await page.keyboard.press('Home');
    await expect.poll(() => slider.inputValue()).toBe('0');
    expect(page.url()).not.toContain('cpu=');
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

describe('the timeline', () => {
  it('and the machine show the same chosen drain', async () => {
    const { page, complaints } = await web.open('#view=timeline&drain=5');
    await openFolderIn(page, recording);
    await page.getByRole('heading', { name: /Drain 6 of/ }).waitFor();
    await page.keyboard.press('2');
    await page
      .locator('.machine .sentence')
      .getByText(/6 of \d+, now/)
      .waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('compares any two policies, shows a drain, and goes from it to the machine at that moment', async () => {
    const { page, complaints } = await web.open('#view=timeline&policy=static-mask');
    await openFolderIn(page, recording);
    await page.getByLabel('Policy to compare with').selectOption('two-pass');
    await page.getByText(/by static-mask .* by two-pass/).waitFor();
    await page.keyboard.press('n');
    const panel = page.getByRole('region', { name: 'Drain' });
    await panel.getByText(/asked at/).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('+');
    await expect.poll(() => page.url()).toMatch(/from=\d+&to=\d+/);
    await page.keyboard.press('0');
    await expect.poll(() => page.url()).not.toContain('from=');
    await panel.getByRole('button', { name: 'machine' }).click();
    await expect.poll(() => page.locator('.machine .sentence').innerText()).toMatch(/Drain 1 of \d+, now/);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
