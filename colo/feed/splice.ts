import { type Lots, type Price, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'

// A snapshot by REST and a stream without numbers, made one book by their timestamps (Polymarket fact sheet, 3.3: sizes
// are absolute, so a change may be applied twice):
//
//     stream      c1   c2   c3 | c4   c5 | c6   c7          asked here |: from then on changes are kept
//     REST                T......................answer     the book as of T, told later
//     the book                 snapshot, c3 c4 c5           those of T or later, once more
//
// Or the stream is the slower one, and says after the answer what the snapshot holds already: that is passed over, or
// an old size would take a new one's place.
//
//     stream      c1 | c2         c3   c4                   T between c3 and c4: hold until c4
//     REST           T answer

/** One book as REST told it, in the terms of the book's own outcome. */
export interface RestBook {
  readonly book: number
  /** PRICE_NONE when it was not told. */
  readonly tick: Price
  readonly venueMs: number
  readonly count: number
  readonly sides: readonly Side[]
  readonly prices: readonly Price[]
  readonly lots: readonly Lots[]
}

/** Writes its levels into a book that has none. */
export function setLevels(book: Book, { count, sides, prices, lots }: RestBook): void {
  for (let i = 0; i < count; i++) {
    // An order may rest on an older, finer tick.
    book.retick(prices[i])
    const ladder = sides[i] === SIDE_BID ? book.bids : book.asks
    ladder.set(prices[i], lots[i])
  }
}

const UNSTAMPED = Number.POSITIVE_INFINITY
const NOT_HELD = -1

/** What a socket told of one book while its snapshot is awaited by REST, and after it until the socket has caught up. */
export class Splice {
  /** The snapshot's time, before which the socket tells nothing new; -1 while it is awaited. */
  heldMs = NOT_HELD
  readonly #sides: Side[] = []
  readonly #prices: Price[] = []
  readonly #lots: Lots[] = []
  readonly #venueMs: number[] = []
  #stamped = 0

  get isHolding(): boolean {
    return this.heldMs !== NOT_HELD
  }

  /** Whether the frame told levels, and not of when. */
  get hasUnstamped(): boolean {
    return this.#stamped < this.#sides.length
  }

  /** A level came; its message says when only at its end. */
  level(side: Side, price: Price, lots: Lots): void {
    this.#sides.push(side)
    this.#prices.push(price)
    this.#lots.push(lots)
    this.#venueMs.push(UNSTAMPED)
  }

  /** The message of the levels since the last stamp is of `venueMs`. */
  stamp(venueMs: number): void {
    this.#venueMs.fill(venueMs, this.#stamped)
    this.#stamped = this.#venueMs.length
  }

  /** Applies what was kept of `sinceMs` or later, in the order in which it came. What has no time is thought later. */
  replay(sinceMs: number, apply: (side: Side, price: Price, lots: Lots) => void): void {
    for (let i = 0; i < this.#sides.length; i++)
      if (this.#venueMs[i] >= sinceMs) apply(this.#sides[i], this.#prices[i], this.#lots[i])
    this.clear()
  }

  /** The snapshot of `venueMs` is applied, and the socket has not come so far. */
  hold(venueMs: number): void {
    this.heldMs = venueMs
    this.clear()
  }

  clear(): void {
    this.#sides.length = 0
    this.#prices.length = 0
    this.#lots.length = 0
    this.#venueMs.length = 0
    this.#stamped = 0
  }
}
