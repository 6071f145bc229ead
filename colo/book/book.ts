import { commonStep } from '@tandem/shared/ticks.ts'
import { type Price, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import { BookState } from './integrity.ts'
import { Ladder } from './ladder.ts'

/**
 * The book of one outcome on one venue: two ladders of that outcome's prices, and how far they can be trusted.
 * The rules that move `state` are in integrity.ts; whoever applies a message stores what they answer by `enter`.
 */
export class Book {
  readonly bids: Ladder
  readonly asks: Ladder
  state: BookState = BookState.Empty
  /** Counts the snapshots taken: two decisions with the same epoch saw one unbroken run of messages. */
  epoch = 0
  /** The venue's newest timestamp, ms since 1970; 0 before the first. */
  venueMs = 0
  /** While Unsettled: the venue's timestamp of the message that raised the doubt. */
  doubtMs = 0
  /** While Unsettled: our clock when the doubt was raised. */
  doubtNs = 0

  /** @param unit the ladders' slot in Price units: the market's tick, or `finestStep` of its tick structure. */
  constructor(unit: Price) {
    this.bids = new Ladder(SIDE_BID, unit)
    this.asks = new Ladder(SIDE_ASK, unit)
  }

  get unit(): Price {
    return this.bids.unit
  }

  /** Empties the book for the levels of a snapshot. Not tradable until `afterSnapshot` says so. */
  beginSnapshot(): void {
    this.bids.clear()
    this.asks.clear()
    this.epoch++
    if (this.state !== BookState.Closed) this.state = BookState.Empty
  }

  /**
   * Makes room for prices on `tick`, keeping every level. The slots only ever become finer, to the greatest common
   * divisor of both ticks: orders that rest on the old tick stay valid on a finer one, and when a market goes back
   * to a coarser tick nobody said that the finer levels are gone.
   *
   * @param tick the venue's tick now; PRICE_NONE, when it was not told, changes nothing.
   * @returns whether the unit changed, and with it every slot.
   */
  retick(tick: Price): boolean {
    if (!(tick > 0)) return false
    const unit = commonStep(this.unit, tick)
    if (unit === this.unit) return false
    this.bids.refine(unit)
    this.asks.refine(unit)
    return true
  }

  /** Best bid at or above best ask, dust included: a real book matches such orders, so a message is missing. */
  crossed(): boolean {
    return this.asks.best >= 0 && this.bids.best >= this.asks.best
  }

  /** Our top equals what the venue claims (PRICE_NONE for an empty side) and is not crossed. */
  agrees(bid: Price, ask: Price): boolean {
    return this.bids.bestPrice() === bid && this.asks.bestPrice() === ask && !this.crossed()
  }
}

export function bestBidPrice(book: Book): Price {
  return book.bids.bestPrice()
}

export function bestAskPrice(book: Book): Price {
  return book.asks.bestPrice()
}
