import type { Ns } from '@tandem/shared/units.ts'
import type { Approved } from '../risk/intent.ts'
import type { LegEnd, UnknownReason } from './leg.ts'
import type { Venue } from './venue.ts'

/** Takes orders to one venue. Real ones write to a socket, paper ones to a simulated book. */
export interface Gateway {
  /**
   * Whether an order that enters a trade could leave at once: a connection, rate tokens, and as much again left for
   * the way out. When one side is not free, neither leg is sent.
   */
  free(): boolean
  /** Whether an order that completes or unwinds a trade could leave at once: what is kept back is for this. */
  freeForExit(): boolean
  /**
   * Sends one order of an approved trade: the final bytes of the HTTP request, read during the call and not kept. The
   * order's end comes once, later: `legDone`.
   *
   * @param order its number in state/orders.ts
   */
  send(approved: Approved, order: number, request: Buffer, length: number): void
  /** The venue's time in ms, as far as its answers have told it; else `wallMs`, which is ours. */
  venueMs(wallMs: number, nowNs: number): number
  /** The way there and back, as a request that the venue answers at once has taken lately; NaN while none has. */
  rttNs(): number
}

/** Hears what became of an order. */
export interface LegListener {
  /**
   * All that the order filled is known: how much, what that cost before fees, and the fees; all 0 when nothing filled.
   * Of a SELL the first two are negative: shares went, money came.
   *
   * Kalshi has one book: an order on its ask side buys NO, and is told so, as NO shares and their cost, also where the
   * venue nets them against YES that is held.
   *
   * @param end what the numbers rest on
   * @param refusal with LegEnd.Refused the venue's own error, KalshiError or PolymarketError; else 0
   */
  legDone(
    order: number,
    venue: Venue,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    nowNs: Ns,
    end: LegEnd,
    refusal: number,
  ): void
  /** What the order filled is settled: nothing takes it back any more. */
  legSettled(order: number): void
}

/** Hears what only real venues do. */
export interface LiveLegListener extends LegListener {
  /** The venue has the order, and will tell what it fills. */
  legTaken(order: number): void
  /**
   * Whether the order was carried out is not known: reckon with its worst case, never send it again first. It is being
   * looked up; `legDone` comes when its end is known.
   */
  legUnknown(order: number, venue: Venue, reason: UnknownReason, nowNs: Ns): void
  /**
   * What `legDone` told was not all, or not so: a fill failed to settle (fewer shares), an order that was thought absent
   * appeared (more), or a reckoned fee is known now. Told as differences, signed as in `legDone`.
   */
  legCorrected(
    order: number,
    venue: Venue,
    microShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    nowNs: Ns,
  ): void
}
