/** Lines 89 to 133 of the mail: what the mask saves, for whom, and when. */

import { count, decimal, duration, percent, plural } from '../../engine/report/numbers.ts';
import type { BreakEvenMap } from '../../thread/messages.ts';
import type { BarGroup, Claim, PayRow } from './claim.ts';
import { aDrain, interruptBars, online, plainBars, shareText, side } from './figures.ts';
import { storm } from './mask-claims.ts';

/** Price of one drain at which all CPUs hold pages: the caller's time and that of the others, ns. */
function fullPriceNs(map: BreakEvenMap, cpus: number, policy: string, mask: 'cpu' | 'page'): number {
  const at = map.cpus.indexOf(cpus);
  const own = map.series.filter((one) => one.policy === policy);
  const found = own.find((one) => one.mask === mask) ?? own[0];
  // The points of a number of CPUs end with all of them.
  return found.totalNs[map.first[at + 1] - 1];
}

function payRows(map: BreakEvenMap): PayRow[] {
  const upTo = (cpus: number, mask: 'cpu' | 'page') =>
    map.frontiers.find((one) => one.cpus === cpus && one.policy === 'selective' && one.mask === mask)
      ?.holdersTotal ?? -1;
  return map.cpus.map((cpus) => ({ cpus, maskFromCpu: upTo(cpus, 'cpu'), maskNewPage: upTo(cpus, 'page') }));
}

