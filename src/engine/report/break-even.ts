/**
 * Where each policy begins to pay: one drain on a machine of N CPUs of which a share holds pages, from the cost model alone
 * (machine/costs.ts and the parts that the simulator uses). No lists, no reclaim, no closed loop: every holder has the
 * same number of pages in one zone, all CPUs are busy, no other drain runs.
 */

import { BitSet } from '../../base/bit-set.ts';
import type { Scenario } from '../input/scenario.ts';
import { maskStorage } from '../machine/cpumask-storage.ts';
import { DrainCosts, ZoneLocks } from '../machine/handler-cost.ts';
import { Interrupts } from '../machine/interrupts.ts';
import { type KernelRules, kernelRules } from '../machine/kernel-rules.ts';
import { ListLocks } from '../machine/list-locks.ts';
import { Workers } from '../machine/workers.ts';
import type { Policy } from '../policy/policy.ts';

/** Where an allocated mask comes from: the CPU's own objects, or a page of the page allocator. */
export type MaskFrom = 'cpu' | 'page';

export interface DrainPrice {
  /** Time of the caller, until its drain is over. */
  readonly callerNs: number;
  /** Time that other CPUs lose. */
  readonly disturbedNs: number;
  readonly totalNs: number;
  readonly interrupts: number;
}

export interface BreakEvenRow {
  readonly cpus: number;
  readonly holders: number;
  readonly policy: string;
  readonly mask: MaskFrom;
  readonly price: DrainPrice;
  /** Cheaper than the baseline in all; for the caller alone. */
  readonly pays: boolean;
  readonly paysCaller: boolean;
}

/** Up to how many holders (of all CPUs) a policy is cheaper than the baseline, whatever fewer hold; -1: never. */
export interface Frontier {
  readonly cpus: number;
  readonly policy: string;
  readonly mask: MaskFrom;
  readonly holdersTotal: number;
  readonly holdersCaller: number;
}

export interface BreakEven {
  readonly kernel: string;
  readonly baseline: string;
  readonly pagesPerHolder: number;
  readonly maskBytes: readonly number[];
  readonly cpus: readonly number[];
  readonly rows: readonly BreakEvenRow[];
  readonly frontiers: readonly Frontier[];
}

/** Scenario whose kernel and costs are taken when none is named. */
export const breakEvenScenario = 'reclaim-storm';

/** Whom nobody disturbs, who is isolated, or who is chosen by a rule of one's own has no price here. */
export function isPriced({ carrier, select }: Policy): boolean {
  return carrier !== 'nobody' && ['everyone', 'holders', 'holders-if-empty'].includes(select.who);
}

/** Numbers of holders that are tried on larger machines: so many parts of all CPUs. */
const parts = 100;

/** Prices one drain: of `cpus` CPUs, all online, CPU 0 asks, and CPUs 0 … holders-1 hold pages. */
export class DrainPricer {
  readonly rules: KernelRules;
  readonly pagesPerHolder: number;
  readonly maskBytes: number;
  readonly #scenario: Scenario;
  readonly #cpus: number;
  readonly #online: BitSet;
  readonly #targets: BitSet;
  readonly #arrivals: Float64Array;
  readonly #doneNs: Float64Array;
  readonly #costs: DrainCosts;
  readonly #workers: Workers;
  readonly #guest: boolean;

  constructor(scenario: Scenario, cpus: number) {
    this.#scenario = scenario;
    this.#cpus = cpus;
    this.rules = kernelRules(scenario.kernel.version);
    // Two batches: 31 pages each with lists of up to 512 KiB, 63 with 1 MiB (4.19 on).
    this.pagesPerHolder = this.rules.batchRule === '512K' ? 62 : 126;
    const kernel = { ...scenario.kernel, nrCpus: Math.max(scenario.kernel.nrCpus, cpus) };
    this.maskBytes = maskStorage(kernel, this.rules, cpus, 'allocated').bytes;
    this.#online = BitSet.full(cpus);
    this.#targets = new BitSet(cpus);
    this.#arrivals = new Float64Array(cpus);
    this.#doneNs = new Float64Array(cpus);
    this.#costs = new DrainCosts(scenario.costs);
    this.#guest = scenario.machine.host !== null;
    this.#workers = new Workers(scenario.costs, this.#guest);
  }

