import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecording } from '../../src/cli/recording.ts';
import { replay } from '../../src/engine/replay.ts';
import { writeJson } from '../../src/engine/report/write-json.ts';
import { shippedRecordings } from '../recordings.ts';
import { openFolderIn, openRecordingIn, PageUnderTest } from './page.ts';

let web: PageUnderTest;
beforeAll(async () => {
  web = await PageUnderTest.start();
}, 120_000);
afterAll(() => web.stop());

const recording = join(shippedRecordings, 'patched-everyone/trace.dat');
const folders = readdirSync(shippedRecordings).filter((name) =>
  statSync(join(shippedRecordings, name)).isDirectory(),
);

/** What `drainlab replay NAME --json` prints for a folder. */
async function byCommandLine(folder: string): Promise<string> {
  const { reader, machine, snapshots, kernel } = await openRecording(folder);
  const verdict = await replay(reader, machine, snapshots, { name: basename(folder), kernel });
  await reader.close();
  return writeJson(verdict);
}

async function savedJson(page: Page): Promise<string> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  return readFileSync(await (await download).path(), 'utf8');
}

describe('the verdict in a browser', () => {
  it.each(folders)('is the command line’s, byte for byte: %s', async (name) => {
    const { page, complaints } = await web.open();
    await openFolderIn(page, join(shippedRecordings, name));
    expect(await savedJson(page)).toBe(await byCommandLine(join(shippedRecordings, name)));
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('is sorted by the keyboard alone, and the order stays in the address', async () => {
    const { page, complaints } = await web.open();
    await openRecordingIn(page, recording);
    await page.getByRole('button', { name: 'order by useless' }).focus();
    await page.keyboard.press('Enter');
    const column = page.locator('table[aria-label="Policies"] tbody tr th');
    expect(await column.first().innerText()).toContain('everyone');
    await page.keyboard.press('Enter');
    expect(await column.last().innerText()).toContain('everyone');
    expect(page.url()).toContain('order=-useless');
    await page.goBack();
    expect(await column.first().innerText()).toContain('everyone');
    expect(complaints).toEqual([]);
  });
});
