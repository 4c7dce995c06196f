/** Drains that were traced between two samples. */
export interface DrainCounts {
  /** Direct reclaims that began since the sample before. */
  readonly directReclaims: number;
}
export interface DrainCounter {
  read(): DrainCounts;
}
