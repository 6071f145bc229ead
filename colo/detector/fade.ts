import { NS_PER_S, type Ns } from '@tandem/shared/units.ts'

/** After so long what happened counts half. Long against a burst, short against the life of a piece of news. */
export const HALF_LIFE_NS = 10 * NS_PER_S

/** What is left of something that happened at `atNs`, 0 to 1. */
export function fade(atNs: number, nowNs: Ns): number {
  return 2 ** ((atNs - nowNs) / HALF_LIFE_NS)
}
