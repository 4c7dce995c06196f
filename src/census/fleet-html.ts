/**
 * A survey as one HTML file that can be mailed: no script, no font, no picture from elsewhere, and a policy in its head that forbids
 * them. Every name in it comes from foreign files and is escaped.
 */

import { count, percent, plural } from '../engine/report/numbers.ts';
import { boundsText } from './census-answers.ts';
import type { CpuShare, FleetCensus, FleetGroup } from './fleet.ts';
import { intervalText, percentBounds } from './fleet-answers.ts';
import { type FleetHost, interruptsOf } from './fleet-host.ts';
import { groupPlot, sharePlot, sizePlot } from './fleet-plots.ts';
import { escaped } from './html-text.ts';

export function fleetHtml(fleet: FleetCensus): string {
  const [first, ...others] = fleet.answers;
  const body = [
    `<header><h1>Who holds pages: ${plural(fleet.source.hosts, 'host')}</h1>`,
    fleet.warnings.length === 0 ? '' : `<div class="warning" role="note">${paragraphs(fleet.warnings)}</div>`,
    `<p class="lead">${escaped(first)}</p>${paragraphs(others)}</header>`,
    fleet.hosts.length === 0 ? '' : figures(fleet),
    errorSection(fleet),
    ignoredSection(fleet),
    `<section><h2>What must be read with it</h2>${paragraphs(fleet.caveats)}</section>`,
    '<footer><p>Made by drainlab census from /proc/zoneinfo of each host. Figures are exact for the lists as they were read.</p></footer>',
  ];
  return `${head(fleet)}<body><main>${body.join('\n')}</main></body></html>\n`;
}

