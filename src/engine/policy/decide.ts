/** What a policy does with one request: a pure function of its four axes. Nothing here knows a policy by name. */

import { BitSet } from '../../base/bit-set.ts';
import { formatCpuList } from '../../base/cpu-list.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { DrainRequest } from '../input/drain-request.ts';
import type { Policy } from './policy.ts';

/** A policy's answer. Reused for the next request. */
export class Decision {
  /** CPUs whose lists are drained; may hold the requester, whose own part is no interrupt. */
  readonly targets: BitSet;
  /** A set of CPUs was asked of the allocator. Its failure is not decided here: see `Mask` in policy.ts. */
  maskAllocated = false;
  /** The counts of every online CPU were looked at. */
  scanned = false;

  constructor(cpuCount: number) {
    this.targets = new BitSet(cpuCount);
  }
}

/** Fills `decision`. A forced drain reaches every online CPU under each policy that drains at all. */
export function decide(policy: Policy, request: DrainRequest, decision: Decision): void {
  const { targets } = decision;
  targets.clear();
  decision.maskAllocated = false;
  decision.scanned = false;
  if (policy.select.who === 'nobody') return;
  if (request.forced) {
    targets.copyFrom(request.online);
    return;
  }
  decision.scanned = policy.select.who !== 'everyone';
  if (!select(policy, request, targets)) return;
  decision.maskAllocated = policy.mask === 'allocated';
}

/** Adds the selected CPUs to `targets`; says whether that needed a set of CPUs. */
function select(policy: Policy, request: DrainRequest, targets: BitSet): boolean {
  const { select } = policy;
  switch (select.who) {
    case 'everyone':
      targets.copyFrom(request.online);
      return false;
    case 'holders':
      addHolders(request, targets);
      return true;
    case 'holders-not-isolated':
      addHolders(request, targets);
      targets.deleteAll(request.isolated);
      return true;
    case 'holders-if-empty':
      return selectIfEmpty(request, select.share, targets);
    case 'custom':
      choose(policy, request, targets, select.choose);
      return true;
    case 'nobody':
      return false;
  }
}

/** The kernel looks at online CPUs only. */
function addHolders(request: DrainRequest, targets: BitSet): void {
  targets.copyFrom(request.holders);
  targets.keepOnly(request.online);
}

/** Mel Gorman's two passes: count first; only if enough CPUs are empty is a set of the others worth its allocation. */
function selectIfEmpty(request: DrainRequest, share: number, targets: BitSet): boolean {
  const online = request.online.count;
  const empty = online - request.holders.countCommon(request.online);
  if (empty >= share * online) {
    addHolders(request, targets);
    return true;
  }
  targets.copyFrom(request.online);
  return false;
}

/** The set that a user's rule adds to: a CPU that is not online is refused at the line that adds it. */
class ChosenCpus extends BitSet {
  readonly online: BitSet;

  constructor(online: BitSet) {
    super(online.size);
    this.online = online;
  }

  override add(cpu: number): void {
    if (!this.online.has(cpu)) throw new RangeError(`CPU ${cpu} is not online`);
    super.add(cpu);
  }
}

function choose(
  policy: Policy,
  request: DrainRequest,
  targets: BitSet,
  rule: (request: DrainRequest, targets: BitSet) => void,
): void {
  const chosen = new ChosenCpus(request.online);
  try {
    rule(request, chosen);
  } catch (cause) {
    throw wrongAnswer(policy, request, cause instanceof Error ? cause.message : String(cause), cause);
  }
  targets.copyFrom(chosen);
  targets.deleteAll(request.online);
  if (targets.count > 0) throw wrongAnswer(policy, request, `CPU ${formatCpuList(targets)} is not online`);
  targets.copyFrom(chosen);
}

function wrongAnswer(policy: Policy, request: DrainRequest, why: string, cause?: unknown): DrainlabError {
  return new DrainlabError(`policy "${policy.name}" fails at drain ${request.number}: ${why}`, {
    code: 'E_POLICY_ANSWER',
    hint: `Its rule may add CPUs of request.online (here ${formatCpuList(request.online)}) and nothing else.`,
    exitCode: ExitCode.wrongUse,
    cause,
  });
}
