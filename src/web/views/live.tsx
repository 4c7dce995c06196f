/** This host now and over the last minutes: who holds pages, who is interrupted, what a drain would do, what looking costs. */

import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { count, decimal, percent, plural } from '../../engine/report/numbers.ts';
import { type InterruptKind, interruptKinds } from '../../snapshot/interrupts.ts';
import type { CostJson, HostJson, SampleJson } from '../../snapshot/live-json.ts';
import { choose, chosenNumber } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import type { FigureName, LiveRecord } from '../live-record.ts';
import { isServed, type LiveHost, liveHost } from '../live-source.ts';
import { AmountLegend } from '../parts/amount-legend.tsx';
import { CensusPolicies } from '../parts/census-policies.tsx';
import { type ChartLine, LineChart } from '../parts/line-chart.tsx';
import { LiveStrip } from '../parts/live-strip.tsx';
import { Scrolled } from '../parts/scrolled.tsx';
import { Word } from '../parts/word.tsx';
import '../styles/live.css';

export function LiveView() {
  return isServed() ? <Live source={liveHost()} /> : <NotServed />;
}

function NotServed() {
  return (
    <article class="live">
      <h1>This page was not sent by a running drainlab: it can show no host live.</h1>
      <p>
        On the host that you want to look at, run <code>drainlab serve</code> and open the link that it
        prints. For a host far away:
      </p>
      <pre>
        <code>ssh -t -L 7311:localhost:7311 HOST drainlab serve</code>
      </pre>
      <p>
        then open the link here. In a terminal, <code>drainlab watch</code> shows the same, and{' '}
        <code>drainlab census</code> looks once. Everything else of this page works as it is.
      </p>
    </article>
  );
}

/** What is on the screen; it stands still while somebody pauses. */
interface Shown {
  readonly record: LiveRecord;
  readonly host: HostJson;
  readonly sample: SampleJson;
  /** The newest time of the pictures, ms. */
  readonly toMs: number;
}

const minuteChoices = [1, 5, 20];
const rangeMsMin = 30_000;

/** Times that the pictures show: the minutes that were chosen, or fewer while the record is that young. */
function rangeOf({ record, toMs }: Shown, minutes: number): { fromMs: number; toMs: number } {
  const youngest = Math.min(record.oldestMs, toMs - rangeMsMin);
  return { fromMs: Math.max(toMs - minutes * 60_000, youngest), toMs };
}

