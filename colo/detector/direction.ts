import { complement, PRICE_NONE, PRICE_ONE, type Price, SIDE_ASK } from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'
import type { Ladder } from '../book/ladder.ts'

// Every trade buys on both venues: shares that pay if the outcome comes true on one, shares that pay if it does not on
// the other. "Selling" on a venue is buying the complement there. Directions are named for the outcome that the mapping
// names, so of an inverse pair `sell_kalshi` buys Kalshi's YES.
//
//                                       Polymarket buys      Kalshi buys, same      Kalshi buys, inverse
//   buy_polymarket_sell_kalshi          the outcome          NO at 1 - YES bid      YES at YES ask
//   buy_kalshi_sell_polymarket          its complement       YES at YES ask         NO at 1 - YES bid

export const BUY_POLYMARKET_SELL_KALSHI = 0
export const BUY_KALSHI_SELL_POLYMARKET = 1
export type Direction = typeof BUY_POLYMARKET_SELL_KALSHI | typeof BUY_KALSHI_SELL_POLYMARKET

export const DIRECTION_NAMES = ['buy_polymarket_sell_kalshi', 'buy_kalshi_sell_polymarket'] as const

/** Whether the Polymarket leg buys the token of the mapping's outcome; else it buys the other one. */
export function polymarketBuysOutcome(direction: Direction): boolean {
  return direction === BUY_POLYMARKET_SELL_KALSHI
}

/** Whether the Kalshi leg buys YES (order side `bid`); else NO (side `ask`, at 1 - cost). */
export function kalshiBuysYes(direction: Direction, inverse: boolean): boolean {
  return (direction === BUY_KALSHI_SELL_POLYMARKET) !== inverse
}

/** The side of the Polymarket book that is taken: asks of the outcome, or bids, which offer its complement. */
export function polymarketSide(book: Book, direction: Direction): Ladder {
  return polymarketBuysOutcome(direction) ? book.asks : book.bids
}

/** The side of the Kalshi book that is taken. */
export function kalshiSide(book: Book, direction: Direction, inverse: boolean): Ladder {
  return kalshiBuysYes(direction, inverse) ? book.asks : book.bids
}

/**
 * What one share costs at a side's best level, dust included; PRICE_NONE when the side is empty, or when its best is
 * at nothing or a dollar: no order can have such a price, so the side is not what it seems.
 */
export function topCost(side: Ladder): Price {
  const price = side.bestPrice()
  if (price <= 0 || price >= PRICE_ONE) return PRICE_NONE
  return side.side === SIDE_ASK ? price : complement(price)
}
