import { assert } from '@tandem/shared/assert.ts'
import type { Book } from '../book/book.ts'
import type { Ladder } from '../book/ladder.ts'
import { POLYMARKET, type Venue } from '../venue/venue.ts'
import { DEPTH_LEVELS, QUOTE_CELLS, type Quote } from './quote.ts'

// The newest quote of every book, in shared memory: the thread that trades writes, the mirror's thread reads.
//
//   books     [stamp | cells][stamp | cells][...]    the stamp is odd while its cells are written
//   changed   [ 3 | 17 | 0 | ... ]                   a ring of books that were written since they were last read
//
// A book stands in the ring once, however often it changes: what is not read in time is written over, and nothing grows.

/** Places of the header. */
const Cell = { Written: 0, Read: 1 } as const
const HEADER_CELLS = 2

/** Where the quote of a book stands: Polymarket's first, then Kalshi's. */
export function quotePlaceOf(venue: Venue, book: number, polymarketBooks: number): number {
  return venue === POLYMARKET ? book : polymarketBooks + book
}

interface Views {
  readonly header: Int32Array
  readonly stamps: Int32Array
  readonly isQueued: Int32Array
  readonly ring: Int32Array
  readonly cells: Float64Array
}

function ringOf(books: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(books, 1)))
}

function viewsOf(memory: SharedArrayBuffer, books: number): Views {
  const cellBytes = books * QUOTE_CELLS * Float64Array.BYTES_PER_ELEMENT
  const cells = new Float64Array(memory, 0, books * QUOTE_CELLS)
  const words = new Int32Array(memory, cellBytes)
  const stampsAt = HEADER_CELLS
  const queuedAt = stampsAt + books
  const ringAt = queuedAt + books
  return {
    cells,
    header: words.subarray(0, stampsAt),
    stamps: words.subarray(stampsAt, queuedAt),
    isQueued: words.subarray(queuedAt, ringAt),
    ring: words.subarray(ringAt, ringAt + ringOf(books)),
  }
}

export function newBoardMemory(books: number): SharedArrayBuffer {
  assert(books > 0, 'BOARD_HAS_BOOKS')
  const cellBytes = books * QUOTE_CELLS * Float64Array.BYTES_PER_ELEMENT
  return new SharedArrayBuffer(
    cellBytes + (HEADER_CELLS + 2 * books + ringOf(books)) * Int32Array.BYTES_PER_ELEMENT,
  )
}

/** The side that writes: on the path, so nothing is allocated and nobody is woken. */
export class QuoteWriter {
  readonly #views: Views
  readonly #epoch: number

  /** @param epoch of all quotes of this run: above those of every run before it */
  constructor(memory: SharedArrayBuffer, books: number, epoch: number) {
    this.#views = viewsOf(memory, books)
    this.#epoch = epoch
  }

  /** @param seenMs our wall clock */
  write(place: number, book: Book, seenMs: number): void {
    const { header, stamps, isQueued, ring, cells } = this.#views
    const stamp = stamps[place]
    const at = place * QUOTE_CELLS
    const { bids, asks } = book
    Atomics.store(stamps, place, stamp + 1)
    cells[at] = this.#epoch
    cells[at + 1] += 1
    cells[at + 2] = book.state
    cells[at + 3] = bids.best < 0 ? -1 : bids.best * bids.unit
    cells[at + 4] = bids.best < 0 ? 0 : Math.max(bids.lots[bids.best], 0)
    cells[at + 5] = asks.best < 0 ? -1 : asks.best * asks.unit
    cells[at + 6] = asks.best < 0 ? 0 : Math.max(asks.lots[asks.best], 0)
    cells[at + 7] = depthLots(bids)
    cells[at + 8] = depthLots(asks)
    cells[at + 9] = book.venueMs
    cells[at + 10] = seenMs
    Atomics.store(stamps, place, stamp + 2)
    if (Atomics.exchange(isQueued, place, 1) === 1) return
    const written = header[Cell.Written]
    ring[written & (ring.length - 1)] = place
    Atomics.store(header, Cell.Written, written + 1)
  }
}

/** The best levels' lots; dust counts as none. */
function depthLots(side: Ladder): number {
  let lots = 0
  for (
    let level = side.best, count = 0;
    level >= 0 && count < DEPTH_LEVELS;
    level = side.worse(level), count++
  )
    lots += Math.max(side.lots[level], 0)
  return lots
}

/** The side that reads. */
export class QuoteReader {
  readonly #views: Views

  constructor(memory: SharedArrayBuffer, books: number) {
    this.#views = viewsOf(memory, books)
  }

  /** The next book that has changed; -1 for none. */
  next(): number {
    const { header, isQueued, ring } = this.#views
    const read = header[Cell.Read]
    if (Atomics.load(header, Cell.Written) === read) return -1
    const place = ring[read & (ring.length - 1)]
    header[Cell.Read] = (read + 1) | 0
    // Before its cells are read: what is written from here on queues it again.
    Atomics.store(isQueued, place, 0)
    return place
  }

  read(place: number): Quote {
    const { stamps, cells } = this.#views
    const at = place * QUOTE_CELLS
    for (;;) {
      const stamp = Atomics.load(stamps, place)
      const quote = {
        epoch: cells[at],
        sequence: cells[at + 1],
        state: cells[at + 2],
        bid: cells[at + 3],
        bidLots: cells[at + 4],
        ask: cells[at + 5],
        askLots: cells[at + 6],
        bidDepthLots: cells[at + 7],
        askDepthLots: cells[at + 8],
        venueMs: cells[at + 9],
        seenMs: cells[at + 10],
      }
      if ((stamp & 1) === 0 && Atomics.load(stamps, place) === stamp) return quote
    }
  }
}
