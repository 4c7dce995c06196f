/** The answer: the sentence, the policies, who held pages, who asked, what the thread's counters would read, what was checked. */

import { parseCpuList } from '../../base/cpu-list.ts';
import { count, decimal, duration, percent, plural } from '../../engine/report/numbers.ts';
import type { PolicyVerdict, Verdict } from '../../engine/report/verdict.ts';
import { writeCsv } from '../../engine/report/write-csv.ts';
import { writeMmtests } from '../../engine/report/write-mmtests.ts';
import { choose } from '../address.ts';
import { Caveats } from '../parts/caveats.tsx';
import { type CopyForm, CopyMenu } from '../parts/copy-menu.tsx';
import { Figure } from '../parts/figure.tsx';
import { HoldersBars } from '../parts/holders-bars.tsx';
import { type SortedColumn, SortedTable } from '../parts/sorted-table.tsx';
import { pngOf } from '../parts/svg-text.ts';
import { pictureHeight, pictureWidth, verdictSvg } from '../parts/verdict-picture.ts';
import { Word } from '../parts/word.tsx';
import { current, type OpenRecording, policy } from '../state.ts';
import '../styles/verdict.css';

export function VerdictView() {
  const recording = current.value;
  if (recording === null) return null;
  const { verdict } = recording;
  return (
    <article class="verdict">
      <Source recording={recording} />
      <h1>{verdict.answers[0]}</h1>
      {verdict.warnings.map((warning) => (
        <p class="warning" key={warning}>
          {warning}
        </p>
      ))}
      {verdict.answers.slice(1).map((answer) => (
        <p key={answer}>{answer}</p>
      ))}
      <Policies verdict={verdict} />
      <div class="pair">
        <Holders verdict={verdict} />
        <Causes verdict={verdict} />
      </div>
      <Counters verdict={verdict} />
      <Check verdict={verdict} />
      <Caveats caveats={verdict.caveats} />
      <CopyMenu name={verdict.source.name} forms={formsOf(recording)} />
    </article>
  );
}

function Source({ recording: { verdict, openMs } }: { recording: OpenRecording }) {
  const { name, kernel, cpus, isolated, events, seconds, format } = verdict.source;
  const parts = [
    kernel === '' ? 'kernel not known' : `Linux ${kernel}`,
    plural(cpus, 'CPU'),
    ...(isolated === '' ? [] : [`isolated ${isolated}`]),
    plural(events, 'event'),
    ...(seconds === null ? [] : [`${decimal(seconds, 1)} s`]),
    ...(format === '' ? [] : [format]),
    `answered in ${duration(openMs * 1e6)}`,
  ];
  return (
    <p class="source">
      <strong>{name}</strong> · {parts.join(' · ')}
    </p>
  );
}

