import { assert } from '@tandem/shared/assert.ts'
import { NS_PER_MS, type Ns, PRICE_NONE } from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'
import { BookState, LAG_MS_MAX } from '../book/integrity.ts'
import type { Venue } from '../venue/venue.ts'
import { type BookListener, Cause } from './intake.ts'
import { Leads } from './leads.ts'
import { type Outages, OutageWatch } from './outages.ts'

// Two whole copies of a venue's books, each over sockets of its own: of every book the copy that has heard more is in
// front, and whoever reads books reads the one in front. The other hears the same a moment later, and changes itself.
//
//     copy 0   ... m7 m8 m9                 books[b] -> copy 0's, until copy 1 is the first to hear m10
//     copy 1   ... m7 m8    (m9 on its way)
//
// A copy is `out` when it has no book to show: Empty or SUSPECT. What it had heard by then still counts.
//
//   in front        the other            the other takes it?  because
//   Closed          anything             no                   who knows of a close or a pause is ahead of who does not;
//   not Closed      Closed               yes                  to trade again takes the word of the copy that said Closed
//   anything        out                  no                   it has no book
//   Live            Live, heard more     yes                  it is the newer one; heard as much: who came first stays
//   Live            doubts, heard more   yes                  there is news that the LIVE one lacks: no trade until it has it
//   not Live        Live, heard as much  yes                  it knows all that the other did
//   not Live        Live, heard less     no                   it shows what is known to be old ...
//   out for 1.5 s   Live, heard less     yes                  ... but no message takes longer than that
//
// While the copy in front is neither Live nor Closed, a book that was polled since stands in for it, for 5 s at most.

const COPIES_MAX = 2
const NOBODY = 255
/** A copy that is not LIVE for so long is asked for by REST: most doubts are settled in less. */
const POLL_AFTER_NS = 1_000 * NS_PER_MS
/** What was polled is shown for so long. */
export const POLLED_NS_MAX = 5_000 * NS_PER_MS
/** As long as a message may lag, and be of a LIVE book. */
const ALL_HEARD_NS = LAG_MS_MAX * NS_PER_MS

/** What one copy was good for. */
export interface CopyHealth {
  /** Times that it took a book's front from the other. */
  readonly taken: number
  /** Messages timed that it heard first, and how much later the other had them. One of a book is timed at once. */
  readonly firsts: number
  readonly leadUs: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** Which copy of each of a venue's books is in front, and what stands in for it. */
export class Fronts {
  readonly outages: Outages = { count: 0, lastNs: 0, worstNs: 0 }
  readonly #venue: Venue
  /** What everybody reads: each slot points at the book of the copy in front. */
  readonly #books: Book[]
  readonly #copies: readonly (readonly Book[])[]
  readonly #listener: BookListener
  readonly #outage: OutageWatch
  /** By book: the copy in front, and whether that has changed since the executor last asked. */
  readonly #front: Uint8Array
  readonly #isMoved: Uint8Array
  /** By book: the state that the listener knows. */
  readonly #shown: Uint8Array
  /** By book: whether it is out, and since when it is not LIVE. */
  readonly #isOut: Uint8Array
  readonly #notLiveNs: Float64Array
  #missing: number
  /** The poller's own books, and when each was filled. */
  readonly #polled: readonly Book[] | undefined
  readonly #polledNs: Float64Array
  /** By copy and book: its state before the frame in hand. */
  readonly #state: Uint8Array
  /** By copy and book, while it is out: since when, and what it had heard by then. */
  readonly #outNs: Float64Array
  readonly #outMs: Float64Array
  readonly #outTold: Float64Array
  /** By book: when the newest word on its tick was said. */
  readonly #tickMs: Float64Array
  /** By book, of the message that is being timed: who heard it first, when, and which one it is. */
  readonly #first: Uint8Array
  readonly #firstNs: Float64Array
  readonly #firstMs: Float64Array
  readonly #firstTold: Float64Array
  readonly #leads = [new Leads(), new Leads()]
  readonly #taken = [0, 0]

