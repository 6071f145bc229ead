import { assert } from '@tandem/shared/assert.ts'
import { VENUES, type Venue } from '../venue/venue.ts'
import type { Bundle } from './bundle.ts'

/**
 * From a book to the bundles that it is part of, as rows laid end to end:
 *
 *   bundles   | 0 4 | 1 | | 2 3 |        of book 0, 1, 2, 3
 *   #starts     0     2   3 3     5
 *
 *   for (let i = index.start(venue, book); i < index.end(venue, book); i++) look(index.bundles[i])
 */
export class BundleIndex {
  /** Positions in the list that the index was made of. */
  readonly bundles: Int32Array
  readonly #starts: Int32Array
  /** By venue: the row of its book 0. */
  readonly #rows: Int32Array

  /** @param books how many books each venue has, by venue. */
  constructor(bundles: readonly Bundle[], books: readonly [number, number]) {
    this.#rows = Int32Array.of(0, books[0])
    const starts = new Int32Array(books[0] + books[1] + 1)
    for (const bundle of bundles) {
      for (let venue = 0; venue < VENUES; venue++) {
        const book = bundle.books[venue]
        assert(book >= 0 && book < books[venue], 'BUNDLE_BOOK_IS_KNOWN')
        starts[this.#rows[venue] + book + 1]++
      }
    }
    for (let row = 1; row < starts.length; row++) starts[row] += starts[row - 1]
    this.bundles = new Int32Array(starts[starts.length - 1])
    const next = starts.slice()
    bundles.forEach((bundle, position) => {
      for (let venue = 0; venue < VENUES; venue++) {
        this.bundles[next[this.#rows[venue] + bundle.books[venue]]++] = position
      }
    })
    this.#starts = starts
  }

  start(venue: Venue, book: number): number {
    return this.#starts[this.#rows[venue] + book]
  }

  end(venue: Venue, book: number): number {
    return this.#starts[this.#rows[venue] + book + 1]
  }
}
