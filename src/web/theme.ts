/** Light, dark, or as the system has it; kept for the next visit where the browser allows it. */

import { effect, type Signal, signal } from '@preact/signals';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storageKey = 'drainlab-theme';

function stored(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(storageKey)) ?? 'system';
  } catch {
    // A page from a file, or a browser that keeps nothing.
    return 'system';
  }
}

export const theme: Signal<Theme> = signal(stored());

const systemIsDark = matching('(prefers-color-scheme: dark)');
/** The system's own few colours are shown in place of the page's. */
const areColoursForced = matching('(forced-colors: active)');

function matching(query: string): Signal<boolean> {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener('change', (event) => {
    matches.value = event.matches;
  });
  return matches;
}

/** Read it where something is drawn, so that it is drawn anew when it changes. */
export function isDark(): boolean {
  // What is drawn must be seen on the background that the system forces.
  if (theme.value === 'system' || areColoursForced.value) return systemIsDark.value;
  return theme.value === 'dark';
}

effect(() => {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
  try {
    localStorage.setItem(storageKey, theme.value);
  } catch {
    // As above.
  }
});
