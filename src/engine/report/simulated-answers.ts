/** The answer of simulated runs in one sentence for each policy, and the caveats that belong to it. */

import { count, decimal, eachText, percent, plural } from './numbers.ts';
import type { SimulatedPolicy } from './simulation-figures.ts';
import type { PolicyVerdict, Verdict } from './verdict.ts';

/**
 * "static-mask sends 45.8 % fewer interrupts a drain than everyone: 3.80 against 7.00, over 472 and 480 drains of 5
 * seeds (95 % interval 41.0 to 50.1 % fewer); 47.1 % fewer in all (1,790 against 3,304)."
 */
export function simulatedAnswer(verdict: Verdict, name: string): string {
  const own = sideOf(verdict, name);
  const base = sideOf(verdict, verdict.lead.baseline);
  const seeds = plural(verdict.simulation?.seeds.length ?? 0, 'seed');
  if (own.figures.requested + base.figures.requested === 0)
    return verdict.simulation?.partial
      ? 'Nobody asked for a drain before the runs were ended, so there is nothing to compare.'
      : 'Nobody asks for a drain in this scenario, so no policy saves anything.';
  if (own.figures.carriedOut === 0 || base.figures.carriedOut === 0)
    return `No drain of ${own.figures.carriedOut === 0 ? name : base.policy.name} came to its end, so there is nothing to compare.`;
  const over = `over ${count(own.figures.carriedOut)} and ${plural(base.figures.carriedOut, 'drain')} of ${seeds}`;
  if (name === base.policy.name)
    return `${name} sends ${eachDrain(own.policy)} interrupts a drain, over ${plural(own.figures.carriedOut, 'drain')} of ${seeds}.`;
  if (own.policy.carrier !== 'interrupt') {
    const away = own.figures.turnedAway;
    const returned = away === 0 ? '' : `; ${plural(away, 'call')} more returned at once`;
    return (
      `${name} sends no interrupt where ${base.policy.name} sends ${eachDrain(base.policy)} a drain: ` +
      `${insteadOf(own)}, ${over}${returned}.`
    );
  }
  const against = `${eachDrain(own.policy)} against ${eachDrain(base.policy)}`;
  return `${name} sends ${compared(own.policy)} ${base.policy.name}: ${against}, ${over}${intervalText(own.policy)}${inAll(own, base)}.`;
}

function sideOf(verdict: Verdict, name: string) {
  const policy = verdict.policies.find((candidate) => candidate.name === name) as PolicyVerdict;
  const figures = verdict.simulation?.policies.find(
    (candidate) => candidate.name === name,
  ) as SimulatedPolicy;
  return { policy, figures };
}

function compared({ savedPercent }: PolicyVerdict): string {
  if (savedPercent === null) return 'more interrupts a drain than';
  if (Math.abs(savedPercent) < 0.05) return 'as many interrupts a drain as';
  return `${percent(Math.abs(savedPercent))} ${savedPercent < 0 ? 'more' : 'fewer'} interrupts a drain than`;
}

function eachDrain({ interruptsPerDrain }: PolicyVerdict): string {
  return eachText(interruptsPerDrain ?? 0);
}

function intervalText({ savedPercentInterval }: PolicyVerdict): string {
  if (savedPercentInterval === null) return '';
  const [low, high] = savedPercentInterval;
  if (high - low < 0.05) return '';
  return ` (95 % interval ${decimal(low, 1)} to ${percent(high)} fewer)`;
}

function inAll(own: ReturnType<typeof sideOf>, base: ReturnType<typeof sideOf>): string {
  const { savedPercentInAll } = own.figures;
  if (savedPercentInAll === null || own.figures.carriedOut === base.figures.carriedOut) return '';
  const more = savedPercentInAll < 0;
  const share = percent(Math.abs(savedPercentInAll));
  return `; in all ${share} ${more ? 'more' : 'fewer'} (${count(own.policy.interrupts)} against ${count(base.policy.interrupts)})`;
}

function insteadOf({ policy, figures }: ReturnType<typeof sideOf>): string {
  const each = (value: number) => eachText(value / figures.carriedOut);
  switch (policy.carrier) {
    case 'worker':
      return `it queues ${each(policy.workers)} kernel works a drain, ${each(policy.disturbed)} of them on other CPUs`;
    case 'lock':
      return `it locks lists of ${each(policy.disturbed)} other CPUs a drain from afar`;
    default:
      return 'it leaves the pages where they are';
  }
}

/** What comes before the answer: runs that did not reach their end. */
export function simulatedWarnings(verdict: Verdict, runsLeftOut: number): string[] {
  const { simulation, source } = verdict;
  if (simulation === null) return [];
  const lines: string[] = [];
  if (source.stoppedAt !== '') lines.push(`Partial: ${source.stoppedAt}.`);
  const limited = simulation.runs.filter(({ endedBy }) => endedBy === 'max-events').length;
  if (limited > 0)
    lines.push(
      `${plural(limited, 'run')} of ${count(simulation.runs.length)} ended at the limit of events (--max-events).`,
    );
  const dead = simulation.runs.filter(({ endedBy }) => endedBy === 'all-tasks-dead').length;
  if (dead > 0)
    lines.push(
      `In ${plural(dead, 'run')} of ${count(simulation.runs.length)} no task was left before the time was over.`,
    );
  if (runsLeftOut > 0)
    lines.push(
      `${plural(runsLeftOut, 'run')} left out: policies are compared on the seeds that all of them ran with.`,
    );
  return lines;
}

/** What must be read with it. */
export function simulatedCaveats(verdict: Verdict): string[] {
  const { simulation } = verdict;
  if (simulation === null) return [];
  const lines: string[] = [];
  if (simulation.seeds.length === 1)
    lines.push('One seed: nothing tells how far another would differ. --seeds 5 gives intervals.');
  const drains = simulation.policies.map(({ carriedOut }) => carriedOut);
  if (new Set(drains).size > 1)
    lines.push(
      'Each policy meets drains of its own: who waits longer, or gets no page, asks at other times. ' +
        'Figures are a drain; "in all" counts whole runs.',
    );
  const times = simulation.runs.map(({ simulatedSeconds }) => simulatedSeconds);
  if (Math.max(...times) > 1.01 * Math.min(...times))
    lines.push(
      `Runs ended after ${decimal(Math.min(...times), 3)} to ${decimal(Math.max(...times), 3)} s of simulated time: ` +
        '"in all" and sums compare runs of different length, figures a drain do not.',
    );
  const unfinished = simulation.policies.reduce((sum, policy) => sum + policy.unfinished, 0);
  if (unfinished > 0) lines.push(`${plural(unfinished, 'drain')} cut off by the end of a run: in no figure.`);
  return lines;
}
