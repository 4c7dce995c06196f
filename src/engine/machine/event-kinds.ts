/** What an event of the simulation's queue says: a kind, and whom it concerns. */

export const EventKind = {
  /** What a CPU does now ends. CPU. */
  step: 0,
  /** An interrupt reaches a CPU. CPU. */
  interrupt: 1,
  /** A worker gets its CPU. CPU. */
  work: 2,
  /** A sleeping task's time is over. Task. */
  wake: 3,
  /** The host gives its processors to other CPUs. */
  hostSwitch: 4,
  /** The vmstat worker of all CPUs: `high` decays (6.7 on), lists of other nodes expire. */
  statTick: 5,
  /** SLAB's timer. */
  reap: 6,
  /** A CPU that was off comes back. CPU. */
  cpuBack: 7,
  sample: 8,
  /** The end of a drain, for a requester that sleeps. Slot. */
  drainEnd: 9,
} as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

const kindBits = 4;

export function eventOf(kind: EventKind, subject: number): number {
  return (subject << kindBits) | kind;
}

export function kindOf(event: number): number {
  return event & ((1 << kindBits) - 1);
}

export function subjectOf(event: number): number {
  return event >> kindBits;
}
