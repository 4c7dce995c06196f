/** The break-even map: which policy is cheapest by number of CPUs and share of them that hold pages, with the recording at hand on it. */

import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { count, duration, percent, plural } from '../../engine/report/numbers.ts';
import type { BreakEvenMap } from '../../thread/messages.ts';
import { choose, chosen, chosenNumber } from '../address.ts';
import { EngineClient } from '../engine-client.ts';
import { useKeys } from '../keyboard.ts';
import { current, fail } from '../state.ts';
import { isDark } from '../theme.ts';
import {
  bitsOf,
  boundariesAt,
  cheapest,
  drawRegions,
  gridOf,
  type HolderShares,
  holderShares,
  mapCpus,
  mapCpusMax,
  mapCpusMin,
  nearestCpus,
  type PriceOf,
  placeOfCpus,
  pointAt,
  regionLabels,
  regionOf,
} from './break-even-map.ts';
import { Figure } from './figure.tsx';
import { useWidth } from './use-width.ts';
import { Word } from './word.tsx';

const height = 400;
/** Left of the map: shares; below it: numbers of CPUs; right of it: where the cheapest changes. */
const margin = { left: 52, right: 52, top: 10, bottom: 40 };
/** Names are placed on a coarse copy of the map. */
const labelGrid = { width: 72, height: 40 };
/** What the thread of 2011 weighed against each other, as on the command line. */
const threadRivals = ['everyone', 'selective', 'two-pass'];

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

function atHand(): (HolderShares & { readonly name: string }) | null {
  const recording = current.value;
  if (recording === null) return null;
  const { opened, verdict } = recording;
  const online = opened.machine.online.reduce((sum, each) => sum + each, 0);
  const shares = holderShares(verdict.drains.holders, online);
  return shares && { ...shares, name: opened.name };
}

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
      .ask('breakEven', { yaml: '', file: '', sets, cpus: mapCpus([ownCpus]) })
      .then((answer) => {
        priced.set(key, answer);
        map.value = answer;
      }, fail)
      .finally(() => engine.end());
    return () => engine.end();
  }, [key, map]);
  return map;
}

