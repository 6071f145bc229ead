import { assert } from '@tandem/shared/assert.ts'
import { NS_PER_MS, NS_PER_S } from '@tandem/shared/units.ts'

// How far our wall clock is from a venue's, from the Date of its answers:
//
//   our monotonic clock   asked ------------ x ------------ answered
//   the venue's clock                 [second told, +1 s)
//
// The answer was stamped somewhere between, taken as the middle of both; so it is known to within half a second and half
// of what the answer took. What is kept is the venue's time on our monotonic clock, which nobody sets: a step of the wall
// clock shows at the next look, without a word from the venue.

/** Kalshi's stamps are safe within this (fact sheet, section 2); Polymarket bears about a minute (section 8.3). */
export const CLOCKS_APART_MS_MAX = 5_000
/** A clock further off trades no more: one venue may refuse a leg whose other the other takes. */
export const SKEW_MS_MAX = 3_000
/** An answer that took longer tells too little: an order's may be held by the venue on purpose. */
const TOOK_NS_MAX = NS_PER_S
const DATE_STEP_MS = 1_000
/** A server, or a cache before it, may make the text of a second a little late. */
const LATE_MS = 500
assert(
  SKEW_MS_MAX + DATE_STEP_MS / 2 + TOOK_NS_MAX / NS_PER_MS / 2 + LATE_MS <= CLOCKS_APART_MS_MAX,
  'SKEW_REFUSED_WHILE_SAFE',
)

export class Skew {
  /** The venue's time when our monotonic clock was at zero; NaN while no answer has told it. */
  #zeroMs = Number.NaN

  /** An answer with a Date came `tookNs` after its question; NaN for one without. */
  told(dateMs: number, tookNs: number, nowNs: number): void {
    if (!(dateMs > 0) || tookNs > TOOK_NS_MAX) return
    this.#zeroMs = dateMs + DATE_STEP_MS / 2 - (nowNs - tookNs / 2) / NS_PER_MS
  }

  /** The venue's time in whole ms; ours while its is not known. */
  venueMs(wallMs: number, nowNs: number): number {
    return Number.isNaN(this.#zeroMs) ? wallMs : Math.floor(this.#zeroMs + nowNs / NS_PER_MS)
  }

  /** How far our clock is ahead of the venue's; NaN while that is not known. */
  aheadMs(wallMs: number, nowNs: number): number {
    return wallMs - (this.#zeroMs + nowNs / NS_PER_MS)
  }

  /** Whether our clock is known to be near enough for signatures and lags. */
  isWithin(wallMs: number, nowNs: number): boolean {
    return Math.abs(this.aheadMs(wallMs, nowNs)) <= SKEW_MS_MAX
  }

  /** Whether it is known not to be. */
  isBeyond(wallMs: number, nowNs: number): boolean {
    return Math.abs(this.aheadMs(wallMs, nowNs)) > SKEW_MS_MAX
  }
}
