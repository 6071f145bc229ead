import { commonStep } from '@tandem/shared/ticks.ts'
import {
  type Lots,
  NS_PER_MS,
  type Ns,
  PRICE_NONE,
  type Price,
  SIDE_BID,
  type Side,
} from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'
import { afterClock, afterDoubt, afterLevel, afterLoss, BookState, SETTLE_NS } from '../book/integrity.ts'
import { LadderOutcome } from '../book/ladder.ts'
import type { Clock } from '../clock.ts'
import { type TokenKind, tokenOf } from '../token.ts'
import { Control, type FrameSink, Lifecycle } from '../venue/sink.ts'
import type { Venue } from '../venue/venue.ts'
import { SequenceOutcome, Sequences } from './sequence.ts'

/** Why a book's state moved: for the journal, the report and an operator. Of several in one frame, the greatest. */
export const Cause = {
  /** Our top and the venue's own agree, or do not. */
  Top: 1,
  Snapshot: 2,
  /** A change in sequence left the book crossed, or uncrossed it again. */
  Change: 3,
  /** A level did not fit the book, or fell below zero. */
  Level: 4,
  /** Numbers are missing in the sid's sequence. */
  Gap: 5,
  /** A doubt lasted too long. */
  Doubt: 6,
  /** Closed or reopened, by our clock or the venue's word. */
  Clock: 7,
  /** A frame could not be read. */
  Broken: 8,
} as const
export type Cause = (typeof Cause)[keyof typeof Cause]

export interface BookListener {
  /** A frame moved a book from one state to another. */
  bookMoved(venue: Venue, book: number, from: BookState, to: BookState, cause: Cause, nowNs: Ns): void
  /** The venue told the market's tick, in a snapshot or a change of it; PRICE_NONE when all that is known is that it changed. */
  tickTold(venue: Venue, book: number, tick: Price): void
}

/** What was read, for the report and the counters. */
export interface IntakeCounts {
  /** Level changes applied; neither the levels of snapshots nor the mirrored halves. */
  changes: number
  snapshots: number
  gaps: number
  duplicates: number
  /** Prices between two slots, for which a book was made finer. */
  refined: number
  /** Sizes that did not fit a level. */
  saturated: number
  trades: number
  controls: number
}

/** sids of one connection: one a channel. */
const SIDS_MAX = 64

/**
 * Applies what a venue's codec read to that venue's books, and decides by the rules of integrity.ts how far each can
 * be trusted. One frame at a time: `begin`, the codec's calls, `end`; then `touched` lists the frame's books.
 */
export class Intake implements FrameSink {
  readonly venue: Venue
  readonly books: readonly Book[]
  readonly counts: IntakeCounts = {
    changes: 0,
    snapshots: 0,
    gaps: 0,
    duplicates: 0,
    refined: 0,
    saturated: 0,
    trades: 0,
    controls: 0,
  }
  /** Books of the last frame, `touchedCount` of them. */
  readonly touched: Int32Array
  touchedCount = 0
  /** By book: whether the last frame that touched it changed levels, and not only what is thought of it. */
  readonly isChanged: Uint8Array
  readonly #isTouched: Uint8Array
  readonly #stateBefore: Uint8Array
  readonly #cause: Uint8Array
  readonly #closeMs: Float64Array
  readonly #sidOfBook: Float64Array
  readonly #sequences = new Sequences(SIDS_MAX)
  readonly #clock: Clock
  readonly #listener: BookListener
  readonly #doubtToken: TokenKind
  #nowNs = 0 as Ns
  #wallMs = 0
  #sid = -1
  /** The message in hand is a repeat: nothing of it may be applied again. */
  #repeat = false
  #inSnapshot = false

