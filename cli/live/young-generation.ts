import { setFlagsFromString } from 'node:v8'

// Where V8 puts what is new: two halves a thread, each filled before garbage is collected. Memory is taken when it is
// first written, so a half counts as RSS only as far as it was ever filled.

const flagsOf = (halfMb: number): string[] => [
  `--min-semi-space-size=${halfMb}`,
  `--max-semi-space-size=${halfMb}`,
]

/**
 * Of the thread that trades, for its process's start. Full size from there: left to itself V8 doubles it in the middle
 * of a run (BENCHMARKS.md, `soak`).
 */
export const YOUNG_GENERATION = flagsOf(16)

/**
 * Keeps the threads small that begin from now on. A thread's resourceLimits cannot: the process's flags win over them,
 * and a thread that fills its 16 MB slowly looks like a leak for a quarter of an hour.
 */
export function limitThreads(): void {
  for (const flag of flagsOf(1)) setFlagsFromString(flag)
}
