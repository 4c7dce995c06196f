/** Names for integers, so that a signature says what a number is. */

/** 0-based CPU number as the kernel counts. */
export type CpuIndex = number;
/** Position of a zone in `Machine.zones`; -1 stands for "every zone" or "not known", as the place says. */
export type ZoneIndex = number;
/** Position of a (CPU, zone) list: `cpu * zoneCount + zone`. */
export type ListIndex = number;
/** Page frame number. */
export type Pfn = number;
/** Base pages (an entry of order o counts 2^o). */
export type Pages = number;
/** Nanoseconds since the first event of the recording, exact up to 2^53. */
export type Nanoseconds = number;
