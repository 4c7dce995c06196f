/** The census in sentences, the leading one first, and what must be read with it. */

import { count, decimal, percent, plural } from '../engine/report/numbers.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';
import type { Bounds, CensusPolicy, HostCensus } from './host-census.ts';

type Figures = Pick<
  HostCensus,
  'cpus' | 'zones' | 'nodes' | 'holders' | 'parked' | 'policies' | 'twoPass' | 'mask'
>;

export function censusAnswers(figures: Figures, kernel: string): string[] {
  return [
    leadingAnswer(figures),
    ...isolatedAnswer(figures),
    ...kernelAnswer(figures, kernel),
    twoPassAnswer(figures),
    parkedAnswer(figures),
    maskAnswer(figures),
  ];
}

/** `42`, or `41 to 42` where it depends on who asks. */
export function boundsText([least, most]: Bounds): string {
  return least === most ? count(least) : `${count(least)} to ${count(most)}`;
}

function leadingAnswer({ holders, policies }: Figures): string {
  const everyone = policies.find(({ name }) => name === 'everyone');
  const selective = policies.find(({ name }) => name === 'static-mask');
  const lead = emptyText(holders);
  if (everyone === undefined || selective === undefined) return `${lead}.`;
  if (everyone.disturbed[1] === 0) return `${lead}: there is no other CPU that a drain could disturb.`;
  return (
    `${lead}: a drain that interrupts everyone would disturb ${othersText(everyone)}, ${uselessText(everyone)}; ` +
    `one that looks first would disturb ${boundsText(selective.disturbed)}.`
  );
}

function uselessText({ disturbed, useless }: CensusPolicy): string {
  const [least, most] = useless;
  if (disturbed[1] === 1 && least === most) return most === 0 ? 'not for nothing' : 'for nothing';
  return `${most === 0 ? 'none' : boundsText(useless)} of them for nothing`;
}

function emptyText({ online, empty, notKnown }: Figures['holders']): string {
  const rest = notKnown === 0 ? '' : ` (of ${count(notKnown)} more it is not known)`;
  if (online === 1) return `The only CPU holds ${empty === 1 ? 'no page' : 'pages'} now${rest}`;
  if (empty === online) return `None of ${count(online)} CPUs holds a page now`;
  if (empty === 0 && notKnown === 0) return `Every one of ${count(online)} CPUs holds pages now`;
  return `${count(empty)} of ${count(online)} CPUs ${empty === 1 ? 'holds' : 'hold'} no page now${rest}`;
}

function othersText({ disturbed }: CensusPolicy): string {
  return `${boundsText(disturbed)} other ${disturbed[1] === 1 ? 'CPU' : 'CPUs'}`;
}

function isolatedAnswer({ holders, policies }: Figures): string[] {
  const { online, empty, notKnown } = holders.isolated;
  if (online === 0) return [];
  const holding = online - empty - notKnown;
  const everyone = policies.find(({ name }) => name === 'everyone');
  const reach =
    everyone === undefined
      ? ''
      : `; everyone would disturb ${boundsText(everyone.isolatedDisturbed)} of them`;
  const rest = notKnown === 0 ? '' : `, of ${count(notKnown)} it is not known`;
  const verb = holding === 1 ? 'holds' : 'hold';
  return [`${count(holding)} of ${plural(online, 'isolated CPU')} ${verb} pages${rest}${reach}.`];
}

function kernelAnswer({ policies }: Figures, kernel: string): string[] {
  const own = policies.find(({ isKernels }) => isKernels);
  return own === undefined ? [] : [`This kernel (${kernel}) drains by ${own.name}: ${effectText(own)}.`];
}

/** What a policy would do now, without its name. */
function effectText(policy: CensusPolicy): string {
  const [, most] = policy.disturbed;
  if (most === 0)
    return policy.strandedPages[1] > 0
      ? `${count(policy.strandedPages[1])} pages would stay on the lists`
      : 'it would disturb no other CPU';
  const cpus = othersText(policy);
  if (policy.locked[1] > 0)
    return `it would take the lists of ${cpus} under their locks and interrupt nobody`;
  if (policy.workers[1] > 0) return `it would queue work on ${cpus}`;
  return `it would interrupt ${cpus}`;
}

