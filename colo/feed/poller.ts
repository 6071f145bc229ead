import { assert } from '@tandem/shared/assert.ts'
import { NS_PER_MS, type Ns } from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'
import { BookState } from '../book/integrity.ts'
import { POLLED_NS_MAX } from './fronts.ts'
import type { TakenBook } from './rest-book.ts'
import { setLevels } from './splice.ts'

// Where no copy of a book is LIVE, a person still wants to see it: asked for by REST, one question at a time, at most four
// a second. On Polymarket that is 40 of the 500 `POST /books` that an address has in 10 s; on Kalshi 40 of the lowest
// tier's 200 read tokens a second (fact sheets: Polymarket 6.7, Kalshi 4.1). It is never traded on.

export const POLL_NS = 250 * NS_PER_MS
/** A book is asked for again after so long. */
export const POLLED_AGAIN_NS = 1_000 * NS_PER_MS
/** Kalshi answers 100 tickers; of Polymarket's 500 no more, so that reading the answer holds no frame up. */
export const BOOKS_PER_POLL_MAX = 100

assert(POLLED_AGAIN_NS + 2 * POLL_NS < POLLED_NS_MAX, 'POLLED_BOOK_IS_RENEWED_IN_TIME')

export interface PollerParts {
  /** Its own, that nobody else writes. */
  readonly books: readonly Book[]
  readonly isWanted: (book: number, nowNs: Ns) => boolean
  /** Rejects when there is no answer. */
  readonly fetch: (books: readonly number[]) => Promise<readonly TakenBook[]>
  /** The book is filled: Polled, or Empty where the answer was none to be shown. */
  readonly told: (book: number, nowNs: Ns) => void
  readonly nowNs: () => Ns
}

/** Keeps books by REST that no socket keeps. */
export class Poller {
  readonly counts = { asked: 0, failed: 0 }
  readonly #parts: PollerParts
  readonly #askedNs: Float64Array
  #dueNs = 0
  #isAsking = false
  /** Where the next look begins, so that none is forgotten for another. */
  #from = 0

  constructor(parts: PollerParts) {
    this.#parts = parts
    this.#askedNs = new Float64Array(parts.books.length).fill(Number.NEGATIVE_INFINITY)
  }

  /** Time has passed. */
  tick(nowNs: Ns): void {
    if (this.#isAsking || nowNs < this.#dueNs) return
    const asked = this.#due(nowNs)
    if (asked.length === 0) return
    this.#isAsking = true
    this.#dueNs = nowNs + POLL_NS
    this.counts.asked++
    for (const book of asked) this.#askedNs[book] = nowNs
    this.#parts.fetch(asked).then(
      (taken) => {
        this.#isAsking = false
        for (const book of taken) if (asked.includes(book.book)) this.#fill(book)
      },
      () => {
        this.#isAsking = false
        this.counts.failed++
      },
    )
  }

  #due(nowNs: Ns): number[] {
    const { books, isWanted } = this.#parts
    const due: number[] = []
    for (let i = 0; i < books.length && due.length < BOOKS_PER_POLL_MAX; i++) {
      const book = (this.#from + i) % books.length
      if (nowNs - this.#askedNs[book] >= POLLED_AGAIN_NS && isWanted(book, nowNs)) due.push(book)
    }
    if (due.length === BOOKS_PER_POLL_MAX) this.#from = (due[due.length - 1] + 1) % books.length
    return due
  }

  #fill(taken: TakenBook): void {
    const { books, told, nowNs } = this.#parts
    const book = books[taken.book]
    book.beginSnapshot(taken.tick, taken.venueMs)
    setLevels(book, taken)
    // The venue matches such orders: an answer of two moments.
    book.state = book.crossed() ? BookState.Empty : BookState.Polled
    told(taken.book, nowNs())
  }
}
