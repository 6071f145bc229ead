import { MICRO_USD_PER_USD } from '@tandem/shared/units.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from '../venue/venue.ts'

// What a share of the outcome that a pair's mapping names pays on each venue, once it is known: a dollar, nothing, or
// something between for a market that is voided or settled at a fair price. The mapping says that both pay the same.

export const Agreement = {
  /** The other venue has not said yet. */
  Waits: 0,
  /** Both pay the same: the pair paid a dollar. */
  Same: 1,
  /** They do not: the mapping was wrong, or a venue has erred. */
  Divergent: 2,
} as const
export type Agreement = (typeof Agreement)[keyof typeof Agreement]

/** Kalshi tells whole cents, Polymarket fractions of a dollar: less apart is rounding. */
const APART_MICRO_USD = MICRO_USD_PER_USD / 100

export class Resolutions {
  /** NaN while it is not known. */
  readonly #paysNamedMicroUsd: Float64Array

  constructor(bundles: number) {
    this.#paysNamedMicroUsd = new Float64Array(bundles * VENUES).fill(Number.NaN)
  }

  told(bundle: number, venue: Venue, paysNamedMicroUsd: number): void {
    this.#paysNamedMicroUsd[bundle * VENUES + venue] = paysNamedMicroUsd
  }

  /** NaN while it is not known. */
  paysNamedMicroUsd(bundle: number, venue: Venue): number {
    return this.#paysNamedMicroUsd[bundle * VENUES + venue]
  }

  isKnown(bundle: number, venue: Venue): boolean {
    return !Number.isNaN(this.paysNamedMicroUsd(bundle, venue))
  }

  agreement(bundle: number): Agreement {
    if (!this.isKnown(bundle, POLYMARKET) || !this.isKnown(bundle, KALSHI)) return Agreement.Waits
    const apart = this.paysNamedMicroUsd(bundle, POLYMARKET) - this.paysNamedMicroUsd(bundle, KALSHI)
    return Math.abs(apart) < APART_MICRO_USD ? Agreement.Same : Agreement.Divergent
  }
}
