/** One drain as a numbered story with times, for a student: what happened, to whom, and which kernel function does it. */

import { formatCpuList } from '../../base/cpu-list.ts';
import type { DrainCause, DrainRequest } from '../input/drain-request.ts';
import type { MachineView } from '../input/machine-view.ts';
import type { DrainStep, RunObserver } from '../input/run-observer.ts';
import type { Scenario } from '../input/scenario.ts';
import { type KernelRules, kernelRules } from '../machine/kernel-rules.ts';
import { everyone } from '../policy/built-in.ts';
import type { Policy } from '../policy/policy.ts';
import { functionOf } from './kernel-functions.ts';
import { count, duration, percent, plural } from './numbers.ts';

export interface StoryStep {
  /** Since the call. */
  readonly sinceNs: number;
  readonly text: string;
  /** Kernel function and file; '' where none is named. */
  readonly kernel: string;
}

export interface DrainStory {
  readonly title: string;
  readonly steps: readonly StoryStep[];
  /** What it came to. */
  readonly sum: string;
}

interface Told {
  readonly step: DrainStep;
  readonly timeNs: number;
  readonly cpu: number;
  readonly value: number;
}

/** What is kept of the request, whose sets are used again. */
interface Look {
  readonly timeNs: number;
  readonly cpu: number;
  readonly comm: string;
  readonly pid: number;
  readonly cause: DrainCause;
  readonly zone: number;
  readonly forced: boolean;
  readonly online: number;
  readonly holders: string;
  readonly holderCount: number;
  readonly pages: number;
  readonly isolatedHolders: number;
  readonly concurrent: number;
}

/** CPUs that are told one by one; of others only how they fared together. */
const tellEach = 12;
const wakesTold = 3;

/** Listens to a run until drain number `drain` is over. */
export class DrainStoryteller implements RunObserver {
  /** The drain is over, its retry included where there is one. */
  done = false;
  /** Drains that were asked for so far. */
  seen = 0;
  readonly #drain: number;
  readonly #view: () => MachineView;
  readonly #told: Told[] = [];
  #look: Look | null = null;

  constructor(drain: number, view: () => MachineView) {
    this.#drain = drain;
    this.#view = view;
  }

  drainRequested(request: DrainRequest): void {
    this.seen = Math.max(this.seen, request.number + 1);
    if (request.number !== this.#drain) return;
    const { timeNs, cpu, pid, cause, zone, forced, online, holders, isolated, pages, concurrent } = request;
    let held = 0;
    for (const holder of holders) held += pages[holder];
    this.#look = {
      timeNs,
      cpu,
      pid,
      comm: this.#view().commOf(pid),
      cause,
      zone,
      forced,
      online: online.count,
      holders: formatCpuList(holders),
      holderCount: holders.count,
      pages: held,
      isolatedHolders: holders.countCommon(isolated),
      concurrent,
    };
  }

