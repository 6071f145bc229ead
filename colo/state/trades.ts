import { assert } from '@tandem/shared/assert.ts'
import { MICRO_SHARES_PER_LOT } from '@tandem/shared/units.ts'
import { VENUES } from '../venue/venue.ts'

// Trades in flight, as columns: trade t, leg on venue v is cell t * VENUES + v. A trade's number is its place, so it
// is used again after `close`; the journal tells trades apart by time.

/** Trades in flight at once. More would mean that answers stopped coming; risk refuses at a lower limit. */
export const TRADES_MAX = 64

const LegState = { None: 0, Sent: 1, Done: 2 } as const

export const TradeOutcome = {
  /** The other leg's answer is still to come. */
  Open: 0,
  /** Both legs filled, less than a lot apart. */
  Hedged: 1,
  /** The legs differ by a lot or more: what is over is a naked position. */
  Exposed: 2,
  /** Neither leg filled: nothing happened but the attempt. */
  Nothing: 3,
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

  /** The final answer for one leg, as the venue reported it. */
  legDone(
    trade: number,
    venue: number,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
  ): TradeOutcome {
    const cell = trade * VENUES + venue
    assert(this.legState[cell] === LegState.Sent, 'TRADE_LEG_NOT_SENT')
    this.legState[cell] = LegState.Done
    this.filledMicroShares[cell] = filledMicroShares
    this.costMicroUsd[cell] = costMicroUsd
    this.feeMicroUsd[cell] = feeMicroUsd
    return this.#outcome(trade)
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

  #outcome(trade: number): TradeOutcome {
    let least = Number.POSITIVE_INFINITY
    let most = 0
    for (let cell = trade * VENUES; cell < (trade + 1) * VENUES; cell++) {
      if (this.legState[cell] !== LegState.Done) return TradeOutcome.Open
      const filled = this.filledMicroShares[cell]
      if (filled < least) least = filled
      if (filled > most) most = filled
    }
    if (most === 0) return TradeOutcome.Nothing
    return most - least < MICRO_SHARES_PER_LOT ? TradeOutcome.Hedged : TradeOutcome.Exposed
  }
}
