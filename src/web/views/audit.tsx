/** Who disturbed whom in a recording: isolated CPUs first, causes, sender by victim, when; what the recording cannot tell. */

import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { AuditReport, MissingEvents } from '../../audit/audit-report.ts';
import { writeAuditCsv } from '../../audit/write-csv.ts';
import { formatCpuList, parseCpuList } from '../../base/cpu-list.ts';
import { count, decimal, plural } from '../../engine/report/numbers.ts';
import { choose, chosen } from '../address.ts';
import { EngineFailure } from '../engine-client.ts';
import { useKeys } from '../keyboard.ts';
import { AuditCauses } from '../parts/audit-causes.tsx';
import { AuditMatrixPart } from '../parts/audit-matrix.tsx';
import { Callbacks, Coalescing, KernelCounts, Unpaired } from '../parts/audit-rest.tsx';
import { AuditTimelinePart } from '../parts/audit-timeline.tsx';
import { IsolatedVictims, OtherVictims } from '../parts/audit-victims.tsx';
import { type CopyForm, CopyMenu } from '../parts/copy-menu.tsx';
import { Scrolled } from '../parts/scrolled.tsx';
import { Word } from '../parts/word.tsx';
import { current, doing, type OpenRecording } from '../state.ts';
import '../styles/audit.css';

export function AuditView() {
  const recording = current.value;
  if (recording === null) return null;
  return <Audit key={recording.opened.name} recording={recording} />;
}

/** What was audited, by the list of isolated CPUs that it was audited with. */
interface Audited {
  readonly report: AuditReport;
  /** As the engine wrote it. */
  readonly json: string;
}

const audits = new WeakMap<OpenRecording, Map<string, Audited>>();

/** Why there is none: the engine's words. */
interface Refused {
  readonly message: string;
  readonly hint: string;
}

function Audit({ recording }: { recording: OpenRecording }) {
  const audited = useSignal<Audited | null>(null);
  const refused = useSignal<Refused | null>(null);
  useSignalEffect(() => {
    const isolated = chosen('isolated');
    const kept = audits.get(recording)?.get(isolated);
    refused.value = null;
    if (kept !== undefined) {
      audited.value = kept;
      return;
    }
    void auditOf(recording, isolated, (why) => {
      refused.value = why;
    }).then((made) => {
      if (made !== null && chosen('isolated') === isolated) audited.value = made;
    });
  });
  const { value } = audited;
  return (
    <article class="audit">
      {value === null ? (
        <h1>{refused.value?.message ?? 'Reading every interrupt of the recording …'}</h1>
      ) : (
        <Head report={value.report} />
      )}
      {refused.value !== null && (
        <p class="warning" role="alert">
          {value !== null && `${refused.value.message}. `}
          {refused.value.hint}
        </p>
      )}
      <IsolatedChoice report={value?.report ?? null} />
      {value !== null && <Absent report={value.report} />}
      {value !== null && <Report audited={value} />}
    </article>
  );
}

/** Reads the recording once more, with progress and a way to call it off. null: there is none. */
async function auditOf(
  recording: OpenRecording,
  isolated: string,
  onRefused: (why: Refused) => void,
): Promise<Audited | null> {
  const ask = { recording: recording.opened.recording, ...(isolated !== '' && { isolated }) };
  return doing('Auditing', async (asking) => {
    try {
      const { json } = await recording.engine.ask('audit', ask, asking);
      const made = { json, report: JSON.parse(json) as AuditReport };
      const known = audits.get(recording) ?? new Map<string, Audited>();
      audits.set(recording, known.set(isolated, made));
      return made;
    } catch (error) {
      if (!(error instanceof EngineFailure)) throw error;
      if (error.wasCancelled)
        onRefused({ message: 'The audit was called off', hint: 'Show this view again.' });
      else if (!expectedCodes.has(error.error.code)) throw error;
      else onRefused(error.error);
      return null;
    }
  });
}

/** Told in the view itself, where they can be put right. */
const expectedCodes: ReadonlySet<string> = new Set(['E_CPU_LIST', 'E_NO_RECORDING']);

function Head({ report: { source, lead } }: { report: AuditReport }) {
  const parts = [
    source.kernel === '' ? 'kernel not known' : `Linux ${source.kernel}`,
    plural(source.cpus, 'CPU'),
    plural(source.events, 'event'),
    ...(source.seconds === null ? [] : [`${decimal(source.seconds, 1)} s`]),
    source.format,
  ];
  return (
    <>
      <p class="source">
        <strong>{source.name}</strong> · {parts.join(' · ')}
      </p>
      <h1>{lead}</h1>
    </>
  );
}

