import { type Counter, type CounterCells, Counters } from '@tandem/shared/counters.ts'
import type { Ns, Price } from '@tandem/shared/units.ts'
import type { BookState } from './book/integrity.ts'
import type { Lag } from './detector/ensemble.ts'
import type { Copy, ExecutorObserver } from './executor.ts'
import type { BookListener, Cause } from './feed/intake.ts'
import type { OrderPool } from './pool/pool.ts'
import { TradeState } from './state/trade.ts'
import { TurnCell } from './turn.ts'
import type { UnknownReason } from './venue/leg.ts'
import { VENUE_NAMES, type Venue } from './venue/venue.ts'

/** By venue. */
const BOOKS: readonly Counter[] = [Counters.polymarketBooks, Counters.kalshiBooks]

/** Counts what the executor tells its observer, then tells the next one. */
export class Counting implements ExecutorObserver, BookListener {
  readonly #cells: CounterCells
  readonly #next: ExecutorObserver & BookListener

  /** @param books of each venue, all of them Empty */
  constructor(cells: CounterCells, books: readonly number[], next: ExecutorObserver & BookListener) {
    this.#cells = cells
    this.#next = next
    books.forEach((count, venue) => {
      cells.set(BOOKS[venue], count)
    })
  }

  /** Takes over what others count already. Once a second is often enough. */
  sample(copies: readonly Copy[], pool: OrderPool): void {
    for (const venue of VENUE_NAMES.keys()) {
      const gaps = copies.reduce((sum, { intakes }) => sum + intakes[venue].counts.gaps, 0)
      this.#cells.set(Counters.gaps, gaps, venue)
    }
    const { hits, approved } = pool.hitRate.all()
    this.#cells.set(Counters.poolHits, hits)
    this.#cells.set(Counters.poolApproved, approved)
  }

  turn(cells: Float64Array): void {
    this.#cells.add(Counters.turns, cells[TurnCell.outcome])
    this.#next.turn(cells)
  }

  signal(...signal: Parameters<ExecutorObserver['signal']>): void {
    this.#next.signal(...signal)
  }

  fair(bundle: number, fairPrice: number, lag: Lag, sureness: number, nowNs: Ns): void {
    this.#cells.add(Counters.fairs, lag)
    this.#next.fair(bundle, fairPrice, lag, sureness, nowNs)
  }

  leg(cells: Float64Array): void {
    this.#next.leg(cells)
  }

  tradeEnded(trade: number, state: TradeState): void {
    this.#cells.add(Counters.trades, state)
    this.#next.tradeEnded(trade, state)
  }

  tradeParked(trade: number, nowNs: Ns): void {
    this.#cells.add(Counters.trades, TradeState.Parked)
    this.#next.tradeParked(trade, nowNs)
  }

  legUnknown(trade: number, venue: Venue, reason: UnknownReason, nowNs: Ns): void {
    this.#cells.add(Counters.legsUnknown, venue)
    this.#next.legUnknown(trade, venue, reason, nowNs)
  }

  legCorrected(bundle: number, venue: Venue, microShares: number, nowNs: Ns): void {
    this.#cells.add(Counters.legsCorrected, venue)
    this.#next.legCorrected(bundle, venue, microShares, nowNs)
  }

  halted(halts: number, nowNs: Ns): void {
    this.#cells.set(Counters.halted, Number(halts !== 0))
    this.#next.halted(halts, nowNs)
  }

  mismatch(bundle: number, venue: Venue, oursMicroShares: number, toldMicroShares: number): void {
    this.#cells.add(Counters.mismatches, venue)
    this.#next.mismatch(bundle, venue, oursMicroShares, toldMicroShares)
  }

  resolved(bundle: number, venue: Venue, paysNamedMicroUsd: number): void {
    this.#next.resolved(bundle, venue, paysNamedMicroUsd)
  }

  diverged(bundle: number, polymarketMicroUsd: number, kalshiMicroUsd: number): void {
    this.#cells.add(Counters.divergences)
    this.#next.diverged(bundle, polymarketMicroUsd, kalshiMicroUsd)
  }

  moneyMoved(venue: Venue, purse: number, microUsd: number): void {
    this.#cells.add(Counters.moneyMoves, venue)
    this.#next.moneyMoved(venue, purse, microUsd)
  }

  badFrame(venue: Venue, outcome: number): void {
    this.#cells.add(Counters.framesBad, venue)
    this.#next.badFrame(venue, outcome)
  }

  bookMoved(venue: Venue, book: number, from: BookState, to: BookState, cause: Cause, nowNs: Ns): void {
    this.#cells.add(BOOKS[venue], from, -1)
    this.#cells.add(BOOKS[venue], to)
    this.#next.bookMoved(venue, book, from, to, cause, nowNs)
  }

  tickTold(venue: Venue, book: number, tick: Price, venueMs: number): void {
    this.#next.tickTold(venue, book, tick, venueMs)
  }
}
