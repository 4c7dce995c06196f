/** Text of a recording and names of files are text, whatever is in them: no markup, no direction of writing, no width moves the page. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { views } from '../../src/web/views/view-list.ts';
import { openRecordingIn, PageUnderTest } from './page.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-hostile-'));
let web: PageUnderTest;
beforeAll(async () => {
  web = await PageUnderTest.start();
}, 120_000);
afterAll(async () => {
  await web.stop();
  rmSync(folder, { recursive: true });
});

const turn = '\u202e';
const wide = 'W'.repeat(4000);

/** Drains and interrupts by tasks of these names, asked for by functions of these. */
function recordingOf(comms: readonly string[], functions: readonly string[]): string {
  const lines: string[] = [];
  const add = (comm: string, cpu: number, event: string) =>
    lines.push(
      `${comm}-${100 + cpu}   [00${cpu}] d..1   10.${String(lines.length).padStart(6, '0')}: ${event}`,
    );
  for (let i = 0; i < 40; i++) {
    const comm = comms[i % comms.length];
    const called = functions[i % functions.length];
    const cpu = i % 4;
    const other = (cpu + 1) % 4;
    add(comm, cpu, 'mm_page_free: page=0x1 pfn=0x1 order=0');
    add(comm, cpu, 'drain_all_pages: (drain_all_pages+0x0/0x20) zone=0x0');
    add(
      comm,
      cpu,
      `ipi_send_cpumask: cpumask=${other} callsite=${called}+0x1/0x2 callback=${called}+0x0/0x0`,
    );
    add(comm, other, 'call_function_entry: vector=252');
    add(comm, other, 'call_function_exit: vector=252');
  }
  return `${lines.join('\n')}\n`;
}

const comms = [`${turn}evil`, wide, 'a\u0007\u001b[31mred', 'z\u0301'.repeat(60), '<s>x</s>', 'plain'];
const functions = [`${turn}call<s>`, wide, '<img src=x onerror=alert(1)>', 'flush_all'];

/** Every text that is shown, and what is wider than the page. */
async function seen(page: Page) {
  return page.evaluate(() => ({
    text: document.body.innerText + document.title,
    labels: [...document.querySelectorAll('[aria-label], [title]')]
      .map((each) => `${each.getAttribute('aria-label')} ${each.getAttribute('title')}`)
      .join('\n'),
    sideways: document.documentElement.scrollWidth - innerWidth,
    markup: document.querySelectorAll('img, s').length,
  }));
}

describe.each(views.map(({ name }) => name))('the view %s', (view) => {
  it.each([
    ['a name that turns the writing round', `${turn}<s>${'long name '.repeat(15)}.txt`],
    ['a name without a space', `${'W'.repeat(220)}.txt`],
  ])('stays as it is: %s', async (_, name) => {
    const path = join(folder, name);
    writeFileSync(path, recordingOf(comms, functions));
    for (const width of [1280, 420]) {
      const { page, complaints } = await web.open(`#view=${view}&drain=2&cpu=1`, { width });
      await openRecordingIn(page, path);
      await page.locator('main h1, main h2').first().waitFor();
      await page.waitForTimeout(400);
      const { text, labels, sideways, markup } = await seen(page);
      // Signs of control and of direction.
      expect(text + labels).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}/u);
      expect(sideways).toBeLessThanOrEqual(0);
      expect(markup).toBe(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });
});
