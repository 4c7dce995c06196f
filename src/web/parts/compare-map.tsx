/** The break-even map: which policy is cheapest by number of CPUs and share of them that hold pages, with the recording at hand on it. */

import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { count, percent, plural } from '../../engine/report/numbers.ts';
import type { BreakEvenMap } from '../../thread/messages.ts';
import { choose, chosen, chosenNumber } from '../address.ts';
import { EngineClient } from '../engine-client.ts';
import { useKeys } from '../keyboard.ts';
import { current, fail } from '../state.ts';
import {
  cheapest,
  holderShares,
  mapCpus,
  mapCpusMax,
  mapCpusMin,
  namesOf,
  nearestCpus,
  type PriceOf,
  placeOfCpus,
  pointAt,
  shareText,
} from './break-even-map.ts';
import { type AtHand, MapPicture } from './compare-map-picture.tsx';
import { MapPrices } from './compare-map-prices.tsx';
import { MapSwitches, Rivals, threadRivals } from './compare-map-switches.tsx';
import { Word } from './word.tsx';

export function BreakEvenView() {
  const kernels = kernelChoices();
  const kernel = kernels.includes(chosen('mapKernel')) ? chosen('mapKernel') : '';
  const hand = atHand();
  const map = useMap(kernel, hand?.cpus ?? 0);
  return (
    <section class="break-even">
      {map.value === null ? (
        <p class="loading" aria-live="polite">
          Pricing one drain at every point of the map …
        </p>
      ) : (
        <PricedMap map={map.value} kernel={kernel} kernels={kernels} hand={hand} />
      )}
    </section>
  );
}

/** The scenario's own kernel, and those of the recordings that are open. */
function kernelChoices(): string[] {
  const version = /^\d+\.\d+/.exec(current.value?.verdict.source.kernel ?? '');
  return ['', ...new Set(['3.4', ...(version === null ? [] : [version[0]]), '6.12'])];
}

function atHand(): AtHand | null {
  const recording = current.value;
  if (recording === null) return null;
  const { opened, verdict } = recording;
  const online = opened.machine.online.reduce((sum, each) => sum + each, 0);
  const shares = holderShares(verdict.drains.holders, online);
  return shares && { ...shares, name: opened.name };
}

/** Numbers of CPUs to each power of two: few at first, so that there soon is a map. */
const octaveSteps = [1, 4] as const;

const priced = new Map<string, BreakEvenMap>();

/** Priced in a worker of its own, so that no other view waits for it; once for each kernel. */
function useMap(kernel: string, ownCpus: number): ReadonlySignal<BreakEvenMap | null> {
  const key = `${kernel} ${ownCpus}`;
  const map = useSignal<BreakEvenMap | null>(priced.get(key) ?? null);
  useEffect(() => {
    const known = priced.get(key);
    map.value = known ?? map.peek();
    if (known !== undefined) return;
    const engine = new EngineClient();
    const sets = kernel === '' ? [] : [`kernel.version=${kernel}`];
    void engine
      .ask('breakEven', { yaml: '', file: '', sets, cpus: mapCpus([ownCpus], octaveSteps[0]) })
      .then((coarse) => {
        map.value = coarse;
        return engine.ask('breakEven', {
          yaml: '',
          file: '',
          sets,
          cpus: mapCpus([ownCpus], octaveSteps[1]),
        });
      })
      .then((fine) => {
        priced.set(key, fine);
        map.value = fine;
      })
      .catch(fail)
      .finally(() => engine.end());
    return () => engine.end();
  }, [key, map]);
  return map;
}

interface PricedProps {
  readonly map: BreakEvenMap;
  readonly kernel: string;
  readonly kernels: readonly string[];
  readonly hand: AtHand | null;
}

