import { PRICE_ONE, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import { Orderbook, type OrderbookListener } from '../orderbook.ts'

/** 0 is the first outcome (YES, Up, a team), whose prices the book holds; 1 is its complement. */
export type Outcome = 0 | 1

export interface MarketTerms {
  /** 0x and 64 hex digits. */
  readonly conditionId: string
  /** Decimal token ids, by outcome. */
  readonly tokens: readonly [string, string]
  readonly outcomes: readonly [string, string]
  readonly question: string
  readonly slug: string
  /** In 1e-4 dollars. */
  readonly tick: number
  readonly minimumShares: number
  /** `rate` as the venue states it, 0.04; basis points at the finest. */
  readonly fee: { readonly rate: number; readonly exponent: number }
  readonly negRisk: boolean
  /** "v1" or "v2" chooses the exchange that orders are signed for; of any other no order is taken. */
  readonly version: string
  /** Orders that would take are held so long before they are matched, and so is their answer. 0: not held. */
  readonly takerDelayMs: number
  /** Sports: as above, but the answer is `delayed` at once. 0: not delayed. */
  readonly secondsDelay: number
}

/** A level that is not as it was when the burst began, in prices of the first outcome. */
export interface LevelChange {
  readonly side: Side
  readonly price: number
  readonly microShares: number
}

/** One condition: a single book for both of its tokens. */
export class Market {
  readonly terms: MarketTerms
  readonly book: Orderbook
  tick: number
  closed = false
  winner: Outcome | undefined
  /** Of the first outcome, whichever token traded; 0 before the first trade. */
  lastTradePrice = 0
  /** Levels touched since the last burst was told, with the size that they had. */
  readonly #touched = new Map<number, { side: Side; price: number; was: number }>()

  constructor(terms: MarketTerms, listener: Omit<OrderbookListener, 'levelChanged'>) {
    this.terms = terms
    this.tick = terms.tick
    this.book = new Orderbook({
      ...listener,
      levelChanged: (side, price, delta, microShares) => {
        const key = price * 2 + side
        if (!this.#touched.has(key)) this.#touched.set(key, { side, price, was: microShares - delta })
      },
    })
  }

  /** What changed since this was last asked, in the order in which it was first touched. */
  takeChanges(): LevelChange[] {
    const changes: LevelChange[] = []
    for (const { side, price, was } of this.#touched.values()) {
      const microShares = this.book.sizeAt(side, price)
      if (microShares !== was) changes.push({ side, price, microShares })
    }
    this.#touched.clear()
    return changes
  }
}

/** What a price of one outcome is in prices of the other, and back. */
export function priceOf(outcome: Outcome, price: number): number {
  return outcome === 0 ? price : PRICE_ONE - price
}

// One book for a condition: buying NO at q is selling YES at 1 - q.
//
//           YES     NO
//   BUY     bid     ask
//   SELL    ask     bid
export function bookSideOf(outcome: Outcome, side: OrderSide): Side {
  return (side === 'BUY') === (outcome === 0) ? SIDE_BID : SIDE_ASK
}

export type OrderSide = 'BUY' | 'SELL'