function twoPassAnswer({ twoPass, holders }: Figures): string {
  const numbers = `${count(twoPass.empty)} of ${plural(holders.online, 'CPU')} ${twoPass.empty === 1 ? 'is' : 'are'} empty, it asks for ${count(twoPass.needed)}`;
  if (twoPass.decision === 'not-known')
    return `What two-pass would do is not known: ${numbers}, and of ${count(holders.notKnown)} it is not known.`;
  const decided = twoPass.decision === 'mask' ? 'use a mask' : 'interrupt everyone';
  const margin =
    twoPass.marginCpus === null
      ? ''
      : twoPass.decision === 'mask'
        ? `; ${plural(twoPass.marginCpus, 'empty CPU')} more with pages and it would interrupt everyone`
        : `; with ${plural(twoPass.marginCpus, 'more empty CPU')} it would use a mask`;
  return `Two-pass would ${decided}: ${numbers}${margin}.`;
}

function parkedAnswer({ parked }: Figures): string {
  const bytes = parked.bytes === null ? '' : ` (${bytesText(parked.bytes)})`;
  const share =
    parked.percentOfMemory === null ? '' : `, ${percent(parked.percentOfMemory, 2)} of the memory`;
  const marks =
    parked.percentOfLow === null || parked.percentOfMin === null
      ? ''
      : `; that is ${percent(parked.percentOfMin)} of the zones' min watermarks and ${percent(parked.percentOfLow)} of their low ones`;
  return `${plural(parked.pages, 'page')}${bytes} ${parked.pages === 1 ? 'is' : 'are'} parked on the lists${share}${marks}.`;
}

function maskAnswer({ mask }: Figures): string {
  if (mask.bytes === null) {
    const size =
      mask.staticBytes === null
        ? ''
        : ` The type has ${plural(mask.staticBytes, 'byte')} (NR_CPUS ${count(mask.nrCpus ?? 0)}).`;
    return `Where a set of CPUs lives in this kernel is not known (${mask.from}).${size}`;
  }
  const where =
    mask.where === 'stack'
      ? 'lives on the stack: it needs no allocation'
      : `is allocated${mask.cacheBytes === null ? '' : `, from kmalloc-${mask.cacheBytes}`}`;
  return `A set of CPUs has ${plural(mask.bytes, 'byte')} in this kernel and ${where} (NR_CPUS ${count(mask.nrCpus ?? 0)}).`;
}

/** 4096-byte steps are too fine to read: `5.9 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  if (unit === 0) return plural(value, 'byte');
  return `${decimal(value, value < 10 && !Number.isInteger(value) ? 1 : 0)} ${units[unit]}`;
}

export function censusCaveats(figures: Figures, host: HostSnapshot, isIsolatedNamed: boolean): string[] {
  const { cpus, policies, mask } = figures;
  const lines = [
    'One look at one moment: the kernel prints the lists one after the other and holds nothing still, so a busy CPU may have changed meanwhile.',
  ];
  if (figures.zones.some((zone) => zone.lists > 0 && zone.empty === zone.lists))
    lines.push(
      'A zone whose lists are all empty does not make a CPU empty: a drain looks at all zones of a CPU together.',
    );
  if (
    !isIsolatedNamed &&
    cpus.from.isolated.startsWith('not known') &&
    cpus.from.nohzFull.startsWith('not known')
  )
    lines.push('No file tells which CPUs are isolated or nohz_full: none is taken to be.');
  if (host.pageBytes < 0)
    lines.push('The size of a page is not known (it takes meminfo), so memory is given in pages.');
  if (policies.some(({ isKernels }) => isKernels) || mask.bytes !== null)
    lines.push(
      "The kernel's rules are those of its mainline release; a distribution may carry later changes.",
    );
  return lines;
}
