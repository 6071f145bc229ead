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
import { Book } from '../book/book.ts'
import {
  afterCatchUp,
  afterClock,
  afterDoubt,
  afterKalshiStall,
  afterLevel,
  afterLoss,
  BookState,
  DOUBT_PAUSE,
  isMissing,
  LAG_MS_MAX,
  madeAfterPause,
  SETTLE_NS,
} from '../book/integrity.ts'
import { LadderOutcome } from '../book/ladder.ts'
import type { Clock } from '../clock.ts'
import { type TokenKind, tokenOf } from '../token.ts'
import { Control, type FrameSink, Lifecycle, MS_NONE } from '../venue/sink.ts'
import { KALSHI, type Venue } from '../venue/venue.ts'
import { endsSubscription, SequenceOutcome, Sequences } from './sequence.ts'
import { booksOf } from './shards.ts'
import { type RestBook, Splice, setLevels } from './splice.ts'

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
  /** Our loop stood still, or the venue's answer is overdue; or the socket is read up to after that. */
  Pause: 9,
  /** A snapshot by REST was put before the changes that came since. */
  Splice: 10,
  /** The socket says nothing any more, or REST says otherwise. */
  Stall: 11,
  /** The connection was lost, or its subscription ended. */
  Connection: 12,
  /** Another copy of the book took its place (fronts.ts). */
  Front: 13,
} as const
export type Cause = (typeof Cause)[keyof typeof Cause]

export interface BookListener {
  /** A frame moved a book from one state to another. */
  bookMoved(venue: Venue, book: number, from: BookState, to: BookState, cause: Cause, nowNs: Ns): void
  /**
   * The venue told the market's tick, in a snapshot or a change of it; PRICE_NONE when all that is known is that it
   * changed. `venueMs` is when it was said, MS_NONE where that is not told.
   */
  tickTold(venue: Venue, book: number, tick: Price, venueMs: number): void
}

/** Hears what the frames of a socket say to whoever keeps its subscriptions, while the frame is read. */
export interface SocketListener {
  /** What is no market data: see `Control` for what `a` and `b` are. */
  controlled(socket: number, kind: Control, a: number, b: number): void
  /** A snapshot is applied. `commandId` is that of the command that it answers, -1 when it answers none. */
  snapshotTaken(socket: number, book: number, commandId: number): void
  /** Numbers are missing in a sid of the socket: its books are SUSPECT. */
  gapFound(socket: number, sid: number): void
  /** A snapshot that was asked for differs from the book that was thought LIVE. */
  contradicted(socket: number, book: number): void
}

/** Hears of every trade that a frame tells of, for whoever follows what takers want. */
export interface TradeListener {
  traded(book: number, lots: Lots, takerSide: Side, nowNs: Ns): void
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
  /** Audits that found a LIVE book as the venue has it, level by level, or not. */
  agreed: number
  disagreed: number
}

/** sids of one connection: one a channel, and a new one with every subscription that takes an old one's place. */
const SIDS_MAX = 64
const Awaited = { Doubt: 1, Close: 2 } as const
const DOUBT_NONE = Number.POSITIVE_INFINITY
/** The book was not LIVE, so nothing was thought of it. */
const DIGEST_NONE = Number.NaN

