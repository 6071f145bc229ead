import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { PRICE_ONE, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import type { Change, MadeBook } from './book.ts'
import type { Random } from './random.ts'

// Polymarket's market channel as text, as the Polymarket fact sheet's section 3 has it: sizes absolute, every change
// told for both tokens, best price last in a snapshot, no sequence number. Sizes here are in 1e-6 share.

export interface PolymarketMade {
  yesToken: string
  noToken: string
  conditionId: string
  book: MadeBook
}

const price = (value: number): string => decimalFromScaled(value, 4)
const size = (value: number): string => decimalFromScaled(value, 6)

/** Forty digits as the venue has them; only the last eight vary, so that a compressed tape stays small. */
const hash = (random: Random): string => random.hex(8).padStart(40, '0')

/** One frame with the books of both tokens. */
export function bookFrame(market: PolymarketMade, ms: number, random: Random): string {
  const { book, yesToken, noToken, conditionId } = market
  const tick = book.bands[0].step
  const one = (token: string, mirrored: boolean) => ({
    event_type: 'book',
    asset_id: token,
    market: conditionId,
    bids: levels(book, mirrored ? SIDE_ASK : SIDE_BID, mirrored),
    asks: levels(book, mirrored ? SIDE_BID : SIDE_ASK, mirrored),
    timestamp: String(ms),
    hash: hash(random),
    tick_size: price(tick),
  })
  return JSON.stringify([one(yesToken, false), one(noToken, true)])
}

function levels(book: MadeBook, side: Side, mirrored: boolean): { price: string; size: string }[] {
  return book
    .prices(side)
    .reverse()
    .map((at) => ({ price: price(mirrored ? PRICE_ONE - at : at), size: size(book.size(side, at)) }))
}

/** The book's top, as `best_bid` and `best_ask` of the YES token say it. */
export interface Top {
  bid: number
  ask: number
}

export function topOf(book: MadeBook): Top {
  return { bid: book.best(SIDE_BID) ?? 0, ask: book.best(SIDE_ASK) ?? PRICE_ONE }
}

/** A level and its mirror. `top` is told apart from the book: inside a burst it runs ahead of the levels. */
export function changeFrame(
  market: PolymarketMade,
  change: Change,
  top: Top,
  ms: number,
  random: Random,
): string {
  const own = {
    asset_id: market.yesToken,
    price: price(change.price),
    size: size(change.after),
    side: change.side === SIDE_BID ? 'BUY' : 'SELL',
    hash: hash(random),
    best_bid: price(top.bid),
    best_ask: price(top.ask),
  }
  const mirror = {
    asset_id: market.noToken,
    price: price(PRICE_ONE - change.price),
    size: own.size,
    side: change.side === SIDE_BID ? 'SELL' : 'BUY',
    hash: hash(random),
    best_bid: price(PRICE_ONE - top.ask),
    best_ask: price(PRICE_ONE - top.bid),
  }
  return JSON.stringify({
    event_type: 'price_change',
    market: market.conditionId,
    price_changes: [own, mirror],
    timestamp: String(ms),
  })
}

export function tradeFrame(market: PolymarketMade, at: Change, ms: number): string {
  return JSON.stringify({
    event_type: 'last_trade_price',
    asset_id: market.yesToken,
    market: market.conditionId,
    price: price(at.price),
    size: size(at.before - at.after),
    fee_rate_bps: '0',
    side: at.side === SIDE_BID ? 'SELL' : 'BUY',
    timestamp: String(ms),
  })
}

export function tickFrames(market: PolymarketMade, from: number, to: number, ms: number): string[] {
  return [market.yesToken, market.noToken].map((token) =>
    JSON.stringify({
      event_type: 'tick_size_change',
      asset_id: token,
      market: market.conditionId,
      old_tick_size: price(from),
      new_tick_size: price(to),
      timestamp: String(ms),
    }),
  )
}
