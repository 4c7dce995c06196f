/** Machines, requests and outcomes by hand, for sums that a reader can check. */

import { BitSet } from '../src/base/bit-set.ts';
import { Ledger } from '../src/engine/accounting/ledger.ts';
import type { DrainOutcome, DrainRequest } from '../src/engine/input/drain-request.ts';
import type { Machine } from '../src/engine/input/machine.ts';
import { builtInPolicies } from '../src/engine/policy/built-in.ts';
import { makeVerdict, type VerdictParts } from '../src/engine/report/make-verdict.ts';
import type { Verdict } from '../src/engine/report/verdict.ts';

/** A machine with one zone, or as many as named. */
export function machineOf(cpuCount: number, { isolated = [] as number[], zones = ['Normal'] } = {}): Machine {
  return {
    cpuCount,
    online: BitSet.full(cpuCount),
    isolated: BitSet.of(cpuCount, isolated),
    zones: zones.map((name, i) => ({ name, node: 0, startPfn: i * 4096, endPfn: (i + 1) * 4096 })),
  };
}

interface RequestByHand {
  /** Pages of each CPU; `?`: not known. */
  pages: ReadonlyArray<number | '?'>;
  number?: number;
  timeNs?: number;
  cpu?: number;
  online?: readonly number[];
  isolated?: readonly number[];
  zone?: number;
  forced?: boolean;
  concurrent?: number;
}

/** CPU 0 asks for every zone, all CPUs are online, unless said otherwise. */
export function requestOf(by: RequestByHand): DrainRequest {
  const size = by.pages.length;
  const cpusWhere = (test: (pages: number | '?') => boolean) =>
    BitSet.of(
      size,
      by.pages.flatMap((pages, cpu) => (test(pages) ? [cpu] : [])),
    );
  return {
    number: by.number ?? 0,
    timeNs: by.timeNs ?? 0,
    cpu: by.cpu ?? 0,
    pid: 1,
    cause: 'direct-reclaim',
    zone: by.zone ?? -1,
    forced: by.forced ?? false,
    online: by.online ? BitSet.of(size, by.online) : BitSet.full(size),
    isolated: BitSet.of(size, by.isolated ?? []),
    pages: Int32Array.from(by.pages, (pages) => (pages === '?' ? 0 : pages)),
    holders: cpusWhere((pages) => pages !== '?' && pages > 0),
    unknown: cpusWhere((pages) => pages === '?'),
    concurrent: by.concurrent ?? 0,
  };
}

/** A drain of which the recording tells nothing but what is given. */
export function outcomeOf(
  number: number,
  told: Partial<DrainOutcome> & { cpuCount?: number } = {},
): DrainOutcome {
  return {
    number,
    endNs: -1,
    targets: null,
    kernelHolders: null,
    rebuiltHolders: new BitSet(told.cpuCount ?? 8),
    turnedAway: null,
    pagesDrained: -1,
    interruptsSent: -1,
    ...told,
  };
}

export interface DrainByHand extends RequestByHand {
  /** What the recording tells of the drain. */
  told?: Partial<DrainOutcome>;
}

/** A verdict on drains by hand: 100 ns apart, 50 ns long, unless said otherwise. */
export function verdictOf(
  drains: readonly DrainByHand[],
  {
    zones = ['Normal'],
    isolated = [] as number[],
    ...parts
  }: Partial<VerdictParts> & { zones?: string[]; isolated?: number[] } = {},
): Verdict {
  const machine = machineOf(drains[0]?.pages.length ?? 8, { isolated, zones });
  const ledger = parts.ledger ?? new Ledger(machine, builtInPolicies);
  drains.forEach(({ told, ...by }, number) => {
    const request = requestOf({ number, timeNs: 100 * number, isolated, ...by });
    ledger.drainRequested(request);
    ledger.drainEnded(outcomeOf(number, { endNs: request.timeNs + 50, cpuCount: machine.cpuCount, ...told }));
  });
  ledger.finish();
  return makeVerdict({
    source: {
      kind: 'recording',
      name: 'by-hand',
      format: 'trace.dat v7',
      kernel: '5.10.0',
      seconds: 12.5,
      events: 1000,
      lostEvents: 0,
      unknownLosses: 0,
      stoppedAt: '',
    },
    machine,
    ledger,
    report: null,
    shown: builtInPolicies.map(({ name }) => name),
    baseline: 'everyone',
    asked: ['static-mask'],
    ...parts,
  });
}
