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
    name: 'machine',
    title: 'Machine',
    answers: 'Which CPUs hold pages at a moment, and whom does a drain disturb?',
    needsRecording: true,
    load: async () => (await import('./machine.tsx')).MachineView,
  },
  {
    name: 'timeline',
    title: 'Timeline',
    answers: 'Who held pages when, and what did each drain do?',
    needsRecording: true,
    load: async () => (await import('./timeline.tsx')).TimelineView,
  },
  {
    name: 'compare',
    title: 'Compare',
    answers:
      'What differs between two recordings, runs or policies, and where does each policy begin to pay?',
    needsRecording: false,
    load: async () => (await import('./compare.tsx')).CompareView,
  },
  {
    name: 'lab',
    title: 'Lab',
    answers: 'What if the machine, the policy or the price of a mask were another?',
    needsRecording: false,
    load: async () => (await import('./lab.tsx')).LabView,
  },
  {
    name: 'live',
    title: 'Live',
    answers: 'Who holds pages on this host now, and what would a drain do?',
    needsRecording: false,
    load: async () => (await import('./live.tsx')).LiveView,
  },
  {
    name: 'audit',
    title: 'Audit',
    answers: 'Who disturbed whom in this recording? Isolated CPUs first.',
    needsRecording: true,
    load: async () => (await import('./audit.tsx')).AuditView,
  },
  {
    name: 'thread',
    title: 'The thread',
    answers: 'Who was right in the mail of 30 December 2011? Claim by claim, each with its experiment.',
    needsRecording: false,
    load: async () => (await import('./thread.tsx')).ThreadView,
  },
];