  /**
   * @param books what everybody reads; they are those of the first copy to begin with
   * @param polled books that are asked for by REST; undefined where none are
   * @param listener hears of the books in front
   */
  constructor(
    venue: Venue,
    books: Book[],
    copies: readonly (readonly Book[])[],
    polled: readonly Book[] | undefined,
    listener: BookListener,
    nowNs: number,
  ) {
    assert(copies.length > 0 && copies.length <= COPIES_MAX, 'FRONTS_OF_ONE_OR_TWO')
    const count = books.length
    this.#venue = venue
    this.#books = books
    this.#copies = copies
    this.#listener = listener
    this.#outage = new OutageWatch(this.outages, nowNs)
    this.#front = new Uint8Array(count)
    this.#isMoved = new Uint8Array(count)
    this.#shown = new Uint8Array(count).fill(BookState.Empty)
    this.#isOut = new Uint8Array(count).fill(1)
    this.#notLiveNs = new Float64Array(count).fill(nowNs)
    this.#missing = count
    this.#polled = polled
    this.#polledNs = new Float64Array(count)
    this.#state = new Uint8Array(copies.length * count).fill(BookState.Empty)
    this.#outNs = new Float64Array(copies.length * count).fill(nowNs)
    this.#outMs = new Float64Array(copies.length * count)
    this.#outTold = new Float64Array(copies.length * count)
    this.#tickMs = new Float64Array(count)
    this.#first = new Uint8Array(count).fill(NOBODY)
    this.#firstNs = new Float64Array(count)
    this.#firstMs = new Float64Array(count)
    this.#firstTold = new Float64Array(count)
  }

  /** What a copy's intake tells. */
  listenerOf(copy: number): BookListener {
    return {
      bookMoved: (_venue, book, from, _to, cause, nowNs) => this.#copyMoved(copy, book, from, cause, nowNs),
      tickTold: (venue, book, tick, venueMs) => {
        // The copy behind tells what the other told before it: an old tick must not come back. The snapshot that heals a
        // copy is as of now, whatever the last change that it is stamped with.
        const isOlder = tick !== PRICE_NONE && venueMs < this.#tickMs[book]
        if (isOlder && !isOut(this.#state[copy * this.#books.length + book] as BookState)) return
        this.#tickMs[book] = Math.max(this.#tickMs[book], venueMs)
        this.#listener.tickTold(venue, book, tick, venueMs)
      },
    }
  }

  /**
   * A frame, or an answer by REST, was applied to a copy's book.
   *
   * @returns whether what everybody reads is another than before: not so where the other copy has told it already.
   */
  heard(copy: number, book: number, nowNs: Ns): boolean {
    const wasFront = this.#front[book] === copy
    this.#choose(book, Cause.Front, nowNs)
    this.#time(copy, book, nowNs)
    const isMoved = this.#isMoved[book] === 1
    this.#isMoved[book] = 0
    return wasFront || isMoved
  }

  /** Whether nobody has had the book LIVE for a while, and it is not over. */
  isWanted(book: number, nowNs: Ns): boolean {
    const { state } = this.#inFront(book)
    const isShown = state === BookState.Live || state === BookState.Closed
    return !isShown && nowNs - this.#notLiveNs[book] >= POLL_AFTER_NS
  }

  /**
   * The book was filled by REST.
   *
   * @returns whether it is shown: not so when a feed has it again
   */
  polled(book: number, nowNs: Ns): boolean {
    this.#polledNs[book] = nowNs
    this.#choose(book, Cause.Front, nowNs)
    this.#isMoved[book] = 0
    return this.#shown[book] === BookState.Polled
  }

  /** Time has passed: what a lost copy knew has come to the other as well, and what was polled is old. */
  tick(nowNs: Ns): void {
    for (let book = 0; book < this.#books.length; book++)
      if (this.#shown[book] !== BookState.Live) this.#choose(book, Cause.Front, nowNs)
  }

  health(): readonly CopyHealth[] {
    return this.#leads.slice(0, this.#copies.length).map((leads, copy) => ({
      taken: this.#taken[copy],
      firsts: leads.count,
      leadUs: {
        p50: leads.percentileNs(0.5) / 1_000,
        p99: leads.percentileNs(0.99) / 1_000,
        max: leads.maxNs / 1_000,
      },
    }))
  }

  #copyMoved(copy: number, index: number, from: BookState, cause: Cause, nowNs: Ns): void {
    const book = this.#copies[copy][index]
    const other = this.#copies[1 - copy]?.[index]
    const place = copy * this.#books.length + index
    this.#state[place] = book.state
    if (isOut(book.state) && !isOut(from)) {
      this.#outNs[place] = nowNs
      this.#outMs[place] = book.venueMs
      this.#outTold[place] = book.told
      // A loss is no lead.
      this.#first[index] = NOBODY
    }
    // Kalshi's snapshots have no time, and one of Polymarket's counts as one message: the levels tell what they know.
    const isWhole = isOut(from) && book.state === BookState.Live
    if (isWhole && other?.state === BookState.Live && book.heardMore(other) < 0 && book.equals(other))
      book.knowsAsMuchAs(other)
    this.#choose(index, cause, nowNs)
  }

