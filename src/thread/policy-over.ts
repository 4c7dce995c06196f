/** What policies would have done at the drains that a timeline holds: the ledger's own rule and measure, without reading the recording again. */

import { BitSet } from '../base/bit-set.ts';
import { DrainlabError } from '../base/errors.ts';
import { Cell, cellCount, measure } from '../engine/accounting/measure.ts';
import type { DrainRequest } from '../engine/input/drain-request.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import { Decision, decide } from '../engine/policy/decide.ts';
import type { Policy } from '../engine/policy/policy.ts';
import type { Timeline } from '../engine/timeline/timeline.ts';
import type { PolicyOver, ShareCurve } from './messages.ts';

/** Shares of the curve: 0, 0.01, … 1. */
const shareSteps = 100;

/** Sums over every drain that was carried out; the first where unknown CPUs are empty, the second where they hold pages. */
export function policiesOver(timeline: Timeline, policies: readonly Policy[]): PolicyOver[] {
  const { cpuCount, zones } = timeline.machine;
  const decision = new Decision(cpuCount);
  const row = new Float64Array(cellCount);
  const sums = policies.map(() => ({ low: new Float64Array(cellCount), high: new Float64Array(cellCount) }));
  let drains = 0;
  for (const requests of carriedOut(timeline)) {
    drains++;
    for (const [p, policy] of policies.entries()) {
      const [low, high] = requests.map((request) => {
        decide(policy, request, decision);
        measure(policy, request, decision, zones.length, row, 0);
        return row.slice();
      });
      for (let cell = 0; cell < cellCount; cell++) {
        sums[p].low[cell] += Math.min(low[cell], (high ?? low)[cell]);
        sums[p].high[cell] += Math.max(low[cell], (high ?? low)[cell]);
      }
    }
  }
  return policies.map((policy, p) => {
    const both = (cell: Cell) => [sums[p].low[cell], sums[p].high[cell]] as const;
    return {
      policy: policy.name,
      origin: policy.origin,
      drains,
      everyCallIsCarriedOut: policy.turn !== 'all-proceed',
      interrupts: both(Cell.interrupts),
      disturbed: both(Cell.disturbed),
      useless: both(Cell.useless),
      isolatedDisturbed: both(Cell.isolatedDisturbed),
      workers: both(Cell.workers),
      locked: both(Cell.locked),
      strandedPages: both(Cell.pagesStranded),
    };
  });
}

/** Interrupts of two-pass by its share. */
export function shareCurve(timeline: Timeline): ShareCurve {
  const shares = Float64Array.from({ length: shareSteps + 1 }, (_, step) => step / shareSteps);
  const policies = Array.from(shares, (share) => policyByName(`two-pass:share=${share}`));
  const decision = new Decision(timeline.machine.cpuCount);
  const low = new Float64Array(shares.length);
  const high = new Float64Array(shares.length);
  const masks = new Float64Array(shares.length);
  let drains = 0;
  for (const requests of carriedOut(timeline)) {
    drains++;
    for (const [step, policy] of policies.entries()) {
      let least = Number.POSITIVE_INFINITY;
      let most = 0;
      let mask = 0;
      for (const request of requests) {
        decide(policy, request, decision);
        const others = decision.targets.count - (decision.targets.has(request.cpu) ? 1 : 0);
        least = Math.min(least, others);
        most = Math.max(most, others);
        if (decision.maskAllocated) mask = 1;
      }
      low[step] += least;
      high[step] += most;
      masks[step] += mask;
    }
  }
  return { shares, low, high, masks, drains };
}

/** Each drain as a request, and once more with the unknown CPUs as holders where there are such. */
function* carriedOut({ drains, machine }: Timeline): Generator<readonly DrainRequest[]> {
  for (let number = 0; number < drains.length; number++) {
    if (drains.wasTurnedAway(number)) continue;
    const record = drains.at(number);
    const pages = new Int32Array(machine.cpuCount);
    for (const [i, cpu] of record.holders.entries()) pages[cpu] = record.pages[i];
    const unknown = BitSet.of(machine.cpuCount, record.unknown);
    const request = {
      number,
      timeNs: record.timeNs,
      cpu: record.cpu,
      pid: record.pid,
      cause: record.cause,
      zone: record.zone,
      forced: record.forced,
      online: drains.onlineAt(number),
      isolated: machine.isolated,
      pages,
      holders: BitSet.of(machine.cpuCount, record.holders),
      unknown,
      /** A wrong answer would be worse than none. */
      get concurrent(): number {
        throw new DrainlabError('request.concurrent is not kept here', {
          code: 'E_POLICY_ANSWER',
          hint: 'drainlab replay FILE --policy ./mine.ts knows it.',
        });
      },
    };
    if (unknown.count === 0) {
      yield [request];
      continue;
    }
    const holders = request.holders.clone();
    holders.addAll(unknown);
    const asHolders: DrainRequest = Object.create(request, {
      holders: { value: holders },
      unknown: { value: new BitSet(machine.cpuCount) },
    });
    yield [request, asHolders];
  }
}
