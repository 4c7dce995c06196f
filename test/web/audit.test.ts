/** The audit in a real browser: its JSON is the command line's, isolated CPUs are changed in the view, static hosts have no Live. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runAudit } from '../../src/cli/commands/audit-run.ts';
import { shippedRecordings } from '../recordings.ts';
import { openFolderIn, PageUnderTest } from './page.ts';

let web: PageUnderTest;
beforeAll(async () => {
  web = await PageUnderTest.start();
}, 120_000);
afterAll(() => web.stop());

const name = '6.12-remote';
const folder = join(shippedRecordings, name);

async function byCommandLine(isolated?: string): Promise<string> {
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  await runAudit(folder, { json: true, progress: false, isolated });
  write.mockRestore();
  return printed.replace(JSON.stringify(folder), () => JSON.stringify(name));
}

async function savedJson(page: Page): Promise<string> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  return readFileSync(await (await download).path(), 'utf8');
}

const lead = (page: Page, text: string) =>
  page.locator('article.audit h1', { hasText: text }).waitFor({ timeout: 30_000 });

describe('the audit in a browser', () => {
  it('is the command line’s, also with other isolated CPUs, by the keyboard alone, and back', async () => {
    const { page, complaints } = await web.open('#view=audit');
    await openFolderIn(page, folder);
    await lead(page, 'CPUs disturbed each other 645 times');
    expect(await savedJson(page)).toBe(await byCommandLine());
    await page.keyboard.press('i');
    await page.keyboard.type('2,4-6');
    await page.keyboard.press('Enter');
    // Of the matrix of the command line: columns 2, 4, 5 and 6 add up to 30, 20, 62 and 58.
    await lead(page, 'CPUs 2,4-6 are isolated and were disturbed 170 times');
    expect(await savedJson(page)).toBe(await byCommandLine('2,4-6'));
    const first = page.locator('table[aria-label="Disturbed isolated CPUs"] tbody tr').first();
    expect(await first.innerText()).toMatch(/^5\s+62/);
    await page.goBack();
    await lead(page, 'CPUs disturbed each other 645 times');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('says of a list that is none what is wrong with it, and keeps what was there', async () => {
    const { page } = await web.open('#view=audit');
    await openFolderIn(page, folder);
    await lead(page, 'CPUs disturbed each other 645 times');
    await page.getByLabel('Isolated CPUs').fill('7-3');
    await page.getByRole('button', { name: 'Audit with these' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/"7-3".*no CPU and no range.*0-3,8/s);
    await lead(page, 'CPUs disturbed each other 645 times');
    await page.getByRole('button', { name: 'As the recording says' }).click();
    await alert.waitFor({ state: 'detached' });
    await page.context().close();
  });
});

describe('the view Live on a host of plain files', () => {
  it('says how to get it, and asks nobody', async () => {
    const { page, complaints } = await web.open('#view=live');
    await page.getByText('drainlab serve', { exact: true }).first().waitFor();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.waitForTimeout(300);
    expect([asked, complaints]).toEqual([[], []]);
    await page.context().close();
  });
});
