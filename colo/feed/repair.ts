import { assert } from '@tandem/shared/assert.ts'
import { backoffNs, RETRY_NS_MAX } from './backoff.ts'

/** An answer that takes longer is not waited for. */
export const ANSWER_NS_MAX = 5_000_000_000
/**
 * A book that so many questions did not bring back is given up by those who would take down its socket for it: a market
 * that the venue does not know (any more) must not cost its neighbours their LIVE.
 */
export const TRIES_MAX = 3

/** Which books of a feed to ask a snapshot for, and when: at once the first time, then less and less often. */
export class Repairs {
  readonly #tries: Uint8Array
  readonly #dueNs: Float64Array
  readonly #isAsked: Uint8Array
  #tried = 0

  constructor(books: number) {
    this.#tries = new Uint8Array(books)
    this.#dueNs = new Float64Array(books)
    this.#isAsked = new Uint8Array(books)
  }

  /** Whether to ask for this book now, which needs it. */
  isDue(book: number, nowNs: number): boolean {
    return nowNs >= this.#dueNs[book]
  }

  /** Whether a question is out for it. */
  isAsked(book: number): boolean {
    return this.#isAsked[book] === 1
  }

  asked(book: number, nowNs: number): void {
    this.#isAsked[book] = 1
    this.#dueNs[book] = nowNs + ANSWER_NS_MAX
  }

  /** The question brought nothing that the book could be made of, or something that has to prove itself. */
  failed(book: number, nowNs: number, chance: number): void {
    this.#isAsked[book] = 0
    this.#dueNs[book] = nowNs + backoffNs(this.#tries[book], chance)
    if (this.#tries[book] === 0) this.#tried++
    if (this.#tries[book] < TRIES_COUNTED_MAX) this.#tries[book]++
  }

  /** Something else was missed since: what was asked before is of no use. */
  again(book: number): void {
    this.#isAsked[book] = 0
    this.#dueNs[book] = 0
  }

  /** Not before then: what the book needs may be on its way already. */
  notBefore(book: number, dueNs: number): void {
    this.#isAsked[book] = 0
    this.#dueNs[book] = dueNs
  }

  healed(book: number): void {
    if (this.#tries[book] > 0) this.#tried--
    this.#isAsked[book] = 0
    this.#tries[book] = 0
    this.#dueNs[book] = 0
  }

  /** The book needs nothing. What was tried for it is forgotten, but not at once: it may be LIVE for a moment only. */
  well(book: number, nowNs: number): void {
    if (this.#tries[book] > 0 && nowNs > this.#dueNs[book] + RETRY_NS_MAX) this.healed(book)
  }

  /** Whether there is nothing to be forgotten of any book. */
  get isQuiet(): boolean {
    return this.#tried === 0
  }

  hasFailed(book: number): boolean {
    return this.#tries[book] > 0
  }

  isGivenUp(book: number): boolean {
    return this.#tries[book] >= TRIES_MAX
  }
}

/** More make no wait longer. */
const TRIES_COUNTED_MAX = 16
assert(TRIES_COUNTED_MAX > TRIES_MAX && TRIES_COUNTED_MAX < 256, 'REPAIR_TRIES_FIT')
