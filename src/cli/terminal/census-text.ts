/** The census of one host for people: the answer in one sentence, then CPUs, zones, policies. */

import { boundsText, bytesText } from '../../census/census-answers.ts';
import type { CensusNode, CensusPolicy, CensusZone, HostCensus } from '../../census/host-census.ts';
import { builtInPolicies } from '../../engine/policy/built-in.ts';
import { count, percent, plural } from '../../engine/report/numbers.ts';
import { type Column, table, wrap } from './layout.ts';
import { withoutControls } from './line-output.ts';
import { forScreen, type Screen } from './screen.ts';

/** Ends with a line feed. Text from files is shown without control characters. */
export function censusText(census: HostCensus, screen: Screen): string {
  const { colours } = screen;
  const [first, ...others] = census.answers;
  const sections = [
    [
      ...census.warnings.map((text) => colours.yellow(wrap(text, screen.width))),
      colours.bold(wrap(first, screen.width)),
      ...others.map((text) => wrap(text, screen.width)),
    ],
    [colours.dim(wrap(sourceLine(census), screen.width)), ...cpuLines(census, screen)],
    [policyTable(census, screen)],
    holderBars(census, screen),
    [zoneTable(census, screen)],
    census.nodes.length > 1 ? [nodeTable(census, screen)] : [],
    census.caveats.map((text) => colours.dim(wrap(text, screen.width))),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return forScreen(`${text.join('\n\n')}\n`, screen);
}

function sourceLine({ source, parked }: HostCensus): string {
  return [
    withoutControls(source.name),
    source.kernel === '' ? 'kernel not known' : `Linux ${source.kernel}`,
    ...(source.architecture === '' ? [] : [source.architecture]),
    ...(parked.pageBytes === null ? [] : [`pages of ${bytesText(parked.pageBytes)}`]),
  ].join(' · ');
}

/** `0-3,8`, cut at a blank place where a machine of thousands would fill the screen. */
function cpuLines({ cpus, holders, settings }: HostCensus, screen: Screen): string[] {
  const line = (name: string, number: number, list: string) => {
    const start = `${name.padEnd(10)} ${count(number).padStart(6)}`;
    return number === 0 ? start : `${start}  ${shortList(list, screen.width - start.length - 2)}`;
  };
  return [
    line('online', cpus.onlineCount, cpus.online),
    line('isolated', cpus.isolatedCount, cpus.isolated),
    line('nohz_full', cpus.nohzFullCount, cpus.nohzFull),
    line('with pages', holders.holding, holders.holdingCpus),
    ...settingLines(settings, screen),
  ];
}

function settingLines(settings: HostCensus['settings'], screen: Screen): string[] {
  const all = Object.entries(settings).map(([name, value]) => `${name} ${count(value)}`);
  return all.length === 0 ? [] : [wrap(`settings   ${all.join(', ')}`, screen.width, '  ')];
}

function shortList(list: string, room: number): string {
  if (list.length <= room) return list;
  const tail = ' …';
  const cut = list.lastIndexOf(',', Math.max(8, room - tail.length));
  return `${list.slice(0, cut < 0 ? Math.max(8, room - tail.length) : cut + 1)}${tail}`;
}

function policyTable({ policies, holders }: HostCensus, screen: Screen): string {
  const columns: Array<Column<CensusPolicy>> = [
    { head: 'a drain now', text: ({ name, isKernels }) => `${name}${isKernels ? ' *' : ''}`, weight: 9 },
    { head: 'kernels', text: ({ name }) => originOf(name), weight: 1 },
    { head: 'interrupts', text: ({ interrupts }) => shortBounds(interrupts), weight: 8 },
    { head: 'CPUs\ndisturbed', text: ({ disturbed }) => shortBounds(disturbed), weight: 7 },
    { head: 'of these\nuseless', text: ({ useless }) => shortBounds(useless), weight: 6 },
    ...(holders.isolated.online === 0
      ? []
      : [
          {
            head: 'isolated',
            text: (policy: CensusPolicy) => shortBounds(policy.isolatedDisturbed),
            weight: 6,
          },
        ]),
    { head: 'works', text: ({ workers }) => shortBounds(workers), weight: 3 },
    { head: 'lists\nlocked', text: ({ locked }) => shortBounds(locked), weight: 3 },
    { head: 'mask', text: ({ maskAllocated }) => (maskAllocated ? 'allocated' : '–'), weight: 4 },
    { head: 'pages\nback', text: ({ pagesBack }) => shortBounds(pagesBack), weight: 4 },
    { head: 'pages\nleft', text: ({ strandedPages }) => shortBounds(strandedPages), weight: 2 },
  ];
  const star = policies.some(({ isKernels }) => isKernels) ? ["* this kernel's own."] : [];
  const exact = policies.some(({ basis }) => basis !== 'exact')
    ? 'Not every count was printed: both bounds are given, over what is not known and over who asks.'
    : 'exact for the lists as they were read; a range is over who asks.';
  return [table(columns, policies, screen), wrap([exact, ...star].join(' '), screen.width)].join('\n');
}

function originOf(name: string): string {
  return builtInPolicies.find((policy) => policy.name === name.split(':')[0])?.origin ?? 'own policy';
}

function shortBounds(bounds: readonly [number, number]): string {
  return boundsText(bounds).replace(' to ', '–');
}

/** CPUs by the pages that they hold: 0, then powers of four. */
function holderBars({ pagesByCpu }: HostCensus, screen: Screen): string[] {
  const cpus = [0];
  let known = 0;
  for (const pages of pagesByCpu) {
    if (pages === null) continue;
    known++;
    const step = pages === 0 ? 0 : Math.floor(Math.log2(pages) / 2) + 1;
    while (cpus.length <= step) cpus.push(0);
    cpus[step]++;
  }
  if (known === 0) return [];
  const labels = cpus.map((_, step) =>
    step === 0 ? '0' : `${count(4 ** (step - 1))}–${count(4 ** step - 1)}`,
  );
  const labelWidth = Math.max(5, ...labels.map((label) => label.length));
  const most = Math.max(...cpus);
  const room = Math.max(8, Math.min(40, screen.width - labelWidth - 26));
  const lines = [screen.colours.dim(`  ${'pages'.padStart(labelWidth)}    CPUs`)];
  const firstHeld = cpus.findIndex((number, step) => step > 0 && number > 0);
  for (const [step, number] of cpus.entries()) {
    if (step > 0 && step < firstHeld) continue;
    const line = `  ${labels[step].padStart(labelWidth)}  ${count(number).padStart(6)}`;
    const bar = '█'.repeat(Math.max(1, Math.round((number / most) * room)));
    lines.push(
      number === 0 ? line : `${line} ${screen.colours.cyan(bar)} ${percent((100 * number) / known)}`,
    );
  }
  return lines;
}

function zoneTable({ zones }: HostCensus, screen: Screen): string {
  const number = (value: number | null) => (value === null ? '–' : count(value));
  const floats = zones.some(({ listHighMin }) => listHighMin !== null);
  const columns: Array<Column<CensusZone>> = [
    { head: 'zone', text: ({ node, name }) => `${node} ${withoutControls(name)}`, weight: 9 },
    { head: 'lists', text: ({ lists }) => count(lists), weight: 6 },
    { head: 'empty', text: ({ empty }) => count(empty), weight: 8 },
    {
      head: '',
      text: ({ emptyPercent }) => (emptyPercent === null ? '–' : percent(emptyPercent, 0)),
      weight: 5,
    },
    { head: 'pages\nparked', text: ({ parkedPages }) => count(parkedPages), weight: 8 },
    { head: 'fullest\nlist', text: ({ mostPages }) => count(mostPages), weight: 4 },
    { head: 'batch', text: ({ batch }) => number(batch), weight: 3 },
    {
      head: 'limit of\na list',
      text: ({ listHighLeast, listHighMost }) =>
        listHighLeast === listHighMost
          ? number(listHighLeast)
          : `${number(listHighLeast)}–${number(listHighMost)}`,
      weight: 3.5,
    },
    ...(floats
      ? [
          {
            head: 'floats\nbetween',
            text: ({ listHighMin, listHighMax }: CensusZone) =>
              `${number(listHighMin)}–${number(listHighMax)}`,
            weight: 2,
          },
        ]
      : []),
    { head: 'free', text: ({ freePages }) => number(freePages), weight: 4 },
    { head: 'min', text: ({ min }) => number(min), weight: 2.5 },
    { head: 'low', text: ({ low }) => number(low), weight: 5 },
    { head: 'managed', text: ({ managedPages }) => number(managedPages), weight: 1.5 },
  ];
  return table(columns, zones, screen);
}

function nodeTable({ nodes }: HostCensus, screen: Screen): string {
  const of = (part: number | null, whole: number | null) =>
    part === null || whole === null ? '–' : `${count(part)} of ${count(whole)}`;
  const columns: Array<Column<CensusNode>> = [
    { head: 'node', text: ({ node }) => count(node), weight: 9 },
    { head: 'zones', text: ({ zones }) => zones.map(withoutControls).join(' '), weight: 2 },
    { head: 'CPUs without\na page of it', text: ({ empty, cpus }) => of(empty, cpus), weight: 8 },
    { head: 'of its\nown CPUs', text: ({ ownEmpty, ownCpus }) => of(ownEmpty, ownCpus), weight: 7 },
    { head: 'pages\nparked', text: ({ parkedPages }) => count(parkedPages), weight: 6 },
  ];
  return `${table(columns, nodes, screen)}\n${plural(nodes.length, 'node')} with lists.`;
}
