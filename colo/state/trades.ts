import { assert } from '@tandem/shared/assert.ts'
import { MICRO_SHARES_PER_LOT, MICRO_USD_PER_USD } from '@tandem/shared/units.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from '../venue/venue.ts'
import { TRADE_LIFE, type TradeEvent, TradeState } from './trade.ts'

// Open trades, as columns: trade t, leg on venue v is cell t * VENUES + v. A trade's number is its place, so it
// is used again after `close`; the journal tells trades apart by time.

/**
 * Trades open at once: far more than risk lets be entered, since a venue may take back many at one moment, each of
 * which is then a trade that must be got out of.
 */
export const TRADES_MAX = 1_024

export class Trades {
  readonly bundle = new Int32Array(TRADES_MAX).fill(-1)
  readonly direction = new Int32Array(TRADES_MAX)
  /** To be read; moved by `move`. */
  readonly state = new Uint8Array(TRADES_MAX)
  /** Orders whose end is not known. */
  readonly underWay = new Uint8Array(TRADES_MAX)
  /** What the legs hold, net of what was sold back, and what that cost. */
  readonly filledMicroShares = new Float64Array(TRADES_MAX * VENUES)
  readonly costMicroUsd = new Float64Array(TRADES_MAX * VENUES)
  readonly feeMicroUsd = new Float64Array(TRADES_MAX * VENUES)
  /** All that was bought for a leg, whatever became of it: what a share of it cost. */
  readonly boughtMicroShares = new Float64Array(TRADES_MAX * VENUES)
  readonly boughtMicroUsd = new Float64Array(TRADES_MAX * VENUES)
  /** The worst case that risk counts until the trade ends. */
  readonly worstMicroUsd = new Float64Array(TRADES_MAX)
  /** The worst that may be naked of it, as approved: one leg alone, at its dearest. */
  readonly nakedMicroUsd = new Float64Array(TRADES_MAX)
  /** What a pair of shares is reckoned at where it is sold: a dollar, which it would pay, or what it had cost. */
  readonly soldPairMicroUsd = new Float64Array(TRADES_MAX)
  /** Some of it was sold back. */
  readonly hasSold = new Uint8Array(TRADES_MAX)
  #open = 0

  get open(): number {
    return this.#open
  }

  /** @returns the new trade, Entering and empty, or -1 when all places are taken. */
  begin(bundle: number, direction: number, worstMicroUsd: number): number {
    const trade = this.bundle.indexOf(-1)
    if (trade === -1) return -1
    this.bundle[trade] = bundle
    this.direction[trade] = direction
    this.state[trade] = TradeState.Entering
    this.underWay[trade] = 0
    this.worstMicroUsd[trade] = worstMicroUsd
    this.nakedMicroUsd[trade] = 0
    this.soldPairMicroUsd[trade] = MICRO_USD_PER_USD
    this.clear(trade)
    this.#open++
    return trade
  }

  /** As if nothing had been booked on it. */
  clear(trade: number): void {
    this.hasSold[trade] = 0
    for (let cell = trade * VENUES; cell < (trade + 1) * VENUES; cell++) {
      this.filledMicroShares[cell] = 0
      this.costMicroUsd[cell] = 0
      this.feeMicroUsd[cell] = 0
      this.boughtMicroShares[cell] = 0
      this.boughtMicroUsd[cell] = 0
    }
  }

  /** All open trades of a bundle. Off the path: it allocates. */
  of(bundle: number): number[] {
    const found: number[] = []
    for (let trade = 0; trade < TRADES_MAX; trade++) if (this.bundle[trade] === bundle) found.push(trade)
    return found
  }

  /** The open trade of a bundle and direction, or -1. */
  find(bundle: number, direction: number): number {
    for (let trade = 0; trade < TRADES_MAX; trade++)
      if (this.bundle[trade] === bundle && this.direction[trade] === direction) return trade
    return -1
  }

  /** What an order of the trade brought, as the venue reported it; below zero what it sold. */
  book(trade: number, venue: Venue, microShares: number, costMicroUsd: number, feeMicroUsd: number): void {
    const cell = trade * VENUES + venue
    this.filledMicroShares[cell] += microShares
    this.costMicroUsd[cell] += costMicroUsd
    this.feeMicroUsd[cell] += feeMicroUsd
    if (microShares <= 0) return
    this.boughtMicroShares[cell] += microShares
    this.boughtMicroUsd[cell] += costMicroUsd + feeMicroUsd
  }

  /** Shares that Polymarket holds beyond Kalshi; negative when it is Kalshi that has more. */
  excessMicroShares(trade: number): number {
    const cell = trade * VENUES
    return this.filledMicroShares[cell + POLYMARKET] - this.filledMicroShares[cell + KALSHI]
  }

  /** Less than a lot apart: what is over is dust, which the next trade of the bundle takes along. */
  isEven(trade: number): boolean {
    return Math.abs(this.excessMicroShares(trade)) < MICRO_SHARES_PER_LOT
  }

  /** Nothing is held of it, but for what is less than a lot. */
  isEmpty(trade: number): boolean {
    const cell = trade * VENUES
    return (
      Math.abs(this.filledMicroShares[cell + POLYMARKET]) < MICRO_SHARES_PER_LOT &&
      Math.abs(this.filledMicroShares[cell + KALSHI]) < MICRO_SHARES_PER_LOT
    )
  }

  /** What both legs cost, fees included. */
  spentMicroUsd(trade: number): number {
    let spent = 0
    for (let cell = trade * VENUES; cell < (trade + 1) * VENUES; cell++)
      spent += this.costMicroUsd[cell] + this.feeMicroUsd[cell]
    return spent
  }

  /**
   * What it brings when both markets are resolved: a dollar for every pair of shares, and nothing for what is naked. Of a
   * sale: what it brought beyond what the shares had cost.
   */
  netMicroUsd(trade: number): number {
    const cell = trade * VENUES
    const pairs = Math.min(this.filledMicroShares[cell + POLYMARKET], this.filledMicroShares[cell + KALSHI])
    const pairMicroUsd = pairs < 0 ? this.soldPairMicroUsd[trade] : MICRO_USD_PER_USD
    return Math.round((pairs * pairMicroUsd) / MICRO_USD_PER_USD) - this.spentMicroUsd(trade)
  }

  /** @throws Failure when the table of trade.ts has no such step */
  move(trade: number, event: TradeEvent): void {
    this.state[trade] = TRADE_LIFE.next(this.state[trade], event)
  }

  /** The trade is settled in the books of account; its place is free again. */
  close(trade: number): void {
    assert(this.bundle[trade] !== -1 && this.underWay[trade] === 0, 'TRADE_CLOSED_AT_REST')
    this.bundle[trade] = -1
    this.#open--
  }
}
