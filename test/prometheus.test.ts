/**
 * A real Prometheus reads our exporter, evaluates our rules and every query of our dashboard. Skipped where prometheus and promtool
 * are not installed (Debian: `apt-get install prometheus`).
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { censusOf } from '../src/census/census-of.ts';
import { readThisHost } from '../src/host/this-host.ts';
import { exporterApp } from '../src/serve/app.ts';
import { HostReader } from '../src/serve/host-reader.ts';
import { type Listening, listen } from '../src/serve/listen.ts';
import { FakeHost, interruptsText, zoneinfoText } from './fake-host.ts';

const contrib = join(import.meta.dirname, '../contrib');
const isThere = (name: string) => spawnSync(name, ['--version']).status === 0;
const hasTools = isThere('prometheus') && isThere('promtool');

function promtool(...args: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: contrib, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

describe.skipIf(!hasTools)('promtool', () => {
  it('accepts the rules and the scrape configuration', () => {
    expect(promtool('check', 'rules', 'prometheus-rules.yml')).toMatchObject({ status: 0 });
    expect(promtool('check', 'config', 'prometheus.yml')).toMatchObject({ status: 0 });
  });

  it('finds that the alerts fire when they should, and only then', () => {
    expect(promtool('test', 'rules', 'prometheus-rules.test.yml')).toMatchObject({ status: 0 });
  });
});

interface Result {
  readonly metric: Record<string, string>;
  readonly value: [time: number, value: string];
}

interface Rule {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly alerts?: readonly object[];
}

describe.skipIf(!hasTools)('Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drainlab-prometheus-'));
  const host = new FakeHost();
  let exporter: Listening;
  let prometheus: ChildProcess;
  let url = '';
  let alive: NodeJS.Timeout;

  /** CPUs 2 and 3 are isolated and get an interrupt in each tick. */
  function tick(count: number): void {
    const rows = { CAL: [7, 8, 100 + count, 200 + count], RES: [1, 1, 1, 1] };
    host.write('proc/interrupts', interruptsText([0, 1, 2, 3], rows));
    host.write('proc/vmstat', `allocstall_normal ${count}\n`);
  }

  function readHost() {
    const { snapshot } = readThisHost(host.root);
    return { snapshot, census: censusOf(snapshot) };
  }

  async function query(expression: string): Promise<Result[]> {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const answer = (await response.json()) as { status: string; error?: string; data: { result: Result[] } };
    if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`);
    return answer.data.result;
  }

  beforeAll(async () => {
    const counts = [0, 63, 0, 2000];
    host.write('proc/zoneinfo', zoneinfoText([{ node: 0, name: 'Normal', free: 5000, counts }]));
    host.write('proc/sys/kernel/osrelease', '5.10.0-30-amd64\n');
    host.write('sys/devices/system/cpu/isolated', '2-3\n');
    const pressure = 'avg10=0.00 avg60=0.00 avg300=0.00 total=1000';
    host.write('proc/pressure/memory', `some ${pressure}\nfull ${pressure}\n`);
    let ticks = 0;
    tick(ticks);
    alive = setInterval(() => tick(++ticks), 50);

    const reader = new HostReader(readHost, 10);
    const hosts = { address: '127.0.0.1', names: [] };
    exporter = await listen(exporterApp({ reader, hosts }), { host: '127.0.0.1', port: 0 });
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `global: { scrape_interval: 200ms, evaluation_interval: 500ms }
rule_files: ['${join(contrib, 'prometheus-rules.yml')}']
scrape_configs: [{ job_name: drainlab, static_configs: [{ targets: ['127.0.0.1:${exporter.port}'] }] }]\n`,
    );
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const scrapes = async () => Number((await query('count_over_time(drainlab_host_info[1m])'))[0].value[1]);
    await vi.waitFor(async () => expect(await scrapes()).toBeGreaterThan(6), {
      timeout: 50_000,
      interval: 100,
    });
  }, 60_000);

  afterAll(async () => {
    clearInterval(alive);
    prometheus?.kill();
    await new Promise((resolve) => prometheus?.once('close', resolve) ?? resolve(null));
    await exporter?.close();
    rmSync(folder, { recursive: true, force: true });
    host.remove();
  });

  async function evaluatedRules(): Promise<Rule[]> {
    const response = await fetch(`${url}/api/v1/rules`);
    const { data } = (await response.json()) as { data: { groups: Array<{ rules: Rule[] }> } };
    return data.groups.flatMap((group) => group.rules);
  }

  it('keeps the values that the census has', async () => {
    const { census } = readHost();
    const everyone = census.policies.find(({ name }) => name === 'everyone');
    const values: Array<[expression: string, value: number | null | undefined]> = [
      ['sum(drainlab_online_cpus)', census.holders.online],
      ['sum(drainlab_empty_cpus)', census.holders.empty],
      ['drainlab_parked_bytes', census.parked.bytes],
      ['drainlab_zone_parked_bytes{node="0",zone="Normal"} / 4096', census.zones[0].parkedPages],
      ['drainlab_drain_interrupts{policy="everyone",bound="most"}', everyone?.interrupts[1]],
      ['drainlab_cpu_list_pages_bucket{isolated="true",le="0"}', census.holders.isolated.empty],
      ['histogram_quantile(1, sum by (le) (drainlab_cpu_list_pages_bucket)) >= bool 2000', 1],
      ['up', 1],
    ];
    for (const [expression, value] of values) {
      const [result] = await query(expression);
      expect([expression, Number(result?.value[1])]).toEqual([expression, value]);
    }
  });

  it('sees interrupts of isolated CPUs and of no others', async () => {
    const rate = async (isolated: boolean) =>
      Number(
        (await query(`rate(drainlab_interrupts_total{kind="call",isolated="${isolated}"}[1m])`))[0].value[1],
      );
    expect(await rate(true)).toBeGreaterThan(0);
    expect(await rate(false)).toBe(0);
  });

  it('answers every query of the dashboard with something', async () => {
    const text = readFileSync(join(contrib, 'grafana-dashboard.json'), 'utf8');
    const panels: Array<{ title: string; targets: Array<{ expr: string }> }> = JSON.parse(text).panels;
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(20);
    for (const expression of expressions) {
      const concrete = expression
        .replaceAll('$__rate_interval', '1m')
        .replace(/\$(job|instance|node|zone)\b/g, '.+');
      expect(concrete).not.toContain('$');
      expect([expression, (await query(concrete)).length > 0]).toEqual([expression, true]);
    }
  });

  it('has evaluated the rules', async () => {
    const recorded = await query('{__name__=~"instance:drainlab_.*"}');
    expect(recorded.map(({ metric }) => metric.__name__).sort()).toEqual([
      'instance:drainlab_empty_cpus:ratio',
      'instance:drainlab_isolated_interrupts_per_cpu:rate5m',
      'instance:drainlab_parked_to_low_watermark:ratio',
    ]);
    const rules = await evaluatedRules();
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(rules).toHaveLength(10);
    const named = new Set(rules.flatMap(({ query: text }) => text.match(/(?<!:)\bdrainlab_\w+/g) ?? []));
    expect(named.size).toBeGreaterThan(8);
    for (const name of named) expect([name, (await query(name)).length > 0]).toEqual([name, true]);
  });

  it('fires, once, where reclaim runs and the drains of this kernel disturb isolated CPUs', async () => {
    await vi.waitFor(
      async () => {
        const rules = await evaluatedRules();
        const alerts = rules.find(({ name }) => name === 'DrainlabDrainsDisturbIsolatedCpus')?.alerts;
        // 5.10 queues work to the holders; of the isolated CPUs, 3 is one. Pending for ten minutes.
        expect(alerts).toMatchObject([{ state: 'pending', value: '1e+00', labels: { policy: 'worker' } }]);
      },
      { timeout: 10_000, interval: 100 },
    );
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
