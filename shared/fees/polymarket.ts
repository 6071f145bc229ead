import { assert } from '../assert.ts'
import { Failure } from '../failure.ts'
import { LOTS_ORDER_MAX, MICRO_SHARES_PER_LOT, type MicroShares, PRICE_ONE, type Price } from '../units.ts'
import { type Fraction, fraction, scaledRate } from './rational.ts'
import { SCALED_PER_MICRO_USD } from './scale.ts'

// Polymarket fact sheet, section 10: takers pay C x r x (p(1-p))^e in collateral, on top of what a buy spends and out
// of what a sell brings; makers pay nothing. Rate and exponent are the market's own (`feeSchedule`, `fd`), never a
// category's and never `fee_rate_bps`.

/**
 * The venue rounds a fee to 5 decimals of a dollar; in which direction is not documented. Fees are planned rounded up,
 * so that a plan is never dearer than it said. (The venue drops what is below one step; we count the step.)
 */
export const POLYMARKET_FEE_STEP_MICRO_USD = 10

/** A basis point. Rates seen have two places. */
const RATE_PLACES = 4
/** At 1 what a share costs with its fee still rises with its price: the walk relies on it. */
const RATE_MAX = 1

/** Micro-shares x units of p(1-p), in micro-dollars: 1e-6 x 1e-8 dollar. */
const SPREAD_PER_MICRO_USD = 100_000_000
/** One unit of p(1-p) is 1e-8. For whole cents it is a multiple of this. */
const SPREAD_PER_CENT = 10_000

const SPREAD_MAX = (PRICE_ONE / 2) ** 2
const RATE_UNITS = 10 ** RATE_PLACES
assert(Number.isSafeInteger((LOTS_ORDER_MAX + 1) * SPREAD_MAX), 'POLYMARKET_LOTS_TIMES_SPREAD_IS_SAFE')
assert(
  Number.isSafeInteger(MICRO_SHARES_PER_LOT * SPREAD_MAX * RATE_UNITS * 2),
  'POLYMARKET_DUST_TIMES_RATE_IS_SAFE',
)

/** A market's fees, made once. */
export interface PolymarketFeeSchedule {
  readonly exponent: 1 | 2
  readonly rate: Fraction
  /** The rate in basis points. */
  readonly rateUnits: number
}

/**
 * @throws Failure FEE_RATE for a rate that is no decimal of 0..1 in basis points, FEE_EXPONENT for an exponent other
 *   than 1 and 2. A market whose fees are not known is not traded.
 */
export function polymarketFeeSchedule(
  terms: { readonly rate: number | string; readonly exponent: number },
  where: string,
): PolymarketFeeSchedule {
  const { exponent } = terms
  if (exponent !== 1 && exponent !== 2) {
    throw new Failure({
      code: 'FEE_EXPONENT',
      what: `Polymarket fee exponent ${JSON.stringify(exponent)} is neither 1 nor 2`,
      where,
      todo: 'leave the market out, or give the exponent that the venue states',
    })
  }
  const rateUnits = scaledRate(terms.rate, RATE_PLACES, RATE_MAX, where)
  return { exponent, rate: fraction(rateUnits, RATE_UNITS), rateUnits }
}

/**
 * Taker fee of one fill, rounded up to a step of 10 micro-dollars.
 *
 * @param microShares at most LOTS_ORDER_MAX and a lot.
 */
export function polymarketFeeCeilMicroUsd(
  schedule: PolymarketFeeSchedule,
  price: Price,
  microShares: MicroShares,
): number {
  const spread = price * (PRICE_ONE - price)
  const steps =
    schedule.exponent === 1
      ? linearStepsCeil(schedule.rate, spread, microShares)
      : squareStepsCeil(schedule.rate, spread, microShares)
  return steps * POLYMARKET_FEE_STEP_MICRO_USD
}

/**
 * What the venue charges a taker for one fill, as far as its rule is known: as above, but nothing where the exact fee is
 * below one step.
 */
