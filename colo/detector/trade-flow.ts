import { type Lots, type Ns, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import { fade } from './fade.ts'

/** What takers of one venue have lately bought less sold, by book: every trade fades with the time since. */
export class TradeFlow {
  readonly #lots: Float64Array
  readonly #atNs: Float64Array

  constructor(books: number) {
    this.#lots = new Float64Array(books)
    this.#atNs = new Float64Array(books)
  }

  /** @param takerSide as the sink tells it: SIDE_BID when the taker bought the book's outcome */
  traded(book: number, lots: Lots, takerSide: Side, nowNs: Ns): void {
    // LOTS_DUST: less than a lot.
    if (!(lots > 0)) return
    this.#lots[book] = this.signedLots(book, nowNs) + (takerSide === SIDE_BID ? lots : -lots)
    this.#atNs[book] = nowNs
  }

  /** Above 0 when more was bought. */
  signedLots(book: number, nowNs: Ns): number {
    return this.#lots[book] * fade(this.#atNs[book], nowNs)
  }
}
