import { commonStep } from '@tandem/shared/ticks.ts'
import { type Price, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import { afterDelta, afterPause, afterSnapshot, afterTop, BookState, DOUBT_PAUSE } from './integrity.ts'
import { Ladder } from './ladder.ts'

/**
 * The book of one outcome on one venue: two ladders of that outcome's prices, and how far they can be trusted.
 * Levels are written to the ladders directly; what a message as a whole says about the book is told to it after its
 * last level, by `endSnapshot`, `claim` or `delta`. Rules that raise no doubt are applied by whoever knows the
 * event: `book.state = afterLoss(book.state)`.
 */
export class Book {
  readonly bids: Ladder
  readonly asks: Ladder
  state: BookState = BookState.Empty
  /** Counts the snapshots taken: two decisions of one epoch saw one unbroken run of messages. */
  epoch = 0
  /** The venue's timestamp of the last message, ms since 1970; 0 before the first. */
  venueMs = 0
  /** How many messages of `venueMs` were told: both together say which of two copies of a book has heard more. */
  told = 0
  /** While Unsettled: the venue's timestamp of the message that raised the doubt, or DOUBT_PAUSE. */
  doubtMs = 0
  /** While Unsettled: our clock when the doubt was raised. */
  doubtNs = 0

  /** @param unit of the ladders' slots: Polymarket's tick, or `finestStep` of a tick structure. */
  constructor(unit: Price) {
    this.bids = new Ladder(SIDE_BID, unit)
    this.asks = new Ladder(SIDE_ASK, unit)
  }

  get unit(): Price {
    return this.bids.unit
  }

  /**
   * Empties the book for the levels of a snapshot. Not tradable until `endSnapshot`.
   *
   * @param tick as for `retick`.
   * @param venueMs the snapshot's timestamp; MS_NONE where it has none.
   */
  beginSnapshot(tick: Price, venueMs: number): void {
    this.bids.clear()
    this.asks.clear()
    this.retick(tick)
    this.epoch++
    if (venueMs > 0 && venueMs !== this.venueMs) {
      this.venueMs = venueMs
      this.told = 1
    }
    if (this.state !== BookState.Closed) this.state = BookState.Empty
  }

  endSnapshot(nowNs: number): void {
    this.move(afterSnapshot(this.state, this.crossed()), this.venueMs, nowNs)
  }

  /** Polymarket claimed its top after a message; PRICE_NONE for an empty side. */
  claim(bid: Price, ask: Price, venueMs: number, nowNs: number, lagMs: number): void {
    this.stamp(venueMs)
    const agrees = this.bids.bestPrice() === bid && this.asks.bestPrice() === ask && !this.crossed()
    this.move(afterTop(this.state, agrees, venueMs, this.doubtMs, lagMs), venueMs, nowNs)
  }

  /** A Kalshi delta of this book came in sequence. */
  delta(venueMs: number, nowNs: number, lagMs: number): void {
    this.stamp(venueMs)
    const crossed = this.crossed()
    const next = afterDelta(this.state, crossed, this.doubtMs, lagMs)
    this.move(next, crossed ? venueMs : DOUBT_PAUSE, nowNs)
  }

  /** Our loop did not run for `pauseNs`. */
  pause(pauseNs: number, nowNs: number): void {
    this.move(afterPause(this.state, pauseNs), DOUBT_PAUSE, nowNs)
  }

  /**
   * Makes room for prices on `tick`, keeping every level. The slots only ever become finer, to the common step of
   * both ticks: orders that rest on the old tick stay valid on a finer one, and when a market goes back to a
   * coarser tick nobody has said that the levels between are gone.
   *
   * @param tick the venue's tick now; PRICE_NONE, when it was not told, changes nothing.
   * @returns whether the unit changed, and with it every slot's number.
   */
  retick(tick: Price): boolean {
    if (!(tick > 0)) return false
    const unit = commonStep(this.unit, tick)
    if (unit === this.unit) return false
    this.bids.refine(unit)
    this.asks.refine(unit)
    return true
  }

  /** Whether it shows the same levels. */
  equals(other: Book): boolean {
    return this.bids.equals(other.bids) && this.asks.equals(other.asks)
  }

  /** Best bid at or above best ask, dust included: the venue matches such orders, so a message is missing or on its way. */
  crossed(): boolean {
    return this.asks.best >= 0 && this.bids.best >= this.asks.best
  }

  /** By how much it has heard more than another copy of it: below 0 for less, 0 for as much. */
  heardMore(other: Book): number {
    return this.venueMs - other.venueMs || this.told - other.told
  }

  /** It shows what another copy shows, and so has missed nothing of what that has heard. */
  knowsAsMuchAs(other: Book): void {
    this.venueMs = other.venueMs
    this.told = other.told
  }

  private stamp(venueMs: number): void {
    this.told = venueMs === this.venueMs ? this.told + 1 : 1
    this.venueMs = venueMs
  }

  /** A doubt keeps the time of its first cause; one that the venue gave takes the place of one that our pause gave. */
  private move(next: BookState, doubtMs: number, nowNs: number): void {
    if (next === BookState.Unsettled && (this.state !== next || this.doubtMs === DOUBT_PAUSE)) {
      this.doubtMs = doubtMs
      this.doubtNs = nowNs
    }
    this.state = next
  }
}
