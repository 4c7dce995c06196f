/** A verdict for people: the answer, the table, who held pages, what was checked. */

import { kernelAnswers } from '../../engine/report/answers.ts';
import { count, decimal, duration, percent, plural } from '../../engine/report/numbers.ts';
import type { PolicyVerdict, SelfCheck, Verdict } from '../../engine/report/verdict.ts';
import { holdersChart } from './holders-chart.ts';
import { type Column, table, wrap } from './layout.ts';
import { forScreen, type Screen } from './screen.ts';

/** Ends with a line feed. */
export function verdictText(verdict: Verdict, screen: Screen): string {
  const { colours } = screen;
  const sections = [
    [
      ...verdict.warnings.map((text) => colours.yellow(wrap(text, screen.width))),
      ...verdict.answers.map((text) => colours.bold(wrap(text, screen.width))),
      ...verdict.caveats.map((text) => wrap(text, screen.width)),
    ],
    [colours.dim(wrap(sourceLine(verdict), screen.width))],
    verdict.drains.carriedOut === 0 ? [] : [policyTable(verdict, screen), ...basisLines(verdict, screen)],
    holderSection(verdict, screen),
    isolatedSection(verdict, screen),
    causeSection(verdict, screen),
    verdict.drains.carriedOut === 0 ? [] : counterSection(verdict, screen),
    checkSection(verdict, screen),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return forScreen(`${text.join('\n\n')}\n`, screen);
}

export function sourceLine({ source }: Verdict): string {
  const lost =
    source.lostEvents === 0 && source.unknownLosses === 0 ? 'none lost' : `${count(source.lostEvents)} lost`;
  return [
    source.name,
    source.kernel === '' ? 'kernel not known' : `Linux ${source.kernel}`,
    plural(source.cpus, 'CPU') + (source.isolated === '' ? '' : ` (isolated ${source.isolated})`),
    ...(source.seconds === null ? [] : [`${decimal(source.seconds, 1)} s`]),
    `${plural(source.events, 'event')}, ${lost}`,
    `run ${source.runHash}`,
  ].join(' · ');
}

/** `~` marks what is modelled. */
function marked(policy: PolicyVerdict, figure: string, text: string): string {
  return policy.bases[figure] === 'modelled' ? `~${text}` : text;
}

function policyTable(verdict: Verdict, screen: Screen): string {
  const { policies, lead, source } = verdict;
  const any = (value: (policy: PolicyVerdict) => number) => policies.some((policy) => value(policy) > 0);
  const columns: Array<Column<PolicyVerdict>> = [
    { head: 'policy', text: (policy) => policy.name, weight: 9 },
    { head: 'kernels', text: (policy) => policy.origin, weight: 1 },
    { head: 'interrupts', text: interruptsText, weight: 8 },
    {
      head: 'a drain',
      text: (policy) => (policy.interruptsPerDrain === null ? '–' : decimal(policy.interruptsPerDrain)),
      weight: 6,
    },
    {
      head: 'saved',
      text: (policy) => savedText(policy, lead.baseline),
      weight: 7,
      paint: paintSaved(screen),
    },
    ...(policies.every((policy) => perDrainIntervalText(policy) === '')
      ? []
      : [{ head: 'a drain,\n95 %', text: perDrainIntervalText, weight: 2.5 }]),
    ...(policies.every((policy) => savedIntervalText(policy) === '')
      ? []
      : [{ head: 'saved,\n95 %', text: savedIntervalText, weight: 3 }]),
    { head: 'useless', text: (policy) => marked(policy, 'useless', count(policy.useless)), weight: 4 },
  ];
  if (source.isolated !== '') {
    columns.push({
      head: 'isolated',
      text: (policy) => marked(policy, 'isolatedDisturbed', count(policy.isolatedDisturbed)),
      weight: 5,
    });
  }
  if (any(({ workers }) => workers)) {
    columns.push({
      head: 'works',
      text: (policy) => marked(policy, 'workers', count(policy.workers)),
      weight: 5,
    });
  }
  if (any(({ locked }) => locked)) {
    columns.push({
      head: 'lists locked',
      text: (policy) => marked(policy, 'locked', count(policy.locked)),
      weight: 4,
    });
  }
  if (any(({ strandedPages }) => strandedPages ?? 0)) {
    columns.push({
      head: 'pages left',
      text: (policy) => marked(policy, 'strandedPages', count(policy.strandedPages ?? 0)),
      weight: 2,
    });
  }
  return table(columns, policies, screen);
}

function interruptsText(policy: PolicyVerdict): string {
  const { interruptsBounds, interrupts } = policy;
  const text = interruptsBounds
    ? `${count(interruptsBounds[0])}–${count(interruptsBounds[1])}`
    : count(interrupts);
  return marked(policy, 'interrupts', text);
}

function savedText(policy: PolicyVerdict, baseline: string): string {
  if (policy.name === baseline || policy.savedPercent === null) return '–';
  return marked(policy, 'interrupts', percent(policy.savedPercent));
}

function perDrainIntervalText({ interruptsPerDrainInterval }: PolicyVerdict): string {
  if (!interruptsPerDrainInterval || interruptsPerDrainInterval[1] - interruptsPerDrainInterval[0] < 0.005)
    return '';
  return interruptsPerDrainInterval.map((bound) => decimal(bound)).join('–');
}

function paintSaved({ colours }: Screen) {
  return (text: string, { saved }: PolicyVerdict) =>
    saved > 0 ? colours.green(text) : saved < 0 ? colours.red(text) : text;
}

function savedIntervalText({ savedPercentInterval }: PolicyVerdict): string {
  if (!savedPercentInterval || savedPercentInterval[1] - savedPercentInterval[0] < 0.05) return '';
  return `${decimal(savedPercentInterval[0], 1)}–${decimal(savedPercentInterval[1], 1)}`;
}

const shownFigures = ['interrupts', 'useless', 'isolatedDisturbed', 'workers', 'locked', 'strandedPages'];

/** What exact means here, and for each reason that something is not the policies that it concerns. */
function basisLines({ policies }: Verdict, screen: Screen): string[] {
  const concerned = new Map<string, Set<string>>();
  for (const policy of policies) {
    for (const figure of shownFigures) {
      if (policy.bases[figure] !== 'modelled') continue;
      const names = concerned.get(policy.why[figure]) ?? new Set();
      concerned.set(policy.why[figure], names.add(policy.name));
    }
  }
  const exact = 'exact: what the policy does at each recorded drain, given the lists as they were then.';
  const modelled = concerned.size === 0 ? [] : ['~ modelled:'];
  const reasons = [...concerned].map(([reason, names]) =>
    wrap(`  ${[...names].join(', ')}: ${reason}.`, screen.width, '    '),
  );
  const workers = policies.filter(({ carrier }) => carrier === 'worker').map(({ name }) => name);
  const wakeUps = `not counted: waking an idle CPU for a kernel work (${workers.join(', ')}) may take an interrupt.`;
  const uncounted = workers.length === 0 ? [] : [wrap(wakeUps, screen.width, '  ')];
  return [screen.colours.dim([wrap(exact, screen.width), ...modelled, ...reasons, ...uncounted].join('\n'))];
}

export function holderSection({ drains, source }: Verdict, screen: Screen): string[] {
  const known = drains.carriedOut - drains.holdersNotKnown;
  if (known === 0 || drains.holdersMean === null) return [];
  const online = onlineCount(source.online);
  const head =
    `CPUs that held pages at a drain: mean ${decimal(drains.holdersMean)} of ${count(online)} over ${plural(known, 'drain')}; ` +
    `at ${percent((100 * drains.halfEmpty) / known)} at least half were empty` +
    (drains.overlapping === 0
      ? ''
      : `; ${percent((100 * drains.overlapping) / drains.carriedOut)} began while another drain ran`);
  return [wrap(head, screen.width), ...holdersChart(drains.holders, online, screen)];
}

/** `0-3,8` → 5. */
function onlineCount(list: string): number {
  return list.split(',').reduce((sum, part) => {
    const [from, to = from] = part.split('-').map(Number);
    return sum + to - from + 1;
  }, 0);
}

function isolatedSection({ source, policies, drains }: Verdict, screen: Screen): string[] {
  if (source.isolated === '' || drains.carriedOut === 0) return [];
  const each = policies
    .filter(({ carrier }) => carrier !== 'nobody')
    .map(
      (policy) => `${policy.name} ${marked(policy, 'isolatedDisturbed', count(policy.isolatedDisturbed))}`,
    );
  return [
    wrap(`Isolated CPUs ${source.isolated}, how often disturbed: ${each.join(', ')}`, screen.width, '  '),
  ];
}

export function causeSection({ drains }: Verdict, screen: Screen): string[] {
  const causes = Object.entries(drains.byCause).filter(([, times]) => times > 0);
  if (causes.length === 0) return [];
  causes.sort(([, a], [, b]) => b - a);
  const each = causes.map(([cause, times]) => `${cause.replaceAll('-', ' ')} ${count(times)}`);
  return [wrap(`Who asked (${plural(drains.requested, 'call')}): ${each.join(', ')}`, screen.width, '  ')];
}

/** The counters that the thread asked for, by the names that they would have in /proc/vmstat. */
export function counterSection({ policies }: Verdict, screen: Screen): string[] {
  const value = (number: number | null) => (number === null ? 'not known' : count(number));
  const columns: Array<Column<PolicyVerdict>> = [
    { head: '/proc/vmstat\nwould say', text: ({ name }) => name, weight: 9 },
    { head: 'pcp_global\n_drain', text: ({ vmstat }) => value(vmstat.pcp_global_drain), weight: 8 },
    { head: 'pcp_global\n_ipi_saved', text: ({ vmstat }) => value(vmstat.pcp_global_ipi_saved), weight: 7 },
    { head: 'pcp_mask\n_alloc', text: ({ vmstat }) => value(vmstat.pcp_mask_alloc), weight: 6 },
    { head: 'pcp_mask\n_alloc_fail', text: ({ vmstat }) => value(vmstat.pcp_mask_alloc_fail), weight: 5 },
    { head: 'pcp_mask\n_alloc_pages', text: ({ vmstat }) => value(vmstat.pcp_mask_alloc_pages), weight: 4 },
  ];
  const rule =
    '_ipi_saved counts drains with fewer than half of the online CPUs in the mask (patch v9), not interrupts.';
  return [table(columns, policies, screen), screen.colours.dim(wrap(rule, screen.width))];
}

function checkSection(verdict: Verdict, screen: Screen): string[] {
  const { kernel, selfCheck } = verdict;
  const isLight = verdict.drains.pagesNotKnown !== undefined;
  const stalls = kernel.flatMap(({ policy, stallNs }) =>
    stallNs === null
      ? []
      : [
          `The requester was held up by ${policy || 'the drain'}: p50 ${duration(stallNs.p50)}, ` +
            `p99 ${duration(stallNs.p99)}, at most ${duration(stallNs.max)} (recorded).`,
        ],
  );
  const lines = [...kernelAnswers(verdict), ...stalls, ...(selfCheck ? checkLines(selfCheck, isLight) : [])];
  return lines.map((line) => wrap(line, screen.width, line.startsWith(' ') ? '    ' : '  '));
}

function checkLines(check: SelfCheck, isLight: boolean): string[] {
  const compared = [
    equalText('the set of CPUs of', check.drainsEqual, check.drainsCompared, 'drain', check.drainDifferences),
    equalText(
      "the kernel's own holders at",
      check.holdersEqual,
      check.holdersCompared,
      'drain',
      check.holderDifferences,
    ),
    equalText(
      'the pages of',
      check.listsEqual,
      check.listsCompared,
      '(CPU, zone) list',
      check.listDifferences,
    ),
  ].filter((text) => text !== '');
  if (isLight)
    return ['Who held pages is the kernel’s own word: nothing was rebuilt that could be checked against it.'];
  if (compared.length === 0)
    return ['Nothing in this recording shows what the kernel did, so nothing was checked against it.'];
  const anchors = { snapshot: 'a zoneinfo snapshot', drain: 'the first drains', none: 'nothing' };
  return [`Checked against the kernel (counts anchored on ${anchors[check.anchor]}):`, ...compared];
}

function equalText(
  what: string,
  equal: number,
  compared: number,
  noun: string,
  differences: Record<string, number>,
): string {
  if (compared === 0) return '';
  const classes = Object.entries(differences).map(([name, times]) => `${name} ${count(times)}`);
  const others = classes.length === 0 ? '' : `; others: ${classes.join(', ')}`;
  return `  ${what} ${count(equal)} of ${plural(compared, noun)} equal (${percent((100 * equal) / compared, 2)})${others}`;
}
