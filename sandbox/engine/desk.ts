import { assert } from '@tandem/shared/assert.ts'
import { legalPriceCeil, legalPriceFloor, POLYMARKET_TICKS } from '@tandem/shared/ticks.ts'
import {
  type Lots,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
  SIDE_ASK,
  SIDE_BID,
  type Side,
} from '@tandem/shared/units.ts'
import type { Account } from './kalshi/account.ts'
import type { Market as KalshiMarket } from './kalshi/listing.ts'
import { lotsOf, microSharesOf } from './kalshi/listing.ts'
import { isRefused, type KalshiVenue } from './kalshi/venue.ts'
import { opposite } from './orderbook.ts'
import type { Market as PolymarketMarket } from './polymarket/market.ts'
import type { PolymarketVenue } from './polymarket/venue.ts'

/**
 * Where the flow's orders for one market go. Prices and sides are of the pair's outcome on both venues, so that who
 * quotes need not know what a venue calls it.
 */
export interface Desk {
  /** The legal price nearest to a price that is not better for the other side; PRICE_NONE where there is none. */
  legal(side: Side, price: number): number
  place(side: Side, price: number, lots: number): string | undefined
  pull(id: string): void
  /** What is left of an order. */
  leftLots(id: string): number
  /** Takes what is there up to a price, and leaves nothing. */
  take(side: Side, limit: number, lots: number): void
  /** Whether an order of ours may be placed now. */
  open(): boolean
  /** Several changes as one, where the venue can. */
  together(changes: () => void): void
}

export class PolymarketDesk implements Desk {
  readonly #venue: PolymarketVenue
  readonly #market: PolymarketMarket

  constructor(venue: PolymarketVenue, market: PolymarketMarket) {
    this.#venue = venue
    this.#market = market
  }

  legal(side: Side, price: number): number {
    const ticks = POLYMARKET_TICKS.get(this.#market.tick)
    assert(ticks !== undefined, 'DESK_POLYMARKET_TICK')
    return side === SIDE_BID ? legalPriceFloor(ticks, price as Price) : legalPriceCeil(ticks, price as Price)
  }

  place(side: Side, price: number, lots: number): string | undefined {
    return this.#venue.quote(this.#market, side, price, microSharesOf(lots))
  }

  pull(id: string): void {
    this.#venue.pull(id)
  }

  leftLots(id: string): number {
    return lotsOf(this.#market.book.find(id)?.microShares ?? 0)
  }

  take(side: Side, limit: number, lots: number): void {
    this.#venue.hit(this.#market, side, limit, microSharesOf(lots))
  }

  open(): boolean {
    return !this.#market.closed && this.#venue.mode === 'open'
  }

  together(changes: () => void): void {
    this.#venue.burst(changes)
  }
}

export class KalshiDesk implements Desk {
  readonly #venue: KalshiVenue
  readonly #market: KalshiMarket
  readonly #house: Account
  /** The pair's outcome is this market's NO. */
  readonly #inverse: boolean

  constructor(venue: KalshiVenue, market: KalshiMarket, house: Account, inverse: boolean) {
    this.#venue = venue
    this.#market = market
    this.#house = house
    this.#inverse = inverse
  }

  legal(side: Side, price: number): number {
    const { ticks } = this.#market
    const yes = this.#yesPrice(price) as Price
    const legal = this.#yesSide(side) === SIDE_BID ? legalPriceFloor(ticks, yes) : legalPriceCeil(ticks, yes)
    return legal === PRICE_NONE ? PRICE_NONE : this.#yesPrice(legal)
  }

  place(side: Side, price: number, lots: number): string | undefined {
    return this.#order(side, price, lots, 'good_till_canceled')
  }

  pull(id: string): void {
    this.#venue.cancelOrder(this.#house, id, this.#market.exchangeIndex, undefined)
  }

  leftLots(id: string): number {
    return lotsOf(this.#market.book.find(id)?.microShares ?? 0)
  }

  take(side: Side, limit: number, lots: number): void {
    this.#order(side, limit, lots, 'immediate_or_cancel')
  }

  open(): boolean {
    return this.#market.status === 'active' && this.#venue.pause === 'none'
  }

  together(changes: () => void): void {
    changes()
  }

  #order(
    side: Side,
    price: number,
    lots: number,
    timeInForce: 'good_till_canceled' | 'immediate_or_cancel',
  ): string | undefined {
    const placed = this.#venue.placeOrder(this.#house, {
      ticker: this.#market.ticker,
      side: this.#yesSide(side),
      price: this.#yesPrice(price),
      lots: lots as Lots,
      timeInForce,
      selfTradePrevention: 'maker',
      clientOrderId: '',
      expirationMs: undefined,
      postOnly: false,
      reduceOnly: false,
      cancelOnPause: false,
      orderGroupId: undefined,
      exchangeIndex: undefined,
    })
    return isRefused(placed) ? undefined : placed.value.id
  }

  #yesSide(side: Side): Side {
    return this.#inverse ? opposite(side) : side
  }

  #yesPrice(price: number): number {
    return this.#inverse ? PRICE_ONE - price : price
  }
}

export const SIDES = [SIDE_BID, SIDE_ASK] as const