  price(policy: Policy, holders: number, from: MaskFrom): DrainPrice {
    const { costs, kernel, machine } = this.#scenario;
    const { who } = policy.select;
    if (policy.carrier === 'nobody' || who === 'nobody')
      return { callerNs: 0, disturbedNs: 0, totalNs: 0, interrupts: 0 };
    const all = this.#choosesAll(policy, holders);
    let callerNs = 0;
    if (who !== 'everyone') callerNs += this.#costs.scanNs(this.#cpus * machine.zones.length);
    if (policy.mask === 'allocated' && !all) {
      if (kernel.offstack) callerNs += from === 'cpu' ? costs.maskFastNs : costs.maskPageNs;
      callerNs += Math.ceil(this.maskBytes / 8) * costs.maskZeroPerWordNs;
    }
    const chosen = all ? this.#cpus : holders;
    this.#targets.clear();
    for (let cpu = 0; cpu < chosen; cpu++) this.#targets.add(cpu);
    if (policy.carrier === 'worker') return this.#byWorkers(holders, callerNs);
    if (policy.carrier === 'lock') return this.#fromAfar(holders, callerNs);
    return this.#byInterrupts(holders, callerNs);
  }

  #choosesAll({ select }: Policy, holders: number): boolean {
    if (select.who === 'everyone') return true;
    return select.who === 'holders-if-empty' && this.#cpus - holders < select.share * this.#cpus;
  }

  #byInterrupts(holders: number, callerNs: number): DrainPrice {
    const { machine, costs } = this.#scenario;
    const zones = machine.zones.length;
    const interrupts = new Interrupts(this.#cpus, machine.interruptMode, this.rules, costs, this.#guest);
    const targets = this.#targets;
    const plan = interrupts.send(targets, this.#online, 0, callerNs, this.#arrivals);
    const sentNs = callerNs + plan.sendNs;
    const locks = new ZoneLocks(1);
    let disturbedNs = 0;
    // CPUs are told in the order of their numbers, so they come to the lock in that order.
    for (let cpu = targets.next(1); cpu >= 0; cpu = targets.next(cpu + 1)) {
      const pages = cpu < holders ? this.pagesPerHolder : 0;
      const arrivesNs = this.#arrivals[cpu];
      let time = arrivesNs + this.#costs.handlerNs(zones, 0, 0);
      if (pages > 0) time = locks.hold(0, time, this.#costs.holdNs(pages));
      this.#doneNs[cpu] = time;
      disturbedNs += time - arrivesNs + this.#costs.aftermathNs(pages, true);
    }
    const ownNs = this.#ownNs(targets.has(0), holders);
    const answered = (from: number) =>
      plan.targets === 0 ? from : interrupts.answered(targets, this.#online, 0, from, this.#doneNs);
    const end = this.rules.ownPartOverlaps ? answered(sentNs + ownNs) : answered(sentNs) + ownNs;
    return { callerNs: end, disturbedNs, totalNs: end + disturbedNs, interrupts: plan.targets };
  }

  #ownNs(chosen: boolean, holders: number): number {
    if (!chosen) return 0;
    const pages = holders > 0 ? this.pagesPerHolder : 0;
    return this.#costs.drainNs(this.#scenario.machine.zones.length, pages > 0 ? 1 : 0, pages);
  }

  /** Delays of the workers are spread evenly over what the scheduler may do. */
  #byWorkers(holders: number, callerNs: number): DrainPrice {
    const { costs } = this.#scenario;
    const count = this.#targets.count;
    if (count === 0) return { callerNs, disturbedNs: 0, totalNs: callerNs, interrupts: 0 };
    const sentNs = callerNs + this.#workers.queueingNs(count);
    const ownNs = this.#ownNs(true, holders);
    const spread = golden;
    let disturbedNs = 0;
    for (let cpu = 0; cpu < count; cpu++) {
      const preempt = (cpu + 0.5) / count;
      const point = (cpu * spread + 0.5) % 1;
      const delayNs = this.#workers.delayBusyNs(costs.sliceNs / 2, preempt, point, cpu === 0);
      this.#doneNs[cpu] = sentNs + delayNs + ownNs;
      if (cpu > 0)
        disturbedNs += ownNs + costs.workerSwitchNs + this.#costs.cacheRefillNs(this.pagesPerHolder);
    }
    const end = this.#workers.flushed(this.#targets, this.#online, sentNs, this.#doneNs);
    return { callerNs: end, disturbedNs, totalNs: end + disturbedNs, interrupts: 0 };
  }

  #fromAfar(holders: number, callerNs: number): DrainPrice {
    const { machine, kernel, costs } = this.#scenario;
    const locks = new ListLocks(1, this.rules, kernel.batchScaleMax, costs);
    const lists = this.#targets.count * machine.zones.length;
    const batch = this.pagesPerHolder / 2;
    const end = callerNs + lists * costs.scanPerListNs + holders * locks.drainNs(this.pagesPerHolder, batch);
    return { callerNs: end, disturbedNs: 0, totalNs: end, interrupts: 0 };
  }
}