  #choose(index: number, cause: Cause, nowNs: Ns): void {
    const front = this.#front[index]
    const other = 1 - front
    if (this.#copies.length === COPIES_MAX && this.#takes(other, front, index, nowNs)) {
      this.#front[index] = other
      this.#taken[other]++
    }
    const inFront = this.#inFront(index)
    this.#noteState(index, inFront.state, nowNs)
    const book = this.#standIn(index, inFront, nowNs)
    if (book !== this.#books[index]) {
      this.#books[index] = book
      this.#isMoved[index] = 1
    }
    const { state } = book
    const shown = this.#shown[index] as BookState
    if (state === shown) return
    this.#shown[index] = state
    this.#listener.bookMoved(this.#venue, index, shown, state, cause, nowNs)
  }

  #inFront(index: number): Book {
    return this.#copies[this.#front[index]][index]
  }

  /** What is shown of the book whose copy in front is this one. */
  #standIn(index: number, inFront: Book, nowNs: Ns): Book {
    const polled = this.#polled?.[index]
    if (polled?.state !== BookState.Polled) return inFront
    const isOld = nowNs - this.#polledNs[index] > POLLED_NS_MAX
    const isHad = inFront.state === BookState.Live || inFront.state === BookState.Closed
    if (!isOld && !isHad) return polled
    // When it is wanted again it is another.
    polled.state = BookState.Empty
    return inFront
  }

  #noteState(index: number, state: BookState, nowNs: Ns): void {
    if (state === BookState.Live) this.#notLiveNs[index] = Number.POSITIVE_INFINITY
    else if (this.#notLiveNs[index] === Number.POSITIVE_INFINITY) this.#notLiveNs[index] = nowNs
    const isMissing = Number(isOut(state))
    if (isMissing === this.#isOut[index]) return
    this.#missing += isMissing - this.#isOut[index]
    this.#isOut[index] = isMissing
    this.#outage.note(this.#missing > 0, nowNs)
  }

  /** The table above. */
  #takes(copy: number, front: number, index: number, nowNs: number): boolean {
    const book = this.#copies[copy][index]
    const shown = this.#copies[front][index]
    if (shown.state === BookState.Closed) return false
    if (book.state === BookState.Closed) return true
    if (isOut(book.state)) return false
    const isShownOut = isOut(shown.state)
    const place = front * this.#books.length + index
    const more = isShownOut
      ? book.venueMs - this.#outMs[place] || book.told - this.#outTold[place]
      : book.heardMore(shown)
    if (more > 0) return true
    if (book.state !== BookState.Live || shown.state === BookState.Live) return false
    return more === 0 || (isShownOut && nowNs - this.#outNs[place] > ALL_HEARD_NS)
  }

  /** Begins to time a message that one copy has and the other has not, or ends it. */
  #time(copy: number, index: number, nowNs: Ns): void {
    const book = this.#copies[copy][index]
    const other = this.#copies[1 - copy]?.[index]
    if (other === undefined || isOut(book.state) || isOut(other.state)) return
    const first = this.#first[index]
    if (first === NOBODY) {
      if (book.heardMore(other) <= 0) return
      this.#first[index] = copy
      this.#firstNs[index] = nowNs
      this.#firstMs[index] = book.venueMs
      this.#firstTold[index] = book.told
    } else if (first !== copy) {
      if ((book.venueMs - this.#firstMs[index] || book.told - this.#firstTold[index]) < 0) return
      this.#leads[first].add(nowNs - this.#firstNs[index])
      this.#first[index] = NOBODY
    }
  }
}

function isOut(state: BookState): boolean {
  return state === BookState.Suspect || state === BookState.Empty
}
