import { type KalshiFeeSchedule, kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import type { TickStructure } from '@tandem/shared/ticks.ts'
import { PRICE_ONE, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import type { Orderbook } from '../orderbook.ts'
import type { Trade } from './order.ts'

// What Kalshi lists: series of events, events of markets. A market is one book: YES bids and YES asks.

export interface Series {
  readonly ticker: string
  readonly title: string
  readonly category: string
  readonly frequency: string
  readonly feeType: string
  readonly feeMultiplier: number
}

export interface EventTerms {
  readonly ticker: string
  readonly title: string
  readonly subTitle: string
  readonly mutuallyExclusive: boolean
  /** The exchange shard on which all markets of the event are traded: 0..3. */
  readonly exchangeIndex: number
  readonly feeTypeOverride?: string
  readonly feeMultiplierOverride?: number
}

export interface EventListing extends EventTerms {
  readonly series: Series
  readonly markets: Market[]
}

export interface PriceRange {
  readonly start: string
  readonly end: string
  readonly step: string
}

export interface MarketTerms {
  readonly ticker: string
  readonly yesSubTitle: string
  readonly noSubTitle: string
  readonly rulesPrimary: string
  readonly rulesSecondary: string
  readonly openMs: number
  readonly settlementTimerSeconds: number
}

/** As REST says it; `disputed` and `amended` do not happen here. */
export type MarketStatus = 'initialized' | 'active' | 'inactive' | 'closed' | 'determined' | 'finalized'
export type MarketResult = 'yes' | 'no' | ''

/** Trades kept for GET /markets/trades. */
const TRADES_KEPT = 2_000

export class Market {
  readonly terms: MarketTerms
  readonly event: EventListing
  /** The UUID that the feeds call it by. */
  readonly id: string
  readonly fees: KalshiFeeSchedule
  readonly book: Orderbook
  readonly createdMs: number
  updatedMs: number
  status: MarketStatus = 'initialized'
  result: MarketResult = ''
  closeMs: number
  determinedMs = 0
  settledMs = 0
  priceLevelStructure: string
  priceRanges: readonly PriceRange[]
  ticks: TickStructure
  lastPrice = 0
  previousPrice = 0
  lastTradeLots = 0
  volumeLots = 0
  volumeMicroUsd = 0
  /** Contracts that exist: the sum of all YES positions, which is that of all NO positions. */
  openInterestLots = 0
  readonly trades: Trade[] = []

  constructor(
    terms: MarketTerms,
    event: EventListing,
    parts: {
      id: string
      book: Orderbook
      nowMs: number
      closeMs: number
      priceLevelStructure: string
      priceRanges: readonly PriceRange[]
      ticks: TickStructure
    },
  ) {
    this.terms = terms
    this.event = event
    this.id = parts.id
    this.book = parts.book
    this.createdMs = parts.nowMs
    this.updatedMs = parts.nowMs
    this.closeMs = parts.closeMs
    this.priceLevelStructure = parts.priceLevelStructure
    this.priceRanges = parts.priceRanges
    this.ticks = parts.ticks
    this.fees = kalshiFeeSchedule(
      {
        feeType: event.series.feeType,
        feeMultiplier: event.series.feeMultiplier,
        feeTypeOverride: event.feeTypeOverride ?? null,
        feeMultiplierOverride: event.feeMultiplierOverride ?? null,
      },
      terms.ticker,
    )
  }

  get ticker(): string {
    return this.terms.ticker
  }

  get exchangeIndex(): number {
    return this.event.exchangeIndex
  }

  /** The best YES bid, or 0 where nobody bids. */
  get yesBid(): number {
    return Math.max(this.book.best(SIDE_BID), 0)
  }

  /** The best YES ask, or a dollar where nobody asks. */
  get yesAsk(): number {
    const best = this.book.best(SIDE_ASK)
    return best < 0 ? PRICE_ONE : best
  }

  topLots(side: Side): number {
    return lotsOf(this.book.sizeAt(side, this.book.best(side)))
  }

  traded(trade: Trade): void {
    this.previousPrice = this.lastPrice
    this.lastPrice = trade.price
    this.lastTradeLots = trade.lots
    this.volumeLots += trade.lots
    this.volumeMicroUsd += trade.lots * trade.price
    this.trades.push(trade)
    if (this.trades.length > TRADES_KEPT * 2) this.trades.splice(0, TRADES_KEPT)
  }
}

// The book counts micro-shares, Kalshi hundredths of a contract.
const MICRO_SHARES_PER_LOT = 10_000

export function lotsOf(microShares: number): number {
  return microShares / MICRO_SHARES_PER_LOT
}

export function microSharesOf(lots: number): number {
  return lots * MICRO_SHARES_PER_LOT
}