  drainStep(drain: number, step: DrainStep, timeNs: number, cpu: number, value: number): void {
    if (drain !== this.#drain) return;
    this.#told.push({ step, timeNs, cpu, value });
    // After the end the caller tries again, if it wanted a page.
    if (step === 'retried' || (step === 'ended' && this.#look?.cause !== 'direct-reclaim')) this.done = true;
  }

  get isOver(): boolean {
    return this.#told.some(({ step }) => step === 'ended');
  }

  /** null: the run had no such drain. */
  story(scenario: Scenario, policy: Policy): DrainStory | null {
    if (this.#look === null || this.#told.length === 0) return null;
    return new Story(this.#drain, scenario, policy, this.#look, this.#told).whole();
  }
}

class Story {
  readonly #drain: number;
  readonly #scenario: Scenario;
  readonly #policy: Policy;
  readonly #rules: KernelRules;
  readonly #look: Look;
  readonly #told: readonly Told[];
  readonly #startNs: number;
  readonly #began = new Map<number, Told>();
  readonly #steps: StoryStep[] = [];
  #disturbed = 0;
  #forNothing = 0;
  #untold: Array<{ ns: number; pages: number; atNs: number }> = [];
  #toldCpus = 0;
  #woken = 0;
  #longestWakeNs = 0;
  #turnedAway = false;
  /** Without a mask the drain goes on as everyone's. */
  #fellBack = false;

  constructor(drain: number, scenario: Scenario, policy: Policy, look: Look, told: readonly Told[]) {
    this.#drain = drain;
    this.#scenario = scenario;
    this.#policy = policy;
    this.#rules = kernelRules(scenario.kernel.version);
    this.#look = look;
    // A step is told when it is decided, and may lie ahead (a wake-up, the end of a handler): by time, as a reader expects.
    this.#told = [...told].sort((a, b) => a.timeNs - b.timeNs);
    this.#startNs = told[0].timeNs;
  }

  whole(): DrainStory {
    for (const told of this.#told) this.#tell(told);
    this.#tellRest();
    const { version } = this.#scenario.kernel;
    const title =
      `Drain ${this.#drain} of ${this.#scenario.name} under ${this.#policy.name}, Linux ${version}, ` +
      `at ${(this.#startNs / 1e9).toFixed(6)} s: asked for by CPU ${this.#look.cpu} (${this.#look.comm} ${this.#look.pid}).`;
    return { title, steps: this.#steps, sum: this.#sum() };
  }

  #add(timeNs: number, step: DrainStep, text: string): void {
    const kernel =
      step === 'requested'
        ? callerFunction(this.#look.cause)
        : functionOf(step, this.#rules, this.#fellBack ? everyone : this.#policy, this.#scenario.kernel.slab);
    this.#steps.push({ sinceNs: timeNs - this.#startNs, text, kernel });
  }

  #tell({ step, timeNs, cpu, value }: Told): void {
    const look = this.#look;
    switch (step) {
      case 'requested':
        this.#add(timeNs, step, this.#whyAsked(value));
        return;
      case 'turned-away':
        this.#turnedAway = true;
        this.#add(
          timeNs,
          step,
          'Another drain is running, and no zone was named: the call returns at once. Nothing is drained for it.',
        );
        return;
      case 'waits-for-turn':
        this.#add(timeNs, step, 'Another drain is running: the caller sleeps until its turn has come.');
        return;
      case 'scanned':
        this.#add(
          timeNs,
          step,
          `It reads the counts of all ${count(look.online)} online CPUs: ${this.#holdersText()}`,
        );
        return;
      case 'mask-asked':
        this.#add(
          timeNs,
          step,
          `It needs a set of CPUs and asks for ${count(value)} bytes, now that memory is short.`,
        );
        return;
      case 'mask-got':
        this.#add(timeNs, step, `The set comes from ${maskSources[value] ?? 'nowhere'}.`);
        return;
      case 'mask-failed':
        this.#fellBack = true;
        this.#add(
          timeNs,
          step,
          'There is no memory for it: every online CPU will be disturbed instead. Nothing waits and nothing loops.',
        );
        return;
      case 'chosen':
        this.#add(timeNs, step, this.#choice(value));
        return;
      case 'sent':
        this.#add(timeNs, step, this.#sending(value));
        return;
      case 'idle-left':
        this.#woke(timeNs, cpu, value);
        return;
      case 'began-on':
        this.#began.set(cpu, { step, timeNs, cpu, value });
        return;
      case 'ended-on':
        this.#ended(timeNs, cpu);
        return;
      case 'own-part':
        this.#tellRest();
        this.#add(
          timeNs,
          step,
          `The caller drains the lists of its own CPU ${cpu}: ${plural(value, 'page')}.`,
        );
        return;
      case 'ended':
        this.#tellRest();
        if (this.#turnedAway) return;
        this.#add(
          timeNs,
          step,
          `All answers are in: ${plural(value, 'page')} went back to the free lists, where a retry can find and join them.`,
        );
        return;
      case 'retried':
        this.#add(
          timeNs,
          step,
          value === 1
            ? 'The caller tries again and gets its page.'
            : 'The caller tries again and still gets no page: it goes round once more, without another drain.',
        );
    }
  }

  #whyAsked(reclaimed: number): string {
    const { cause, forced, zone } = this.#look;
    const which = zone >= 0 ? ` of zone ${this.#scenario.machine.zones[zone].name}` : '';
    const force = forced ? ', on every CPU whatever it holds' : '';
    if (cause !== 'direct-reclaim')
      return `Asked for by ${cause.replaceAll('-', ' ')}: the lists${which} are to be drained${force}.`;
    return (
      `Direct reclaim brought ${plural(reclaimed, 'page')} back, and still no page could be had: freed pages may be parked on the lists of CPUs. ` +
      'It asks for one drain.'
    );
  }

