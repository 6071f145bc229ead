import { assert } from '@tandem/shared/assert.ts'
import { type Ns, PRICE_NONE, PRICE_ONE } from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'
import { BookState } from '../book/integrity.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from '../venue/venue.ts'
import type { Bundle } from './bundle.ts'
import { Estimate } from './estimate.ts'
import { fade } from './fade.ts'
import type { TradeFlow } from './trade-flow.ts'

/** Whose quotes are behind the fair value. The first two are the venues' own numbers. */
export const Lag = {
  Polymarket: 0,
  Kalshi: 1,
  /** The fair value lies within both venues' quotes, or as far outside of both. */
  Neither: 2,
  /** A book is not Live, or shows no whole lot on a side: there is no fair value either. */
  Unknown: 3,
} as const
export type Lag = (typeof Lag)[keyof typeof Lag]
assert(Lag.Polymarket === POLYMARKET && Lag.Kalshi === KALSHI, 'LAG_IS_A_VENUE')

/** A fair value is computed anew when a best price has moved this far since the last time: a cent, in 1e-4 dollar. */
const MOVE_PRICE_MIN = 100

/** By bundle: the best bid and ask of each venue. */
const TOPS = 2 * VENUES

/**
 * What each bundle's named outcome is worth by both books together, and which venue is behind. For people, and for the
 * order in which two legs are written; never a reason to trade (docs/ENSEMBLE.md). As of the last touch of either book:
 * what happens to one between frames, a lost socket, its close, is seen with the next.
 */
export class Ensemble {
  /** By bundle, of the named outcome, in 1e-4 dollar; PRICE_NONE where it is Unknown. */
  readonly fairPrice: Int32Array
  /** By bundle: a Lag. */
  readonly lag: Uint8Array
  /**
   * By bundle, 0 to 1: the part of the lagging venue's distance from the fair value that neither its own noise nor the
   * other venue's distance accounts for. 0 where none lags. No probability.
   */
  readonly sureness: Float64Array
  /** By bundle: how often it was told anew. */
  readonly told: Uint32Array
  readonly #bundles: readonly Bundle[]
  readonly #flows: readonly [TradeFlow, TradeFlow]
  readonly #tops: Int32Array
  /** By bundle: when its fair value was computed. */
  readonly #atNs: Float64Array
  /** By bundle and venue: the middle then, and how far it has moved lately, there and back being nothing. */
  readonly #middlePrice: Float64Array
  readonly #movedPrice: Float64Array
  readonly #estimates = [new Estimate(), new Estimate()] as const

  /** @param flows by venue */
  constructor(bundles: readonly Bundle[], flows: readonly [TradeFlow, TradeFlow]) {
    this.#bundles = bundles
    this.#flows = flows
    this.fairPrice = new Int32Array(bundles.length).fill(PRICE_NONE)
    this.lag = new Uint8Array(bundles.length).fill(Lag.Unknown)
    this.sureness = new Float64Array(bundles.length)
    this.told = new Uint32Array(bundles.length)
    this.#tops = new Int32Array(bundles.length * TOPS)
    this.#atNs = new Float64Array(bundles.length)
    this.#middlePrice = new Float64Array(bundles.length * VENUES)
    this.#movedPrice = new Float64Array(bundles.length * VENUES)
  }

  /**
   * Looks at a bundle one of whose books was touched.
   *
   * @returns whether there is something new: a fair value, or that there is none any more.
   */
  look(bundle: number, polymarket: Book, kalshi: Book, nowNs: Ns): boolean {
    const isLive = polymarket.state === BookState.Live && kalshi.state === BookState.Live
    if (isLive && !this.#isDue(bundle, polymarket, kalshi)) return false
    if (
      isLive &&
      this.#read(bundle, POLYMARKET, polymarket, nowNs) &&
      this.#read(bundle, KALSHI, kalshi, nowNs)
    )
      this.#weigh(bundle, nowNs)
    else if (this.lag[bundle] === Lag.Unknown) return false
    else this.#set(bundle, PRICE_NONE, Lag.Unknown, 0)
    this.told[bundle]++
    return true
  }

  #isDue(bundle: number, polymarket: Book, kalshi: Book): boolean {
    const tops = this.#tops
    const at = bundle * TOPS
    return (
      this.lag[bundle] === Lag.Unknown ||
      hasMoved(tops[at], polymarket.bids.bestPrice()) ||
      hasMoved(tops[at + 1], polymarket.asks.bestPrice()) ||
      hasMoved(tops[at + 2], kalshi.bids.bestPrice()) ||
      hasMoved(tops[at + 3], kalshi.asks.bestPrice())
    )
  }

  #read(bundle: number, venue: Venue, book: Book, nowNs: Ns): boolean {
    const at = bundle * TOPS + venue * 2
    this.#tops[at] = book.bids.bestPrice()
    this.#tops[at + 1] = book.asks.bestPrice()
    return this.#estimates[venue].read(
      book,
      this.#flows[venue].signedLots(this.#bundles[bundle].books[venue], nowNs),
    )
  }

  #weigh(bundle: number, nowNs: Ns): void {
    const [polymarket, kalshi] = this.#estimates
    const polymarketWeight = this.#weightOf(bundle, POLYMARKET, nowNs)
    const kalshiWeight = this.#weightOf(bundle, KALSHI, nowNs)
    this.#atNs[bundle] = nowNs
    const { inverse } = this.#bundles[bundle]
    const kalshiValue = inverse ? PRICE_ONE - kalshi.valuePrice : kalshi.valuePrice
    const kalshiMiddle = inverse ? PRICE_ONE - kalshi.middlePrice : kalshi.middlePrice
    const fair =
      (polymarketWeight * polymarket.valuePrice + kalshiWeight * kalshiValue) /
      (polymarketWeight + kalshiWeight)
    const polymarketWidths = Math.abs(fair - polymarket.middlePrice) / polymarket.halfPrice
    const kalshiWidths = Math.abs(fair - kalshiMiddle) / kalshi.halfPrice
    const far = Math.max(polymarketWidths, kalshiWidths)
    const explained = Math.max(1, Math.min(polymarketWidths, kalshiWidths))
    const sureness = far > explained ? 1 - explained / far : 0
    const lagging = polymarketWidths > kalshiWidths ? Lag.Polymarket : Lag.Kalshi
    this.#set(bundle, Math.round(fair), sureness > 0 ? lagging : Lag.Neither, sureness)
  }

  /** A venue counts more by as many of its own noise widths as it has moved lately: who moves first has the news. */
  #weightOf(bundle: number, venue: Venue, nowNs: Ns): number {
    const { middlePrice, halfPrice, weight } = this.#estimates[venue]
    const at = bundle * VENUES + venue
    // A value after none: where the book was before is not known.
    const movedPrice =
      this.lag[bundle] === Lag.Unknown
        ? 0
        : this.#movedPrice[at] * fade(this.#atNs[bundle], nowNs) + middlePrice - this.#middlePrice[at]
    this.#movedPrice[at] = movedPrice
    this.#middlePrice[at] = middlePrice
    return weight * (1 + Math.abs(movedPrice) / halfPrice)
  }

  #set(bundle: number, fairPrice: number, lag: Lag, sureness: number): void {
    this.fairPrice[bundle] = fairPrice
    this.lag[bundle] = lag
    this.sureness[bundle] = sureness
  }
}

function hasMoved(from: number, to: number): boolean {
  return Math.abs(to - from) >= MOVE_PRICE_MIN
}
