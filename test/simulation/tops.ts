import type { Book } from '@tandem/colo/book/book.ts'
import { PRICE_NONE } from '@tandem/shared/units.ts'

/** How far back a decision may look is asked of at most so many tops. */
const KEPT = 512

interface Top {
  readonly bid: number
  readonly ask: number
  /** Until when it was the venue's. */
  untilNs: number
}

/** The best prices that a market really had, newest last. */
export class Tops {
  readonly #tops: Top[] = []

  /** Prices are -1 where a side is empty. */
  note(bid: number, ask: number, nowNs: number): void {
    const last = this.#tops.at(-1)
    if (last !== undefined) last.untilNs = nowNs
    if (last?.bid === bid && last.ask === ask) return
    this.#tops.push({ bid, ask, untilNs: nowNs })
    if (this.#tops.length > KEPT) this.#tops.splice(0, KEPT / 2)
  }

  /** Whether the venue had what a book shows at `sinceNs` or later. */
  had(book: Book, sinceNs: number): boolean {
    const bid = book.bids.bestPrice()
    const ask = book.asks.bestPrice()
    return this.#tops.some(
      (top, at) =>
        same(top.bid, bid) && same(top.ask, ask) && (at === this.#tops.length - 1 || top.untilNs >= sinceNs),
    )
  }
}

function same(truth: number, shown: number): boolean {
  return (truth < 0 ? PRICE_NONE : truth) === shown
}
