import { MICRO_USD_PER_USD } from '@tandem/shared/units.ts'
import { VENUES } from '../venue/venue.ts'

/** The outcome that a leg bought: the one the mapping names, or its complement. */
export const OUTCOME_NAMED = 0
export const OUTCOME_COMPLEMENT = 1
const OUTCOMES = 2

/** Money and shares, as the venues reported them: balances, what is reserved of them, and what is held. */
export class Ledger {
  readonly balanceMicroUsd = new Float64Array(VENUES)
  readonly reservedMicroUsd = new Float64Array(VENUES)
  /** What the open positions cost, fees included, by bundle and by venue. */
  readonly spentByBundleMicroUsd: Float64Array
  readonly spentByVenueMicroUsd = new Float64Array(VENUES)
  readonly #heldMicroShares: Float64Array
  /** What the shares of a cell cost, fees included. */
  readonly #costMicroUsd: Float64Array

  constructor(bundles: number) {
    this.spentByBundleMicroUsd = new Float64Array(bundles)
    this.#heldMicroShares = new Float64Array(bundles * VENUES * OUTCOMES)
    this.#costMicroUsd = new Float64Array(bundles * VENUES * OUTCOMES)
  }

  availableMicroUsd(venue: number): number {
    return this.balanceMicroUsd[venue] - this.reservedMicroUsd[venue]
  }

  /** What all positions cost, fees included. */
  spentMicroUsd(): number {
    return this.spentByVenueMicroUsd.reduce((sum, spent) => sum + spent)
  }

  /** What is held on a venue, at cost, and the worst case of what is in flight there. */
  atStakeMicroUsd(venue: number): number {
    return this.spentByVenueMicroUsd[venue] + this.reservedMicroUsd[venue]
  }

  /** Holds money back for an order's worst case; below zero, gives it free again. */
  reserve(venue: number, microUsd: number): void {
    this.reservedMicroUsd[venue] += microUsd
  }

  /** What an order bought, or below zero sold, or a correction of it. */
  settle(
    venue: number,
    bundle: number,
    outcome: number,
    filledMicroShares: number,
    spentMicroUsd: number,
  ): void {
    this.balanceMicroUsd[venue] -= spentMicroUsd
    this.spentByBundleMicroUsd[bundle] += spentMicroUsd
    this.spentByVenueMicroUsd[venue] += spentMicroUsd
    const cell = this.#cell(bundle, venue, outcome)
    const held = this.#heldMicroShares[cell]
    this.#heldMicroShares[cell] = held + filledMicroShares
    // What leaves takes its part of the cost along, whatever it brought.
    if (filledMicroShares >= 0) this.#costMicroUsd[cell] += spentMicroUsd
    else if (held > 0) this.#costMicroUsd[cell] *= Math.max(0, held + filledMicroShares) / held
  }

  /** What a share of what is held cost on average, fees included, rounded up; -1 where none is held. */
  paidMicroUsd(bundle: number, venue: number, outcome: number): number {
    const cell = this.#cell(bundle, venue, outcome)
    const held = this.#heldMicroShares[cell]
    return held > 0 ? Math.ceil((this.#costMicroUsd[cell] * MICRO_USD_PER_USD) / held) : -1
  }

  heldMicroShares(bundle: number, venue: number, outcome: number): number {
    return this.#heldMicroShares[this.#cell(bundle, venue, outcome)]
  }

  /**
   * Shares of an outcome that are held without their other side, negative when it is the other side that is over: a
   * share of one outcome is covered by one of the other, wherever they lie, since one of the two pays a dollar.
   */
  excessMicroShares(bundle: number, outcome: number): number {
    let excess = 0
    for (let venue = 0; venue < VENUES; venue++) {
      excess += this.heldMicroShares(bundle, venue, outcome)
      excess -= this.heldMicroShares(bundle, venue, 1 - outcome)
    }
    return excess
  }

  /** What a bundle's shares pay whatever happens: a dollar for each that is covered by one of the other outcome. */
  coveredMicroUsd(bundle: number): number {
    let named = 0
    let complement = 0
    for (let venue = 0; venue < VENUES; venue++) {
      named += this.heldMicroShares(bundle, venue, OUTCOME_NAMED)
      complement += this.heldMicroShares(bundle, venue, OUTCOME_COMPLEMENT)
    }
    return Math.min(named, complement)
  }

  #cell(bundle: number, venue: number, outcome: number): number {
    return (bundle * VENUES + venue) * OUTCOMES + outcome
  }
}