/** Multiples of it are spread evenly between 0 and 1. */
const golden = 0.6180339887498949;

/** `policies` without the baseline. */
export function breakEven(
  scenario: Scenario,
  cpus: readonly number[],
  policies: readonly Policy[],
  baseline: Policy,
): BreakEven {
  const rows: BreakEvenRow[] = [];
  const frontiers: Frontier[] = [];
  const maskBytes: number[] = [];
  let pagesPerHolder = 0;
  for (const number of cpus) {
    const pricer = new DrainPricer(scenario, number);
    maskBytes.push(pricer.maskBytes);
    pagesPerHolder = pricer.pagesPerHolder;
    const tried = holderCounts(number);
    const base = tried.map((holders) => pricer.price(baseline, holders, 'cpu'));
    tried.forEach((holders, i) => {
      rows.push({
        cpus: number,
        holders,
        policy: baseline.name,
        mask: 'cpu',
        price: base[i],
        pays: false,
        paysCaller: false,
      });
    });
    for (const policy of policies) {
      for (const mask of policy.mask === 'allocated' ? (['cpu', 'page'] as const) : (['cpu'] as const)) {
        const prices = tried.map((holders) => pricer.price(policy, holders, mask));
        const pays = prices.map((price, i) => price.totalNs < base[i].totalNs);
        const paysCaller = prices.map((price, i) => price.callerNs < base[i].callerNs);
        tried.forEach((holders, i) => {
          rows.push({
            cpus: number,
            holders,
            policy: policy.name,
            mask,
            price: prices[i],
            pays: pays[i],
            paysCaller: paysCaller[i],
          });
        });
        frontiers.push({
          cpus: number,
          policy: policy.name,
          mask,
          holdersTotal: upTo(tried, pays),
          holdersCaller: upTo(tried, paysCaller),
        });
      }
    }
  }
  return {
    kernel: scenario.kernel.version,
    baseline: baseline.name,
    pagesPerHolder,
    maskBytes,
    cpus,
    rows,
    frontiers,
  };
}

/** Every number on small machines, every hundredth part on large ones. */
export function holderCounts(cpus: number): number[] {
  if (cpus <= parts) return Array.from({ length: cpus + 1 }, (_, holders) => holders);
  return Array.from({ length: parts + 1 }, (_, part) => Math.round((part * cpus) / parts));
}

function upTo(tried: readonly number[], pays: readonly boolean[]): number {
  const first = pays.indexOf(false);
  if (first < 0) return tried[tried.length - 1];
  return first === 0 ? -1 : tried[first - 1];
}

export function breakEvenCsv({ rows, kernel }: BreakEven): string {
  const head =
    'kernel,cpus,holders,holders_percent,policy,mask_from,interrupts,caller_ns,disturbed_ns,total_ns,pays,pays_caller';
  const lines = rows.map(({ cpus, holders, policy, mask, price, pays, paysCaller }) =>
    [
      kernel,
      cpus,
      holders,
      Math.round((1e6 * holders) / cpus) / 1e4,
      policy,
      mask,
      price.interrupts,
      Math.round(price.callerNs),
      Math.round(price.disturbedNs),
      Math.round(price.totalNs),
      pays ? 1 : 0,
      paysCaller ? 1 : 0,
    ].join(','),
  );
  return `${[head, ...lines].join('\n')}\n`;
}
