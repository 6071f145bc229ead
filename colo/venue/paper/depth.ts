import { PRICE_ONE } from '@tandem/shared/units.ts'
import type { Book } from '../../book/book.ts'

/** Slots of one side at most, for keys: one per price and one for zero. */
const SLOTS = PRICE_ONE + 1

/**
 * What a paper order may still take. A tape does not know of our orders, so a level that we took stays in its book:
 * here it stays taken until the tape itself changes that level's size, which is the market telling us anew.
 *
 * Cost side: buying the book's outcome takes its asks; buying the complement takes its bids at 1 - price.
 */
export class PaperDepth {
  readonly #book: Book
  readonly #taken = new Map<number, { seenLots: number; takenMicroShares: number }>()

  constructor(book: Book) {
    this.#book = book
  }

  /** Calls `visit` with each level's cost price and the lots left there, best first, until it answers false. */
  walk(complement: boolean, visit: (costPrice: number, microShares: number, key: number) => boolean): void {
    const ladder = complement ? this.#book.bids : this.#book.asks
    for (let slot = ladder.best; slot >= 0; slot = ladder.worse(slot)) {
      const price = slot * ladder.unit
      const lots = Math.max(ladder.lots[slot], 0)
      const key = (complement ? SLOTS : 0) + price
      const taken = this.#taken.get(key)
      const left = lots * 10_000 - (taken?.seenLots === lots ? taken.takenMicroShares : 0)
      if (left <= 0) continue
      if (!visit(complement ? PRICE_ONE - price : price, left, key)) return
    }
  }

  /** Remembers that `microShares` of a level that `walk` showed are gone. */
  take(key: number, microShares: number): void {
    const complement = key >= SLOTS
    const ladder = complement ? this.#book.bids : this.#book.asks
    const seenLots = Math.max(ladder.lots[(key % SLOTS) / ladder.unit], 0)
    const before = this.#taken.get(key)
    const takenMicroShares = (before?.seenLots === seenLots ? before.takenMicroShares : 0) + microShares
    this.#taken.set(key, { seenLots, takenMicroShares })
  }
}