function Policies({ verdict }: { verdict: Verdict }) {
  const { policies, lead, simulation } = verdict;
  const most = Math.max(1, ...policies.map(({ interrupts }) => interrupts));
  const figure = (row: PolicyVerdict, name: string, text: string) => (
    <Figure text={text} basis={row.bases[name] ?? row.basis} why={row.why[name] ?? row.why.interrupts} />
  );
  const columns: Array<SortedColumn<PolicyVerdict>> = [
    {
      name: 'policy',
      head: <Word>policy</Word>,
      by: ({ name }) => name,
      cell: (row) => (
        <>
          <Word of={row.name.replace(/:.*$/, '')}>{row.name}</Word> <small>{row.origin}</small>
        </>
      ),
    },
    {
      name: 'interrupts',
      head: <Word of="interrupt">interrupts</Word>,
      by: ({ interrupts }) => interrupts,
      cell: (row) => (
        <span class="barred">
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" class="share" aria-hidden="true">
            <rect width={(100 * row.interrupts) / most} height="10" />
          </svg>
          {figure(row, 'interrupts', boundsText(row))}
        </span>
      ),
    },
    {
      name: 'a drain',
      head: 'a drain',
      by: ({ interruptsPerDrain }) => interruptsPerDrain ?? -1,
      cell: (row) =>
        row.interruptsPerDrain === null ? '–' : figure(row, 'interrupts', decimal(row.interruptsPerDrain)),
    },
    {
      name: 'saved',
      head: <>saved against {lead.baseline}</>,
      by: ({ savedPercent }) => savedPercent ?? Number.NEGATIVE_INFINITY,
      cell: (row) =>
        row.name === lead.baseline || row.savedPercent === null ? (
          '–'
        ) : (
          <>
            {figure(row, 'interrupts', percent(row.savedPercent))}{' '}
            <small>{intervalText(row.savedPercentInterval)}</small>
          </>
        ),
    },
    {
      name: 'useless',
      head: <Word>useless</Word>,
      by: ({ useless }) => useless,
      cell: (row) => figure(row, 'useless', count(row.useless)),
    },
    {
      name: 'isolated disturbed',
      head: (
        <>
          <Word>isolated</Word> disturbed
        </>
      ),
      by: ({ isolatedDisturbed }) => isolatedDisturbed,
      cell: (row) => figure(row, 'isolatedDisturbed', count(row.isolatedDisturbed)),
    },
    {
      name: 'works',
      head: <Word of="worker">works</Word>,
      by: ({ workers }) => workers,
      cell: (row) => figure(row, 'workers', count(row.workers)),
    },
    {
      name: 'lists locked',
      head: <Word of="remote">lists locked</Word>,
      by: ({ locked }) => locked,
      cell: (row) => figure(row, 'locked', count(row.locked)),
    },
    {
      name: 'stall',
      head: (
        <>
          <Word>stall</Word> p99
        </>
      ),
      by: ({ stallNs }) => stallNs?.p99 ?? -1,
      cell: (row) =>
        row.stallNs === null ? (
          <Figure text="" basis="not-known" />
        ) : (
          figure(row, 'stallNs', duration(row.stallNs.p99))
        ),
    },
    {
      name: 'pages left',
      head: <Word of="stranded">pages left</Word>,
      by: ({ strandedPages }) => strandedPages ?? -1,
      cell: (row) => figure(row, 'strandedPages', row.strandedPages === null ? '' : count(row.strandedPages)),
    },
  ];
  return (
    <section>
      <h2>Policies</h2>
      <SortedTable
        label="Policies"
        orderKey="order"
        columns={columns}
        rows={policies}
        keyOf={({ name }) => name}
        selected={({ name }) => name === policy.value}
      />
      <p class="dim">
        Plain figures are <Word>exact</Word>, figures with ~ are <Word>modelled</Word>, – is{' '}
        <Word>not known</Word>; hover a figure for the reason. Small: 95 % interval (
        <Word>block bootstrap</Word>).
        {simulation !== null && ' All of it is modelled: this is a scenario, not a recording.'}
      </p>
      <label>
        Shown in the other views:{' '}
        <select
          value={policy.value}
          onChange={({ currentTarget }) => choose({ policy: currentTarget.value })}
        >
          {policies.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </section>
  );
}

/** '' where there is none, or both ends are the same. */
function intervalText(interval: PolicyVerdict['savedPercentInterval']): string {
  if (!interval || interval[1] - interval[0] < 0.05) return '';
  return interval.map((bound) => decimal(bound, 1)).join('–');
}

function boundsText({ interrupts, interruptsBounds }: PolicyVerdict): string {
  return interruptsBounds ? interruptsBounds.map((bound) => count(bound)).join('–') : count(interrupts);
}

function Holders({ verdict: { drains, source } }: { verdict: Verdict }) {
  const known = drains.carriedOut - drains.holdersNotKnown;
  const online = parseCpuList(source.online).length;
  return (
    <section>
      <h2>
        Who held pages at a <Word>drain</Word>
      </h2>
      {drains.holdersMean === null || known === 0 ? (
        <p>Not known: no drain of this recording shows who held pages.</p>
      ) : (
        <>
          <p>
            On average {decimal(drains.holdersMean)} of {count(online)} CPUs; at{' '}
            {percent((100 * drains.halfEmpty) / known)} of {plural(known, 'drain')} at least half of the CPUs
            were empty. {count(drains.foundNothing)} found nothing at all.
          </p>
          <HoldersBars holders={drains.holders} online={online} />
        </>
      )}
    </section>
  );
}

function Causes({ verdict: { drains } }: { verdict: Verdict }) {
  const causes = Object.entries(drains.byCause)
    .filter(([, times]) => times > 0)
    .sort(([, a], [, b]) => b - a);
  const rows: Array<readonly [string, number]> = [
    ['calls of the drain function', drains.requested],
    ['carried out', drains.carriedOut],
    ['turned away: another drain was running', drains.turnedAway],
    ['began while another drain ran', drains.overlapping],
    ['the requester’s own CPU held pages', drains.requesterHeld],
    ['forced on every CPU', drains.forced],
  ];
  return (
    <section>
      <h2>Who asked</h2>
      <table aria-label="Causes">
        <tbody>
          {causes.map(([cause, times]) => (
            <tr key={cause}>
              <th scope="row">{cause.replaceAll('-', ' ')}</th>
              <td>{count(times)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3>Of these</h3>
      <table aria-label="Calls">
        <tbody>
          {rows.map(([name, times]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{count(times)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const counterNames = [
  'pcp_global_drain',
  'pcp_global_ipi_saved',
  'pcp_mask_alloc',
  'pcp_mask_alloc_fail',
  'pcp_mask_alloc_pages',
] as const;

function Counters({ verdict: { policies } }: { verdict: Verdict }) {
  return (
    <section>
      <h2>What /proc/vmstat would say</h2>
      <p class="dim">
        The counters that the 2011 thread asked for. No kernel has them. <Word>pcp_global_ipi_saved</Word>{' '}
        counts drains, not interrupts.
      </p>
      <div class="scrolled">
        <table aria-label="Counters of the thread">
          <thead>
            <tr>
              <th scope="col">Policy</th>
              {counterNames.map((name) => (
                <th scope="col" key={name}>
                  <Word of={name}>
                    <code>{name}</code>
                  </Word>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {policies.map(({ name, vmstat, bases }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {counterNames.map((counter) => (
                  <td key={counter}>
                    {vmstat[counter] === null ? (
                      <Figure text="" basis="not-known" />
                    ) : (
                      <Figure text={count(vmstat[counter])} basis={bases[counter] ?? 'exact'} />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Check({ verdict: { selfCheck } }: { verdict: Verdict }) {
  if (selfCheck === null) return null;
  const rows: Array<readonly [string, number, number]> = [
    ['sets of CPUs that the kernel drained', selfCheck.drainsEqual, selfCheck.drainsCompared],
    [
      'sets of CPUs that held pages by the kernel’s own look',
      selfCheck.holdersEqual,
      selfCheck.holdersCompared,
    ],
    ['counts of lists in /proc/zoneinfo', selfCheck.listsEqual, selfCheck.listsCompared],
  ];
  const compared = rows.filter(([, , of]) => of > 0);
  return (
    <section>
      <h2>Checked against the kernel</h2>
      {compared.length === 0 ? (
        <p>Nothing in this recording lets the rebuilt lists be checked.</p>
      ) : (
        <ul>
          {compared.map(([name, equal, of]) => (
            <li key={name}>
              {count(equal)} of {count(of)} {name} are equal ({percent((100 * equal) / of)}).
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function formsOf({ verdict, opened }: OpenRecording): CopyForm[] {
  const picture = () => verdictSvg(verdict);
  return [
    {
      label: 'as text',
      ending: '',
      make: () => [...verdict.warnings, ...verdict.answers, '', ...verdict.caveats].join('\n'),
    },
    { label: 'as mmtests table', ending: '', make: () => writeMmtests(verdict) },
    { label: 'JSON', ending: 'json', make: () => opened.verdict },
    { label: 'CSV', ending: 'csv', make: () => writeCsv([verdict]) },
    { label: 'SVG', ending: 'svg', make: picture },
    { label: 'PNG', ending: 'png', make: () => pngOf(picture(), pictureWidth, pictureHeight(verdict)) },
  ];
}
