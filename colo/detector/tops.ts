import type { Price } from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'

/** No book has it. */
const NOT_NOTED = -2
const SIDES = 2

/**
 * By book, its best prices as they were last noted. Most changes are behind the top and change no decision: with these
 * four bytes a book, which stay in the cache when thousands of books do not, nothing else need be read to know that.
 */
export class Tops {
  readonly #prices: Int16Array

  constructor(books: number) {
    this.#prices = new Int16Array(books * SIDES).fill(NOT_NOTED)
  }

  /** @returns whether the top has moved since it was last noted */
  note(index: number, { bids, asks }: Book): boolean {
    const prices = this.#prices
    const at = index * SIDES
    const bid: Price = bids.bestPrice()
    const ask: Price = asks.bestPrice()
    if (prices[at] === bid && prices[at + 1] === ask) return false
    prices[at] = bid
    prices[at + 1] = ask
    return true
  }
}
