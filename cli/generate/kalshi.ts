import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { PRICE_ONE, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import type { Change, MadeBook } from './book.ts'

// Kalshi's orderbook channel as text, as the Kalshi fact sheet's section 3 has it: both sides are bids (a NO bid at q
// is a YES ask at 1 - q), changes are signed, an empty side has no key, and every message of a subscription takes the
// next number of its sequence, acknowledgements included. Sizes here are in 0.01 contract.

export interface KalshiMade {
  ticker: string
  marketId: string
  book: MadeBook
}

const price = (value: number): string => decimalFromScaled(value, 4, 4)
const size = (value: number): string => decimalFromScaled(value, 2, 2)

/** One subscription of one connection. */
export class KalshiFeed {
  readonly sid = 1
  #seq = 0

  subscribed(id: number): string {
    return JSON.stringify({ type: 'subscribed', id, msg: { channel: 'orderbook_delta', sid: this.sid } })
  }

  /** Acknowledges `add_markets`: the full list after it. */
  added(id: number, tickers: readonly string[]): string {
    const head = { type: 'ok', id, sid: this.sid, seq: this.#next() }
    return JSON.stringify({ ...head, msg: { market_tickers: tickers } })
  }

  /** `id` when it answers a get_snapshot command. */
  snapshot(market: KalshiMade, id?: number): string {
    const { book, ticker, marketId } = market
    const yes = levels(book, SIDE_BID)
    const no = levels(book, SIDE_ASK)
    return JSON.stringify({
      type: 'orderbook_snapshot',
      ...(id === undefined ? {} : { id }),
      sid: this.sid,
      seq: this.#next(),
      msg: {
        market_ticker: ticker,
        market_id: marketId,
        ...(yes.length === 0 ? {} : { yes_dollars_fp: yes }),
        ...(no.length === 0 ? {} : { no_dollars_fp: no }),
      },
    })
  }

  delta(market: KalshiMade, change: Change, ms: number): string {
    const bid = change.side === SIDE_BID
    return JSON.stringify({
      type: 'orderbook_delta',
      sid: this.sid,
      seq: this.#next(),
      msg: {
        market_ticker: market.ticker,
        market_id: market.marketId,
        price_dollars: price(bid ? change.price : PRICE_ONE - change.price),
        delta_fp: size(change.after - change.before),
        side: bid ? 'yes' : 'no',
        ts: new Date(ms).toISOString(),
        ts_ms: ms,
      },
    })
  }

  #next(): number {
    this.#seq += 1
    return this.#seq
  }
}

function levels(book: MadeBook, side: Side): [price: string, size: string][] {
  return book
    .prices(side)
    .reverse()
    .map((at) => [price(side === SIDE_BID ? at : PRICE_ONE - at), size(book.size(side, at))])
}
