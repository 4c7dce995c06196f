import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInPolicies } from '../../src/engine/policy/built-in.ts';
import { policyByName } from '../../src/engine/policy/by-name.ts';
import { simulatedVerdict } from '../../src/engine/report/simulated-verdict.ts';
import { writeJson } from '../../src/engine/report/write-json.ts';
import { simulate } from '../../src/engine/simulate.ts';
import { builtInText } from '../../src/scenario/by-name.ts';
import { readYaml } from '../../src/scenario/read-yaml.ts';
import { shippedRecordings } from '../recordings.ts';
import { openRecordingIn, PageUnderTest } from './page.ts';

let web: PageUnderTest;
beforeAll(async () => {
  web = await PageUnderTest.start();
}, 120_000);
afterAll(() => web.stop());

const editor = 'Scenario as YAML';
const ownEditor = 'Your policy in TypeScript';

async function openLab(hash = '') {
  const opened = await web.open(`#view=lab${hash}`);
  await opened.page.getByLabel(editor).waitFor();
  return opened;
}

/** A built-in scenario that runs for a moment. */
function shortText(name: string, seconds: number): string {
  return builtInText(name).replace(/^( +seconds:).*$/m, `$1 ${seconds}`);
}

/** What `drainlab simulate NAME.yaml --json` prints. */
function byCommandLine(name: string, yaml: string): string {
  const scenario = readYaml(yaml, { file: `${name}.yaml` });
  const { run } = scenario;
  const names = run.policies.length > 0 ? run.policies : builtInPolicies.map((policy) => policy.name);
  const seeds = Array.from({ length: run.seeds }, (_, i) => run.seed + i);
  const runs = seeds.flatMap((seed) =>
    [...new Set([run.baseline, ...names])].map((policy) => simulate(scenario, policyByName(policy), seed)),
  );
  return writeJson(simulatedVerdict(runs, scenario));
}

async function runAll(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Run all policies/ }).click();
  await page.locator('.lab-answer').waitFor({ timeout: 60_000 });
}

