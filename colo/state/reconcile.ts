import { MICRO_SHARES_PER_LOT } from '@tandem/shared/units.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from '../venue/venue.ts'

// What a venue shows of our positions, held against the books of account. Both are right only while nothing moves: the
// venue's reads lag behind its engine, ours behind its messages. So what moved a moment ago is not compared, and a
// difference counts when it stands in two looks.

export const Verdict = {
  /** As our books have it, to less than a lot. */
  Same: 0,
  /** Something moved a moment ago, or is under way: nothing can be said. */
  Busy: 1,
  /** Another than ours, seen once. */
  Differs: 2,
  /** The same difference, in the look after: a position that our books do not know, or one that is not there. */
  Mismatch: 3,
} as const
export type Verdict = (typeof Verdict)[keyof typeof Verdict]

/** What a venue shows by itself: each of Polymarket's two tokens, and Kalshi's one position. */
const POSITIONS = 3
export const KALSHI_POSITION = 2
const MICRO_SHARES_NEVER = Number.NaN

/** When something was last booked, by bundle and venue; what the last look found, by bundle and position. */
export class Reconciliation {
  readonly #quietNs: readonly number[]
  readonly #touchedNs: Float64Array
  readonly #difference: Float64Array
  /** When the read was begun that found it. */
  readonly #askedNs: Float64Array

  /** @param quietNs by venue: how long after its last message a venue's reads may still be without it */
  constructor(bundles: number, quietNs: readonly [number, number]) {
    this.#quietNs = quietNs
    this.#touchedNs = new Float64Array(bundles * VENUES).fill(Number.NEGATIVE_INFINITY)
    this.#difference = new Float64Array(bundles * POSITIONS).fill(MICRO_SHARES_NEVER)
    this.#askedNs = new Float64Array(bundles * POSITIONS)
  }

  /** Something was sent or booked. */
  touched(bundle: number, venue: Venue, nowNs: number): void {
    this.#touchedNs[bundle * VENUES + venue] = nowNs
  }

  /** Whether a read that was begun at `askedNs` shows all that was booked. */
  isQuiet(bundle: number, venue: Venue, askedNs: number): boolean {
    return askedNs >= this.#touchedNs[bundle * VENUES + venue] + this.#quietNs[venue]
  }

  /** Whether the last look at a position found it as our books have it. */
  isKnown(bundle: number, position: number): boolean {
    return this.#difference[bundle * POSITIONS + position] === 0
  }

  /** Whether that is so of all of the bundle's. */
  isWhole(bundle: number): boolean {
    for (let position = 0; position < POSITIONS; position++) if (!this.isKnown(bundle, position)) return false
    return true
  }

  /** Whether both venues have shown all of the bundle's since the last that was sent or booked, and as our books have it. */
  isShown(bundle: number): boolean {
    for (let position = 0; position < POSITIONS; position++)
      if (!this.isQuiet(bundle, venueOf(position), this.#askedNs[bundle * POSITIONS + position])) return false
    return this.isWhole(bundle)
  }

  /**
   * @param position 0 or 1 of Polymarket's tokens, the named outcome's first, or KALSHI_POSITION
   * @param ours shares by our books, after the read
   * @param told shares as the venue shows them
   * @param askedNs when the read was begun
   */
  look(bundle: number, position: number, ours: number, told: number, askedNs: number): Verdict {
    if (!this.isQuiet(bundle, venueOf(position), askedNs)) return Verdict.Busy
    const cell = bundle * POSITIONS + position
    this.#askedNs[cell] = askedNs
    const difference = Math.abs(told - ours) < MICRO_SHARES_PER_LOT ? 0 : told - ours
    const isAgain = this.#difference[cell] === difference
    this.#difference[cell] = difference
    if (difference === 0) return Verdict.Same
    return isAgain ? Verdict.Mismatch : Verdict.Differs
  }
}

function venueOf(position: number): Venue {
  return position === KALSHI_POSITION ? KALSHI : POLYMARKET
}