export function polymarketFeeChargedMicroUsd(
  schedule: PolymarketFeeSchedule,
  price: Price,
  microShares: MicroShares,
): number {
  const fee = polymarketFeeCeilMicroUsd(schedule, price, microShares)
  if (fee > POLYMARKET_FEE_STEP_MICRO_USD) return fee
  const { rate, exponent } = schedule
  const spread = BigInt(price * (PRICE_ONE - price))
  const exact = BigInt(microShares) * BigInt(rate.numerator) * spread ** BigInt(exponent)
  const unit =
    BigInt(rate.denominator) * BigInt(SPREAD_PER_MICRO_USD) * BigInt(PRICE_ONE) ** (2n * BigInt(exponent - 1))
  return exact < unit * BigInt(POLYMARKET_FEE_STEP_MICRO_USD) ? 0 : fee
}

/**
 * Unrounded taker fee of one share in the scale of scale.ts: exact for exponent 1 and for whole cents, else rounded up
 * in that scale.
 */
export function polymarketContractFeeScaled(schedule: PolymarketFeeSchedule, price: Price): number {
  const spread = price * (PRICE_ONE - price)
  if (schedule.exponent === 1) return spread * schedule.rateUnits * LINEAR_SCALED
  // spread^2 x rate is not safe, its two halves are.
  const square = spread * spread
  const high = Math.floor(square / SQUARE_PER_SCALED)
  const low = square - high * SQUARE_PER_SCALED
  return high * schedule.rateUnits + Math.ceil((low * schedule.rateUnits) / SQUARE_PER_SCALED)
}

/** One share at exponent 1: 1e-8 x 1e-4 dollar in units of 1e-14. */
const LINEAR_SCALED = (1_000_000 * SCALED_PER_MICRO_USD) / (SPREAD_PER_MICRO_USD * RATE_UNITS)
/** One share at exponent 2: 1e-16 x 1e-4 dollar, of which this many make 1e-14. */
const SQUARE_PER_SCALED = 1_000_000

// microShares x spread may leave the safe integers, so the lots and the rest of less than a lot go separately:
//
//   fee / step = (lots x 10^4 + rest) x spread x n / (d x 10^9)
//
// With lots x spread x n = whole x d10^5 + left, the fraction that remains is (left x 10^4 + rest x spread x n) / d10^9.
function linearStepsCeil(rate: Fraction, spread: number, microShares: number): number {
  const { numerator } = rate
  const unit =
    rate.denominator * ((SPREAD_PER_MICRO_USD * POLYMARKET_FEE_STEP_MICRO_USD) / MICRO_SHARES_PER_LOT)
  const lots = Math.floor(microShares / MICRO_SHARES_PER_LOT)
  const rest = microShares - lots * MICRO_SHARES_PER_LOT
  const volume = lots * spread
  const high = Math.floor(volume / unit)
  const product = (volume - high * unit) * numerator
  const carry = Math.floor(product / unit)
  const left = (product - carry * unit) * MICRO_SHARES_PER_LOT + rest * spread * numerator
  return high * numerator + carry + Math.ceil(left / (unit * MICRO_SHARES_PER_LOT))
}

// Exponent 2 is a legacy of the 15-minute crypto markets, which trade in whole cents: there p(1-p) loses four zeros
// and the product is safe up to about a thousand shares. Beyond, and between cents, it is BigInt's.
function squareStepsCeil(rate: Fraction, spread: number, microShares: number): number {
  const { numerator, denominator } = rate
  const cents = spread / SPREAD_PER_CENT
  const product = microShares * cents * cents * numerator
  const unit = denominator * SPREAD_PER_MICRO_USD * POLYMARKET_FEE_STEP_MICRO_USD
  if (Number.isInteger(cents) && product + unit <= Number.MAX_SAFE_INTEGER) return Math.ceil(product / unit)
  const wide = BigInt(microShares) * BigInt(spread) * BigInt(spread) * BigInt(numerator)
  const wideUnit = BigInt(unit) * BigInt(SPREAD_PER_MICRO_USD)
  return Number((wide + wideUnit - 1n) / wideUnit)
}
