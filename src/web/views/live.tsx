/** This host now and over the last minutes: who holds pages, who is interrupted, what a drain would do, what looking costs. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { count, decimal, percent, plural } from '../../engine/report/numbers.ts';
import type { CostJson, HostJson, SampleJson } from '../../snapshot/live-json.ts';
import { choose, chosenNumber } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import { isServed, type LiveHost, liveHost } from '../live-source.ts';
import { AmountLegend } from '../parts/amount-legend.tsx';
import { Caveats } from '../parts/caveats.tsx';
import { CensusPolicies } from '../parts/census-policies.tsx';
import { Charts, rangeOf, type Shown } from '../parts/live-charts.tsx';
import { LiveStrip } from '../parts/live-strip.tsx';
import { Interrupts, Zones } from '../parts/live-tables.tsx';
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

const minuteChoices = [1, 5, 20];
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
      <Caveats caveats={source.census.value?.caveats ?? []} />
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