  /** @param closeMs when each book's market closes, ms since 1970; Infinity where that is not known. */
  constructor(
    venue: Venue,
    books: readonly Book[],
    closeMs: Float64Array,
    clock: Clock,
    tokens: { doubt: TokenKind; close: TokenKind },
    listener: BookListener,
  ) {
    this.venue = venue
    this.books = books
    this.touched = new Int32Array(books.length)
    this.isChanged = new Uint8Array(books.length)
    this.#isTouched = new Uint8Array(books.length)
    this.#stateBefore = new Uint8Array(books.length)
    this.#cause = new Uint8Array(books.length)
    this.#closeMs = closeMs
    this.#sidOfBook = new Float64Array(books.length).fill(-1)
    this.#clock = clock
    this.#doubtToken = tokens.doubt
    this.#listener = listener
    for (let book = 0; book < books.length; book++)
      if (Number.isFinite(closeMs[book])) {
        const inNs = Math.max(0, closeMs[book] - clock.wallMs()) * NS_PER_MS
        clock.at((clock.nowNs() + inNs) as Ns, tokenOf(tokens.close, book))
      }
  }

  begin(nowNs: Ns, wallMs: number): void {
    for (let i = 0; i < this.touchedCount; i++) this.#isTouched[this.touched[i]] = 0
    this.touchedCount = 0
    this.#nowNs = nowNs
    this.#wallMs = wallMs
    this.#sid = -1
    this.#repeat = false
    this.#inSnapshot = false
  }

