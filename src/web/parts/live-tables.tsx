/** The newest sample of a host as tables: interrupts by kind, zones against their watermarks. */

import { count, decimal, plural } from '../../engine/report/numbers.ts';
import { type InterruptKind, interruptKinds } from '../../snapshot/interrupts.ts';
import type { SampleJson } from '../../snapshot/live-json.ts';
import { Scrolled } from './scrolled.tsx';
import { Word } from './word.tsx';

export const kindNames: Readonly<Record<InterruptKind, string>> = {
  call: 'function calls',
  reschedule: 'reschedules',
  tlb: 'TLB flushes',
  irqWork: 'irq_work',
  timer: 'local timer',
  stop: 'stop',
  other: 'devices and others',
};

export function Interrupts({ sample: { interrupts, cpus } }: { sample: SampleJson }) {
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

export function Zones({ sample: { zones } }: { sample: SampleJson }) {
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
