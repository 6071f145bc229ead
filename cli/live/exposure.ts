import type { Direction } from '@tandem/colo/detector/direction.ts'
import { CORRECTION, FillCell } from '@tandem/colo/journal/record.ts'
import { boughtOutcome } from '@tandem/colo/outcome.ts'
import { type Ledger, OUTCOME_NAMED } from '@tandem/colo/state/ledger.ts'
import type { Trades } from '@tandem/colo/state/trades.ts'
import { KALSHI, POLYMARKET, VENUES } from '@tandem/colo/venue/venue.ts'
import { MICRO_SHARES_PER_LOT, MICRO_USD_PER_USD } from '@tandem/shared/units.ts'

/** Dust that has added up is made up for, at most a share at a time: nobody approves it. */
const DUST_MICRO_USD = MICRO_USD_PER_USD
/** Orders whose approval is remembered: a match that is taken back is told within a minute. */
const ORDERS_KEPT = 10_000

export interface Exposure {
  /** Shares without their other side now, beyond dust. */
  exposed_at_end_lots: number
  /** Never was more naked than risk had approved, nor any of it for longer than its rules allow. */
  max_exposure_within_bound: boolean
  /** The most that was naked of one pair, at cost, and the longest before it was closed or parked. */
  max_exposure: { micro_usd: number; ms: number }
}

/**
 * Watches what stands naked over a run: of each open trade what one leg has beyond the other, at what it cost, against what
 * risk approved to be naked of it. A leg that is filled while the other's end is not known counts.
 */
export class ExposureWatch {
  readonly #trades: Trades
  readonly #ledger: Ledger
  readonly #nowNs: () => number
  readonly #boundNs: number
  /** By trade and by order. */
  readonly #approved = new Map<number, number>()
  readonly #approvedOfOrder = new Map<number, number>()
  readonly #sinceNs = new Map<number, number>()
  #worstMicroUsd = 0
  #worstNs = 0
  #isWithin = true

  /** @param boundNs how long a trade may stand naked before it is Parked */
  constructor(trades: Trades, ledger: Ledger, nowNs: () => number, boundNs: number) {
    this.#trades = trades
    this.#ledger = ledger
    this.#nowNs = nowNs
    this.#boundNs = boundNs
  }

  /** Its orders are on their way. */
  sent(trade: number): void {
    this.#approved.set(trade, this.#trades.nakedMicroUsd[trade])
  }

  /** An order has ended, or what was told of it is put right: the cells of a Fill record. */
  leg(cells: Float64Array): void {
    const trade = cells[FillCell.trade]
    if (trade < 0) return
    this.#approve(trade, cells[FillCell.order], cells[FillCell.end] === CORRECTION)
    const microUsd = this.#nakedMicroUsd(trade)
    if (microUsd === 0) {
      this.over(trade)
      return
    }
    if (!this.#sinceNs.has(trade)) this.#sinceNs.set(trade, this.#nowNs())
    this.#worstMicroUsd = Math.max(this.#worstMicroUsd, microUsd)
    this.#isWithin &&= microUsd <= this.#approvedMicroUsd(trade) + DUST_MICRO_USD
  }

  /** A trade is equal, at its end, or Parked: that it cannot be closed is known by then. */
  over(trade: number): void {
    const sinceNs = this.#sinceNs.get(trade)
    if (sinceNs === undefined) return
    this.#sinceNs.delete(trade)
    const lastedNs = this.#nowNs() - sinceNs
    this.#worstNs = Math.max(this.#worstNs, lastedNs)
    this.#isWithin &&= lastedNs <= this.#boundNs
  }

  ended(trade: number): void {
    this.over(trade)
    this.#approved.delete(trade)
  }

  summary(bundles: number): Exposure {
    let lots = 0
    for (let bundle = 0; bundle < bundles; bundle++)
      lots += Math.floor(
        Math.abs(this.#ledger.excessMicroShares(bundle, OUTCOME_NAMED)) / MICRO_SHARES_PER_LOT,
      )
    return {
      exposed_at_end_lots: lots,
      max_exposure_within_bound: this.#isWithin,
      max_exposure: { micro_usd: Math.round(this.#worstMicroUsd), ms: Math.round(this.#worstNs / 1e6) },
    }
  }

  /** What is taken back was approved with its order. */
  #approve(trade: number, order: number, isCorrection: boolean): void {
    if (!isCorrection) {
      this.#approvedOfOrder.set(order, this.#approvedMicroUsd(trade))
      const [oldest] = this.#approvedOfOrder.keys()
      if (this.#approvedOfOrder.size > ORDERS_KEPT) this.#approvedOfOrder.delete(oldest)
      return
    }
    this.#approved.set(trade, Math.max(this.#approvedMicroUsd(trade), this.#approvedOfOrder.get(order) ?? 0))
  }

  /** A sale is no decision of the executor's turn, and says it with its trade. */
  #approvedMicroUsd(trade: number): number {
    return this.#approved.get(trade) ?? this.#trades.nakedMicroUsd[trade]
  }

  #nakedMicroUsd(trade: number): number {
    const trades = this.#trades
    const excess = trades.excessMicroShares(trade)
    if (Math.abs(excess) < MICRO_SHARES_PER_LOT) return 0
    const venue = excess > 0 ? POLYMARKET : KALSHI
    const cell = trade * VENUES + venue
    const bought = trades.boughtMicroShares[cell]
    const paid =
      bought > 0
        ? (trades.boughtMicroUsd[cell] * MICRO_USD_PER_USD) / bought
        : this.#paidMicroUsd(trades.bundle[trade], boughtOutcome(venue, trades.direction[trade] as Direction))
    return (Math.abs(excess) * paid) / MICRO_USD_PER_USD
  }

  /** What covered a match that was taken back was bought by earlier trades, wherever they did. */
  #paidMicroUsd(bundle: number, outcome: number): number {
    const paid = Math.max(
      this.#ledger.paidMicroUsd(bundle, POLYMARKET, outcome),
      this.#ledger.paidMicroUsd(bundle, KALSHI, outcome),
    )
    return paid > 0 ? paid : MICRO_USD_PER_USD
  }
}
