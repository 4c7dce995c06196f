/** One simulated run → sums over its drains. Drains that the end of the run cut off are in no sum but `unfinished`. */

import { DrainResult, MaskSource, Retry, type Run } from '../accounting/run.ts';
import { type DrainCause, drainCauses } from '../input/drain-request.ts';

export interface RunSums {
  readonly run: Run;
  requested: number;
  carriedOut: number;
  busy: number;
  fellBack: number;
  everyoneByChoice: number;
  unfinished: number;
  forced: number;
  foundNothing: number;
  overlapping: number;
  halfEmpty: number;
  requesterHeld: number;
  readonly byCause: Record<DrainCause, number>;
  /** Drains by number of CPUs that held pages. */
  readonly holders: number[];
  holdersSum: number;
  /** Online CPUs, summed over drains. */
  online: number;
  targets: number;
  interrupts: number;
  hardwareSends: number;
  broadcasts: number;
  disturbed: number;
  useless: number;
  isolatedDisturbed: number;
  isolatedInterrupts: number;
  idleWoken: number;
  workers: number;
  locked: number;
  scanned: number;
  pagesBack: number;
  /** Fewer than half of the online CPUs in the mask (patch v9, integer division). */
  fewerThanHalf: number;
  retriesTried: number;
  retriesGot: number;
  /** Drains by `MaskSource`. */
  readonly maskSources: number[];
  maskPages: number;
  maskNs: number;
  scanNs: number;
  slowestNs: number;
  /** How long each drain that was carried out held its caller up. */
  readonly stallsNs: number[];
  stallNs: number;
}

export const maskSourceCount = 7;

export function runSums(run: Run): RunSums {
  const { drains } = run;
  const sums = emptySums(run);
  for (let row = 0; row < drains.length; row++) {
    sums.requested++;
    sums.byCause[drainCauses[drains.cause[row]]]++;
    const result = drains.result[row];
    if (drains.endNs[row] < 0) {
      sums.unfinished++;
      continue;
    }
    if (result === DrainResult.busy) sums.busy++;
    else addCarriedOut(sums, run, row);
    if (result === DrainResult.fellBack) sums.fellBack++;
    if (result === DrainResult.everyoneByChoice) sums.everyoneByChoice++;
  }
  return sums;
}

function addCarriedOut(sums: RunSums, { drains, policy }: Run, row: number): void {
  const held = drains.holders[row];
  const online = drains.online[row];
  const chosen = drains.targets[row];
  const interrupts = drains.interrupts[row];
  const others = othersDisturbed(sums.run, row);
  sums.carriedOut++;
  sums.holders[held] = (sums.holders[held] ?? 0) + 1;
  sums.holdersSum += held;
  sums.online += online;
  if (held === 0) sums.foundNothing++;
  if (2 * (online - held) >= online) sums.halfEmpty++;
  if (drains.forced[row] === 1) sums.forced++;
  if (drains.concurrent[row] > 0) sums.overlapping++;
  sums.requesterHeld += drains.requesterHeld[row];
  sums.targets += chosen;
  sums.interrupts += interrupts;
  sums.hardwareSends += drains.hardwareSends[row];
  if (interrupts > 0 && interrupts === online - 1) sums.broadcasts++;
  sums.disturbed += others;
  sums.useless += drains.useless[row];
  sums.isolatedDisturbed += drains.isolatedDisturbed[row];
  if (policy.carrier === 'interrupt') sums.isolatedInterrupts += drains.isolatedDisturbed[row];
  sums.idleWoken += drains.idleWoken[row];
  sums.workers += drains.workers[row];
  sums.locked += drains.locked[row];
  const looks = policy.select.who !== 'everyone' && policy.select.who !== 'nobody';
  if (looks && drains.forced[row] === 0) sums.scanned += online;
  sums.pagesBack += drains.pagesBack[row];
  if (policy.select.who !== 'nobody' && chosen < Math.floor(online / 2)) sums.fewerThanHalf++;
  if (drains.retry[row] !== Retry.notTried) sums.retriesTried++;
  if (drains.retry[row] === Retry.got) sums.retriesGot++;
  sums.maskSources[drains.maskSource[row]]++;
  sums.maskPages += drains.maskPages[row];
  sums.maskNs += drains.maskNs[row];
  sums.scanNs += drains.scanNs[row];
  sums.slowestNs += drains.slowestNs[row];
  const stallNs = drains.endNs[row] - drains.timeNs[row];
  sums.stallsNs.push(stallNs);
  sums.stallNs += stallNs;
}

/** The requester's own part disturbs nobody. It is one of the targets if its CPU held pages, or if all are. */
function othersDisturbed({ drains, policy }: Run, row: number): number {
  if (policy.carrier === 'nobody') return 0;
  if (policy.carrier === 'interrupt') return drains.interrupts[row];
  const chosen = drains.targets[row];
  const own = chosen === drains.online[row] ? 1 : drains.requesterHeld[row];
  return Math.max(0, chosen - own);
}

/** Of the drains that asked for a mask: all of them, those that failed, those that reached the page allocator. */
export function maskCounts({ maskSources }: Pick<RunSums, 'maskSources'>) {
  const of = (source: MaskSource) => maskSources[source];
  const pages = of(MaskSource.pageAllocator) + of(MaskSource.reserve);
  const asked = of(MaskSource.cpuCache) + of(MaskSource.nodeCache) + pages + of(MaskSource.failed);
  return { asked, failed: of(MaskSource.failed), pages };
}

/** The same sums over several runs: counts added, lists joined. `run` is that of the first. */
export function addedSums(all: readonly RunSums[]): RunSums {
  const total = emptySums(all[0].run);
  for (const sums of all) {
    for (const [name, value] of Object.entries(sums)) {
      if (typeof value !== 'number') continue;
      const key = name as CountName;
      total[key] += value;
    }
    for (const cause of drainCauses) total.byCause[cause] += sums.byCause[cause];
    sums.holders.forEach((times, held) => {
      total.holders[held] = (total.holders[held] ?? 0) + times;
    });
    sums.maskSources.forEach((times, source) => {
      total.maskSources[source] += times;
    });
    for (const stallNs of sums.stallsNs) total.stallsNs.push(stallNs);
  }
  return total;
}

type CountName = { [Name in keyof RunSums]: RunSums[Name] extends number ? Name : never }[keyof RunSums];

function emptySums(run: Run): RunSums {
  return {
    run,
    requested: 0,
    carriedOut: 0,
    busy: 0,
    fellBack: 0,
    everyoneByChoice: 0,
    unfinished: 0,
    forced: 0,
    foundNothing: 0,
    overlapping: 0,
    halfEmpty: 0,
    requesterHeld: 0,
    byCause: Object.fromEntries(drainCauses.map((cause) => [cause, 0])) as Record<DrainCause, number>,
    holders: new Array<number>(run.heldByCpu.length + 1).fill(0),
    holdersSum: 0,
    online: 0,
    targets: 0,
    interrupts: 0,
    hardwareSends: 0,
    broadcasts: 0,
    disturbed: 0,
    useless: 0,
    isolatedDisturbed: 0,
    isolatedInterrupts: 0,
    idleWoken: 0,
    workers: 0,
    locked: 0,
    scanned: 0,
    pagesBack: 0,
    fewerThanHalf: 0,
    retriesTried: 0,
    retriesGot: 0,
    maskSources: new Array<number>(maskSourceCount).fill(0),
    maskPages: 0,
    maskNs: 0,
    scanNs: 0,
    slowestNs: 0,
    stallsNs: [],
    stallNs: 0,
  };
}