/**
 * Applies what a venue's codec read to that venue's books, and decides by the rules of integrity.ts how far each can
 * be trusted. One frame at a time: `begin`, the codec's calls, `end`; then `touched` lists the frame's books. What
 * happens to a socket and not in a frame (it is lost, it stalls, our loop pauses) is one call that does all of that.
 *
 * Every book belongs to one socket; sequences, losses and pauses are the socket's. A tape is one socket.
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
    agreed: 0,
    disagreed: 0,
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
  /** By book: paused or decided by the venue's word, whatever our clock says. */
  readonly #isShut: Uint8Array
  /** By book: bits of the deadlines that the clock holds for it. One each is enough: what it finds too early it sets again. */
  readonly #awaited: Uint8Array
  readonly #sidOfBook: Float64Array
  /** By book: the venue's last word on its top, and when it was said; REST is held against it. */
  readonly #claimBid: Int32Array
  readonly #claimAsk: Int32Array
  readonly #claimMs: Float64Array
  /** By book: what came since its snapshot was asked for by REST. */
  readonly #splices: (Splice | undefined)[]
  #socketOf: Int32Array
  /** By socket. */
  #booksOf: readonly Int32Array[]
  /** By socket: how many of its books a snapshot is needed for. */
  #missing: Int32Array
  #sequences = [new Sequences(SIDS_MAX)]
  /** By socket: our wall clock when its reading was last in doubt; DOUBT_NONE when it is not. */
  #doubtMs = new Float64Array(1).fill(DOUBT_NONE)
  /** By socket: what it last told of its time was late. Only something timely ends that. */
  #isLate = new Uint8Array(1)
  /** Who keeps the sockets; a tape has nobody. */
  sockets: SocketListener | undefined
  trades: TradeListener | undefined
  /** Whether the frame held market data: a sign of life, which pongs and acknowledgements are not. */
  isData = false
  readonly #clock: Clock
  readonly #listener: BookListener
  readonly #doubtToken: TokenKind
  readonly #closeToken: TokenKind
  readonly #firstToken: number
  #nowNs = 0 as Ns
  #wallMs = 0
  #sid = -1
  #socket = 0
  /** Of a LIVE book's sides before the snapshot in hand, where one may be an audit: on Kalshi. */
  #bidsBefore = DIGEST_NONE
  #asksBefore = DIGEST_NONE
  /** The message in hand is a repeat: nothing of it may be applied again. */
  #repeat = false
  #inSnapshot = false

  /**
   * @param closeMs when each book's market closes, ms since 1970; Infinity where that is not known.
   * @param tokens kinds of its deadlines, whose values are the first book's and on
   */
  constructor(
    venue: Venue,
    books: readonly Book[],
    closeMs: Float64Array,
    clock: Clock,
    tokens: { doubt: TokenKind; close: TokenKind; first?: number },
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
    this.#isShut = new Uint8Array(books.length)
    this.#awaited = new Uint8Array(books.length)
    this.#sidOfBook = new Float64Array(books.length).fill(-1)
    this.#claimBid = new Int32Array(books.length).fill(PRICE_NONE)
    this.#claimAsk = new Int32Array(books.length).fill(PRICE_NONE)
    this.#claimMs = new Float64Array(books.length)
    this.#splices = new Array(books.length).fill(undefined)
    this.#socketOf = new Int32Array(books.length)
    this.#booksOf = booksOf(this.#socketOf, 1)
    this.#missing = Int32Array.of(books.length)
    this.#clock = clock
    this.#doubtToken = tokens.doubt
    this.#closeToken = tokens.close
    this.#firstToken = tokens.first ?? 0
    this.#listener = listener
    for (let book = 0; book < books.length; book++)
      if (Number.isFinite(closeMs[book])) this.#awaitClose(book, clock.nowNs(), clock.wallMs())
  }

  /** Which socket carries each book; before the first frame. */
  assign(socketOf: Int32Array, sockets: number): void {
    this.#socketOf = socketOf
    this.#booksOf = booksOf(socketOf, sockets)
    this.#missing = Int32Array.from(this.#booksOf, ({ length }) => length)
    this.#sequences = Array.from({ length: sockets }, () => new Sequences(SIDS_MAX))
    this.#doubtMs = new Float64Array(sockets).fill(DOUBT_NONE)
    this.#isLate = new Uint8Array(sockets)
  }

  begin(nowNs: Ns, wallMs: number, socket = 0): void {
    for (let i = 0; i < this.touchedCount; i++) this.#isTouched[this.touched[i]] = 0
    this.touchedCount = 0
    this.#nowNs = nowNs
    this.#wallMs = wallMs
    this.#sid = -1
    this.#socket = socket
    this.#repeat = false
    this.#inSnapshot = false
    this.isData = false
  }

  /** Tells the listener of every book that the frame left in another state than it found it. */
  end(): void {
    for (let i = 0; i < this.touchedCount; i++) {
      const index = this.touched[i]
      const book = this.books[index]
      const splice = this.#splices[index]
      // Levels without a time cannot be held back for it.
      if (splice?.isHolding && splice.hasUnstamped)
        this.#isPastSplice(splice, index, book, Number.POSITIVE_INFINITY)
      const before = this.#stateBefore[index] as BookState
      if (book.state === before) continue
      this.#missing[this.#socketOf[index]] += Number(isMissing(book.state)) - Number(isMissing(before))
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

  /** How many of a socket's books a snapshot is needed for: Empty, or SUSPECT. */
  missing(socket: number): number {
    return this.#missing[socket]
  }

  /** The frame in hand could not be read: what it told is lost, to whichever book of its socket. */
  lost(): void {
    this.#loseSocket(Cause.Broken)
  }

  sequence(sid: number, seq: number): void {
    const outcome = this.#sequences[this.#socket].next(sid, seq)
    this.#sid = sid
    this.#repeat = outcome === SequenceOutcome.Duplicate
    if (this.#repeat) this.counts.duplicates++
    if (outcome <= SequenceOutcome.Duplicate) return
    this.counts.gaps++
    this.#loseSid(sid, Cause.Gap)
    this.sockets?.gapFound(this.#socket, sid)
  }

  snapshot(index: number, tick: Price, venueMs: number): void {
    if (this.#repeat) return
    this.counts.snapshots++
    const book = this.#touch(index, Cause.Snapshot)
    const isThought = book.state === BookState.Live && this.venue === KALSHI
    this.#bidsBefore = isThought ? book.bids.digest() : DIGEST_NONE
    this.#asksBefore = isThought ? book.asks.digest() : DIGEST_NONE
    book.beginSnapshot(tick, venueMs)
    this.isChanged[index] = 1
    this.#sidOfBook[index] = this.#sid
    this.#splices[index] = undefined
    this.#inSnapshot = true
    // A snapshot is stamped with the book's last change, so that its age says nothing of the socket.
    this.#hear(venueMs, 0)
    if (tick !== PRICE_NONE) this.#listener.tickTold(this.venue, index, tick, venueMs)
  }

  snapshotEnd(index: number, commandId: number): void {
    this.#inSnapshot = false
    if (this.#repeat) return
    const book = this.books[index]
    book.endSnapshot(this.#nowNs)
    this.#doubtIfLate(book)
    this.sockets?.snapshotTaken(this.#socket, index, commandId)
    // A snapshot in sequence is the book as of that number: what was thought of it must have been the same.
    if (commandId < 0 || Number.isNaN(this.#bidsBefore)) return
    if (this.#bidsBefore === book.bids.digest() && this.#asksBefore === book.asks.digest())
      this.counts.agreed++
    else {
      this.counts.disagreed++
      this.sockets?.contradicted(this.#socket, index)
    }
  }

  level(index: number, side: Side, price: Price, lots: Lots, mirrored: boolean): void {
    if (this.#repeat) return
    const book = this.#touch(index, Cause.Top)
    this.isChanged[index] = 1
    if (!mirrored && !this.#inSnapshot) this.counts.changes++
    const splice = this.#splices[index]
    if (splice !== undefined) {
      splice.level(side, price, lots)
      if (splice.isHolding) return
    }
    this.#setLevel(index, book, side, price, lots)
  }

  #setLevel(index: number, book: Book, side: Side, price: Price, lots: Lots): void {
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
    const lagMs = venueMs > 0 ? this.#wallMs - venueMs : 0
    book.delta(venueMs > 0 ? venueMs : book.venueMs, this.#nowNs, lagMs)
    this.#hear(venueMs, lagMs)
  }

  top(index: number, bid: Price, ask: Price, venueMs: number): void {
    const book = this.#touch(index, Cause.Top)
    this.#claimBid[index] = bid
    this.#claimAsk[index] = ask
    this.#claimMs[index] = venueMs
    const lagMs = this.#wallMs - venueMs
    const splice = this.#splices[index]
    if (splice === undefined || this.#isPastSplice(splice, index, book, venueMs))
      book.claim(bid, ask, venueMs, this.#nowNs, lagMs)
    this.#hear(venueMs, lagMs)
  }

  tickSize(index: number, tick: Price, venueMs: number): void {
    this.#touch(index, Cause.Top).retick(tick)
    this.#listener.tickTold(this.venue, index, tick, venueMs)
  }

  trade(index: number, _price: Price, lots: Lots, takerSide: Side, venueMs: number): void {
    this.counts.trades++
    if (!this.#repeat) this.trades?.traded(index, lots, takerSide, this.#nowNs)
    this.#hear(venueMs, 0)
  }

  control(kind: Control, a: number, b: number): void {
    this.counts.controls++
    this.#settleControl(kind, a, b)
    this.sockets?.controlled(this.#socket, kind, a, b)
  }

  #settleControl(kind: Control, a: number, b: number): void {
    if (kind === Control.Resolved) this.#shut(a, 1)
    if (kind === Control.Unsubscribed || (kind === Control.Refused && endsSubscription(a)))
      this.#loseSid(b, Cause.Connection)
    if (kind !== Control.Lifecycle) return
    if (b === Lifecycle.Deactivated || b === Lifecycle.Determined || b === Lifecycle.Settled) this.#shut(a, 1)
    // The new close is not read, and nothing is told when it comes: an order to a closed market is half a trade.
    if (b === Lifecycle.CloseMoved) {
      this.#closeMs[a] = Number.NEGATIVE_INFINITY
      this.#judgeClose(a)
    }
    // The new steps come by REST: until they are read, no price of ours is known to be legal.
    if (b === Lifecycle.PriceStructure) this.#listener.tickTold(this.venue, a, PRICE_NONE, MS_NONE)
    // Reactivation cancels what rested (Kalshi fact sheet, section 8): Closed gives way to SUSPECT, not to LIVE.
    if (b === Lifecycle.Activated) this.#shut(a, 0)
  }

  /** A book's doubt has lasted `SETTLE_NS`, unless it was settled, or raised anew, since. */
  doubtDue(index: number): void {
    this.#awaited[index] &= ~Awaited.Doubt
    const book = this.#touch(index, Cause.Doubt)
    book.state = afterDoubt(book.state, book.doubtMs, book.doubtNs, this.#nowNs)
    // Settled and raised anew since this deadline was set, or one of a pause, which the venue's may yet follow.
    if (book.state === BookState.Unsettled) this.#awaitDoubt(index)
  }

  /** A book's close has come by our clock. */
  closeDue(index: number): void {
    this.#awaited[index] &= ~Awaited.Close
    this.#judgeClose(index)
  }

  #judgeClose(index: number): void {
    const book = this.#touch(index, Cause.Clock)
    const closeMs = this.#isShut[index] === 1 ? Number.NEGATIVE_INFINITY : this.#closeMs[index]
    book.state = afterClock(book.state, this.#wallMs, closeMs)
    // The wall clock is steered and the monotonic one is not: a deadline may come before its close.
    const isEarly = book.state !== BookState.Closed && Number.isFinite(closeMs)
    if (isEarly) this.#awaitClose(index, this.#nowNs, this.#wallMs)
  }

  // ---- what happens to a socket, and not in a frame --------------------------------------------------------------

  /**
   * The connection is gone: all of its books are SUSPECT, and every sid starts anew.
   *
   * @param isLost false when only the subscription is: what is late on the connection stays late
   */
  disconnected(socket: number, nowNs: Ns, isLost = true): void {
    this.begin(nowNs, this.#clock.wallMs(), socket)
    this.#loseSocket(Cause.Connection)
    for (const index of this.#booksOf[socket]) {
      this.#sidOfBook[index] = -1
      this.#splices[index] = undefined
    }
    this.#sequences[socket].clear()
    if (isLost) {
      this.#doubtMs[socket] = DOUBT_NONE
      this.#isLate[socket] = 0
    }
    this.end()
  }

  /** The socket has nothing to say although it should. */
  stalled(socket: number, nowNs: Ns): void {
    this.begin(nowNs, this.#clock.wallMs(), socket)
    if (this.venue === KALSHI) {
      for (const index of this.#booksOf[socket]) {
        const book = this.#touch(index, Cause.Stall)
        book.state = afterKalshiStall(book.state)
      }
    } else this.#loseSocket(Cause.Stall)
    this.end()
  }

  /** The venue, when it was asked, knew of something that this book's feed never told. */
  contradict(index: number, nowNs: Ns): void {
    this.begin(nowNs, this.#clock.wallMs(), this.#socketOf[index])
    this.#lose(index, Cause.Stall)
    this.end()
  }

  /**
   * The venue was asked for a LIVE book: where its answer is of the same moment as ours, every level must be the same.
   * Of another moment it says nothing here.
   */
  audited(index: number, rest: RestBook, nowNs: Ns): void {
    const book = this.books[index]
    const isComparable = book.state === BookState.Live && this.#splices[index] === undefined
    if (!isComparable || book.venueMs !== rest.venueMs) return
    const told = new Book(book.unit)
    setLevels(told, rest)
    if (told.equals(book)) this.counts.agreed++
    else {
      this.counts.disagreed++
      this.contradict(index, nowNs)
    }
  }

  /**
   * What the socket told may lie unread since `pauseNs` ago: our loop stood still, or an answer is overdue. Ends with
   * `caughtUp`, or with a message that was made after now.
   */
  paused(socket: number, pauseNs: number, nowNs: Ns): void {
    const wallMs = this.#clock.wallMs()
    this.begin(nowNs, wallMs, socket)
    this.#pauseSocket(pauseNs)
    this.#doubtMs[socket] = wallMs
    this.end()
  }

  /** In the frame in hand: what it answers was asked so long ago, so that all that the socket tells may be as old. */
  late(lagNs: number): void {
    this.#hearLate(lagNs / NS_PER_MS)
  }

  /**
   * In the frame in hand: it answers what was asked after the pause, so that all before it is read.
   *
   * @param isTimely it also proves that the venue sends in time
   */
  caughtUp(socket: number, isTimely: boolean): void {
    if (isTimely) this.#isLate[socket] = 0
    if (this.#isLate[socket] === 1) return
    this.#doubtMs[socket] = DOUBT_NONE
    for (const index of this.#booksOf[socket]) {
      const book = this.books[index]
      const next = afterCatchUp(book.state, book.crossed(), book.doubtMs)
      if (next !== book.state) this.#touch(index, Cause.Pause).state = next
    }
  }

  // ---- a snapshot by REST ----------------------------------------------------------------------------------------

  /** The book's snapshot is asked for by REST: what comes from now on is kept for after it. */
  awaitRest(index: number): void {
    this.#splices[index] = new Splice()
  }

  /**
   * The snapshot is there: it replaces the book, and what the socket told of its time or later is applied to it again.
   * The venue's last word on the top, if it is not older, must agree. What the socket tells of times before the
   * snapshot is in the snapshot already, and is passed over until the socket has come so far.
   *
   * @returns false when nobody waits for it any more: the socket brought a snapshot of its own.
   */
  spliceRest(index: number, rest: RestBook, nowNs: Ns): boolean {
    const splice = this.#splices[index]
    if (splice === undefined) return false
    this.begin(nowNs, this.#clock.wallMs(), this.#socketOf[index])
    const book = this.#touch(index, Cause.Splice)
    this.isChanged[index] = 1
    book.beginSnapshot(rest.tick, rest.venueMs)
    for (let i = 0; i < rest.count; i++)
      this.#setLevel(index, book, rest.sides[i], rest.prices[i], rest.lots[i])
    splice.replay(rest.venueMs, (side, price, lots) => this.#setLevel(index, book, side, price, lots))
    book.endSnapshot(nowNs)
    this.#doubtIfLate(book)
    const isHeard = this.#claimMs[index] >= rest.venueMs
    // Its lag is that of a word long said, not of the feed.
    if (isHeard)
      book.claim(
        this.#claimBid[index] as Price,
        this.#claimAsk[index] as Price,
        this.#claimMs[index],
        nowNs,
        0,
      )
    if (isHeard) this.#splices[index] = undefined
    else splice.hold(rest.venueMs)
    if (rest.tick !== PRICE_NONE) this.#listener.tickTold(this.venue, index, rest.tick, rest.venueMs)
    this.end()
    return true
  }

  /** No snapshot came. */
  giveUpRest(index: number): void {
    this.#splices[index] = undefined
  }

  /** Whether a claim of `venueMs` and the levels before it are for the book as it stands. */
  #isPastSplice(splice: Splice, index: number, book: Book, venueMs: number): boolean {
    splice.stamp(venueMs)
    if (!splice.isHolding) return true
    if (venueMs < splice.heldMs) {
      splice.clear()
      return false
    }
    this.#splices[index] = undefined
    splice.replay(splice.heldMs, (side, price, lots) => this.#setLevel(index, book, side, price, lots))
    return true
  }

  #hear(venueMs: number, lagMs: number): void {
    this.isData = true
    if (lagMs > LAG_MS_MAX) this.#hearLate(lagMs)
    // A snapshot is as old as the last change in it: only a young one tells of the socket.
    else if (this.#wallMs - venueMs > LAG_MS_MAX) return
    else if (madeAfterPause(venueMs, this.#doubtMs[this.#socket], false)) this.caughtUp(this.#socket, true)
  }

  /** One book's message is late, so that what its socket has to say of the others is too: until a timely one comes. */
  #hearLate(lagMs: number): void {
    const isKnown = this.#isLate[this.#socket] === 1
    this.#isLate[this.#socket] = 1
    this.#doubtMs[this.#socket] = this.#wallMs
    if (!isKnown) this.#pauseSocket(lagMs * NS_PER_MS)
  }

  /** A snapshot on a socket that is late is as late as all else on it: nobody knows what has changed since. */
  #doubtIfLate(book: Book): void {
    if (this.#isLate[this.#socket] === 1) book.pause(LAG_MS_MAX * NS_PER_MS, this.#nowNs)
  }

  #pauseSocket(pauseNs: number): void {
    for (const index of this.#booksOf[this.#socket])
      if (this.books[index].state === BookState.Live)
        this.#touch(index, Cause.Pause).pause(pauseNs, this.#nowNs)
  }

  /** @param sid -1 for every sid of the socket. */
  #loseSid(sid: number, cause: Cause): void {
    for (const index of this.#booksOf[this.#socket])
      if (sid < 0 || this.#sidOfBook[index] === sid) this.#lose(index, cause)
  }

  #loseSocket(cause: Cause): void {
    for (const index of this.#booksOf[this.#socket]) this.#lose(index, cause)
  }

  #awaitDoubt(index: number): void {
    if ((this.#awaited[index] & Awaited.Doubt) !== 0) return
    this.#awaited[index] |= Awaited.Doubt
    const { doubtMs, doubtNs } = this.books[index]
    // The time of a pause's doubt is never up: it is looked at again and again.
    const sinceNs = doubtMs === DOUBT_PAUSE ? this.#nowNs : doubtNs
    this.#clock.at((sinceNs + SETTLE_NS) as Ns, tokenOf(this.#doubtToken, this.#firstToken + index))
  }

  #awaitClose(index: number, nowNs: Ns, wallMs: number): void {
    if ((this.#awaited[index] & Awaited.Close) !== 0) return
    this.#awaited[index] |= Awaited.Close
    const inNs = Math.max(0, this.#closeMs[index] - wallMs) * NS_PER_MS
    this.#clock.at((nowNs + inNs) as Ns, tokenOf(this.#closeToken, this.#firstToken + index))
  }

  #lose(index: number, cause: Cause): void {
    const book = this.#touch(index, cause)
    book.state = afterLoss(book.state)
  }

  #shut(index: number, isShut: 0 | 1): void {
    this.#isShut[index] = isShut
    this.#judgeClose(index)
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
