import type { Price } from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'

/** No book has it. */
const NOT_NOTED = -2
/** Of a book: its best prices, and its state. */
const CELLS = 3

/**
 * By book, its best prices and its state as they were last noted. Most changes are behind the top and change no decision:
 * with these six bytes a book, which stay in the cache when thousands of books do not, nothing else need be read to know that.
 */
export class Tops {
  readonly #cells: Int16Array

  constructor(books: number) {
    this.#cells = new Int16Array(books * CELLS).fill(NOT_NOTED)
  }

  /** @returns whether the top has moved, or counts otherwise, since it was last noted */
  note(index: number, { bids, asks, state }: Book): boolean {
    const cells = this.#cells
    const at = index * CELLS
    const bid: Price = bids.bestPrice()
    const ask: Price = asks.bestPrice()
    if (cells[at] === bid && cells[at + 1] === ask && cells[at + 2] === state) return false
    cells[at] = bid
    cells[at + 1] = ask
    cells[at + 2] = state
    return true
  }
}