function PricedMap({ map, kernel, kernels, hand }: PricedProps) {
  const mask = chosen('mapMask') === 'page' ? 'page' : 'cpu';
  const priceOf: PriceOf = chosen('mapPrice') === 'caller' ? 'callerNs' : 'totalNs';
  const names = chosen('rivals') === '' ? threadRivals : chosen('rivals').split(',');
  const shown = seriesWith(map, mask);
  const rivals = shown.filter((at) => names.includes(map.series[at].policy) || at === 0);
  const best = useMemo(() => cheapest(map, rivals, priceOf), [map, priceOf, rivals.join()]);
  const startCpus = hand?.cpus ?? 4096;
  const at = nearestCpus(map.cpus, placeOfCpus(clampCpus(chosenNumber('mapCpus', startCpus))));
  const point = pointAt(map, at, chosenNumber('mapShare', hand?.mean ?? 0.5));
  const move = (cpusStep: number, shareStep: number) => {
    const to = Math.max(0, Math.min(map.cpus.length - 1, at + cpusStep));
    const share = map.holders[point] / map.cpus[at];
    const finest = shareStep * Math.max(1 / map.cpus[to], 0.01);
    choose({ mapCpus: map.cpus[to], mapShare: shareText(Math.max(0, Math.min(1, share + finest))) }, true);
  };
  useKeys(
    [
      { key: 'ArrowLeft', what: 'fewer CPUs', run: () => move(-1, 0) },
      { key: 'ArrowRight', what: 'more CPUs', run: () => move(1, 0) },
      { key: 'ArrowUp', what: 'more of them hold pages', run: () => move(0, 1) },
      { key: 'ArrowDown', what: 'fewer of them hold pages', run: () => move(0, -1) },
    ],
    [map, at, point],
  );
  return (
    <>
      <h1>{leading(map, best, rivals, at, mask, priceOf)}</h1>
      <p class="dim">
        Modelled, on every point: one <Word>drain</Word>, Linux {map.kernel}, by the{' '}
        <span title="docs/model.md">cost model</span>. Holders have {map.pagesPerHolder} pages each, all CPUs
        are busy, no other drain runs. A <Word>mask</Word> is {bytesText(map.maskBytes)}. Prices stand for the
        order of things, not for a machine of yours.
      </p>
      <MapSwitches mask={mask} priceOf={priceOf} kernel={kernel} kernels={kernels} />
      <Rivals map={map} shown={shown} rivals={rivals} />
      <div class="map-and-prices">
        <MapPicture map={map} best={best} hand={hand} at={at} point={point} />
        <MapPrices map={map} shown={shown} rivals={rivals} at={at} point={point} priceOf={priceOf} />
      </div>
      <OnTheMap hand={hand} />
      <p class="dim">
        The same prices on the command line: <code>{commandOf(kernel, map.cpus[at])}</code>
      </p>
    </>
  );
}

/** Positions of the series that count where masks come from `mask`; policies that allocate none have one price. */
function seriesWith({ series }: BreakEvenMap, mask: 'cpu' | 'page'): number[] {
  return series.flatMap((own, at) => {
    const allocates = series.some((other) => other.policy === own.policy && other.mask === 'page');
    return !allocates || own.mask === mask ? [at] : [];
  });
}

function clampCpus(cpus: number): number {
  return Math.max(mapCpusMin, Math.min(mapCpusMax, cpus));
}

function bytesText(bytes: readonly number[]): string {
  const [least, most] = [Math.min(...bytes), Math.max(...bytes)];
  return least === most ? plural(most, 'byte') : `${count(least)} to ${count(most)} bytes`;
}

function commandOf(kernel: string, cpus: number): string {
  const set = kernel === '' ? '' : ` --set kernel.version=${kernel}`;
  return `drainlab simulate --break-even cpus=${cpus}${set} --csv`;
}

/** The thread's question, at the numbers of CPUs where the cursor is. */
function leading(
  map: BreakEvenMap,
  best: Uint32Array,
  rivals: readonly number[],
  at: number,
  mask: 'cpu' | 'page',
  priceOf: PriceOf,
): string {
  const cpus = map.cpus[at];
  const whose = priceOf === 'totalNs' ? 'in all' : 'for the caller alone';
  const rival = rivals.map((i) => map.series[i]).find(({ policy }) => policy === 'selective');
  if (rival === undefined) {
    const who = new Set(best.subarray(map.first[at], map.first[at + 1]));
    const names = [...who].map((bits) => namesOf(map, bits)).join(', then ');
    return `On ${count(cpus)} CPUs, from no holder to all, ${names} is cheapest ${whose}.`;
  }
  const frontier = map.frontiers.find(
    (each) => each.cpus === cpus && each.policy === 'selective' && each.mask === mask,
  );
  const holders = (priceOf === 'totalNs' ? frontier?.holdersTotal : frontier?.holdersCaller) ?? -1;
  const from = mask === 'cpu' ? 'the CPU’s own objects' : 'the page allocator';
  const pays =
    holders < 0
      ? `never pays ${whose}`
      : holders === cpus
        ? `always pays ${whose}`
        : `pays ${whose} as long as at most ${percent((100 * holders) / cpus, 0)} of them hold pages`;
  return `On ${count(cpus)} CPUs a mask from ${from} ${pays}.`;
}

function OnTheMap({ hand }: { hand: AtHand | null }) {
  if (hand === null)
    return (
      <p>Open a recording to see where its machine stands: its CPUs, and how many of them hold pages.</p>
    );
  return (
    <p>
      <span class="hand-key" aria-hidden="true" /> <strong>{hand.name}</strong>: {plural(hand.cpus, 'CPU')}.
      At a drain {percent(100 * hand.mean)} of them hold pages on average (dot), and at four of five drains
      between {percent(100 * hand.low, 0)} and {percent(100 * hand.high, 0)} (band).
    </p>
  );
}
