import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedRecordings } from '../recordings.ts';
import { openFolderIn, PageUnderTest } from './page.ts';

let web: PageUnderTest;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drainlab-web-compare-'));
  web = await PageUnderTest.start();
}, 120_000);
afterAll(async () => {
  await web?.stop();
  await rm(folder, { recursive: true, force: true });
});

const first = join(shippedRecordings, 'patched-selective');
const second = join(shippedRecordings, '6.12-remote');

async function openBoth(view: string) {
  const opened = await web.open();
  const { page } = opened;
  await openFolderIn(page, first);
  await page.setInputFiles('input[aria-label="Folder with a recording"]', second);
  await page.locator('.recordings option').nth(1).waitFor({ state: 'attached', timeout: 60_000 });
  await page.getByRole('link', { name: view }).click();
  return opened;
}

describe('Compare in a browser', () => {
  it('steps by keyboard through the drains at which two policies of a recording differ', async () => {
    const { page, complaints } = await web.open('#view=compare&policy=everyone&policyB=selective');
    await openFolderIn(page, first);
    const heading = page.getByRole('heading', { name: /^Where they differ: [\d,]+ of [\d,]+ drains/ });
    await heading.waitFor();
    await page.keyboard.press('n');
    await page.locator('tr.selected').first().waitFor();
    expect(await page.locator('.stepping span').innerText()).toMatch(/^1 of /);
    await page.keyboard.press('n');
    await page.getByText(/^2 of /).waitFor();
    expect(page.url()).toMatch(/[#&]drain=\d+/);
    const cells = await page.locator('tr.selected td').allInnerTexts();
    // At the columns of A and of B: they differ, and by what the row says.
    expect(Number(cells[4]) - Number(cells[3])).toBe(Number(cells[5]));
    expect(Number(cells[5])).not.toBe(0);
    await page.locator('tr.selected').getByRole('link', { name: 'timeline' }).click();
    await page.locator('article.timeline .drain-panel').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('two recordings: sides and alignment are in the address, and are exchanged by a key', async () => {
    const { page, complaints } = await openBoth('Compare');
    const a = page.getByLabel('Recording A');
    const b = page.getByLabel('Recording B');
    expect([await a.inputValue(), await b.inputValue()]).toEqual(['6.12-remote', 'patched-selective']);
    await page.getByText('Kernels differ').waitFor();
    await page.getByLabel('Time 0 is').selectOption('first-drain');
    await page.keyboard.press('Tab');
    await page.keyboard.press('x');
    await page.waitForFunction(() => location.hash.includes('recording=patched-selective'));
    expect([await a.inputValue(), await b.inputValue()]).toEqual(['patched-selective', '6.12-remote']);
    expect(page.url()).toContain('align=first-drain');
    await page.goBack();
    await page.waitForFunction(() => location.hash.includes('recording=6.12-remote'));
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('the break-even map needs no recording, and its cursor reads prices by keyboard', async () => {
    const { page, complaints } = await web.open('#view=compare&compare=map&mapCpus=64&mapShare=0.5');
    const cursor = page.locator('.prices h2');
    await cursor.waitFor({ timeout: 60_000 });
    expect(await cursor.innerText()).toBe('64 CPUs, 32 hold pages (50 %)');
    // As `drainlab simulate --break-even cpus=64 --csv` has it for everyone.
    const row = page.locator('table[aria-label="Price of one drain"] tbody tr').first();
    expect(await row.locator('td').last().innerText()).toBe('63');
    await page.keyboard.press('ArrowUp');
    await page.getByText('64 CPUs, 33 hold pages (52 %)').waitFor();
    await page.getByLabel('for the caller alone').check();
    await page.waitForFunction(() => location.hash.includes('mapPrice=caller'));
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

describe('a workspace', () => {
  it('is saved with its recordings, its address and its notes, and opened on a fresh page', async () => {
    const { page, complaints } = await openBoth('Compare');
    await page.keyboard.press('w');
    await page.locator('.notes textarea').fill('<img src=x onerror=alert(1)> holds most');
    await page.getByRole('button', { name: 'Add note' }).click();
    await page.getByRole('link', { name: 'Timeline' }).click();
    await page.locator('article.timeline').waitFor();
    await page.locator('.notes textarea').fill('quiet here');
    await page.getByRole('button', { name: 'Add note' }).click();
    const verdicts = await page.locator('.recordings option').allInnerTexts();
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save workspace' }).click();
    const file = join(folder, 'all.drainlab');
    await (await saving).saveAs(file);
    expect(complaints).toEqual([]);
    await page.context().close();

    const again = await web.open();
    await again.page.setInputFiles('input[aria-label="Recording"]', file);
    await again.page.locator('article.timeline').waitFor({ timeout: 60_000 });
    expect(await again.page.locator('.recordings option').allInnerTexts()).toEqual(verdicts);
    expect(again.page.url()).toContain('view=timeline');
    await again.page.getByRole('button', { name: 'Notes 2' }).click();
    expect(await again.page.locator('.notes .text').allInnerTexts()).toEqual([
      '<img src=x onerror=alert(1)> holds most',
      'quiet here',
    ]);
    await again.page.getByRole('link', { name: 'Compare of 6.12-remote' }).click();
    await again.page.locator('article.compare .common-axes').waitFor();
    await again.page.getByRole('button', { name: /^Delete note: quiet/ }).click();
    expect(await again.page.locator('.notes .text').count()).toBe(1);
    expect(again.complaints).toEqual([]);
    await again.page.context().close();

    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] ^= 1;
    const bad = join(folder, 'bad.drainlab');
    writeFileSync(bad, bytes);
    const other = await web.open();
    await other.page.setInputFiles('input[aria-label="Recording"]', bad);
    expect(await other.page.getByRole('alert').innerText()).toMatch(
      /^this workspace cannot be opened: .* \[E_WORKSPACE\]/,
    );
    expect(other.complaints).toEqual([]);
    await other.page.context().close();
  });
});
