/**
 * What a host says of its page lists as Prometheus metrics. How many series there are depends on zones, policies and kinds
 * of interrupts, never on the number of CPUs (but for `perCpu`).
 */

import { Registry } from 'prom-client';
import type { Bounds, HostCensus } from '../census/host-census.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';
import type { InterruptTotals } from './interrupt-totals.ts';
import { counter, type Distribution, gauge, histogramNow, type Labels, type Row } from './metric-rows.ts';

/** One reading of the host and what it cost. */
export interface Reading {
  readonly snapshot: HostSnapshot;
  readonly census: HostCensus;
  readonly interrupts: InterruptTotals;
  /** Seconds since 1970 when it was read. */
  readonly atSeconds: number;
  /** Wall time of the reading. */
  readonly seconds: number;
  readonly observer: Observer;
}

/** This process: CPU time since its start, memory now. */
export interface Observer {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** false: it writes these figures once and ends, so its time is no counter. */
  readonly keepsRunning: boolean;
}

/** In the text format 0.0.4. `perCpu`: also one series for each online CPU. */
export function metricsText(reading: Reading, { perCpu = false } = {}): Promise<string> {
  const registry = new Registry();
  hostMetrics(registry, reading);
  cpuMetrics(registry, reading);
  zoneMetrics(registry, reading);
  drainMetrics(registry, reading.census);
  kernelCounters(registry, reading);
  if (perCpu) perCpuMetrics(registry, reading);
  return registry.metrics();
}

function hostMetrics(registry: Registry, { snapshot, census, ...reading }: Reading): void {
  const policy = census.policies.find(({ isKernels }) => isKernels)?.name ?? '';
  const { kernel, architecture } = snapshot;
  gauge(
    registry,
    'drainlab_host_info',
    'Kernel release, architecture and the drain policy of this kernel by its version; always 1.',
    [[{ kernel, architecture, policy }, 1]],
  );
  gauge(
    registry,
    'drainlab_problems',
    'What was cut, odd or could not be read; drainlab census says what. Not 0: other figures may be absent or too low.',
    [[{}, snapshot.problems.length]],
  );
  gauge(registry, 'drainlab_read_timestamp_seconds', 'When the host was read for these figures.', [
    [{}, reading.atSeconds],
  ]);
  gauge(registry, 'drainlab_read_duration_seconds', 'Wall time of reading the host and making its census.', [
    [{}, reading.seconds],
  ]);
  observerCost(registry, reading.observer);
}

function observerCost(registry: Registry, { cpuSeconds, residentBytes, keepsRunning }: Observer): void {
  if (keepsRunning) {
    counter(
      registry,
      'drainlab_observer_cpu_seconds_total',
      'CPU time of the observing process since its start: what watching costs.',
      [[{}, cpuSeconds]],
    );
  } else {
    gauge(
      registry,
      'drainlab_observer_run_cpu_seconds',
      'CPU time of the one run of drainlab that wrote these figures, its start included.',
      [[{}, cpuSeconds]],
    );
  }
  gauge(registry, 'drainlab_observer_resident_memory_bytes', 'Memory of the observing process.', [
    [{}, residentBytes],
  ]);
}

/** 0 apart (an empty list), then powers of four: a batch is 63 pages on most kernels, a list's limit some hundreds to 50,000. */
const pageBuckets = [0, 16, 64, 256, 1024, 4096, 16384, 65536];

const now = 'State when read, not a count of events: use without rate().';

