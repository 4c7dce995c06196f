/** What one drain costs under each policy where the cursor of the break-even map is. */

import { count, duration, percent, plural } from '../../engine/report/numbers.ts';
import type { BreakEvenMap } from '../../thread/messages.ts';
import { choose } from '../address.ts';
import type { PriceOf } from './break-even-map.ts';
import { Swatch } from './compare-map-swatch.tsx';
import { Figure } from './figure.tsx';
import { Word } from './word.tsx';

interface MapPricesProps {
  readonly map: BreakEvenMap;
  readonly shown: readonly number[];
  readonly rivals: readonly number[];
  readonly at: number;
  readonly point: number;
  readonly priceOf: PriceOf;
}

export function MapPrices({ map, shown, rivals, at, point, priceOf }: MapPricesProps) {
  const cpus = map.cpus[at];
  const holders = map.holders[point];
  const least = Math.min(...rivals.map((i) => map.series[i][priceOf][point]));
  return (
    <section class="prices" aria-label="Prices at the cursor">
      <h2 aria-live="polite">
        {count(cpus)} CPUs, {count(holders)} hold pages ({percent((100 * holders) / cpus, 0)})
      </h2>
      <Sliders map={map} at={at} point={point} />
      <div class="scrolled compact">
        <table aria-label="Price of one drain">
          <thead>
            <tr>
              <th scope="col">Policy</th>
              <th scope="col">Caller</th>
              <th scope="col">Other CPUs</th>
              <th scope="col">In all</th>
              <th scope="col">
                <Word of="interrupt">Interrupts</Word>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((i) => {
              const { policy, callerNs, disturbedNs, totalNs, interrupts } = map.series[i];
              const isBest = rivals.includes(i) && map.series[i][priceOf][point] <= least + 0.5;
              const figure = (ns: number) => <Figure text={duration(ns)} basis="modelled" why="cost model" />;
              return (
                <tr key={policy} class={isBest ? 'selected' : undefined}>
                  <th scope="row">
                    <Swatch policy={policy} /> {policy}
                    {isBest && <small> cheapest</small>}
                  </th>
                  <td>{figure(callerNs[point])}</td>
                  <td>{figure(disturbedNs[point])}</td>
                  <td>{figure(totalNs[point])}</td>
                  <td>{count(interrupts[point])}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="dim">
        Move over the map, or use the arrow keys. <Word>worker</Word> and <Word>remote</Word> came years after
        the thread; let them compete above.
      </p>
    </section>
  );
}

function Sliders({ map, at, point }: { map: BreakEvenMap; at: number; point: number }) {
  return (
    <div class="sliders">
      <label>
        CPUs{' '}
        <input
          type="range"
          min={0}
          max={map.cpus.length - 1}
          value={at}
          aria-valuetext={plural(map.cpus[at], 'CPU')}
          onInput={({ currentTarget }) => choose({ mapCpus: map.cpus[currentTarget.valueAsNumber] }, true)}
        />
      </label>
      <label>
        Share{' '}
        <input
          type="range"
          min={0}
          max={100}
          value={Math.round((100 * map.holders[point]) / map.cpus[at])}
          aria-valuetext={percent((100 * map.holders[point]) / map.cpus[at], 0)}
          onInput={({ currentTarget }) => choose({ mapShare: currentTarget.valueAsNumber / 100 }, true)}
        />
      </label>
    </div>
  );
}
