/** What the break-even map shows: whose time counts, where masks come from, the kernel, and which policies compete. */

import type { BreakEvenMap } from '../../thread/messages.ts';
import { choose } from '../address.ts';
import type { PriceOf } from './break-even-map.ts';
import { Swatch } from './compare-map-swatch.tsx';
import { Word } from './word.tsx';

/** What the thread of 2011 weighed against each other, as on the command line. */
export const threadRivals = ['everyone', 'selective', 'two-pass'];

interface MapSwitchesProps {
  readonly mask: 'cpu' | 'page';
  readonly priceOf: PriceOf;
  readonly kernel: string;
  readonly kernels: readonly string[];
}

export function MapSwitches({ mask, priceOf, kernel, kernels }: MapSwitchesProps) {
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
export function Rivals({
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
