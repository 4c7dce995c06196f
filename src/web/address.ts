/**
 * The address carries the whole view: everything that a person chose stands behind the `#` as `key=value`. Back and forward
 * go through what was chosen; what moves continuously (a time that is dragged) replaces the last entry.
 */

import { type ReadonlySignal, signal } from '@preact/signals';

const values = signal<ReadonlyMap<string, string>>(read());

function read(): ReadonlyMap<string, string> {
  return new Map(new URLSearchParams(location.hash.slice(1)));
}

for (const event of ['hashchange', 'popstate'] as const) {
  addEventListener(event, () => {
    clearTimeout(writing);
    writing = undefined;
    values.value = read();
  });
}

/** Browsers refuse an address that changes more often than some ten times a second. */
const writeMs = 250;
/** The address of what moves is still to be written. */
let writing: ReturnType<typeof setTimeout> | undefined;

function write(): void {
  clearTimeout(writing);
  writing = undefined;
  const hash = hashOf(values.value);
  if (hash !== location.hash) history.replaceState(null, '', hash);
}

function hashOf(chosenValues: ReadonlyMap<string, string>): string {
  return `#${new URLSearchParams([...chosenValues])}`;
}

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
  if (hashOf(next) === hashOf(values.value)) return;
  if (continuous) {
    values.value = next;
    writing ??= setTimeout(write, writeMs);
    return;
  }
  // What moved until now is where the back button goes to.
  if (writing !== undefined) write();
  values.value = next;
  history.pushState(null, '', hashOf(next));
}
