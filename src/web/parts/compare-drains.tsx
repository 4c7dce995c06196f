/** Drains of one recording at which two policies disturb different numbers of CPUs: listed, stepped through, linked. */

import { useMemo } from 'preact/hooks';
import { drainCauses } from '../../engine/input/drain-request.ts';
import { count, percent, plural } from '../../engine/report/numbers.ts';
import { address, choose, chosen, chosenNumber } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import { differingDrains, type Sides } from './compare-sides.ts';
import { DrainPanel } from './drain-panel.tsx';
import { firstAtLeast, timeText } from './time-scale.ts';
import { Word } from './word.tsx';

const rowsShown = 12;

export function DifferingDrains({ sides: { a, b, isOne } }: { sides: Sides }) {
  const { drains } = a.recording.opened;
  const disturbedA = drains.disturbed[drains.policies.indexOf(a.policy)];
  const disturbedB = drains.disturbed[drains.policies.indexOf(b.policy)];
  const bySize = chosen('drainOrder') === 'difference';
  const order = useMemo(() => {
    if (!isOne) return new Int32Array(0);
    const differing = differingDrains(drains, a.policy, b.policy);
    const apart = (i: number) => Math.abs(disturbedB[i] - disturbedA[i]);
    return bySize ? differing.sort((x, y) => apart(y) - apart(x) || x - y) : differing;
  }, [drains, a.policy, b.policy, isOne, bySize]);
  const drain = chosenNumber('drain', -1);
  // Where the chosen one is in the list; else the one after it.
  const at = bySize ? order.indexOf(drain) : firstAtLeast(order, drain);
  const isOn = order[at] === drain;
  const goTo = (position: number) => {
    if (order.length > 0) choose({ drain: order[Math.max(0, Math.min(order.length - 1, position))] });
  };
  const next = () => goTo(isOn ? at + 1 : Math.max(0, at));
  const before = () => goTo(at - 1);
  useKeys(
    [
      { key: 'n', what: 'next drain at which A and B differ', run: next },
      { key: 'p', what: 'drain before, at which A and B differ', run: before },
    ],
    [drain, bySize, a.policy, b.policy, a.recording.opened.name, b.recording.opened.name],
  );
  if (!isOne)
    return (
      <p class="dim">
        Drains of two recordings are not the same drains, so none of A is paired with one of B. Choose one
        recording on both sides to see at which drains two policies differ.
      </p>
    );
  const carriedOut = drains.turnedAway.reduce((sum, away) => sum + (away === 0 ? 1 : 0), 0);
  const first = Math.max(0, Math.min(order.length - rowsShown, Math.max(0, at) - Math.floor(rowsShown / 2)));
  return (
    <section>
      <h2>
        Where they differ: {count(order.length)} of {plural(carriedOut, 'drain')}
        {carriedOut > 0 && ` (${percent((100 * order.length) / carriedOut)})`}
      </h2>
      {order.length === 0 ? (
        <p>
          {a.policy} and {b.policy} disturb as many CPUs at every drain.
        </p>
      ) : (
        <>
          <p class="stepping">
            <button type="button" onClick={before} disabled={isOn && at === 0}>
              ← before
            </button>
            <button type="button" onClick={next} disabled={isOn && at === order.length - 1}>
              next →
            </button>
            <span>{isOn ? `${count(at + 1)} of ${count(order.length)}` : 'none chosen'}</span>
            <label>
              Order{' '}
              <select
                value={bySize ? 'difference' : 'time'}
                onChange={({ currentTarget }) =>
                  choose({ drainOrder: currentTarget.value === 'time' ? '' : currentTarget.value })
                }
              >
                <option value="time">by time</option>
                <option value="difference">largest difference first</option>
              </select>
            </label>
          </p>
          <div class={drain >= 0 ? 'with-panel' : undefined}>
            <div class="scrolled compact">
              <table aria-label="Drains at which A and B differ">
                <thead>
                  <tr>
                    <th scope="col">Drain</th>
                    <th scope="col">At</th>
                    <th scope="col">Cause</th>
                    <th scope="col">
                      <Word of="holder">Held pages</Word>
                    </th>
                    <th scope="col">A: {a.policy}</th>
                    <th scope="col">B: {b.policy}</th>
                    <th scope="col">B − A</th>
                    <th scope="col">See</th>
                  </tr>
                </thead>
                <tbody>
                  {[...order.subarray(first, first + rowsShown)].map((number) => (
                    <tr key={number} class={number === drain ? 'selected' : undefined}>
                      <th scope="row">
                        <button type="button" onClick={() => choose({ drain: number })}>
                          {count(number + 1)}
                        </button>
                      </th>
                      <td>{timeText(drains.timeNs[number], 1000)}</td>
                      <td>{drainCauses[drains.cause[number]].replaceAll('-', ' ')}</td>
                      <td>{count(drains.holders[number])}</td>
                      <td>{count(disturbedA[number])}</td>
                      <td>{count(disturbedB[number])}</td>
                      <td>{signed(disturbedB[number] - disturbedA[number])}</td>
                      <td>
                        <a href={linkTo('timeline', number)}>timeline</a>{' '}
                        <a href={linkTo('machine', number)}>machine</a>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {drain >= 0 && <DrainPanel number={drain} />}
          </div>
          <p class="dim">
            Differ: they disturb different numbers of other CPUs. Drains that the recorded kernel turned away
            are left out, as in the verdict.
          </p>
        </>
      )}
    </section>
  );
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${count(value)}`;
}

function linkTo(view: string, drain: number): string {
  const next = new Map(address.value).set('view', view).set('drain', String(drain));
  return `#${new URLSearchParams([...next])}`;
}