export const interruptClaims: readonly Claim[] = [
  {
    name: 'offset',
    title: 'Does it offset the cost?',
    quotes: [
      {
        who: 'Mel Gorman',
        lines: '90–94',
        text: 'Does reducing the number of IPIs offset the cost of calling into the allocator again? How often does it offset the cost and how often does it end up costing more? I guess that would heavily depend on the number of CPUs and how many of them have pages in their per-cpu buffer.',
      },
      {
        who: 'Gilad Ben-Yossef',
        lines: '110',
        text: 'it is exactly when you have lots of CPUs that the code pays off.',
      },
    ],
    meaning:
      'The mask costs its allocation and a look at the lists of all CPUs; it saves an {interrupt} for each CPU that holds nothing. Mel names the two things that decide: the number of CPUs, and how many of them are {holders|holder}.',
    expect:
      'A map of just these two. If both are right, it pays up to some share of holders, and on large machines nearly always.',
    experiment: {
      kind: 'prices',
      cpus: [2, 4, 8, 16, 32, 64, 256, 1024, 4096],
      answer: (map) => {
        const rows = payRows(map);
        const text = (cpus: number, mask: 'maskFromCpu' | 'maskNewPage') => {
          const row = rows.find((one) => one.cpus === cpus);
          return row === undefined || row[mask] < 0 ? 'never' : percent((100 * row[mask]) / cpus, 0);
        };
        return {
          sentence: `One drain, caller and other CPUs together: selective is cheaper than everyone on 4 CPUs as long as at most ${text(4, 'maskFromCpu')} of them hold pages (${text(4, 'maskNewPage')} if the mask takes a new page), on 4,096 as long as at most ${text(4096, 'maskFromCpu')} do (${text(4096, 'maskNewPage')}).`,
          picture: { kind: 'pays', rows },
        };
      },
    },
    outcome: {
      kind: 'right',
      text: 'Both. The mask pays until nearly every CPU holds pages, and a new page for it matters on small machines only. For the caller alone it seldom pays: it must look at all lists itself.',
    },
    real: [
      {
        text: 'Not known: what an interrupt costs cannot be measured under an emulator. The prices are those of the table of costs.',
        basis: 'not-known',
        source: '',
      },
    ],
  },
  {
    name: 'performance',
    title: 'Does it help performance?',
    quotes: [
      {
        who: 'Mel Gorman',
        lines: '112–113',
        text: "The patch looks ok functionally but I'm skeptical that it really helps performance.",
      },
    ],
    meaning:
      'Fewer interrupts are a means. What a user sees is how much work gets done: here, how many pages all tasks together could take and give back in the same time.',
    expect: 'If Mel is right to doubt, there are far fewer interrupts and hardly more work.',
    experiment: {
      kind: 'policies',
      runs: [storm],
      answer: (verdict) => {
        const names = ['everyone', 'selective'];
        const [everyone, selective] = names.map((name) => side(verdict, name));
        const more = 100 * (selective.run.pageOperations / everyone.run.pageOperations - 1);
        return {
          sentence: `${percent(selective.policy.savedPercent ?? 0)} fewer interrupts a drain (${aDrain(selective)} against ${aDrain(everyone)}), and ${percent(Math.abs(more), 2)} ${more < 0 ? 'less' : 'more'} page work in the same half second.`,
          picture: {
            kind: 'bars',
            groups: [
              interruptBars(verdict, names),
              plainBars('Pages allocated and freed', verdict, names, ({ run }) => run.pageOperations, count),
            ],
          },
        };
      },
    },
    outcome: {
      kind: 'right',
      text: 'His doubt is justified on this machine. Gilad’s answer is that he means it for isolation more than for speed (line 115): see the 4,092 CPUs below.',
    },
    real: [
      {
        text: 'The retry after the drain got its page in 91 % of the cases under everyone and in 88 % under selective on the patched kernel: no gain there either.',
        basis: 'counted',
        source: 'docs/validation.md',
      },
    ],
  },
  {
    name: 'at-rest',
    title: 'Every CPU holds a page',
    quotes: [
      {
        who: 'Mel Gorman',
        lines: '120–125',
        text: 'how often is it the case that many of the CPUs have 0 pages on their per-cpu lists? I checked a bunch of random machines just there and in every case all CPUs had at least one page on their per-cpu list.',
      },
    ],
    meaning:
      'Whatever runs on a CPU takes pages through its {page list|page list} and leaves some there. A {mask} saves only the CPUs that have none.',
    expect:
      'A quiet machine on which every CPU does a little, and one drain every ten seconds: all of them should hold pages.',
    experiment: {
      kind: 'policies',
      runs: [{ scenario: 'quiet-drain', policies: ['everyone', 'selective'] }],
      answer: (verdict) => {
        const { run } = side(verdict, 'everyone');
        const selective = side(verdict, 'selective');
        return {
          sentence: `At ${plural(run.carriedOut, 'drain')} ${decimal(run.holdersMean ?? 0, 1)} of ${online(verdict)} CPUs held pages on average: selective sends ${aDrain(selective)} interrupts each time, as everyone does, and pays for ${plural(selective.run.ledger.asked, 'mask')} besides.`,
          picture: { kind: 'holders', holders: run.holders, online: online(verdict) },
        };
      },
    },
    outcome: {
      kind: 'right',
      text: 'At rest, with drains far apart, the mask names every CPU and saves nothing.',
    },
    real: [
      {
        text: 'Before the load of each of the six shipped recordings of page events every CPU held pages, 36 at least.',
        basis: 'counted',
        source: 'recordings/*/proc-start/zoneinfo',
      },
    ],
  },
  {
    name: 'same-number',
    title: 'The exact same number of IPIs?',
    quotes: [
      {
        who: 'Mel Gorman',
        lines: '123–125',
        text: 'In other words I believe that in many cases the exact same number of IPIs will be used but with the additional cost of allocating a cpumask.',
      },
    ],
    meaning:
      'The survey looked at machines at rest. But drains are asked for when memory is short, and then they follow each other: each finds what the one before it left, which is little.',
    expect:
      'The opposite case: six busy CPUs of sixteen, drains in quick succession. If Mel’s guess holds here too, most CPUs hold pages.',
    experiment: {
      kind: 'policies',
      runs: [storm],
      answer: (verdict) => {
        const { run } = side(verdict, 'everyone');
        return {
          sentence: `At ${plural(run.carriedOut, 'drain')} only ${decimal(run.holdersMean ?? 0)} of ${online(verdict)} CPUs held pages on average, and at ${shareText(run.halfEmpty, run.carriedOut)} of them at least half were empty: selective sends ${aDrain(side(verdict, 'selective'))} interrupts, everyone ${aDrain(side(verdict, 'everyone'))}.`,
          picture: { kind: 'holders', holders: run.holders, online: online(verdict) },
        };
      },
    },
    outcome: {
      kind: 'conditional',
      text: 'Right at rest and where all CPUs are busy. Not under repeated drains when few CPUs work: holders follow the number of tasks that touch pages between two drains.',
    },
    real: [
      {
        text: 'patched-everyone, 8 CPUs: mean 3.89 held pages, at 75.6 % of 217 drains at least half were empty, and selective would have sent 58.5 % fewer interrupts.',
        basis: 'exact',
        source: 'docs/the-thread.md',
      },
      {
        text: '5.10-workers: mean 3.30 of 8 over 120 drains, 67.1 % fewer.',
        basis: 'exact',
        source: 'docs/the-thread.md',
      },
    ],
  },
  {
    name: 'isolated',
    title: '4 CPUs yank out 4,092',
    quotes: [
      {
        who: 'Gilad Ben-Yossef',
        lines: '127–129',
        text: 'It is very annoying when a memory allocation failure in a task allocated to a small set of 4 CPUs yanks out all the rest of your 4,092 CPUs',
      },
    ],
    meaning:
      'An {isolated} CPU runs one task that must not be disturbed. A drain elsewhere interrupts it all the same, unless somebody first looks whether it holds pages.',
    expect:
      'Four CPUs of 4,096 run out of memory again and again. everyone should disturb all others each time, a mask hardly any.',
    experiment: {
      kind: 'policies',
      runs: [{ scenario: 'isolated-4092', policies: ['everyone', 'selective'], seconds: 5 }],
      isLong: true,
      answer: (verdict) => {
        const names = ['everyone', 'selective'];
        const [everyone, selective] = names.map((name) => side(verdict, name));
        const rounds = selective.policy.isolatedDisturbed / 4092;
        return {
          sentence: `everyone disturbs isolated CPUs ${count(everyone.policy.isolatedDisturbed)} times in ${plural(everyone.run.carriedOut, 'drain')}, selective ${count(selective.policy.isolatedDisturbed)} times in ${count(selective.run.carriedOut)}: each of them ${decimal(rounds, 0)} times, when the first drains found what their tasks had left.`,
          picture: {
            kind: 'bars',
            groups: [
              interruptBars(verdict, names),
              plainBars(
                'Isolated CPUs disturbed',
                verdict,
                names,
                ({ policy }) => policy.isolatedDisturbed,
                count,
              ),
            ],
          },
        };
      },
    },
    outcome: {
      kind: 'right',
      text: 'This is what the patch is for. After the first drains no isolated CPU is disturbed again.',
    },
    real: [
      {
        text: '5.10-isolated, 16 CPUs of which 12 isolated: one drain of 305 reached isolated CPUs, the first, for pages left from boot.',
        basis: 'exact',
        source: 'docs/validation.md',
      },
    ],
  },
  {
    name: 'idle',
    title: 'The nirvana of idle C-states',
    quotes: [
      {
        who: 'Gilad Ben-Yossef',
        lines: '130–132',
        text: "or worse yet yanks all those CPUs from the nirvana of idle C-states saving power just to discover that no, they don't actually have anything to do.",
      },
    ],
    meaning:
      'An idle CPU sleeps in a {C-state}; the deeper, the longer it takes to wake. An {interrupt} wakes it even if there is nothing to drain, and whoever asked waits for the slowest.',
    expect:
      '60 of 64 CPUs sleep deeply with empty lists. everyone should wake them at each drain, a mask none.',
    experiment: {
      kind: 'policies',
      runs: [{ scenario: 'deep-idle', policies: ['everyone', 'selective'], seconds: 0.5 }],
      answer: (verdict) => {
        const names = ['everyone', 'selective'];
        const [everyone, selective] = names.map((name) => side(verdict, name));
        return {
          sentence: `everyone wakes sleeping CPUs ${count(everyone.run.idleWoken)} times in half a second, selective ${selective.run.idleWoken === 0 ? 'never' : `${count(selective.run.idleWoken)} times`}; the caller waits ${duration(everyone.policy.stallNs?.p99 ?? 0)} and ${duration(selective.policy.stallNs?.p99 ?? 0)} (99th percentile).`,
          picture: {
            kind: 'bars',
            groups: [
              plainBars('Sleeping CPUs woken', verdict, names, ({ run }) => run.idleWoken, count),
              interruptBars(verdict, names),
              plainBars(
                'Caller, 99th percentile',
                verdict,
                names,
                ({ policy }) => policy.stallNs?.p99 ?? 0,
                duration,
              ),
            ],
          },
        };
      },
    },
    outcome: { kind: 'right', text: 'They are woken to find nothing, and the caller pays for their sleep.' },
    real: [
      {
        text: 'Not known: the recordings are of virtual machines, which have no C-states.',
        basis: 'not-known',
        source: '',
      },
    ],
  },
  {
    name: 'small',
    title: 'On few CPUs it costs little',
    quotes: [
      {
        who: 'Gilad Ben-Yossef',
        lines: '133',
        text: 'I do believe the overhead for the cases without a lot of CPUs is quite minimal.',
      },
    ],
    meaning: 'The worst case for a mask: all CPUs hold pages, so it saves nobody, and costs what it costs.',
    expect:
      'One drain on 2, 4 and 8 CPUs that all hold pages: selective should cost hardly more than everyone.',
    experiment: {
      kind: 'prices',
      cpus: [2, 4, 8],
      answer: (map) => {
        const price = (cpus: number) => ({
          everyone: fullPriceNs(map, cpus, 'everyone', 'cpu'),
          fromCpu: fullPriceNs(map, cpus, 'selective', 'cpu'),
          newPage: fullPriceNs(map, cpus, 'selective', 'page'),
        });
        const more = (ns: number, than: number) => percent(100 * (ns / than - 1));
        const four = price(4);
        return {
          sentence: `On 4 CPUs that all hold pages selective costs ${more(four.fromCpu, four.everyone)} more than everyone with a mask from the CPU’s own objects, and ${more(four.newPage, four.everyone)} more if the mask takes a new page.`,
          picture: {
            kind: 'bars',
            groups: map.cpus.map((cpus): BarGroup => {
              const { everyone, fromCpu, newPage } = price(cpus);
              const rows: ReadonlyArray<readonly [string, number]> = [
                ['everyone', everyone],
                ['selective', fromCpu],
                ['selective, new page', newPage],
              ];
              return {
                title: `One drain on ${cpus} CPUs, all of them holding pages`,
                bars: rows.map(([label, ns]) => ({
                  label,
                  text: duration(ns),
                  parts: [{ value: ns, kind: 'plain', what: '' }],
                })),
              };
            }),
          },
        };
      },
    },
    outcome: {
      kind: 'conditional',
      text: 'Right as long as the mask comes from the CPU’s own objects, as nearly all do. A new page each time is felt on 2 CPUs, and less on each larger machine.',
    },
    real: [
      {
        text: 'Not known: the times of an emulator say nothing about a real machine.',
        basis: 'not-known',
        source: '',
      },
    ],
  },
];