  /** Tells the listener of every book that the frame left in another state than it found it. */
  end(): void {
    for (let i = 0; i < this.touchedCount; i++) {
      const index = this.touched[i]
      const book = this.books[index]
      const before = this.#stateBefore[index] as BookState
      if (book.state === before) continue
      if (book.state === BookState.Unsettled) this.#awaitDoubt(index)
      this.#listener.bookMoved(
        this.venue,
        index,
        before,
        book.state,
        this.#cause[index] as Cause,
        this.#nowNs,
      )
    }
  }

  /** The venue told something that could not be read: what it was is lost, to whichever book. */
  lost(): void {
    for (let index = 0; index < this.books.length; index++) this.#lose(index, Cause.Broken)
  }

  sequence(sid: number, seq: number): void {
    const outcome = this.#sequences.next(sid, seq)
    this.#sid = sid
    this.#repeat = outcome === SequenceOutcome.Duplicate
    if (this.#repeat) this.counts.duplicates++
    if (outcome <= SequenceOutcome.Duplicate) return
    this.counts.gaps++
    for (let index = 0; index < this.books.length; index++) {
      if (this.#sidOfBook[index] === sid) this.#lose(index, Cause.Gap)
    }
  }

  snapshot(index: number, tick: Price, venueMs: number): void {
    if (this.#repeat) return
    this.counts.snapshots++
    this.#touch(index, Cause.Snapshot).beginSnapshot(tick, venueMs)
    this.isChanged[index] = 1
    this.#sidOfBook[index] = this.#sid
    this.#inSnapshot = true
    if (tick !== PRICE_NONE) this.#listener.tickTold(this.venue, index, tick)
  }

  snapshotEnd(index: number, _commandId: number): void {
    this.#inSnapshot = false
    if (!this.#repeat) this.books[index].endSnapshot(this.#nowNs)
  }

  level(index: number, side: Side, price: Price, lots: Lots, mirrored: boolean): void {
    if (this.#repeat) return
    const book = this.#touch(index, Cause.Top)
    this.isChanged[index] = 1
    if (!mirrored && !this.#inSnapshot) this.counts.changes++
    const ladder = side === SIDE_BID ? book.bids : book.asks
    let outcome = ladder.set(price, lots)
    if (outcome === LadderOutcome.OffTick && this.#refine(book, price)) outcome = ladder.set(price, lots)
    if (outcome !== LadderOutcome.Ok) this.#misfit(index, book, outcome)
  }

  change(index: number, side: Side, price: Price, lots: Lots, venueMs: number): void {
    if (this.#repeat) return
    const book = this.#touch(index, Cause.Change)
    this.isChanged[index] = 1
    this.counts.changes++
    const ladder = side === SIDE_BID ? book.bids : book.asks
    let outcome = ladder.add(price, lots)
    if (outcome === LadderOutcome.OffTick && this.#refine(book, price)) outcome = ladder.add(price, lots)
    if (outcome !== LadderOutcome.Ok) this.#misfit(index, book, outcome)
    book.delta(venueMs > 0 ? venueMs : book.venueMs, this.#nowNs, venueMs > 0 ? this.#wallMs - venueMs : 0)
  }

  top(index: number, bid: Price, ask: Price, venueMs: number): void {
    this.#touch(index, Cause.Top).claim(bid, ask, venueMs, this.#nowNs, this.#wallMs - venueMs)
  }

  tickSize(index: number, tick: Price, _venueMs: number): void {
    this.#touch(index, Cause.Top).retick(tick)
    this.#listener.tickTold(this.venue, index, tick)
  }

  trade(_index: number, _price: Price, _lots: Lots, _takerSide: Side, _venueMs: number): void {
    this.counts.trades++
  }

  control(kind: Control, a: number, b: number): void {
    this.counts.controls++
    if (kind === Control.Resolved) this.#closeAt(a, Number.NEGATIVE_INFINITY)
    if (kind !== Control.Lifecycle) return
    if (b === Lifecycle.Deactivated || b === Lifecycle.Determined || b === Lifecycle.Settled)
      this.#closeAt(a, Number.NEGATIVE_INFINITY)
    // The new steps come by REST: until they are read, no price of ours is known to be legal.
    if (b === Lifecycle.PriceStructure) this.#listener.tickTold(this.venue, a, PRICE_NONE)
    // Reactivation cancels what rested (Kalshi fact sheet, section 8): Closed gives way to SUSPECT, not to LIVE.
    if (b === Lifecycle.Activated) this.#closeAt(a, Number.POSITIVE_INFINITY)
  }

  /** A book's doubt has lasted `SETTLE_NS`, unless it was settled, or raised anew, since. */
  doubtDue(index: number): void {
    const book = this.#touch(index, Cause.Doubt)
    book.state = afterDoubt(book.state, book.doubtMs, book.doubtNs, this.#nowNs)
    // Settled and raised anew since this deadline was set: the new doubt has its own time. One of a pause has none.
    const isAnew = book.state === BookState.Unsettled && book.doubtNs + SETTLE_NS > this.#nowNs
    if (isAnew) this.#awaitDoubt(index)
  }

  /** A book's close has come by our clock. */
  closeDue(index: number): void {
    const book = this.#touch(index, Cause.Clock)
    book.state = afterClock(book.state, this.#wallMs, this.#closeMs[index])
  }

  #awaitDoubt(index: number): void {
    const { doubtNs } = this.books[index]
    this.#clock.at((doubtNs + SETTLE_NS) as Ns, tokenOf(this.#doubtToken, index))
  }

  #lose(index: number, cause: Cause): void {
    const book = this.#touch(index, cause)
    book.state = afterLoss(book.state)
  }

  #closeAt(index: number, closeMs: number): void {
    this.#closeMs[index] = closeMs
    this.closeDue(index)
  }

  /** A price between two slots is no error: an order that rests on an older, finer tick. No level may be lost. */
  #refine(book: Book, price: Price): boolean {
    if (!(price >= 0) || !book.retick(commonStep(book.unit, price))) return false
    this.counts.refined++
    return true
  }

  #misfit(index: number, book: Book, outcome: LadderOutcome): void {
    if (outcome === LadderOutcome.Saturated) this.counts.saturated++
    const next = afterLevel(book.state, outcome)
    if (next === book.state) return
    this.#touch(index, Cause.Level).state = next
  }

  #touch(index: number, cause: Cause): Book {
    const book = this.books[index]
    if (this.#isTouched[index] === 0) {
      this.#isTouched[index] = 1
      this.isChanged[index] = 0
      this.touched[this.touchedCount++] = index
      this.#stateBefore[index] = book.state
      this.#cause[index] = cause
    } else if (cause > this.#cause[index]) {
      this.#cause[index] = cause
    }
    return book
  }
}
