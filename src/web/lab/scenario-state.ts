/** The scenario at hand: chosen and edited in the address, checked in the worker. */

import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Calls } from '../../thread/messages.ts';
import { choose, chosen } from '../address.ts';
import { fail, sharedEngine } from '../state.ts';
import type { JsonSchema } from './json-schema.ts';

export interface Catalog {
  readonly scenarios: Calls['scenarios']['answer']['scenarios'];
  readonly schema: JsonSchema;
  readonly costs: Readonly<Record<string, number>>;
}

export type Check = Calls['checkScenario']['answer'];

/** A scenario is a page; the address carries it. */
export const textLengthMax = 50_000;
/** Chosen when nothing is: runs in a few seconds, and every policy differs. */
const firstScenario = 'two-pass-half-empty';
const checkMs = 200;

const known = signal<Catalog | null>(null);
const checked = signal<Check | null>(null);

/** Null until the worker has told it. */
export const catalog: ReadonlySignal<Catalog | null> = known;
/** Of the text as it was a moment ago; null until it has been checked once. */
export const check: ReadonlySignal<Check | null> = checked;

export const scenarioName: ReadonlySignal<string> = computed(() => chosen('scenario') || firstScenario);

const builtInText = computed(
  () => known.value?.scenarios.find(({ name }) => name === scenarioName.value)?.yaml ?? '',
);

export const scenarioText: ReadonlySignal<string> = computed(() => chosen('yaml') || builtInText.value);

export const isEdited: ReadonlySignal<boolean> = computed(() => chosen('yaml') !== '');

export function chooseScenario(name: string): void {
  choose({ scenario: name, yaml: '' });
}

/** '' would bring the built-in text back. */
export function editScenario(text: string): void {
  choose({ yaml: text === builtInText.value ? '' : text || '\n' }, true);
}

let asked = false;

/** Asks the worker what there is; begins to check the text. To be called when the view is shown. */
export function startLab(): void {
  if (asked) return;
  asked = true;
  sharedEngine()
    .ask('scenarios', {})
    .then(({ scenarios, schema, costs }) => {
      known.value = { scenarios, schema: JSON.parse(schema) as JsonSchema, costs };
    })
    .catch(fail);
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const text = scenarioText.value;
    clearTimeout(timer);
    if (text === '') return;
    timer = setTimeout(() => {
      sharedEngine()
        .ask('checkScenario', { yaml: text })
        .then((answer) => {
          if (text === scenarioText.peek()) checked.value = answer;
        })
        .catch(fail);
    }, checkMs);
  });
}
