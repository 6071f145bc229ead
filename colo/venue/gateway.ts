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
   * Sends one leg of an approved trade: the final bytes of the HTTP request, read during the call and not kept. The
   * leg's end comes once, later: `legDone`, or of a live venue `legUnknown`.
   */
  send(approved: Approved, trade: number, request: Buffer, length: number): void
}

/** Hears what became of a leg. */
export interface LegListener {
  /**
   * The leg is final: what it filled, what that cost before fees, and the fees; all 0 when nothing filled. Of a SELL
   * the first two are negative: shares went, money came.
   *
   * Kalshi has one book: an order on its ask side buys NO, and is told so, as NO shares and their cost, also where the
   * venue nets them against YES that is held.
   *
   * @param end what the numbers rest on
   * @param refusal with LegEnd.Refused the venue's own error, KalshiError or PolymarketError; else 0
   */
  legDone(
    trade: number,
    venue: Venue,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    nowNs: Ns,
    end: LegEnd,
    refusal: number,
  ): void
}

/** Hears what only real venues do. */
export interface LiveLegListener extends LegListener {
  /**
   * Whether the leg's order was carried out is not known: reckon with its worst case, look it up, never send it again
   * first. Nothing more is told of this leg.
   */
  legUnknown(trade: number, venue: Venue, reason: UnknownReason, nowNs: Ns): void
  /** A fill of a leg that was done has failed to settle (Polymarket: FAILED): these shares are not held after all. */
  fillReverted(bundle: number, venue: Venue, microShares: number, nowNs: Ns): void
}