async function savedVerdict(page: Page): Promise<string> {
  await page.locator('.lab-answer').getByRole('button', { name: 'verdict' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  return readFileSync(await (await download).path(), 'utf8');
}

describe('a scenario in the lab', () => {
  it.each([
    ['quiet-drain', 11],
    ['two-pass-half-empty', 0.2],
    ['fifo-spinner', 0.1],
    ['isolated-4092', 0.03],
  ])('has the verdict of the command line, byte for byte: %s', async (name, seconds) => {
    const yaml = shortText(name, seconds);
    const { page, complaints } = await openLab(`&scenario=${name}`);
    await page.getByLabel(editor).fill(yaml);
    await runAll(page);
    expect(await savedVerdict(page)).toBe(byCommandLine(name, yaml));
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('is marked where it is wrong, in place and in a list that goes there', async () => {
    const { page } = await openLab();
    const area = page.getByLabel(editor);
    const yaml = shortText('two-pass-half-empty', 0.1).replace('machine:', 'machin:');
    await area.fill(yaml);
    const line = yaml.split('\n').indexOf('machin:') + 1;
    await page.locator('.code-mark', { hasText: 'did you mean machine' }).waitFor();
    expect(await page.getByRole('button', { name: /^Run all/ }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: `line ${line}:1` }).click();
    const cursor = await area.evaluate((element) => (element as HTMLTextAreaElement).selectionStart);
    expect(yaml.slice(0, cursor).split('\n').length).toBe(line);
    await area.fill(yaml.replace('machin:', 'machine:'));
    await expect.poll(() => page.locator('.code-mark').count()).toBe(0);
    expect(await page.getByRole('button', { name: /^Run all/ }).isDisabled()).toBe(false);
    await page.context().close();
  });

  it('is completed by the keyboard alone, and the form follows the text', async () => {
    const { page } = await openLab();
    const area = page.getByLabel(editor);
    await area.fill('machine:\n  ');
    await area.press('Control+End');
    await page.keyboard.type('isol');
    await page
      .getByRole('listbox')
      .getByRole('option', { name: /^isolated/ })
      .waitFor();
    expect(await page.locator('.code-area [role="status"]').first().innerText()).toContain(
      'isolated, 1 of 1',
    );
    await page.keyboard.press('Enter');
    await page.keyboard.type('4-N');
    expect(await area.inputValue()).toBe('machine:\n  isolated: 4-N');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Escape');
    expect(await page.getByRole('listbox', { name: 'Suggestions' }).count()).toBe(0);
    expect(await page.getByLabel('Isolated CPUs').inputValue()).toBe('4-N');
    await page.getByLabel('CPUs', { exact: true }).first().fill('32');
    await page.getByLabel('CPUs', { exact: true }).first().press('Enter');
    await expect.poll(() => area.inputValue()).toContain('cpus: 32');
    // The address has it all: a copied link shows the same text.
    await expect.poll(() => decodeURIComponent(page.url())).toContain('cpus:+32');
    await page.context().close();
  });

  it('shows its progress, and is called off', async () => {
    const { page, complaints } = await openLab('&scenario=reclaim-storm');
    await page.getByRole('button', { name: /^Run all/ }).click();
    const progress = page.locator('.working');
    await progress.getByText(/seed \d+ · \d+ %/).waitFor({ timeout: 30_000 });
    await progress.getByRole('button', { name: 'Cancel' }).click();
    await progress.waitFor({ state: 'detached' });
    expect(await page.locator('.lab-answer').count()).toBe(0);
    expect(await page.locator('.failed').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('answers again when a value is dragged', async () => {
    const { page } = await openLab('&short=0.1');
    await page.getByRole('slider', { name: /^CPUs/ }).press('ArrowRight');
    await page.getByText('With machine.cpus=32').waitFor({ timeout: 30_000 });
    const table = page.getByRole('table', { name: 'Short run' });
    expect(await table.innerText()).toContain('two-pass');
    await page.getByRole('slider', { name: /^Share of CPUs that must be empty for two-pass/ }).press('Home');
    await table.getByText('two-pass:share=0').waitFor({ timeout: 30_000 });
    await page.context().close();
  });
});

describe('the share over a recording', () => {
  it('is the verdict’s at one half, and selective’s at nothing', async () => {
    const { page, complaints } = await openLab();
    await openRecordingIn(page, join(shippedRecordings, 'patched-everyone/trace.dat'));
    const sentence = page.locator('.share-over .lab-sentence');
    await sentence.waitFor();
    const [half, nothing] = [await sentence.innerText(), ''];
    const slider = page.getByRole('slider', { name: /^Share of CPUs that must be empty: / });
    await slider.press('Home');
    await expect.poll(() => sentence.innerText()).toContain('a share of 0.00');
    const zero = await sentence.innerText();
    await page.getByRole('link', { name: 'Verdict' }).click();
    const interrupts = async (policy: string) => {
      const row = page.locator('table[aria-label="Policies"] tbody tr', { hasText: policy });
      return /[\d,]+/.exec((await row.locator('td').first().innerText()) ?? nothing)?.[0];
    };
    expect(half).toContain(`${await interrupts('two-pass')} `);
    expect(zero).toContain(`${await interrupts('selective')} `);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

describe('a policy of one’s own', () => {
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    ({ page, complaints } = await openLab());
    await openRecordingIn(page, join(shippedRecordings, 'patched-everyone/trace.dat'));
  });
  afterAll(() => page.context().close());

  const table = () => page.locator('table[aria-label="Your policy beside the others"]');
  const mistakes = () => page.locator('.own-policy .mistakes');

  async function ask(policy: string, limitSeconds = 30): Promise<void> {
    await page.getByLabel(ownEditor).fill(policy);
    await page.getByLabel('Ended after').fill(String(limitSeconds));
    await page.getByLabel('Ended after').press('Enter');
    await page.getByRole('button', { name: /^Ask it at the drains/ }).click();
    await page.locator('.working').waitFor({ state: 'detached' });
    await mistakes().or(table()).first().waitFor({ timeout: 30_000 });
  }

  const rule = (body: string) => `import { type DrainRequest, definePolicy } from 'drainlab';
export default definePolicy({
  name: 'mine',
  select: {
    who: 'custom',
    choose: (request: DrainRequest, targets) => {
      ${body}
    },
  },
});
`;

  it('stands beside the others, with the figures of the policy that it repeats', async () => {
    await ask(rule('for (const cpu of request.holders) targets.add(cpu);'));
    const row = (name: string) =>
      table().locator('tbody tr', { hasText: name }).locator('td').allInnerTexts();
    expect(await row('mine')).toEqual(await row('static-mask'));
    expect(complaints).toEqual([]);
  });

  it.each([
    ['throws', rule("throw new Error('no idea');"), /line 7:\d+ .*no idea/],
    ['is no TypeScript', 'export default definePolicy({ name: ', /line 1:\d+ /],
    ['picks a CPU that is not there', rule('targets.add(4711);'), /line 7:\d+ .*CPU 4711 is not online/],
    ['asks the network', rule("fetch('/secret');"), /line 7:\d+ .*fetch is not a function/],
    [
      'looks for other ways out',
      rule(`const ways = ['fetch', 'XMLHttpRequest', 'WebSocket', 'WebTransport', 'EventSource', 'importScripts', 'indexedDB',
        'caches', 'BroadcastChannel', 'Worker', 'SharedWorker', 'FontFace', 'navigator'];
      for (let at = globalThis; at !== null; at = Object.getPrototypeOf(at)) {
        const left = ways.filter((way) => Reflect.get(at, way, globalThis) !== undefined);
        if (left.length > 0) throw new Error('left: ' + left);
      }
      throw new Error('nothing is left');`),
      /nothing is left/,
    ],
    ['asks by another object', rule("self.constructor.prototype.fetch.call(self, '/x');"), /line 7:\d+ /],
    ['imports', rule("void import('/other.js');"), /line 7:12 .*nothing but definePolicy/],
    ['compiles text', rule("eval('1');"), /line 7:\d+ .*(?:eval|unsafe-eval|Content Security Policy)/],
    ['is no policy', 'export default 1;', /exports no policy/],
  ])('that %s is told so at its line', async (_, policy, told) => {
    await ask(policy);
    expect(await mistakes().innerText()).toMatch(told);
  });

  it('that loops for ever is ended, and the page goes on', async () => {
    await ask(rule('for (;;) {}'), 1);
    expect(await mistakes().innerText()).toContain('ended after 1 s');
    await page.getByRole('link', { name: 'Verdict' }).click();
    await page.locator('article.verdict').waitFor();
  });

  it('runs in a scenario, and its verdict has it', async () => {
    await page.getByRole('link', { name: 'Lab', exact: true }).click();
    await page.getByLabel(editor).fill(shortText('two-pass-half-empty', 0.2));
    await page.getByLabel(ownEditor).fill(rule('for (const cpu of request.holders) targets.add(cpu);'));
    await page.getByRole('button', { name: /^Run two-pass-half-empty with it/ }).click();
    await page.getByRole('button', { name: 'Its verdict, beside the others' }).click({ timeout: 60_000 });
    expect(await page.locator('.verdict h1').innerText()).toMatch(/^mine /);
    await page.getByRole('link', { name: 'Timeline' }).click();
    await page.locator('main canvas').first().waitFor();
    expect(complaints).toEqual([]);
  });
});
