/** The answer in one sentence for each policy, and the caveats that belong to it. */

import { count, decimal, percent, plural } from './numbers.ts';
import type { PolicyVerdict, Verdict, VerdictDrains, VerdictSource } from './verdict.ts';

/** "static-mask sends 45.8 % fewer interrupts than everyone: 1,790 instead of 3,304, over 472 drains". */
export function answer(policy: PolicyVerdict, baseline: PolicyVerdict, drains: VerdictDrains): string {
  if (drains.requested === 0)
    return 'Nobody asked for a drain in this recording, so no policy saves anything.';
  if (drains.carriedOut === 0)
    return 'The kernel turned every drain of this recording away, so there is nothing to compare.';
  const over = `over ${plural(drains.carriedOut, 'drain')}`;
  if (policy.carrier === 'interrupt')
    return `${interruptAnswer(policy, baseline)}, ${over}${intervalText(policy)}${maskText(policy)}.`;
  const instead = `${policy.name} sends no interrupt where ${baseline.name} sends ${count(baseline.interrupts)}`;
  return `${instead}: ${insteadOf(policy)}, ${over}${returnedText(policy)}.`;
}

function interruptAnswer(policy: PolicyVerdict, baseline: PolicyVerdict): string {
  const numbers = `${numberOf(policy)} instead of ${numberOf(baseline)}`;
  if (policy.interrupts === baseline.interrupts && !policy.interruptsBounds) {
    return `${policy.name} sends as many interrupts as ${baseline.name}: ${count(policy.interrupts)}`;
  }
  if (policy.savedPercent === null)
    return `${policy.name} sends more interrupts than ${baseline.name}: ${numbers}`;
  const more = policy.savedPercent < 0;
  const share = more ? percent(-policy.savedPercent) : percent(policy.savedPercent);
  const least = policy.savedPercentBounds && !more ? 'at least ' : '';
  return `${policy.name} sends ${least}${share} ${more ? 'more' : 'fewer'} interrupts than ${baseline.name}: ${numbers}`;
}

function numberOf({ interrupts, interruptsBounds }: PolicyVerdict): string {
  return interruptsBounds
    ? `${count(interruptsBounds[0])} to ${count(interruptsBounds[1])}`
    : count(interrupts);
}

function intervalText({ savedPercent, savedPercentInterval }: PolicyVerdict): string {
  if (!savedPercentInterval || savedPercent === null) return '';
  const [low, high] = savedPercentInterval;
  if (high - low < 0.05) return '';
  return ` (95 % interval ${decimal(low, 1)} to ${percent(high)} fewer)`;
}

/** What the thread doubted: a mask is allocated while memory is short. */
function maskText({ mask, vmstat }: PolicyVerdict): string {
  return mask === 'allocated' ? `; it allocates a mask at ${count(vmstat.pcp_mask_alloc)} of them` : '';
}

function insteadOf(policy: PolicyVerdict): string {
  switch (policy.carrier) {
    case 'worker':
      return `it queues ${plural(policy.workers, 'kernel work')}, ${count(policy.disturbed)} on other CPUs`;
    case 'lock':
      return `it locks ${plural(policy.locked, 'list')} of other CPUs from afar`;
    default:
      return policy.strandedPages === null
        ? 'it leaves what is on the lists'
        : `it leaves ${plural(policy.strandedPages, 'page')} on the lists`;
  }
}

function returnedText({ returnedAtOnce }: PolicyVerdict): string {
  if (returnedAtOnce === 0) return '';
  return ` of which ${count(returnedAtOnce)} would have returned at once`;
}

/** Lost events, an early end, nothing to go by: whoever reads one line reads these. */
export function warnings(source: VerdictSource, showsDrains: boolean, instances: number): string[] {
  const lines: string[] = [];
  if (instances > 1) {
    lines.push(
      `The recording holds ${instances} instances of the tracer: an event that was recorded in two of them is counted twice.`,
    );
  }
  if (!showsDrains) {
    lines.push(
      'The recording has no event that shows a drain: record a probe of drain_all_pages (docs/trace-formats.md).',
    );
  }
  const lost = lostText(source);
  if (lost !== '') lines.push(lost);
  if (source.stoppedAt !== '') lines.push(`Only a part was read: ${source.stoppedAt}.`);
  return lines;
}

/** `asked`: the policy of the answer and the one that it is compared with. */
export function caveats(
  drains: VerdictDrains,
  onlineCpus: number,
  asked: readonly PolicyVerdict[],
): string[] {
  const lines: string[] = [];
  if (drains.turnedAway > 0) {
    const sure = drains.inferred > 0 ? ' (as far as what it did tells)' : '';
    lines.push(
      `Of ${plural(drains.requested, 'call')} the kernel turned ${count(drains.turnedAway)} away since a drain was running${sure}; ` +
        `all figures are over the others.${turnedAwayText(asked)}`,
    );
  }
  if (drains.pagesNotKnown) {
    lines.push(
      'The recording has the kernel’s word on who held pages, and none on how many: no list was checked.',
    );
  }
  if (drains.holdersNotKnown > 0) {
    lines.push(
      `At ${plural(drains.holdersNotKnown, 'drain')} it is not known of all ${count(onlineCpus)} CPUs whether they held pages: ` +
        'both bounds are given.',
    );
  }
  return lines;
}

function turnedAwayText(asked: readonly PolicyVerdict[]): string {
  const more = asked
    .filter(({ turnedAwayInterrupts }) => turnedAwayInterrupts > 0)
    .map(({ name, turnedAwayInterrupts, turnedAwayInterruptsBounds: bounds }) =>
      bounds === undefined
        ? `${name} ${count(turnedAwayInterrupts)}`
        : `${name} ${count(bounds[0])} to ${count(bounds[1])}`,
    );
  return more.length === 0 ? '' : ` Had these drained too: ${more.join(', ')} interrupts more (modelled).`;
}

function lostText({ lostEvents, unknownLosses }: VerdictSource): string {
  if (lostEvents === 0 && unknownLosses === 0) return '';
  const times = plural(unknownLosses, 'time');
  const lost =
    lostEvents === 0
      ? `an unknown number of events ${times}`
      : unknownLosses === 0
        ? plural(lostEvents, 'event')
        : `${plural(lostEvents, 'event')} and ${times} an unknown number`;
  return `The recording lost ${lost}: counts after a loss may be wrong until they are anchored again.`;
}

/** What the recorded kernel itself sent, beside what drainlab says for the same policy. */
export function kernelAnswers({ kernel }: Pick<Verdict, 'kernel'>): string[] {
  return kernel.flatMap((own) => {
    if (own.drains === 0 && own.turnedAway === 0) return [];
    const name = own.policy === '' ? 'a policy that the recording does not name' : own.policy;
    const parts: string[] = [];
    if (own.interrupts !== null) {
      const each = own.interruptsPerDrain === null ? '' : ` (${decimal(own.interruptsPerDrain)} a drain)`;
      parts.push(`sent ${plural(own.interrupts, 'interrupt')} to other CPUs${each}`);
    }
    if (own.cpusDrained !== null) parts.push(`drained the lists of ${plural(own.cpusDrained, 'CPU')}`);
    if (own.predictedInterrupts !== null && own.interrupts !== null) {
      parts.push(`drainlab says ${count(own.predictedInterrupts)} for the same policy`);
    }
    if (parts.length === 0) return [];
    const away = own.turnedAway === 0 ? '' : `, ${plural(own.turnedAway, 'call')} turned away`;
    return [`The kernel drained by ${name}, ${plural(own.drains, 'drain')}${away}: ${parts.join('; ')}.`];
  });
}