function IsolatedChoice({ report }: { report: AuditReport | null }) {
  const field = useRef<HTMLInputElement>(null);
  useKeys([{ key: 'i', what: 'name the isolated CPUs', run: () => field.current?.focus() }], []);
  const from = report?.isolated.from ?? '';
  const beside = from === '' || from === '--isolated' ? '' : `told by ${from}`;
  return (
    <form
      class="isolated-choice"
      onSubmit={(event) => {
        event.preventDefault();
        choose({ isolated: field.current?.value.trim() ?? '' });
      }}
    >
      <label>
        <Word>isolated</Word> CPUs{' '}
        <input
          key={chosen('isolated')}
          ref={field}
          type="text"
          aria-label="Isolated CPUs"
          placeholder={report === null || report.isolated.cpus === '' ? '4-15' : report.isolated.cpus}
          defaultValue={chosen('isolated')}
          spellcheck={false}
        />
      </label>
      <button type="submit">Audit with these</button>
      {chosen('isolated') !== '' && (
        <button type="button" onClick={() => choose({ isolated: '' })}>
          As the recording says
        </button>
      )}
      <span class="dim">
        {chosen('isolated') === ''
          ? beside || 'nothing beside the recording tells them'
          : 'named by you, in place of what the recording says'}
      </span>
    </form>
  );
}

/** Isolated CPUs that the recording does not have: nobody can have disturbed them. */
function Absent({ report: { isolated, source } }: { report: AuditReport }) {
  const absent = parseCpuList(isolated.cpus).filter((cpu) => cpu >= source.cpus);
  if (absent.length === 0) return null;
  return (
    <p class="warning">
      The recording has CPUs 0-{source.cpus - 1}; of {formatCpuList(absent)} it can tell nothing.
    </p>
  );
}

function Report({ audited: { report, json } }: { audited: Audited }) {
  return (
    <>
      <div class="audit-first">
        {report.isolatedTotals === null ? (
          <OtherVictims report={report} />
        ) : (
          <IsolatedVictims report={report} />
        )}
        <Totals report={report} />
      </div>
      <AuditCauses report={report} />
      {report.isolatedTotals !== null && <OtherVictims report={report} />}
      <AuditMatrixPart report={report} />
      <AuditTimelinePart report={report} />
      <Coalescing report={report} />
      <KernelCounts report={report} />
      <Callbacks report={report} />
      <Unpaired report={report} />
      <NotRecorded report={report} />
      <Notes notes={report.notes} />
      <CopyMenu name={`${report.source.name}-audit`} forms={formsOf(report, json)} />
    </>
  );
}

function Totals({ report: { totals, isolatedTotals } }: { report: AuditReport }) {
  const text = (value: number | null | undefined) => (value == null ? '–' : count(value));
  const rows = [
    ['disturbances', totals.disturbances, isolatedTotals?.disturbances],
    ['interrupts from other CPUs', totals.interrupts, isolatedTotals?.interrupts],
    ['works that other CPUs queued', totals.works, isolatedTotals?.works],
    ['by drains of page lists', totals.drains, isolatedTotals?.drains],
    ['functions called on other CPUs', totals.calls, isolatedTotals?.calls],
    [
      'interrupts of a CPU to itself (not counted above)',
      totals.selfInterrupts,
      isolatedTotals?.selfInterrupts,
    ],
  ] as const;
  return (
    <section>
      <h2>How often</h2>
      <Scrolled label="Totals">
        <table aria-label="Totals" class="totals">
          <thead>
            <tr>
              <td />
              {isolatedTotals !== null && <th scope="col">on isolated CPUs</th>}
              <th scope="col">on all CPUs</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, all, isolated]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {isolatedTotals !== null && <td>{text(isolated)}</td>}
                <td>{text(all)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      <p class="dim">
        Counts are <Word>exact</Word>: events of the recording. – is <Word>not known</Word>: it was not
        recorded.
      </p>
    </section>
  );
}

function NotRecorded({ report: { recorded } }: { report: AuditReport }) {
  if (recorded.missing.length === 0) return null;
  return (
    <section>
      <h2>Not in this recording, so not known</h2>
      <ul>
        {recorded.missing.map(({ events, since, notKnown }: MissingEvents) => (
          <li key={events}>
            {notKnown}: <code>{events}</code> (from Linux {since})
          </li>
        ))}
      </ul>
      {recorded.recordWith !== '' && (
        <p>
          Next time: <code>{recorded.recordWith}</code>
        </p>
      )}
    </section>
  );
}

function Notes({ notes }: { notes: readonly string[] }) {
  return (
    <section>
      <h2>To be read with it</h2>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </section>
  );
}

function formsOf(report: AuditReport, json: string): CopyForm[] {
  return [
    { label: 'as text', ending: '', make: () => [report.lead, '', ...report.notes].join('\n') },
    { label: 'JSON', ending: 'json', make: () => json },
    { label: 'CSV', ending: 'csv', make: () => writeAuditCsv([report]) },
  ];
}
