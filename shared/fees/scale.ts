import { assert } from '../assert.ts'
import { MICRO_USD_PER_USD } from '../units.ts'

// The unrounded fee of one contract is a fraction of a micro-dollar. Whether a pair of prices nets a minimum, and what
// it nets floored, must not depend on how that fraction was rounded, so both venues' fees are held as integers in one
// common scale: 1e-14 dollar.
//
//   Kalshi       7/100 x M x p(1-p)   p(1-p) is a multiple of 1e-8, M of 1e-3 (limit of fees/kalshi.ts)       1e-13: exact
//   Polymarket   r x p(1-p)           r is a multiple of 1e-4 (limit of fees/polymarket.ts)                   1e-12: exact
//                r x (p(1-p))^2       a multiple of 1e-20: rounded up, against us, by less than 1e-14 dollar;
//                                     exact for whole cents
//
// One dollar is 1e14 in it, so sums and differences of a few dollars stay far inside the safe integers.

/** Of the scale in which the unrounded fee, and so the edge, of one contract is held: 1e-14 dollar. */
export const SCALED_PER_MICRO_USD = 100_000_000

assert(Number.isSafeInteger(SCALED_PER_MICRO_USD * MICRO_USD_PER_USD * 20), 'FEES_SCALE_HOLDS_DOLLARS')

/** Whole micro-dollars of a scaled amount, towards minus infinity. Exact: see rational.ts. */
export function microUsdFloor(scaled: number): number {
  return Math.floor(scaled / SCALED_PER_MICRO_USD)
}
