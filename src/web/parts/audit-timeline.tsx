/** Disturbances over time, isolated CPUs apart. */

import type { AuditReport } from '../../audit/audit-report.ts';
import { count, decimal, duration } from '../../engine/report/numbers.ts';

const height = 70;
const width = 1000;

export function AuditTimelinePart({ report }: { report: AuditReport }) {
  const { timeline, isolatedTotals, source } = report;
  const all = timeline.interrupts.map((interrupts, i) => interrupts + timeline.works[i]);
  const isolated = timeline.isolatedInterrupts.map((interrupts, i) => interrupts + timeline.isolatedWorks[i]);
  const others = all.map((sum, i) => sum - isolated[i]);
  if (all.length === 0) return null;
  const isTime = source.clockUnit === 'ns';
  const at = (i: number) =>
    isTime ? `+${decimal((timeline.startNs + i * timeline.bucketNs) / 1e9, 2)} s` : String(i);
  return (
    <section>
      <h2>When</h2>
      {isolatedTotals !== null && <Bars name="isolated CPUs" kind="isolated" counts={isolated} at={at} />}
      <Bars
        name={isolatedTotals === null ? 'all CPUs' : 'other CPUs'}
        kind="others"
        counts={others}
        at={at}
      />
      <p class="dim time-ends" aria-hidden="true">
        {[0, all.length / 2, all.length].map((i) => (
          <span key={i}>{at(i)}</span>
        ))}
      </p>
      <p class="dim">
        Disturbances by interrupts and works; each bar is {isTime ? duration(timeline.bucketNs) : 'a stretch'}
        , and each picture has a scale of its own.
      </p>
      <details>
        <summary>As a table</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              {isolatedTotals !== null && <th scope="col">isolated CPUs</th>}
              <th scope="col">all CPUs</th>
            </tr>
          </thead>
          <tbody>
            {all.map((sum, i) => (
              <tr key={at(i)}>
                <th scope="row">{at(i)}</th>
                {isolatedTotals !== null && <td>{count(isolated[i])}</td>}
                <td>{count(sum)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

function Bars({
  name,
  kind,
  counts,
  at,
}: {
  name: string;
  kind: string;
  counts: readonly number[];
  at: (bucket: number) => string;
}) {
  const most = Math.max(...counts);
  const sum = counts.reduce((total, each) => total + each, 0);
  const each = width / counts.length;
  return (
    <figure class={`audit-bars ${kind}`}>
      <figcaption>
        {name}: {count(sum)} in all, at most {count(most)} in a bar
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Disturbances of ${name} over time: ${count(sum)} in all, most from ${at(counts.indexOf(most))} on.`}
      >
        {counts.map((value, i) => {
          const tall = most === 0 ? 0 : (height * value) / most;
          return (
            <rect key={at(i)} x={i * each} y={height - tall} width={Math.max(1, each - 1)} height={tall}>
              <title>{`${at(i)}: ${count(value)}`}</title>
            </rect>
          );
        })}
      </svg>
    </figure>
  );
}