function cpuMetrics(registry: Registry, { snapshot, census }: Reading): void {
  const { isolated, housekeeping } = census.holders;
  gauge(
    registry,
    'drainlab_online_cpus',
    'CPUs that are online. isolated: isolcpus, cpuset partitions or nohz_full.',
    byGroup(isolated.online, housekeeping.online),
  );
  gauge(
    registry,
    'drainlab_empty_cpus',
    'Online CPUs that hold no page on any list: what a drain need not disturb. Exact for the lists as they were read; CPUs without a full count are not among them.',
    byGroup(isolated.empty, housekeeping.empty),
  );
  const pages = (isIsolated: boolean) =>
    census.pagesByCpu.flatMap((held, cpu) =>
      held !== null && snapshot.machine.isolated.has(cpu) === isIsolated ? [held] : [],
    );
  histogramNow(
    registry,
    'drainlab_cpu_list_pages',
    `Online CPUs by pages on their lists in all zones together. ${now}`,
    pageBuckets,
    groups.map((isIsolated) => ({ labels: { isolated: String(isIsolated) }, values: pages(isIsolated) })),
  );
  gauge(
    registry,
    'drainlab_parked_bytes',
    'Memory on the lists of all CPUs: free, but not counted as free.',
    [[{}, census.parked.bytes]],
  );
}

const groups = [true, false] as const;

function byGroup(isolated: number, others: number): Row[] {
  return [
    [{ isolated: 'true' }, isolated],
    [{ isolated: 'false' }, others],
  ];
}

function zoneMetrics(registry: Registry, { snapshot, census }: Reading): void {
  const { pageBytes } = census.parked;
  const bytes = (pages: number | null) => (pages === null || pageBytes === null ? null : pages * pageBytes);
  const byZone = (value: (zone: HostCensus['zones'][number]) => number | null): Row[] =>
    census.zones.map((zone) => [zoneLabels(zone), value(zone)]);
  const add = (name: string, help: string, rows: readonly Row[]) =>
    gauge(registry, `drainlab_zone_${name}`, help, rows);

  add(
    'lists',
    'Lists of online CPUs in this zone whose count was printed.',
    byZone(({ lists }) => lists),
  );
  add(
    'empty_lists',
    'Lists of online CPUs in this zone that hold no page.',
    byZone(({ empty }) => empty),
  );
  add(
    'parked_bytes',
    'Memory on the lists of this zone.',
    byZone((zone) => bytes(zone.parkedPages)),
  );
  add(
    'free_bytes',
    'Free memory as the kernel counts it: without what is on the lists.',
    byZone((zone) => bytes(zone.freePages)),
  );
  add(
    'managed_bytes',
    'Memory that the page allocator manages.',
    byZone((zone) => bytes(zone.managedPages)),
  );
  add(
    'watermark_bytes',
    'Watermarks: below low kswapd wakes, below min allocations enter direct reclaim, and with it drains.',
    (['min', 'low', 'high'] as const).flatMap((mark) =>
      census.zones.map((zone): Row => [{ ...zoneLabels(zone), mark }, bytes(zone[mark])]),
    ),
  );
  histogramNow(
    registry,
    'drainlab_zone_list_pages',
    `Lists of online CPUs by the pages on them. ${now}`,
    pageBuckets,
    zoneDistributions(snapshot),
  );
}

function zoneLabels({ node, name }: { node: number; name: string }): Labels {
  return { node: String(node), zone: name };
}

function zoneDistributions({ machine, counts }: HostSnapshot): Distribution[] {
  const { zones, online, isolated } = machine;
  return zones.flatMap((zone, index) =>
    groups.map((isIsolated) => {
      const values: number[] = [];
      for (const cpu of online) {
        const pages = counts.pages[cpu * zones.length + index];
        if (pages >= 0 && isolated.has(cpu) === isIsolated) values.push(pages);
      }
      return { labels: { ...zoneLabels(zone), isolated: String(isIsolated) }, values };
    }),
  );
}

const bounds = ['least', 'most'] as const;

