/** Lines 10 to 87 of the mail: the mask is allocated while memory is short. */

import { count, duration, plural } from '../../engine/report/numbers.ts';
import type { Claim, ScenarioRun } from './claim.ts';
import { aDrain, callerBars, interruptBars, shareText, side, someOf, sourceBars } from './figures.ts';

/** Also run by steps elsewhere: what was answered once is shown at once. */
export const storm: ScenarioRun = {
  scenario: 'reclaim-storm',
  policies: ['everyone', 'selective'],
  seconds: 0.5,
};

/** Other users empty the slab of that size; no fault is injected. */
const competing: ScenarioRun = {
  scenario: 'mask-under-pressure',
  policies: ['everyone', 'selective'],
  seconds: 0.2,
  sets: ['faults.failslab.probability=0'],
};

export const maskClaims: readonly Claim[] = [
  {
    name: 'how-often',
    title: 'How often, and does it fail?',
    quotes: [
      {
        who: 'Mel Gorman',
        lines: '10–12',
        text: 'A greater concern is that we are calling zalloc_cpumask_var() from the direct reclaim path when we are already under memory pressure. How often is this path hit and how often does the allocation fail?',
      },
    ],
    meaning:
      'A task that finds no free page does {direct reclaim}; if that is not enough it asks for a {drain}, so that every CPU gives back the pages on its {page list|page list}. The patch under review ({selective}) needs a {mask} to name the CPUs that hold pages, and asks the allocator for it at that very moment.',
    expect:
      'If the worry is justified, masks are asked for often while memory is short, and some come from the last pages or fail.',
    experiment: {
      kind: 'policies',
      runs: [storm],
      answer: (verdict) => {
        const found = side(verdict, 'selective');
        const { ledger } = found.run;
        return {
          sentence: `In half a second ${plural(ledger.asked, 'mask')} were asked for at ${plural(ledger.drains, 'drain')}: ${count(ledger.fromCpu)} came from the CPU’s own objects, ${someOf(ledger.fromReserve)} from the reserve below the min mark, and ${someOf(ledger.failed)} failed.`,
          picture: { kind: 'bars', groups: [sourceBars('Where the masks came from', found)] },
        };
      },
    },
    outcome: {
      kind: 'answered',
      text: 'At every single drain, thousands of times a second under this load. None failed here, but a few came from the {reserve}: the two sides are both right, about different things.',
    },
    real: [
      {
        text: 'On a real kernel patched to interrupt everyone, selective would have asked for a mask at each of 217 drains.',
        basis: 'exact',
        source: 'docs/the-thread.md',
      },
    ],
  },
  {
    name: 'no-loop',
    title: 'No endless loop, and it fails gracefully',
    quotes: [
      {
        who: 'Gilad Ben-Yossef',
        lines: '13–16',
        text: "I worried that we might end in an infinite loop of direct reclaim => cpumask var allocation => direct reclaim. Luckily this can't happen.",
      },
      { who: 'Mel Gorman', lines: '87', text: 'Ok, I accept that it will fail gracefully.' },
    ],
    meaning:
      'The mask is asked for with GFP_ATOMIC: such a request never reclaims, it gets memory at once or none. Without a mask the patch does what was done before: it interrupts {everyone}.',
    expect:
      'Every allocation of an object is made to fail ({failslab}). If Gilad is right, each drain falls back to everyone and the run goes on as before.',
    experiment: {
      kind: 'policies',
      runs: [{ ...storm, sets: ['faults.failslab.probability=100'] }],
      answer: (verdict) => {
        const found = side(verdict, 'selective');
        const { ledger } = found.run;
        return {
          sentence: `${count(ledger.failed)} of ${plural(ledger.asked, 'mask')} failed, ${plural(ledger.fellBack, 'drain')} fell back to everyone, and selective sent ${aDrain(found)} interrupts a drain, as everyone did (${aDrain(side(verdict, 'everyone'))}).`,
          picture: { kind: 'bars', groups: [interruptBars(verdict, ['everyone', 'selective'])] },
        };
      },
    },
    outcome: {
      kind: 'right',
      text: 'Nothing waits and nothing loops. The price of a failure is what a kernel without the patch pays each time.',
    },
    real: [
      {
        text: 'The patched kernel with all allocations of objects failing: 1,487 drains, 7.00 interrupts each on 8 CPUs, as everyone; the load ran on.',
        basis: 'counted',
        source: 'docs/validation.md',
      },
    ],
  },
  {
    name: 'never',
    title: 'Rare is not never',
    quotes: [
      {
        who: 'Mel Gorman',
        lines: '55–58',
        text: "Unless the slab is empty or we are competing heavily with other alloc_cpumask_var users. I would expect it is rare but that is not the same as 'never' hitting the page allocator.",
      },
    ],
    meaning:
      'Small pieces of memory come from a {slab}: pages that are cut into objects of one size, some kept ready for each CPU. Only when there are none left is a whole page asked of the page allocator, which has just run out.',
    expect:
      'Eight other tasks take and free objects of the same size. If Mel is right, some masks now get past the slab to the page allocator.',
    experiment: {
      kind: 'policies',
      runs: [competing],
      isLong: true,
      answer: (verdict) => {
        const found = side(verdict, 'selective');
        const { ledger } = found.run;
        return {
          sentence: `Of ${plural(ledger.asked, 'mask')}, ${count(ledger.fromReserve)} took a page from the reserve below the min mark and ${count(ledger.failed)} failed, with no fault injected; ${count(ledger.fromCpu)} came from the CPU’s own objects.`,
          picture: { kind: 'bars', groups: [sourceBars('Where the masks came from', found)] },
        };
      },
    },
    outcome: {
      kind: 'right',
      text: 'A few in a hundred reach the page allocator, always from below the min {watermark}: at that moment there is nothing above it.',
    },
    real: [
      {
        text: 'The patched kernel with masks of 512 bytes: 1 of 1,495 masks reached the page allocator; with failing objects in another run, 2 of 1,355, and 141 drains fell back.',
        basis: 'counted',
        source: 'test/closed-loop/real-runs.json',
      },
    ],
  },
  {
    name: 'delay',
    title: 'The extra delay is insignificant',
    quotes: [
      {
        who: 'Mel Gorman',
        lines: '72–75',
        text: 'Ok, the atomic allocation can dip further into the PFMEMALLOC reserves [...] However, this is applying more memory pressure at a time we are already under memory pressure.',
      },
      { who: 'Mel Gorman', lines: '76–79', text: 'the additional delay is likely insignificant.' },
    ],
    meaning:
      'An atomic request may go below the min {watermark}, by 3.0’s rules down to 3/8 of it. That takes memory which others wait for, and it takes time: getting the mask, and looking at the lists of all CPUs.',
    expect:
      'If the delay is insignificant, the mask is a sliver of what the caller waits for the others anyway.',
    experiment: {
      kind: 'policies',
      runs: [competing],
      isLong: true,
      answer: (verdict) => {
        const { run } = side(verdict, 'selective');
        const each = (ns: number) => duration(ns / Math.max(1, run.carriedOut));
        return {
          sentence: `Under selective the caller spends ${each(run.stallNsSum)} in a drain on average, of it ${each(run.maskNs)} (${shareText(run.maskNs, run.stallNsSum)}) to get the mask and ${each(run.scanNs)} to look at the lists.`,
          picture: { kind: 'bars', groups: [callerBars(verdict, ['everyone', 'selective'])] },
        };
      },
    },
    outcome: {
      kind: 'right',
      text: 'The mask is about one part in a hundred of the wait, even with competing users. Counts of the model were checked against real kernels; its times are orders of magnitude.',
    },
    real: [
      {
        text: 'Not known: the recordings were made under an emulator, whose times say nothing about a real machine.',
        basis: 'not-known',
        source: '',
      },
    ],
  },
  {
    name: 'stack',
    title: 'On the stack, or off it',
    quotes: [
      {
        who: 'Gilad Ben-Yossef',
        lines: '23–24',
        text: 'For CONFIG_CPUMASK_OFFSTACK=n - case there is no allocation, so there is no problem.',
      },
      {
        who: 'Mel Gorman',
        lines: '26–29',
        text: "I know SLES enables this option for x86-64 at least. Debian does not but might in the future. I don't know about RHEL but it should be checked.",
      },
    ],
    meaning:
      'A {mask} has one bit for each CPU that the kernel was built for. A kernel built for few CPUs puts it on the stack; one built for thousands (CONFIG_CPUMASK_OFFSTACK) must allocate it. Which of the two a user has, the distribution decided.',
    expect:
      'The same load on two builds of December 2011: Debian’s should allocate nothing, SLES’s a mask at each drain.',
    experiment: {
      kind: 'policies',
      runs: [
        { ...storm, sets: ['kernel.distribution=debian-2011'] },
        // The scenario's own build is that of SLES.
        storm,
      ],
      answer: (debian, sles) => {
        const builds = [
          { label: 'Debian 2011', found: side(debian, 'selective') },
          { label: 'SLES 2011', found: side(sles, 'selective') },
        ];
        const [first, second] = builds.map(({ found }) => found.run.ledger);
        return {
          sentence: `Built as Debian’s, ${someOf(first.asked)} of ${plural(first.drains, 'drain')} allocated a mask (${first.stackBytes} bytes on the stack); built as SLES’s, ${count(second.asked)} of ${count(second.drains)} did (${second.maskBytes} bytes each).`,
          picture: {
            kind: 'bars',
            groups: [
              {
                title: 'Masks allocated',
                bars: builds.map(({ label, found }) => ({
                  label,
                  text: `${count(found.run.ledger.asked)} at ${plural(found.run.ledger.drains, 'drain')}`,
                  parts: [{ value: found.run.ledger.asked, kind: 'plain', what: '' }],
                })),
              },
            ],
          },
        };
      },
    },
    outcome: {
      kind: 'right',
      text: 'Both are. Mel’s point is that one cannot rely on it, and time agreed with him: Debian builds for thousands of CPUs today.',
    },
    real: [
      {
        text: 'Debian of 2026 is built for 8192 CPUs, and its masks are off the stack; that of 2011 was built for 512, on the stack.',
        basis: 'configured',
        source: 'docs/scenario-format.md',
      },
    ],
  },
  {
    name: 'callers',
    title: 'Is there pressure when hardware asks?',
    quotes: [
      {
        who: 'Gilad Ben-Yossef',
        lines: '41–45',
        text: 'when we got to drain_all_pages from the memory hotplug or the memory failure code path [...] there is no inherent memory pressure, so we should be OK.',
      },
      {
        who: 'Mel Gorman',
        lines: '47–48',
        text: "It's the memory failure code path after direct reclaim failed. How can you say there is no inherent memory pressure?",
      },
    ],
    meaning:
      'Others ask for a {drain} too: taking a range of memory offline, or taking a page that shows errors out of use. They want free pages to be where they can be found, not more of them.',
    expect:
      'Memory that is taken offline at leisure should find its masks in the slab or get a page easily; a page that goes bad during reclaim should share the pressure.',
    experiment: {
      kind: 'policies',
      runs: [
        { scenario: 'memory-offline', policies: ['everyone', 'selective'] },
        { scenario: 'memory-failure', policies: ['everyone', 'selective'], seconds: 0.5 },
      ],
      answer: (offline, failure) => {
        const [calm, short] = [side(offline, 'selective'), side(failure, 'selective')];
        const [first, second] = [calm.run.ledger, short.run.ledger];
        return {
          sentence: `Offlining: of ${plural(first.asked, 'mask')} ${someOf(first.fromReserve)} came from the reserve; a bad page during reclaim: of ${count(second.asked)}, ${someOf(second.fromReserve)} did; ${someOf(first.failed + second.failed)} failed.`,
          picture: {
            kind: 'bars',
            groups: [
              sourceBars('Memory taken offline: masks from', calm),
              sourceBars('A bad page during reclaim: masks from', short),
            ],
          },
        };
      },
    },
    outcome: {
      kind: 'conditional',
      text: 'Gilad is right about hotplug. Mel is right about a page that fails while memory is short: its mask competes with everybody’s.',
    },
    real: [
      {
        text: 'Not known: no recording holds a memory failure under pressure.',
        basis: 'not-known',
        source: '',
      },
    ],
  },
];
