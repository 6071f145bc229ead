import { assert } from '@tandem/shared/assert.ts'
import type { Direction } from './direction.ts'

export const SignalChange = {
  /** As before. */
  None: 0,
  /** The gross spread rose above the threshold. */
  Began: 1,
  /** It fell back to the threshold or below, or a side became empty. */
  Ended: 2,
} as const
export type SignalChange = (typeof SignalChange)[keyof typeof SignalChange]

const DIRECTIONS = 2

/**
 * Which bundles show a gross spread, before fees, above a threshold: told once when it begins and once when it ends,
 * tradable or not. For people and for the books' health: a wide spread that lasts is more often a broken mapping or a
 * frozen book than an edge.
 */
export class Signals {
  readonly #above: Uint8Array
  readonly #thresholdMicroUsd: number

  constructor(bundles: number, thresholdMicroUsd: number) {
    assert(thresholdMicroUsd >= 0, 'SIGNAL_THRESHOLD_IS_POSITIVE')
    this.#above = new Uint8Array(bundles * DIRECTIONS)
    this.#thresholdMicroUsd = thresholdMicroUsd
  }

  /** @param grossMicroUsd as edge.ts's grossAtTopMicroUsd says. */
  look(bundle: number, direction: Direction, grossMicroUsd: number): SignalChange {
    const cell = bundle * DIRECTIONS + direction
    const above = grossMicroUsd > this.#thresholdMicroUsd ? 1 : 0
    if (above === this.#above[cell]) return SignalChange.None
    this.#above[cell] = above
    return above === 1 ? SignalChange.Began : SignalChange.Ended
  }
}