function drainMetrics(registry: Registry, { policies, twoPass, mask }: HostCensus): void {
  type Policy = HostCensus['policies'][number];
  const add = (name: string, help: string, value: (policy: Policy) => Bounds) =>
    gauge(
      registry,
      `drainlab_drain_${name}`,
      `${help} By a drain of every zone now, at the least and at the most over the CPUs that could ask. basis exact: for the lists as they were read.`,
      policies.flatMap((policy) =>
        bounds.map((bound, index): Row => {
          const { name: policyName, basis } = policy;
          return [{ policy: policyName, basis, bound }, value(policy)[index]];
        }),
      ),
    );
  add('interrupts', 'Interrupts to other CPUs.', ({ interrupts }) => interrupts);
  add('disturbed_cpus', 'CPUs interrupted, given work or locked out of their lists.', (p) => p.disturbed);
  add('useless_cpus', 'CPUs disturbed that hold nothing.', ({ useless }) => useless);
  add('isolated_cpus', 'Isolated CPUs disturbed.', ({ isolatedDisturbed }) => isolatedDisturbed);
  add('workers', 'Works queued to kernel workers.', ({ workers }) => workers);
  add('locked_lists', 'Lists of other CPUs locked from afar.', ({ locked }) => locked);
  add('returned_pages', 'Pages that come back.', ({ pagesBack }) => pagesBack);
  add('stranded_pages', 'Pages left on lists.', ({ strandedPages }) => strandedPages);

  gauge(
    registry,
    'drainlab_two_pass_mask',
    'Two-pass counts first: 1: it would disturb holders only, 0: everyone. Absent: not known.',
    [[{}, twoPass.decision === 'not-known' ? null : Number(twoPass.decision === 'mask')]],
  );
  gauge(
    registry,
    'drainlab_two_pass_needed_cpus',
    'Empty CPUs that two-pass needs to disturb holders only.',
    [[{}, twoPass.needed]],
  );
  gauge(
    registry,
    'drainlab_two_pass_margin_cpus',
    'How many CPUs would have to change for the other decision of two-pass. Absent: not known, or no change brings it.',
    [[{}, twoPass.marginCpus]],
  );
  gauge(
    registry,
    'drainlab_mask_bytes',
    'Size of a set of CPUs that a drain would allocate, or keep on its stack. Absent: not known.',
    [[{ where: mask.where }, mask.bytes]],
  );
}

function kernelCounters(registry: Registry, { snapshot, interrupts }: Reading): void {
  const { vmstat, pressure } = snapshot;
  counter(
    registry,
    'drainlab_allocstalls_total',
    'Allocations that entered direct reclaim (allocstall of /proc/vmstat, all zones). Each may drain once: an upper bound of its drains.',
    [[{}, vmstat === null ? null : allocstalls(vmstat)]],
  );
  counter(
    registry,
    'drainlab_memory_pressure_seconds_total',
    'Time in which some or all (full) tasks waited for memory (/proc/pressure/memory).',
    [
      [{ share: 'some' }, pressure === null ? null : pressure.some.totalUs / 1e6],
      [{ share: 'full' }, pressure === null ? null : pressure.full.totalUs / 1e6],
    ],
  );
  counter(
    registry,
    'drainlab_interrupts_total',
    'Interrupts of /proc/interrupts by kind, summed over CPUs. On x86 a flush (tlb) is a function call too, counted in call from Linux 4.8 on: do not add them.',
    snapshot.interrupts === null
      ? []
      : interrupts.rows().map(({ kind, isolated, total }) => [{ kind, isolated: String(isolated) }, total]),
  );
}

/** `allocstall` of old kernels, one for each type of zone (`allocstall_normal`) from 4.9 on; null: neither is there. */
function allocstalls(vmstat: ReadonlyMap<string, number>): number | null {
  const counts = [...vmstat].filter(([key]) => key === 'allocstall' || key.startsWith('allocstall_'));
  return counts.length === 0 ? null : counts.reduce((sum, [, count]) => sum + count, 0);
}

function perCpuMetrics(registry: Registry, { snapshot, census }: Reading): void {
  gauge(
    registry,
    'drainlab_cpu_pages',
    'Pages on the lists of each online CPU in all zones.',
    census.pagesByCpu.flatMap((pages, cpu): Row[] =>
      pages === null
        ? []
        : [[{ cpu: String(cpu), isolated: String(snapshot.machine.isolated.has(cpu)) }, pages]],
    ),
  );
}
