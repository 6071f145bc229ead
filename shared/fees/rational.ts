import { assert } from '../assert.ts'
import { scaledFromDecimal } from '../decimal.ts'
import { Failure } from '../failure.ts'

// Exact division of integers that live in doubles.
//
// Math.floor(a / b) and Math.ceil(a / b) are exact for whole a >= 0, b > 0 with a + b <= 2^53: the true quotient lies
// at least 1/b away from any integer k that it is not, and 1/b is more than half the distance from k to the next
// double as long as b * k <= 2^53. So the rounding of the division cannot carry it to or past k. No remainder is
// needed: `%` on doubles is a library call.

/** A reduced fraction, 0 <= numerator and 0 < denominator, small enough for mulDivCeil. */
export interface Fraction {
  readonly numerator: number
  readonly denominator: number
}

/**
 * Reduces numerator / denominator. Their product must be a safe integer, which is what makes mulDivCeil exact; that
 * follows from the limits that a schedule puts on its rate, so it is asserted, not reported.
 */
export function fraction(numerator: number, denominator: number): Fraction {
  const divisor = greatestCommonDivisor(numerator, denominator)
  const reduced = { numerator: numerator / divisor, denominator: denominator / divisor }
  assert(
    Number.isSafeInteger((reduced.numerator + 1) * (reduced.denominator + 1)),
    'FRACTION_PRODUCT_IS_SAFE',
  )
  return reduced
}

/**
 * x * numerator / denominator rounded up, for a safe integer x >= 0 whose result is safe too. The product need not be:
 * x = h * d + l splits it into h * n, which is whole, and l * n / d, whose product is below n * d.
 */
export function mulDivCeil(x: number, numerator: number, denominator: number): number {
  const high = Math.floor(x / denominator)
  const low = x - high * denominator
  return high * numerator + Math.ceil((low * numerator) / denominator)
}

/** As mulDivCeil, rounded down. */
export function mulDivFloor(x: number, numerator: number, denominator: number): number {
  const high = Math.floor(x / denominator)
  const low = x - high * denominator
  return high * numerator + Math.floor((low * numerator) / denominator)
}

/**
 * Reads a rate as the venues give it, a JSON number or a decimal text, as an integer scaled by 10^places. A JSON number
 * is taken for the shortest decimal that reads back as it: 0.07 is 7/100, not the double next to it.
 *
 * @throws Failure FEE_RATE when it is no decimal within 0..max with at most `places` places: never trade on a guess.
 */
export function scaledRate(rate: unknown, places: number, max: number, where: string): number {
  const text = typeof rate === 'number' ? String(rate) : rate
  const scaled = typeof text === 'string' ? scaledFromDecimal(text, places) : undefined
  if (scaled === undefined || scaled < 0 || scaled > max * 10 ** places) {
    throw new Failure({
      code: 'FEE_RATE',
      what: `fee rate ${JSON.stringify(rate)} is not a decimal from 0 to ${max} with at most ${places} places`,
      where,
      todo: 'give the rate that the venue states for this market',
    })
  }
  return scaled
}

function greatestCommonDivisor(a: number, b: number): number {
  let [greater, lesser] = [a, b]
  while (lesser !== 0) [greater, lesser] = [lesser, greater % lesser]
  return greater
}
