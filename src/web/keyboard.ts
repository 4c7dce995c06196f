/** Keys of the page: each is registered with what it does, so that `?` lists exactly those that work now. */

import { type ReadonlySignal, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export interface KeyBinding {
  /** As `KeyboardEvent.key`: `ArrowLeft`, `?`, `v`; with `Shift+` before where it matters. */
  readonly key: string;
  /** What it does, as the help says it. */
  readonly what: string;
  readonly run: () => void;
}

const bindings = signal<readonly KeyBinding[]>([]);

/** Keys that work now, in the order in which they were registered. */
export const keyBindings: ReadonlySignal<readonly KeyBinding[]> = bindings;

/** Registers keys while a component is shown. `dependencies` as for useEffect. */
export function useKeys(keys: readonly KeyBinding[], dependencies: readonly unknown[]): void {
  useEffect(() => {
    bindings.value = [...bindings.value, ...keys];
    return () => {
      bindings.value = bindings.value.filter((binding) => !keys.includes(binding));
    };
  }, [...dependencies]);
}

/** Text is being written, or a control has this key for itself. */
function isTyping({ target, key }: KeyboardEvent): boolean {
  // A slider takes arrows, Home, End and pages, but no letters.
  if (target instanceof HTMLInputElement && target.type === 'range') return key.length > 1;
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  const names = event.shiftKey ? [`Shift+${event.key}`, event.key] : [event.key];
  // What was registered last is nearest to what is looked at.
  const binding = bindings.value.findLast(({ key }) => names.includes(key));
  if (binding === undefined) return;
  event.preventDefault();
  binding.run();
});
