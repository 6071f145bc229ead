import type { Ns } from '@tandem/shared/units.ts'
import type { Approved } from '../risk/intent.ts'
import type { Venue } from './venue.ts'

/** Takes orders to one venue. Real ones write to a socket, paper ones to a simulated book. */
export interface Gateway {
  /** Whether a request could leave at once. When one side is not free, neither leg is sent. */
  free(): boolean
  /**
   * Sends one leg of an approved trade: the final bytes of the HTTP request, read during the call and not kept. The
   * answer comes as `legDone`, later.
   */
  send(approved: Approved, trade: number, request: Uint8Array, length: number): void
}

/** Hears what became of a leg. */
export interface LegListener {
  /** The leg's answer is final: what it filled, what that cost before fees, and the fees; all 0 when nothing filled. */
  legDone(
    trade: number,
    venue: Venue,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    nowNs: Ns,
  ): void
}
