import { type Lots, PRICE_NONE, type Price, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import { isGhostTop } from '../book/integrity.ts'
import type { FrameSink } from '../venue/sink.ts'
import type { RestBook } from './splice.ts'

export interface BookParser {
  parse(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number
}

/** The books of an answer of POST /books, but for ghosts; none when it cannot be read. */
export function readRestBooks(body: Uint8Array, parser: BookParser): TakenBook[] {
  const sink = new RestBooks()
  const read = parser.parse(body, 0, body.length, sink)
  return read < 0 ? [] : sink.books.filter((book) => !book.isGhost)
}

/** Takes what the codec reads in it, book by book. */
class RestBooks implements FrameSink {
  readonly books: TakenBook[] = []

  snapshot(book: number, tick: Price, venueMs: number): void {
    this.books.push(new TakenBook(book, tick, venueMs))
  }

  level(_book: number, side: Side, price: Price, lots: Lots, _mirrored: boolean): void {
    this.books.at(-1)?.add(side, price, lots)
  }

  // An answer of books holds nothing else; a codec that finds something else in it has nobody to tell.
  snapshotEnd(): void {}
  sequence(): void {}
  change(): void {}
  top(): void {}
  tickSize(): void {}
  trade(): void {}
  control(): void {}
}

export class TakenBook implements RestBook {
  readonly book: number
  readonly tick: Price
  readonly venueMs: number
  readonly sides: Side[] = []
  readonly prices: Price[] = []
  readonly lots: Lots[] = []
  bid = PRICE_NONE
  ask = PRICE_NONE

  constructor(book: number, tick: Price, venueMs: number) {
    this.book = book
    this.tick = tick
    this.venueMs = venueMs
  }

  get count(): number {
    return this.sides.length
  }

  /** 0.01/0.99 alone: what REST answers for books that it has lost. */
  get isGhost(): boolean {
    return isGhostTop(this.bid, this.ask)
  }

  add(side: Side, price: Price, lots: Lots): void {
    this.sides.push(side)
    this.prices.push(price)
    this.lots.push(lots)
    if (lots === 0) return
    if (side === SIDE_BID) this.bid = Math.max(this.bid, price) as Price
    else this.ask = (this.ask === PRICE_NONE ? price : Math.min(this.ask, price)) as Price
  }
}
