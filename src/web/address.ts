/**
 * The address carries the whole view: everything that a person chose stands behind the `#` as `key=value`. Back and forward
 * go through what was chosen; what moves continuously (a time that is dragged) replaces the last entry.
 */

import { type ReadonlySignal, signal } from '@preact/signals';

const values = signal<ReadonlyMap<string, string>>(read());

function read(): ReadonlyMap<string, string> {
  return new Map(new URLSearchParams(location.hash.slice(1)));
}

addEventListener('hashchange', () => {
  values.value = read();
});
addEventListener('popstate', () => {
  values.value = read();
});

/** All that was chosen. */
export const address: ReadonlySignal<ReadonlyMap<string, string>> = values;

/** Chosen value, or '' when nothing was chosen. */
export function chosen(key: string): string {
  return values.value.get(key) ?? '';
}

/** A number in the address; `otherwise` when there is none. */
export function chosenNumber(key: string, otherwise: number): number {
  const text = values.value.get(key);
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : otherwise;
}

/** '' takes a key away. `continuous`: no new entry for the back button. */
export function choose(changes: Readonly<Record<string, string | number>>, continuous = false): void {
  const next = new Map(values.value);
  for (const [key, value] of Object.entries(changes)) {
    if (value === '') next.delete(key);
    else next.set(key, String(value));
  }
  const hash = `#${new URLSearchParams([...next])}`;
  if (hash === location.hash) return;
  if (continuous) history.replaceState(null, '', hash);
  else history.pushState(null, '', hash);
  values.value = next;
}