function Live({ source }: { source: LiveHost }) {
  useEffect(() => source.follow(), [source]);
  const paused = useSignal<Shown | null>(null);
  const sample = source.sample.value;
  const host = source.host.value;
  const { record } = source;
  const newest: Shown | null =
    sample === null || host === null || record === null || record.length === 0
      ? null
      : { record, host, sample, toMs: record.newestMs };
  const shown = paused.value ?? newest;
  const toggle = () => {
    paused.value = paused.value === null ? newest : null;
  };
  useKeys([{ key: 'p', what: 'pause, and go on', run: toggle }], [paused.value === null, newest]);
  const minutes = minuteChoices.find((each) => each === chosenNumber('minutes', 5)) ?? 5;
  return (
    <article class="live">
      <div class="live-head">
        <Who host={host} />
        <State source={source} pausedAt={paused.value?.sample.number ?? null} />
        <button
          type="button"
          aria-pressed={paused.value !== null}
          disabled={newest === null}
          onClick={toggle}
        >
          {paused.value === null ? 'Pause' : 'Go on'}
        </button>
        <label>
          Last{' '}
          <select
            value={String(minutes)}
            onChange={({ currentTarget }) => choose({ minutes: currentTarget.value })}
          >
            {minuteChoices.map((each) => (
              <option key={each} value={String(each)}>
                {plural(each, 'minute')}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Census source={source} />
      {shown !== null && (
        <>
          <Now sample={shown.sample} />
          <Strips shown={shown} minutes={minutes} />
          <Charts shown={shown} minutes={minutes} />
        </>
      )}
      {source.census.value !== null && <CensusPolicies census={source.census.value} />}
      {shown !== null && (
        <>
          <Interrupts sample={shown.sample} />
          <Zones sample={shown.sample} />
          <OwnCost sample={shown.sample} cost={source.cost.value} />
        </>
      )}
      <Caveats source={source} />
    </article>
  );
}

function Who({ host }: { host: HostJson | null }) {
  if (host === null) return null;
  const isolated = [host.isolated, host.nohzFull].filter((list) => list !== '').join(',');
  return (
    <p class="source">
      <strong>{host.name}</strong> · Linux {host.kernel} · CPUs {host.possible}
      {isolated === '' ? '' : ` · isolated ${isolated}`}
    </p>
  );
}

function State({ source, pausedAt }: { source: LiveHost; pausedAt: number | null }) {
  const state = source.state.value;
  const number = source.sample.value?.number ?? 0;
  let text = 'Connecting …';
  if (state.kind === 'locked') text = `Locked. ${state.why}`;
  else if (state.kind === 'lost') text = `Lost: ${state.why}. Trying again by itself …`;
  else if (state.kind === 'live' && pausedAt === null) text = 'Live';
  else if (state.kind === 'live')
    text = `Paused: ${plural(Math.max(0, number - (pausedAt ?? 0)), 'newer sample')} kept`;
  return (
    <output class={`state ${pausedAt === null ? state.kind : 'paused'}`} aria-live="polite">
      {text}
    </output>
  );
}

function Census({ source }: { source: LiveHost }) {
  const census = source.census.value;
  if (census === null) {
    const isLocked = source.state.value.kind === 'locked';
    return <h1>{isLocked ? 'This page may not ask its host.' : 'Asking this host …'}</h1>;
  }
  return (
    <>
      <h1>{census.answers[0]}</h1>
      {census.warnings.map((warning) => (
        <p class="warning" key={warning}>
          {warning}
        </p>
      ))}
      {census.answers.slice(1).map((answer) => (
        <p key={answer}>{answer}</p>
      ))}
      <p class="dim">
        As it was at {new Date(source.censusMs).toLocaleTimeString()}; what follows moves on with every
        sample.
      </p>
    </>
  );
}

function Now({ sample: { cpus, load, sinceMs, drains } }: { sample: SampleJson }) {
  const perSecond = (events: number | null) =>
    events === null || sinceMs <= 0 ? '–' : decimal((1000 * events) / sinceMs, 1);
  return (
    <dl class="figures">
      <div>
        <dt>CPUs without a page</dt>
        <dd>
          {count(cpus.empty)} <small>of {count(cpus.online)}</small>
        </dd>
      </div>
      {cpus.isolatedOnline > 0 && (
        <div>
          <dt>
            of the <Word>isolated</Word>
          </dt>
          <dd>
            {count(cpus.isolatedEmpty)} <small>of {count(cpus.isolatedOnline)}</small>
          </dd>
        </div>
      )}
      <div>
        <dt>
          pages on <Word of="page list">lists</Word>
        </dt>
        <dd>{count(cpus.parkedPages)}</dd>
      </div>
      <div>
        <dt>
          <Word of="direct reclaim">direct reclaims</Word> a second
        </dt>
        <dd>{perSecond(load.allocationStalls)}</dd>
      </div>
      {drains !== null && (
        <div>
          <dt>
            <Word of="drain">drains</Word> a second
          </dt>
          <dd>
            {perSecond(drains.drains)}
            {drains.lost > 0 && <small> {plural(drains.lost, 'event')} lost</small>}
          </dd>
        </div>
      )}
      <div>
        <dt>waited for memory (10 s)</dt>
        <dd>{load.pressure === null ? '–' : percent(load.pressure.some.avg10)}</dd>
      </div>
    </dl>
  );
}

function Strips({ shown, minutes }: { shown: Shown; minutes: number }) {
  const { record } = shown;
  const range = rangeOf(shown, minutes);
  return (
    <section>
      <h2>Pages on every CPU’s lists</h2>
      <LiveStrip record={record} isolated={false} {...range} />
      <LiveStrip record={record} isolated={true} {...range} />
      <TimeEnds {...range} />
      <p class="dim">
        A row is a CPU{record.rows.some(({ cpus }) => cpus.length > 1) && ' or some neighbours (the fullest)'}
        , time goes to the right. Plain ground: no page; hatched: no sample, or the CPU was offline.
      </p>
      <AmountLegend most={record.mostPages} />
    </section>
  );
}

function TimeEnds({ fromMs, toMs }: { fromMs: number; toMs: number }) {
  return (
    <p class="time-ends dim" aria-hidden="true">
      {[fromMs, (fromMs + toMs) / 2, toMs].map((timeMs) => (
        <span key={timeMs}>{new Date(timeMs).toLocaleTimeString()}</span>
      ))}
    </p>
  );
}

/** Kinds that one CPU sends to another: the local timer and devices are in the table only. */
const sentKinds: readonly InterruptKind[] = ['call', 'reschedule', 'tlb', 'irqWork', 'stop'];
const kindNames: Readonly<Record<InterruptKind, string>> = {
  call: 'function calls',
  reschedule: 'reschedules',
  tlb: 'TLB flushes',
  irqWork: 'irq_work',
  timer: 'local timer',
  stop: 'stop',
  other: 'devices and others',
};

function Charts({ shown, minutes }: { shown: Shown; minutes: number }) {
  const { record, sample, toMs } = shown;
  const sinceMs = rangeOf(shown, minutes).fromMs;
  const { seconds, range, line } = useMemo(() => {
    const times = record.times(sinceMs);
    return {
      seconds: times.map((ms) => ms / 1000),
      range: [sinceMs / 1000, toMs / 1000] as const,
      line: (name: FigureName, label: string, unit = '') => chartLine(record, name, sinceMs, label, unit),
    };
  }, [record, sinceMs, toMs]);
  const kinds = (prefix: 'all' | 'isolated') =>
    sentKinds
      .map((kind) => line(`${prefix}:${kind}`, kindNames[kind]))
      .filter(({ values }, i) => i < 2 || values.some((value) => value !== null && value > 0));
  const chart = (title: string, lines: readonly ChartLine[]) => (
    <LineChart
      title={title}
      says={`${title}, over the last ${plural(minutes, 'minute')}; now ${lines.map(({ label, newest }) => `${label} ${newest}`).join(', ')}.`}
      seconds={seconds}
      range={range}
      lines={lines}
    />
  );
  return (
    <section>
      <h2>Over the last minutes</h2>
      <div class="charts">
        {chart('Interrupts a second that CPUs send each other', kinds('all'))}
        {sample.cpus.isolatedOnline > 0 && chart('The same on isolated CPUs', kinds('isolated'))}
        {chart('Direct reclaims a second: each may drain once', [
          line('reclaimsPerSecond', 'direct reclaims'),
          ...(sample.drains === null ? [] : [line('drainsPerSecond', 'drains')]),
        ])}
        {chart('Time in which tasks waited for memory, % of 10 s', [
          line('pressureSome', 'some', ' %'),
          line('pressureFull', 'all', ' %'),
        ])}
        {chart('CPUs without a page, %', [line('emptyPercent', 'empty', ' %')])}
      </div>
      <p class="dim">
        Counted by the kernel, read from /proc: <Word>exact</Word> between two samples. On x86 a TLB flush is
        a function call too on most kernels.
        {sample.drains === null &&
          ' Drains themselves are counted with drainlab serve --trace; without it, direct reclaims are their upper bound.'}
      </p>
    </section>
  );
}

function chartLine(
  record: LiveRecord,
  name: FigureName,
  sinceMs: number,
  label: string,
  unit: string,
): ChartLine {
  const newest = record.newest(name);
  return {
    label,
    newest:
      newest === null ? '–' : `${newest >= 100 ? count(Math.round(newest)) : decimal(newest, 1)}${unit}`,
    values: record.figure(name, sinceMs),
  };
}

function Interrupts({ sample: { interrupts, cpus } }: { sample: SampleJson }) {
  if (interrupts === null)
    return (
      <section>
        <h2>Interrupts</h2>
        <p>Two readings of /proc/interrupts are needed; the second is to come.</p>
      </section>
    );
  const { byKind, sinceMs, backwards } = interrupts;
  const rate = (events: number) => count(Math.round((1000 * events) / sinceMs));
  return (
    <section>
      <h2>
        <Word of="interrupt">Interrupts</Word> a second
      </h2>
      <Scrolled label="Interrupts a second">
        <table aria-label="Interrupts a second">
          <thead>
            <tr>
              <th scope="col">Kind</th>
              <th scope="col">all CPUs</th>
              {cpus.isolatedOnline > 0 && <th scope="col">isolated CPUs</th>}
            </tr>
          </thead>
          <tbody>
            {interruptKinds.map((kind) => (
              <tr key={kind}>
                <th scope="row">{kindNames[kind]}</th>
                <td>{rate(byKind[kind]?.all ?? 0)}</td>
                {cpus.isolatedOnline > 0 && <td>{rate(byKind[kind]?.isolated ?? 0)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      <p class="dim">
        Over the last {decimal(sinceMs / 1000, 1)} s.
        {backwards > 0 && ` ${plural(backwards, 'counter')} went backwards and are left out.`}
      </p>
    </section>
  );
}

function Zones({ sample: { zones } }: { sample: SampleJson }) {
  const text = (pages: number | null) => (pages === null ? '–' : count(pages));
  return (
    <section>
      <h2>
        <Word of="zone">Zones</Word>
      </h2>
      <Scrolled label="Zones">
        <table aria-label="Zones">
          <thead>
            <tr>
              <th scope="col">Zone</th>
              <th scope="col">empty lists</th>
              <th scope="col">pages on lists</th>
              <th scope="col">free pages</th>
              {['min', 'low', 'high'].map((mark) => (
                <th scope="col" key={mark}>
                  <Word of="watermark">{mark}</Word>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {zones.map(({ node, name, lists, freePages, minPages, lowPages, highPages }) => {
              const known = lists.filter((pages) => pages !== null);
              return (
                <tr key={`${node} ${name}`}>
                  <th scope="row">
                    node {node} {name}
                  </th>
                  <td>
                    {count(known.filter((pages) => pages === 0).length)} of {count(known.length)}
                  </td>
                  <td>{count(known.reduce((sum, pages) => sum + pages, 0))}</td>
                  <td>{text(freePages)}</td>
                  <td>{text(minPages)}</td>
                  <td>{text(lowPages)}</td>
                  <td>{text(highPages)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scrolled>
    </section>
  );
}

function OwnCost({ sample, cost }: { sample: SampleJson; cost: CostJson | null }) {
  return (
    <section>
      <h2>What looking costs</h2>
      <p>
        {cost === null
          ? 'What drainlab costs this host is told after a few seconds.'
          : `drainlab itself took ${percent(cost.corePercent)} of one core over the last ${decimal(cost.overMs / 1000, 1)} s, reading and sending together, and ${count(Math.round(cost.residentBytes / (1 << 20)))} MiB of memory.`}{' '}
        The newest sample took {decimal(sample.readMs)} ms to read; the one before was{' '}
        {decimal(sample.sinceMs / 1000)} s earlier. Samples are taken only while this view is open, and more
        rarely where they would cost more than 5 % of a core. What this browser costs is not in it.
      </p>
    </section>
  );
}

function Caveats({ source }: { source: LiveHost }) {
  const caveats = source.census.value?.caveats ?? [];
  if (caveats.length === 0) return null;
  return (
    <section>
      <h2>To be read with it</h2>
      <ul>
        {caveats.map((caveat) => (
          <li key={caveat}>{caveat}</li>
        ))}
      </ul>
    </section>
  );
}