function head({ source }: FleetCensus): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>drainlab census of ${plural(source.hosts, 'host')}</title><style>${style}</style></head>
`;
}

function figures(fleet: FleetCensus): string {
  return [
    section('How many CPUs are empty', figure(sharePlot(fleet)) + cpuTable(fleet)),
    section('By number of CPUs', figure(sizePlot(fleet)) + groupTable('online CPUs', fleet.byCpus)),
    section(
      'By kernel',
      figure(groupPlot('plot-kernel', 'Share of empty CPUs by kernel', fleet.bySeries)) +
        groupTable('kernel', fleet.bySeries),
    ),
    section('One drain of every zone on each host', policyTable(fleet)),
    section('Hosts', hostTable(fleet.hosts)),
  ].join('\n');
}

function section(title: string, content: string): string {
  return `<section><h2>${escaped(title)}</h2>${content}</section>`;
}

/** Narrow screens scroll it, by keyboard too. */
function figure(content: string): string {
  return `<figure tabindex="0">${content}</figure>`;
}

function paragraphs(lines: readonly string[]): string {
  return lines.map((line) => `<p>${escaped(line)}</p>`).join('');
}

function cpuTable({ cpus, isolated, housekeeping, zones }: FleetCensus): string {
  const row = (name: string, share: CpuShare) => [
    name,
    count(share.hosts),
    count(share.online),
    count(share.empty),
    shareText(share.emptyPercent),
    share.interval === null ? '' : intervalText(share.interval),
  ];
  const rows = [row('all CPUs', cpus)];
  if (isolated.online > 0) rows.push(row('isolated CPUs', isolated), row('other CPUs', housekeeping));
  for (const { name, hosts, lists, empty, emptyPercent } of zones)
    rows.push([
      `lists of zone ${name}`,
      count(hosts),
      count(lists),
      count(empty),
      shareText(emptyPercent),
      '',
    ]);
  return table(
    'CPUs that hold no page in any zone; below them, empty lists by zone',
    ['', 'hosts', 'number', 'empty', 'share', 'how sure'],
    rows,
  );
}

function groupTable(what: string, groups: readonly FleetGroup[]): string {
  return table(
    `Share of empty CPUs by ${what}`,
    [what, 'hosts', 'mean share', 'median share', 'hosts at least half empty'],
    groups.map(({ name, hosts, meanPercent, medianPercent, halfEmptyHosts }) => [
      name,
      count(hosts),
      percent(meanPercent),
      percent(medianPercent),
      count(halfEmptyHosts),
    ]),
  );
}

function policyTable({ policies }: FleetCensus): string {
  return table(
    'Sums over all hosts; a range is over who asks',
    [
      'policy',
      'interrupts',
      'fewer than everyone',
      'CPUs disturbed',
      'for nothing',
      'isolated CPUs disturbed',
    ],
    policies.map(({ name, interrupts, savedPercent, disturbed, useless, isolatedDisturbed }) => [
      name,
      boundsText(interrupts),
      savedPercent === null ? '–' : percentBounds(savedPercent),
      boundsText(disturbed),
      boundsText(useless),
      boundsText(isolatedDisturbed),
    ]),
  );
}

function hostTable(hosts: readonly FleetHost[]): string {
  const interrupts = (host: FleetHost, policy: string) => {
    const bounds = interruptsOf(host, policy);
    return bounds === null ? '' : boundsText(bounds);
  };
  return table(
    'Every host',
    [
      'host',
      'kernel',
      'CPUs',
      'empty',
      'share',
      'isolated empty',
      'everyone: interrupts',
      'static-mask: interrupts',
      'two-pass',
      'warnings',
      'path',
    ],
    hosts.map((host) => [
      host.name,
      host.kernel || 'not known',
      count(host.cpus.online),
      count(host.cpus.empty),
      shareText(host.emptyPercent),
      host.isolated.online === 0 ? '' : `${count(host.isolated.empty)} of ${count(host.isolated.online)}`,
      interrupts(host, 'everyone'),
      interrupts(host, 'static-mask'),
      host.twoPass,
      host.warnings.join(' '),
      host.path,
    ]),
  );
}

function errorSection({ errors }: FleetCensus): string {
  if (errors.length === 0) return '';
  const rows = errors.map(({ path, message, code }) => [path, message, code]);
  return section('Could not be read', table('Hosts without a census', ['path', 'why', 'code'], rows));
}

function ignoredSection({ source }: FleetCensus): string {
  const kinds = Object.entries(source.ignored).sort(([a], [b]) => (a < b ? -1 : 1));
  if (kinds.length === 0) return '';
  const rows = kinds.map(([what, number]) => [what, count(number)]);
  return section('Passed over', table('Files that are no host', ['what', 'number'], rows));
}

function shareText(value: number | null): string {
  return value === null ? 'not known' : percent(value);
}

/** Wide tables scroll by themselves, by keyboard too. The first cell of a row is its head. */
function table(caption: string, heads: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const headCells = heads.map(
    (text) => `<th scope="col">${escaped(text) || '<span class="unseen">what</span>'}</th>`,
  );
  const lines = rows.map(([first, ...others]) => {
    const cells = others.map((text) => `<td${cellStyle(text)}>${escaped(text)}</td>`);
    return `<tr><th scope="row">${escaped(first)}</th>${cells.join('')}</tr>`;
  });
  return (
    `<div class="scroll" role="region" tabindex="0" aria-label="${escaped(caption)}"><table><caption>${escaped(caption)}</caption>` +
    `<thead><tr>${headCells.join('')}</tr></thead><tbody>${lines.join('\n')}</tbody></table></div>`
  );
}

function cellStyle(text: string): string {
  if (/^(–|[\d,]+(\.\d+)?( %)?( (to|of) [\d,]+(\.\d+)?( %)?)?)$/.test(text)) return ' class="number"';
  return text.length > 30 ? ' class="long"' : '';
}

const style = `
:root { color-scheme: light dark; --page: #ffffff; --text: #1c2430; --quiet: #556070; --line: #d5dbe3; --bar: #2f6fb0; --half: #b0541c; --warn: #fff4d6; --warn-line: #a87400; }
@media (prefers-color-scheme: dark) { :root { --page: #14181f; --text: #e6eaf0; --quiet: #a3adba; --line: #39424f; --bar: #6aa9e9; --half: #f0a05a; --warn: #33290f; --warn-line: #d6a935; } }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem 1.25rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
p { max-width: 46rem; overflow-wrap: anywhere; }
.lead { font-size: 1.15rem; font-weight: 600; }
.warning { background: var(--warn); border-left: 4px solid var(--warn-line); padding: 0.1rem 1rem; }
footer, caption { color: var(--quiet); }
figure { margin: 1rem 0; overflow-x: auto; } svg { width: 100%; height: auto; min-width: 36rem; max-width: 46rem; display: block; }
svg text { fill: var(--quiet); font-size: 13px; } svg text.value { fill: var(--text); }
svg .bar, svg .dot { fill: var(--bar); } svg .dot { fill-opacity: 0.55; stroke: var(--bar); } svg .bar.half { fill: var(--half); }
svg .axis, svg .grid { stroke: var(--line); } svg line.half { stroke: var(--half); stroke-dasharray: 5 4; } svg .median { stroke: var(--text); stroke-width: 2.5; }
.scroll { overflow: auto; max-height: 36rem; } .scroll:focus-visible, figure:focus-visible { outline: 3px solid var(--bar); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.9rem; } caption { text-align: left; padding: 0.3rem 0; }
th, td { text-align: left; padding: 0.3rem 1.1rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; max-width: 30rem; overflow-wrap: break-word; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; } thead th { position: sticky; top: 0; background: var(--page); } tbody th { font-weight: 500; white-space: nowrap; } td.long { min-width: 16rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media print { .scroll { max-height: none; overflow: visible; } }
`;
