import { MICRO_USD_PER_USD } from '@tandem/shared/units.ts'
import { KALSHI, VENUES } from '../venue/venue.ts'

/** The outcome that a leg bought: the one the mapping names, or its complement. */
export const OUTCOME_NAMED = 0
export const OUTCOME_COMPLEMENT = 1
const OUTCOMES = 2

/** Where money lies: on Polymarket in one purse, on Kalshi in one a shard, and an order takes from its market's alone. */
export const POLYMARKET_PURSE = 0
/** Shards that there may be; today there are four. */
export const KALSHI_SHARDS_MAX = 64
const PURSES = 1 + KALSHI_SHARDS_MAX

export function kalshiPurse(shard: number): number {
  return 1 + shard
}

/** Money and shares, as the venues reported them: balances, what is reserved of them, and what is held. */
export class Ledger {
  /** By purse. */
  readonly balanceMicroUsd = new Float64Array(PURSES)
  readonly reservedMicroUsd = new Float64Array(PURSES)
  /** The venue refused an order for want of money that we thought was there: nothing is, until it has said what is. */
  readonly isDoubted = new Uint8Array(PURSES)
  /** What the open positions cost, fees included, by bundle and by venue. */
  readonly spentByBundleMicroUsd: Float64Array
  readonly spentByVenueMicroUsd = new Float64Array(VENUES)
  /** What Polymarket's balance has more than the fills booked there, or less: fractions of micro-dollars, added up. */
  roundingMicroUsd = 0
  readonly #reservedByVenueMicroUsd = new Float64Array(VENUES)
  readonly #kalshiPurses: Int32Array
  readonly #heldMicroShares: Float64Array
  /** What the shares of a cell cost, fees included. */
  readonly #costMicroUsd: Float64Array

  /** @param kalshiShards of each bundle's Kalshi market */
  constructor(kalshiShards: Int32Array) {
    const bundles = kalshiShards.length
    this.#kalshiPurses = kalshiShards.map(kalshiPurse)
    this.spentByBundleMicroUsd = new Float64Array(bundles)
    this.#heldMicroShares = new Float64Array(bundles * VENUES * OUTCOMES)
    this.#costMicroUsd = new Float64Array(bundles * VENUES * OUTCOMES)
  }

  /** What is free for an order of the bundle on a venue. */
  availableMicroUsd(bundle: number, venue: number): number {
    const purse = this.#purse(bundle, venue)
    return this.isDoubted[purse] === 1 ? 0 : this.balanceMicroUsd[purse] - this.reservedMicroUsd[purse]
  }

  /** What all positions cost, fees included. */
  spentMicroUsd(): number {
    return this.spentByVenueMicroUsd.reduce((sum, spent) => sum + spent)
  }

  /** What is held on a venue, at cost, and the worst case of what is in flight there. */
  atStakeMicroUsd(venue: number): number {
    return this.spentByVenueMicroUsd[venue] + this.#reservedByVenueMicroUsd[venue]
  }

  /** Holds money back for an order's worst case; below zero, gives it free again. */
  reserve(bundle: number, venue: number, microUsd: number): void {
    this.reservedMicroUsd[this.#purse(bundle, venue)] += microUsd
    this.#reservedByVenueMicroUsd[venue] += microUsd
  }

  /** Polymarket's balance shows that fills were booked by so much too dear, or too cheap. */
  round(microUsd: number): void {
    this.balanceMicroUsd[POLYMARKET_PURSE] += microUsd
    this.roundingMicroUsd += microUsd
  }

  doubt(bundle: number, venue: number): void {
    this.isDoubted[this.#purse(bundle, venue)] = 1
  }

  /** What an order bought, or below zero sold, or a correction of it. */
  settle(
    venue: number,
    bundle: number,
    outcome: number,
    filledMicroShares: number,
    spentMicroUsd: number,
  ): void {
    this.#spend(venue, bundle, spentMicroUsd)
    const cell = this.#cell(bundle, venue, outcome)
    if (filledMicroShares < 0) this.#take(cell, -filledMicroShares)
    else {
      this.#heldMicroShares[cell] += filledMicroShares
      this.#costMicroUsd[cell] += spentMicroUsd
    }
    if (venue === KALSHI) this.#net(bundle)
  }

  /** Kalshi pays a dollar for every share of one outcome that meets one of the other (Kalshi fact sheet, section 4.5). */
  #net(bundle: number): void {
    const named = this.#cell(bundle, KALSHI, OUTCOME_NAMED)
    const complement = this.#cell(bundle, KALSHI, OUTCOME_COMPLEMENT)
    const pairs = Math.min(this.#heldMicroShares[named], this.#heldMicroShares[complement])
    if (pairs <= 0) return
    this.#take(named, pairs)
    this.#take(complement, pairs)
    this.#spend(KALSHI, bundle, -pairs)
  }

  #spend(venue: number, bundle: number, microUsd: number): void {
    this.balanceMicroUsd[this.#purse(bundle, venue)] -= microUsd
    this.spentByBundleMicroUsd[bundle] += microUsd
    this.spentByVenueMicroUsd[venue] += microUsd
  }

  /** What leaves takes its part of the cost along, whatever it brought. */
  #take(cell: number, microShares: number): void {
    const held = this.#heldMicroShares[cell]
    this.#heldMicroShares[cell] = held - microShares
    this.#costMicroUsd[cell] *= held > 0 ? Math.max(0, held - microShares) / held : 0
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

  #purse(bundle: number, venue: number): number {
    return venue === KALSHI ? this.#kalshiPurses[bundle] : POLYMARKET_PURSE
  }

  #cell(bundle: number, venue: number, outcome: number): number {
    return (bundle * VENUES + venue) * OUTCOMES + outcome
  }
}
