import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyByName } from '../../src/engine/policy/by-name.ts';
import { count } from '../../src/engine/report/numbers.ts';
import { simulate } from '../../src/engine/simulate.ts';
import { builtInScenario } from '../../src/scenario/by-name.ts';
import { parseSet } from '../../src/scenario/set-values.ts';
import { claims } from '../../src/web/thread-tour/claims.ts';
import { violationsOf } from './accessibility.ts';
import { PageUnderTest } from './page.ts';

let web: PageUnderTest;
beforeAll(async () => {
  web = await PageUnderTest.start();
}, 120_000);
afterAll(() => web.stop());

const sentence = '.experiment .sentence';

describe('the tour through the thread', () => {
  it('is walked by the arrow keys, there and back, and each step is in the address', async () => {
    const { page, complaints } = await web.open('#view=thread');
    const heading = page.locator('article h1');
    await heading.waitFor();
    for (const { title, name } of claims.slice(1)) {
      await page.keyboard.press('ArrowRight');
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      expect(page.url()).toContain(`claim=${name}`);
    }
    await page.keyboard.press('ArrowRight');
    expect(await heading.innerText()).toBe(claims[claims.length - 1].title);
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: claims[claims.length - 2].title }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('heading', { level: 1, name: claims[claims.length - 3].title }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('runs a short experiment when its step is opened: the figures are the simulator’s own', async () => {
    const { page, complaints } = await web.open('#view=thread&claim=idle');
    const scenario = builtInScenario('deep-idle', ['run.seconds=0.5'].map(parseSet));
    const run = simulate(scenario, policyByName('everyone'), scenario.run.seed);
    const bars = page.getByRole('table', { name: 'Interrupts a drain' });
    await bars.waitFor({ timeout: 60_000 });
    const woken = run.drains.idleWoken.reduce((sum, times) => sum + times, 0);
    expect(woken).toBeGreaterThan(10_000);
    const wokenBars = page.getByRole('table', { name: 'Sleeping CPUs woken' });
    expect(await bars.locator('tr', { hasText: 'everyone' }).innerText()).toContain('63.00');
    expect(await wokenBars.locator('tr', { hasText: 'everyone' }).innerText()).toContain(count(woken));
    expect(await page.locator(sentence).innerText()).toContain('selective never');
    expect(await violationsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('waits with a long one until it is started, can be called off by a key, and runs again', async () => {
    const { page, complaints } = await web.open('#view=thread&claim=after');
    const start = page.getByRole('button', { name: 'Run it here' });
    await start.waitFor();
    expect(await page.locator(sentence).count()).toBe(0);
    await page.keyboard.press('r');
    await page.getByRole('progressbar', { name: 'Progress of the experiment' }).waitFor();
    await page.keyboard.press('c');
    await start.waitFor();
    expect(await page.locator(sentence).count()).toBe(0);
    expect(await page.getByRole('alert').count()).toBe(0);
    await start.click();
    await page.locator(sentence).waitFor({ timeout: 60_000 });
    expect(await page.locator(sentence).innerText()).toContain('worker and remote send none');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('draws its pictures without anything that axe finds, dark and narrow', async () => {
    for (const name of ['two-passes', 'offset', 'at-rest']) {
      const { page, complaints } = await web.open(`#view=thread&claim=${name}`, { dark: true, width: 420 });
      await page.locator(sentence).waitFor({ timeout: 60_000 });
      expect([name, await violationsOf(page)]).toEqual([name, []]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  it('opens the same run in the verdict, and the scenario in the Lab', async () => {
    const { page, complaints } = await web.open('#view=thread&claim=at-rest');
    await page.getByRole('button', { name: 'Open in Verdict' }).click();
    await page.locator('article.verdict h1').waitFor({ timeout: 60_000 });
    expect(await page.locator('article.verdict h1').innerText()).toContain(
      'selective sends as many interrupts a drain as everyone',
    );
    await page.goBack();
    await page.getByRole('link', { name: 'Change quiet-drain in the Lab' }).click();
    await page.getByLabel('Scenario as YAML').waitFor();
    expect(page.url()).toContain('scenario=quiet-drain');
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