  #holdersText(): string {
    const { holderCount, online, holders, pages, isolatedHolders } = this.#look;
    if (holderCount === 0) return 'nobody holds a page.';
    const who = holders.length <= 60 ? ` (${holders})` : '';
    const isolated = isolatedHolders === 0 ? '' : `, ${count(isolatedHolders)} of them isolated`;
    return `${count(holderCount)} hold${holderCount === 1 ? 's' : ''} pages${who}${isolated}, ${plural(pages, 'page')} in all; ${percent((100 * (online - holderCount)) / online, 0)} are empty.`;
  }

  #choice(targets: number): string {
    const { select } = this.#policy;
    const { online, holderCount } = this.#look;
    if (this.#policy.carrier === 'nobody') return 'It disturbs nobody: the pages stay where they are.';
    if (targets === online && select.who === 'holders-if-empty')
      return `Fewer than ${percent(100 * select.share, 0)} are empty: it takes all ${count(online)} CPUs, and needs no set.`;
    if (targets === online)
      return `It takes all ${count(online)} online CPUs${select.who === 'everyone' ? ' and looks at no list' : ''}; ${emptyText(online - holderCount)}.`;
    return `It takes ${plural(targets, 'CPU')}.`;
  }

  #sending(value: number): string {
    switch (this.#policy.carrier) {
      case 'worker':
        return `${plural(value, 'work')} queued, one on each CPU; the caller sleeps until all are done.`;
      case 'lock':
        return `The caller walks over the lists of ${plural(value, 'CPU')} itself, one lock after the other; nobody is interrupted.`;
      default:
        return value === 0
          ? 'No other CPU is to be interrupted.'
          : `The interrupts go out in ${plural(value, 'write')} to the interrupt controller; the caller spins until all have answered.`;
    }
  }

  #ended(timeNs: number, cpu: number): void {
    const began = this.#began.get(cpu);
    if (began === undefined) return;
    this.#began.delete(cpu);
    const pages = began.value;
    if (cpu !== this.#look.cpu) {
      this.#disturbed++;
      if (pages === 0) this.#forNothing++;
    }
    if (this.#toldCpus >= tellEach) {
      this.#untold.push({ ns: timeNs - began.timeNs, pages, atNs: timeNs });
      return;
    }
    this.#toldCpus++;
    const took = duration(timeNs - began.timeNs);
    const isolated = this.#scenario.machine.isolated.has(cpu) ? ' (isolated)' : '';
    const what = pages === 0 ? 'finds nothing to drain' : `gives ${plural(pages, 'page')} back`;
    this.#add(began.timeNs, 'began-on', `CPU ${cpu}${isolated} ${this.#doer()} ${what}, in ${took}.`);
  }

  #doer(): string {
    const { carrier } = this.#policy;
    if (carrier === 'lock') return 'is locked from afar; the caller';
    return carrier === 'worker' ? 'switches to its worker, which' : 'is interrupted and';
  }

  /** On a machine that sleeps all of its CPUs wake up. */
  #woke(timeNs: number, cpu: number, exitNs: number): void {
    this.#woken++;
    this.#longestWakeNs = Math.max(this.#longestWakeNs, exitNs);
    if (this.#woken <= wakesTold)
      this.#add(
        timeNs,
        'idle-left',
        `CPU ${cpu} was idle and wakes up: ${duration(exitNs)} until its first instruction.`,
      );
  }

  #tellRest(): void {
    if (this.#woken > wakesTold) {
      const more = plural(this.#woken - wakesTold, 'CPU');
      const last = this.#steps[this.#steps.length - 1].sinceNs + this.#startNs;
      this.#add(
        last,
        'idle-left',
        `${more} more had to wake up; the longest took ${duration(this.#longestWakeNs)}.`,
      );
      this.#woken = 0;
    }
    if (this.#untold.length === 0) return;
    const pages = this.#untold.reduce((sum, each) => sum + each.pages, 0);
    const empty = this.#untold.filter((each) => each.pages === 0).length;
    const last = Math.max(...this.#untold.map(({ atNs }) => atNs));
    const longest = Math.max(...this.#untold.map(({ ns }) => ns));
    this.#add(
      last,
      'ended-on',
      `${plural(this.#untold.length, 'CPU')} more likewise: ${plural(pages, 'page')} back, ${count(empty)} found nothing; the longest took ${duration(longest)}.`,
    );
    this.#untold = [];
  }

  #sum(): string {
    const last = this.#told[this.#told.length - 1];
    const ended = this.#told.find(({ step }) => step === 'ended');
    if (this.#told.some(({ step }) => step === 'turned-away'))
      return 'It cost almost nothing, and brought nothing back.';
    if (ended === undefined) return `The run ended ${duration(last.timeNs - this.#startNs)} into this drain.`;
    const took = duration(ended.timeNs - this.#startNs);
    const nothing = this.#disturbed === 0 ? '' : `, ${count(this.#forNothing)} of them for nothing`;
    return `The caller was held up for ${took}; ${plural(this.#disturbed, 'other CPU')} disturbed${nothing}.`;
  }
}

function emptyText(empty: number): string {
  if (empty === 0) return 'all of them hold pages';
  return `${count(empty)} of them ${empty === 1 ? 'holds' : 'hold'} nothing`;
}

/** Callers of drain_all_pages (kernel-facts of 3.0 to 7.x). */
function callerFunction(cause: DrainCause): string {
  switch (cause) {
    case 'direct-reclaim':
      return '__alloc_pages_direct_reclaim() in mm/page_alloc.c';
    case 'memory-offline':
      return 'offline_pages() in mm/memory_hotplug.c';
    case 'memory-failure':
      return 'shake_page() in mm/memory-failure.c';
    case 'soft-offline':
      return 'soft_offline_page() in mm/memory-failure.c';
    case 'contiguous-range':
      return 'alloc_contig_range() in mm/page_alloc.c';
    case 'compaction':
      return 'kcompactd_do_work() in mm/compaction.c';
    case 'cpu-offline':
      return 'page_alloc_cpu_notify(), page_alloc_cpu_dead() in mm/page_alloc.c';
    default:
      return 'drain_all_pages() in mm/page_alloc.c';
  }
}

/** By `MaskSource`. */
const maskSources = [
  'nowhere',
  'the stack: nothing is allocated',
  "the CPU's own free objects: no page is needed",
  "the node's free objects: a lock, but no page",
  'a new page of the page allocator, above the min watermark',
  'a new page from below the min watermark: the reserve for atomic requests',
];
