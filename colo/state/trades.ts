import { assert } from '@tandem/shared/assert.ts'
import { MICRO_SHARES_PER_LOT } from '@tandem/shared/units.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from '../venue/venue.ts'

// Trades in flight, as columns: trade t, leg on venue v is cell t * VENUES + v. A trade's number is its place, so it
// is used again after `close`; the journal tells trades apart by time.

/** Trades in flight at once. More would mean that answers stopped coming; risk refuses at a lower limit. */
export const TRADES_MAX = 64

export const LegState = {
  None: 0,
  /** It waits for the other leg's fills. */
  Planned: 1,
  Sent: 2,
  Done: 3,
} as const

export const TradeOutcome = {
  /** The other leg's answer is still to come. */
  Open: 0,
  /** Both legs filled, less than a lot apart. */
  Hedged: 1,
  /** The legs differed, and further orders made them equal. */
  Flattened: 2,
  /** The legs differ by a lot or more: what is over is a naked position. */
  Exposed: 3,
  /** Neither leg filled: nothing happened but the attempt. */
  Nothing: 4,
} as const
export type TradeOutcome = (typeof TradeOutcome)[keyof typeof TradeOutcome]

export class Trades {
  readonly bundle = new Int32Array(TRADES_MAX).fill(-1)
  readonly direction = new Int32Array(TRADES_MAX)
  readonly legState = new Int32Array(TRADES_MAX * VENUES)
  /** What a leg may cost at most, reserved from its venue's balance until its answer is final. */
  readonly reservedMicroUsd = new Float64Array(TRADES_MAX * VENUES)
  readonly filledMicroShares = new Float64Array(TRADES_MAX * VENUES)
  readonly costMicroUsd = new Float64Array(TRADES_MAX * VENUES)
  readonly feeMicroUsd = new Float64Array(TRADES_MAX * VENUES)
  /** Orders that were to even the legs out. */
  readonly evenOuts = new Uint8Array(TRADES_MAX)
  #open = 0

  get open(): number {
    return this.#open
  }

  /** @returns the new trade, both legs SENT, or -1 when all places are taken. */
  begin(bundle: number, direction: number): number {
    const trade = this.bundle.indexOf(-1)
    if (trade === -1) return -1
    this.bundle[trade] = bundle
    this.direction[trade] = direction
    this.evenOuts[trade] = 0
    for (let cell = trade * VENUES; cell < (trade + 1) * VENUES; cell++) {
      this.legState[cell] = LegState.Sent
      this.reservedMicroUsd[cell] = 0
      this.filledMicroShares[cell] = 0
      this.costMicroUsd[cell] = 0
      this.feeMicroUsd[cell] = 0
    }
    this.#open++
    return trade
  }

  /** The final answer for one order of a leg, as the venue reported it; a sale is a fill below zero. */
  legDone(
    trade: number,
    venue: Venue,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
  ): void {
    const cell = trade * VENUES + venue
    assert(this.legState[cell] === LegState.Sent, 'TRADE_LEG_NOT_SENT')
    this.legState[cell] = LegState.Done
    this.filledMicroShares[cell] += filledMicroShares
    this.costMicroUsd[cell] += costMicroUsd
    this.feeMicroUsd[cell] += feeMicroUsd
  }

  /** Shares that Polymarket filled beyond Kalshi; negative when it is Kalshi that has more. */
  excessMicroShares(trade: number): number {
    const cell = trade * VENUES
    return this.filledMicroShares[cell + POLYMARKET] - this.filledMicroShares[cell + KALSHI]
  }

  outcome(trade: number): TradeOutcome {
    let most = 0
    for (let cell = trade * VENUES; cell < (trade + 1) * VENUES; cell++) {
      if (this.legState[cell] !== LegState.Done) return TradeOutcome.Open
      most = Math.max(most, this.filledMicroShares[cell])
    }
    if (Math.abs(this.excessMicroShares(trade)) >= MICRO_SHARES_PER_LOT) return TradeOutcome.Exposed
    if (this.evenOuts[trade] > 0) return TradeOutcome.Flattened
    return most === 0 ? TradeOutcome.Nothing : TradeOutcome.Hedged
  }

  /** What both legs cost, fees included. */
  spentMicroUsd(trade: number): number {
    let spent = 0
    for (let cell = trade * VENUES; cell < (trade + 1) * VENUES; cell++)
      spent += this.costMicroUsd[cell] + this.feeMicroUsd[cell]
    return spent
  }

  /** The trade is settled in the books of account; its place is free again. */
  close(trade: number): void {
    assert(this.bundle[trade] !== -1, 'TRADE_NOT_OPEN')
    this.bundle[trade] = -1
    this.#open--
  }
}
