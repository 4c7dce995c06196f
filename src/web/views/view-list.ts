/** The views of the page: name in the address, title, key, and how each is loaded. */

import type { ComponentType } from 'preact';

export interface View {
  readonly name: string;
  readonly title: string;
  /** The question that it answers. */
  readonly answers: string;
  /** Needs a recording that is open. */
  readonly needsRecording: boolean;
  readonly load: () => Promise<ComponentType>;
}

/** In the order of the tabs; the keys 1, 2, … go to them. */
export const views: readonly View[] = [
  {
    name: 'verdict',
    title: 'Verdict',
    answers: 'How many interrupts would another policy save?',
    needsRecording: true,
    load: async () => (await import('./verdict.tsx')).VerdictView,
  },
  {
    name: 'timeline',
    title: 'Timeline',
    answers: 'Who held pages when, and what did each drain do?',
    needsRecording: true,
    load: async () => (await import('./timeline.tsx')).TimelineView,
  },
];