interface PricedProps {
  readonly map: BreakEvenMap;
  readonly kernel: string;
  readonly kernels: readonly string[];
  readonly hand: (HolderShares & { readonly name: string }) | null;
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
      <Switches mask={mask} priceOf={priceOf} kernel={kernel} kernels={kernels} map={map} />
      <Rivals map={map} shown={shown} rivals={rivals} />
      <div class="map-and-prices">
        <Picture map={map} best={best} hand={hand} at={at} point={point} />
        <Prices map={map} shown={shown} rivals={rivals} at={at} point={point} priceOf={priceOf} />
      </div>
      <OnTheMap hand={hand} />
      <p class="dim">
        The same numbers: <code>{commandOf(kernel)}</code>
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

function shareText(share: number): string {
  return String(Math.round(share * 1e4) / 1e4);
}

function bytesText(bytes: readonly number[]): string {
  const [least, most] = [Math.min(...bytes), Math.max(...bytes)];
  return least === most ? plural(most, 'byte') : `${count(least)} to ${count(most)} bytes`;
}

function commandOf(kernel: string): string {
  const set = kernel === '' ? '' : ` --set kernel.version=${kernel}`;
  return `drainlab simulate --break-even cpus=${mapCpusMin}..${mapCpusMax}${set} --csv`;
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

/** `selective = two-pass`. */
function namesOf({ series }: BreakEvenMap, bits: number): string {
  return bitsOf(bits)
    .map((i) => series[i].policy)
    .join(' = ');
}

interface SwitchesProps {
  readonly mask: 'cpu' | 'page';
  readonly priceOf: PriceOf;
  readonly kernel: string;
  readonly kernels: readonly string[];
  readonly map: BreakEvenMap;
}

function Switches({ mask, priceOf, kernel, kernels }: SwitchesProps) {
  return (
    <div class="switches">
      <Switch
        legend="Cheapest"
        name="mapPrice"
        value={priceOf === 'callerNs' ? 'caller' : ''}
        choices={[
          ['', 'in all: the caller’s time and what other CPUs lose'],
          ['caller', 'for the caller alone'],
        ]}
      />
      <Switch
        legend="The mask comes from"
        name="mapMask"
        value={mask === 'page' ? 'page' : ''}
        choices={[
          ['', 'the CPU’s own objects (slab)'],
          ['page', 'the page allocator'],
        ]}
      />
      <label>
        Kernel{' '}
        <select value={kernel} onChange={({ currentTarget }) => choose({ mapKernel: currentTarget.value })}>
          {kernels.map((version) => (
            <option key={version} value={version}>
              {version === '' ? '3.0, as in the thread' : version}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

interface SwitchProps {
  readonly legend: string;
  readonly name: string;
  readonly value: string;
  readonly choices: ReadonlyArray<readonly [value: string, text: string]>;
}

function Switch({ legend, name, value, choices }: SwitchProps) {
  return (
    <fieldset class="switch">
      <legend>{legend}</legend>
      {choices.map(([each, text]) => (
        <label key={each}>
          <input
            type="radio"
            name={name}
            checked={value === each}
            onChange={() => choose({ [name]: each })}
          />{' '}
          {text}
        </label>
      ))}
    </fieldset>
  );
}

/** Which policies compete for the colours; the key of the map at the same time. */
function Rivals({
  map,
  shown,
  rivals,
}: {
  map: BreakEvenMap;
  shown: readonly number[];
  rivals: readonly number[];
}) {
  const names = shown.map((at) => map.series[at].policy);
  const change = (policy: string, on: boolean) => {
    const next = names.filter((name, i) => (name === policy ? on : rivals.includes(shown[i])));
    choose({ rivals: next.join() === threadRivals.join() ? '' : next.join() });
  };
  return (
    <fieldset class="switch rivals">
      <legend>Who competes</legend>
      {names.map((name, i) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={rivals.includes(shown[i])}
            disabled={i === 0}
            onChange={({ currentTarget }) => change(name, currentTarget.checked)}
          />{' '}
          <Swatch policy={name} /> <Word>{name}</Word>
        </label>
      ))}
    </fieldset>
  );
}

const swatchWidth = 26;
const swatchHeight = 18;

/** A piece of the map with the colour, the pattern and the letter of a policy. */
function Swatch({ policy }: { policy: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark();
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = new ImageData(swatchWidth, swatchHeight);
    const grid = new Uint32Array(swatchWidth * swatchHeight).fill(1);
    drawRegions(new Uint32Array(image.data.buffer), grid, swatchWidth, [policy], dark);
    context.putImageData(image, 0, 0);
  }, [policy, dark]);
  return (
    <span class="swatch" aria-hidden="true">
      <canvas ref={canvas} width={swatchWidth} height={swatchHeight} />
      <b>{regionOf(policy).letter}</b>
    </span>
  );
}

interface PictureProps {
  readonly map: BreakEvenMap;
  readonly best: Uint32Array;
  readonly hand: PricedProps['hand'];
  readonly at: number;
  readonly point: number;
}

function Picture({ map, best, hand, at, point }: PictureProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const outer = useWidth(frame);
  const width = Math.max(1, outer.value - margin.left - margin.right);
  const tall = height - margin.top - margin.bottom;
  const dark = isDark();
  const policies = map.series.map(({ policy }) => policy);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = new ImageData(width, tall);
    drawRegions(new Uint32Array(image.data.buffer), gridOf(map, best, width, tall), width, policies, dark);
    context.putImageData(image, 0, 0);
  }, [map, best, width, dark]);
  const x = (cpus: number) => margin.left + placeOfCpus(cpus) * width;
  const y = (share: number) => margin.top + (1 - share) * tall;
  const pointed = (event: MouseEvent & { currentTarget: Element }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const cpus = map.cpus[nearestCpus(map.cpus, (event.clientX - box.left - margin.left) / width)];
    const share = Math.max(0, Math.min(1, 1 - (event.clientY - box.top - margin.top) / tall));
    choose({ mapCpus: cpus, mapShare: shareText(share) }, true);
  };
  const share = map.holders[point] / map.cpus[at];
  const label = (bits: number) => {
    const names = namesOf(map, bits);
    const letters = bitsOf(bits).map((i) => regionOf(policies[i]).letter);
    return `${letters.join(' = ')}  ${names}`;
  };
  return (
    <figure>
      <div
        ref={frame}
        class="map"
        onPointerMove={(event) => {
          if (event.pointerType === 'mouse' || event.buttons > 0) pointed(event);
        }}
        onPointerDown={pointed}
      >
        <canvas
          ref={canvas}
          width={width}
          height={tall}
          role="img"
          aria-label={`Cheapest policy by number of CPUs and share of them that hold pages: ${[
            ...new Set(best),
          ]
            .map((bits) => namesOf(map, bits))
            .join('; ')}. Arrow keys read the prices at a point.`}
        />
        <svg width={outer.value} height={height} aria-hidden="true">
          <Axes x={x} y={y} width={width} />
          {regionLabels(gridOf(map, best, labelGrid.width, labelGrid.height), labelGrid.width).map((each) => (
            <text
              key={each.bits}
              class="region"
              x={margin.left + each.x * width}
              y={margin.top + each.y * tall}
            >
              {width < 420 ? label(each.bits).replace(/ {2}.*/, '') : label(each.bits)}
            </text>
          ))}
          {boundariesAt(map, best, map.cpus.length - 1).map((each) => (
            <text key={each} class="boundary" x={margin.left + width + 4} y={y(each) + 4}>
              {percent(100 * each, 0)}
            </text>
          ))}
          {hand !== null && hand.cpus <= mapCpusMax && (
            <g class="hand">
              <rect x={x(hand.cpus) - 5} width={10} y={y(hand.high)} height={y(hand.low) - y(hand.high)} />
              <circle cx={x(hand.cpus)} cy={y(hand.mean)} r={5} />
              <text
                x={x(hand.cpus) + (placeOfCpus(hand.cpus) > 0.7 ? -10 : 10)}
                y={y(hand.mean) + 4}
                class={placeOfCpus(hand.cpus) > 0.7 ? 'before' : undefined}
              >
                {hand.name}
              </text>
            </g>
          )}
          <g class="cursor">
            <line x1={x(map.cpus[at])} x2={x(map.cpus[at])} y1={margin.top} y2={margin.top + tall} />
            <line x1={margin.left} x2={margin.left + width} y1={y(share)} y2={y(share)} />
          </g>
        </svg>
      </div>
      <figcaption class="dim">
        Each block is one number of CPUs that was priced, in the colour, hatching and letter of the cheapest
        policy; bands of both where the prices are the same (“=”). At the right: where the cheapest changes on{' '}
        {count(mapCpusMax)} CPUs.
      </figcaption>
    </figure>
  );
}

function Axes({ x, y, width }: { x: (cpus: number) => number; y: (share: number) => number; width: number }) {
  const every = width < 420 ? 4 : width < 700 ? 2 : 1;
  const numbers = Array.from({ length: 13 }, (_, i) => 2 ** (i + 1)).filter((_, i) => i % every === 0);
  return (
    <g class="axes">
      {numbers.map((cpus) => (
        <g key={cpus}>
          <line x1={x(cpus)} x2={x(cpus)} y1={y(0)} y2={y(0) + 5} />
          <text x={x(cpus)} y={y(0) + 17} class="middle">
            {count(cpus)}
          </text>
        </g>
      ))}
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <g key={share}>
          <line x1={margin.left - 5} x2={margin.left} y1={y(share)} y2={y(share)} />
          <text x={margin.left - 8} y={y(share) + 4} class="end">
            {percent(100 * share, 0)}
          </text>
        </g>
      ))}
      <text x={margin.left + width / 2} y={y(0) + 34} class="middle">
        CPUs; up: share of them that hold pages
      </text>
    </g>
  );
}

interface PricesProps {
  readonly map: BreakEvenMap;
  readonly shown: readonly number[];
  readonly rivals: readonly number[];
  readonly at: number;
  readonly point: number;
  readonly priceOf: PriceOf;
}

function Prices({ map, shown, rivals, at, point, priceOf }: PricesProps) {
  const cpus = map.cpus[at];
  const holders = map.holders[point];
  const least = Math.min(...rivals.map((i) => map.series[i][priceOf][point]));
  return (
    <section class="prices" aria-label="Prices at the cursor">
      <h2 aria-live="polite">
        {count(cpus)} CPUs, {count(holders)} hold pages ({percent((100 * holders) / cpus, 0)})
      </h2>
      <Sliders map={map} at={at} point={point} />
      <div class="scrolled">
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

function OnTheMap({ hand }: { hand: PricedProps['hand'] }) {
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
