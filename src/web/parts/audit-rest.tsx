/** Beside an audit: calls by interrupt, the kernel's own counters, callbacks, what could not be paired. */

import type { AuditReport } from '../../audit/audit-report.ts';
import { count, decimal, plural } from '../../engine/report/numbers.ts';
import { Scrolled } from './scrolled.tsx';

export function Coalescing({ report: { coalescing } }: { report: AuditReport }) {
  if (coalescing === null) return null;
  const { calls, interrupts, callsPerInterrupt, outsideInterrupt } = coalescing;
  return (
    <section>
      <h2>How many calls an interrupt serves</h2>
      <p>
        {plural(calls, 'function call')} for {plural(interrupts, 'interrupt')} sent
        {callsPerInterrupt === null ? '' : `: ${decimal(callsPerInterrupt)} each`}.
        {outsideInterrupt !== null &&
          ` ${plural(outsideInterrupt, 'function')} ran without an interrupt: an idle CPU looks into its queue.`}
      </p>
    </section>
  );
}

export function KernelCounts({ report: { kernelCounts, isolatedTotals } }: { report: AuditReport }) {
  if (kernelCounts === null) return null;
  const text = (value: number | null) => (value === null ? '–' : count(value));
  return (
    <section>
      <h2>Beside the kernel’s own counters</h2>
      <Scrolled label="Kernel's own counters">
        <table aria-label="Kernel's own counters">
          <thead>
            <tr>
              <th scope="col">/proc/interrupts</th>
              <th scope="col">counted</th>
              <th scope="col">handled here</th>
              <th scope="col">sent here</th>
              {isolatedTotals !== null && <th scope="col">isolated: counted</th>}
              {isolatedTotals !== null && <th scope="col">handled here</th>}
            </tr>
          </thead>
          <tbody>
            {kernelCounts.map((row) => (
              <tr key={row.label}>
                <th scope="row">
                  {row.label} <small>{row.text}</small>
                </th>
                <td>{count(row.delta)}</td>
                <td>{text(row.recorded)}</td>
                <td>{text(row.sent)}</td>
                {isolatedTotals !== null && <td>{text(row.isolatedDelta)}</td>}
                {isolatedTotals !== null && <td>{text(row.isolatedRecorded)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      <p class="dim">
        End minus start. The counters cover also the time between their reading and the recording; an
        interrupt may be sent and merged with another.
      </p>
    </section>
  );
}

export function Callbacks({ report: { callbacks, isolatedTotals } }: { report: AuditReport }) {
  if (callbacks.length === 0) return null;
  return (
    <details>
      <summary>By callback, as a recipe with grep and uniq counts them</summary>
      <Scrolled label="Callbacks">
        <table aria-label="Callbacks">
          <thead>
            <tr>
              <th scope="col">Callback</th>
              <th scope="col">events</th>
              <th scope="col">CPUs sent to</th>
              {isolatedTotals !== null && <th scope="col">isolated</th>}
            </tr>
          </thead>
          <tbody>
            {callbacks.map(({ callback, events, targets, isolatedTargets }) => (
              <tr key={callback}>
                <th scope="row">
                  <code>{callback}</code>
                </th>
                <td>{count(events)}</td>
                <td>{count(targets)}</td>
                {isolatedTotals !== null && <td>{count(isolatedTargets)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </details>
  );
}

const unpairedNames = {
  sentWithoutHandler: 'sent, no handler seen',
  sentMerged: 'sent while another was on its way',
  handledWithoutSend: 'handled, no send seen',
  handlersWithoutExit: 'handlers without an end',
  callsWithoutEntry: 'calls that were not seen to run',
  entriesWithoutCall: 'functions that ran without a call seen',
  worksWithoutStart: 'works that were not seen to run',
  startsWithoutQueue: 'works that ran without being queued here',
  unreadable: 'events whose CPUs could not be read',
} as const satisfies Record<keyof AuditReport['unmatched'], string>;

export function Unpaired({ report: { unmatched } }: { report: AuditReport }) {
  const parts = (Object.keys(unpairedNames) as Array<keyof typeof unpairedNames>)
    .filter((name) => unmatched[name] > 0)
    .map((name) => `${count(unmatched[name])} ${unpairedNames[name]}`);
  if (parts.length === 0) return null;
  return <p class="dim">Not paired: {parts.join(', ')}.</p>;
}
