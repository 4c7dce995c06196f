/**
 * What the thread of 2011 asked to be weighed: the mask is allocated while memory is short. How often, from where it
 * came, how often it failed, what that cost, and what it saved.
 *
 * Savings are against the baseline at as many drains as this policy had: in a closed loop a policy changes how often
 * drains are asked for, and a policy that has fewer drains must not be paid for that here.
 */

import { MaskSource } from '../accounting/run.ts';
import type { MaskStorage } from '../machine/cpumask-storage.ts';
import { count, decimal, duration, eachText, plural } from './numbers.ts';
import { maskCounts, type RunSums } from './run-sums.ts';

export interface ThreadLedger {
  /** Drains that were carried out. */
  drains: number;
  /** Masks that were asked of the allocator. */
  asked: number;
  /** Size of the mask, and what of it a drain takes of its task's stack (a pointer, if the mask is on the heap). */
  maskBytes: number;
  stackBytes: number;
  /** Drains whose mask needs no allocation: it is static, or on the stack. */
  noAllocation: number;
  fromCpu: number;
  fromNode: number;
  fromPageAllocator: number;
  fromReserve: number;
  failed: number;
  /** Drains that disturbed everyone since the mask could not be had. */
  fellBack: number;
  /** Drains that disturbed everyone by choice, before a mask was asked for. */
  everyoneByChoice: number;
  /** Pages that masks took from the page allocator. */
  maskPages: number;
  maskNs: number;
  scanNs: number;
  /** Against the baseline at as many drains; negative: more than the baseline. */
  interruptsSaved: number;
  disturbedNsSaved: number;
  /** The callers' waiting, the cost of masks and looks left out. */
  waitingNsSaved: number;
  /** All that is saved minus all that it cost. */
  balanceNs: number;
}

export interface LedgerSide {
  readonly sums: RunSums;
  /** Time of CPUs other than the requester. */
  readonly disturbedNs: number;
}

export function threadLedger(policy: LedgerSide, baseline: LedgerSide, mask: MaskStorage): ThreadLedger {
  const { sums } = policy;
  const sources = sums.maskSources;
  const share = baseline.sums.carriedOut === 0 ? 0 : sums.carriedOut / baseline.sums.carriedOut;
  const spentNs = sums.maskNs + sums.scanNs;
  const baselineWaitingNs = baseline.sums.stallNs - baseline.sums.maskNs - baseline.sums.scanNs;
  const disturbedNsSaved = share * baseline.disturbedNs - policy.disturbedNs;
  const waitingNsSaved = share * baselineWaitingNs - (sums.stallNs - spentNs);
  const extraNs = spentNs - share * (baseline.sums.maskNs + baseline.sums.scanNs);
  return {
    drains: sums.carriedOut,
    asked: maskCounts(sums).asked,
    maskBytes: mask.bytes,
    stackBytes: mask.stackBytes,
    noAllocation: sources[MaskSource.noAllocation],
    fromCpu: sources[MaskSource.cpuCache],
    fromNode: sources[MaskSource.nodeCache],
    fromPageAllocator: sources[MaskSource.pageAllocator],
    fromReserve: sources[MaskSource.reserve],
    failed: sources[MaskSource.failed],
    fellBack: sums.fellBack,
    everyoneByChoice: sums.everyoneByChoice,
    maskPages: sums.maskPages,
    maskNs: sums.maskNs,
    scanNs: sums.scanNs,
    interruptsSaved: share * baseline.sums.interrupts - sums.interrupts,
    disturbedNsSaved,
    waitingNsSaved,
    balanceNs: disturbedNsSaved + waitingNsSaved - extraNs,
  };
}

/** The ledger of one policy in sentences: where the masks came from, the cost, the saving, the balance. */
export function ledgerText(policy: string, baseline: string, ledger: ThreadLedger): string[] {
  return [
    `${policy}: ${masksText(ledger)}`,
    `cost: ${costText(ledger)}`,
    `saved against ${baseline}, at as many drains: ${savingText(ledger)}`,
    `balance: ${balanceText(ledger)}`,
  ];
}

function masksText(ledger: ThreadLedger): string {
  const over = `at ${plural(ledger.drains, 'drain')}`;
  const choice =
    ledger.everyoneByChoice === 0
      ? ''
      : `; at ${count(ledger.everyoneByChoice)} it chose everyone before asking`;
  if (ledger.asked === 0) {
    const bytes = `${count(ledger.maskBytes)} bytes`;
    const none =
      ledger.stackBytes > 0 && ledger.noAllocation > 0
        ? `no mask is allocated (${bytes} on the stack)`
        : ledger.noAllocation > 0
          ? `no mask is allocated (${bytes}, static)`
          : 'no mask is needed';
    return `${none} ${over}${choice}.`;
  }
  const sources: Array<[number, string]> = [
    [ledger.fromCpu, "from the CPU's own objects"],
    [ledger.fromNode, "from the node's"],
    [ledger.fromPageAllocator, 'from the page allocator'],
    [ledger.fromReserve, 'from the reserve below the min watermark'],
  ];
  const told = sources.filter(([times]) => times > 0).map(([times, from]) => `${count(times)} ${from}`);
  const failed =
    ledger.failed === 0
      ? 'none failed'
      : `${count(ledger.failed)} failed, and ${plural(ledger.fellBack, 'drain')} fell back to everyone`;
  return `${plural(ledger.asked, 'mask')} of ${count(ledger.maskBytes)} bytes asked for ${over}: ${[...told, failed].join(', ')}${choice}.`;
}

function costText(ledger: ThreadLedger): string {
  const parts = [`${duration(ledger.scanNs)} of looking at lists`];
  if (ledger.asked > 0) {
    parts.unshift(
      `${duration(ledger.maskNs)} for the masks (${duration(ledger.maskNs / ledger.asked)} each)`,
    );
    parts.push(
      ledger.maskPages === 0
        ? 'no page'
        : `${plural(ledger.maskPages, 'page')} taken from the page allocator`,
    );
  }
  return `${parts.join(', ')}.`;
}

function savingText(ledger: ThreadLedger): string {
  const each = ledger.drains === 0 ? '' : ` (${eachText(ledger.interruptsSaved / ledger.drains)} a drain)`;
  return (
    `${count(ledger.interruptsSaved)} interrupts${each}, ${signed(ledger.disturbedNsSaved)} of other CPUs' time, ` +
    `${signed(ledger.waitingNsSaved)} of the callers' waiting.`
  );
}

function balanceText({ balanceNs, maskNs, scanNs, drains }: ThreadLedger): string {
  const spentNs = maskNs + scanNs;
  const each = drains === 0 ? '' : ` (${signed(balanceNs / drains)} a drain)`;
  if (balanceNs < 0) return `it costs ${duration(-balanceNs)} more than it saves${each}.`;
  const back =
    spentNs === 0
      ? ''
      : `: each µs spent on masks and looks brought ${decimal((balanceNs + spentNs) / spentNs, 1)} µs back`;
  return `${duration(balanceNs)} saved${each}${back}.`;
}

function signed(ns: number): string {
  return ns < 0 ? `-${duration(-ns)}` : duration(ns);
}
