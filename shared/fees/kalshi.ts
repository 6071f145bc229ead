import { assert } from '../assert.ts'
import { Failure } from '../failure.ts'
import { LOTS_ORDER_MAX, type Lots, PRICE_ONE, type Price } from '../units.ts'
import { type Fraction, fraction, mulDivCeil, scaledRate } from './rational.ts'
import { SCALED_PER_MICRO_USD } from './scale.ts'

// Kalshi fact sheet, section 7:
//
//   model fee      M x 0.07 x f x C x P x (1 - P)      M of the event or series, f by fee type and role
//   trade fee      the model fee, rounded up to a micro-dollar
//   rounding fee   what the balance loses when it is floored to the account's precision
//   rebate         whole steps of precision out of the order's accumulated rounding fees, never below a net fee of 0
//
// A waiver (`fee_waiver_expiration_time`) is not taken into account: it makes a trade cheaper than planned.

/** The precision that Kalshi keeps the balance of a direct member (an API account of kalshi.com) to: 0.0001 dollar. */
export const KALSHI_PRECISION_DIRECT_MICRO_USD = 100
/** The same for an account through a broker: a cent. */
export const KALSHI_PRECISION_BROKER_MICRO_USD = 10_000

export const ROLE_TAKER = 0
export const ROLE_MAKER = 1
export type Role = typeof ROLE_TAKER | typeof ROLE_MAKER

/** Multipliers seen are 0, 0.5, 1 and 2: three places leave room. */
const MULTIPLIER_PLACES = 3
/** Below 1 / 0.07, so that what a contract costs with its fee always rises with its price: the walk relies on it. */
const MULTIPLIER_MAX = 10

/** 0.07 as sevenths of a hundred. */
const RATE_NUMERATOR = 7
const RATE_DENOMINATOR = 100

assert(MULTIPLIER_MAX * RATE_NUMERATOR < RATE_DENOMINATOR, 'KALSHI_COST_RISES_WITH_PRICE')
assert(Number.isSafeInteger(LOTS_ORDER_MAX * (PRICE_ONE / 2) ** 2), 'KALSHI_LOTS_TIMES_SPREAD_IS_SAFE')

/** A maker's part of the fee, by fee type. A type that is not here has no published formula: `flat`, for one. */
const makerFactors = new Map<string, readonly [number, number]>([
  ['quadratic', [0, 1]],
  ['quadratic_with_maker_fees', [1, 4]],
  ['quadratic_with_combo_maker_fees', [1, 2]],
])

/** What the venue says of a market's fees. An event's override, where it is not null, beats its series. */
export interface KalshiFeeTerms {
  readonly feeType: string
  readonly feeMultiplier: number | string
  readonly feeTypeOverride?: string | null
  readonly feeMultiplierOverride?: number | string | null
}

/** A market's fees, made once. The fractions are micro-dollars per lot and unit of price x (1 - price). */
export interface KalshiFeeSchedule {
  readonly taker: Fraction
  readonly maker: Fraction
  /** Unrounded taker fee of one contract per unit of price x (1 - price), in the scale of scale.ts. */
  readonly takerScaled: number
}

/**
 * @throws Failure FEE_TYPE for a type without a published formula, FEE_RATE for a multiplier that is none. A market
 *   whose fees are not known is not traded.
 */
export function kalshiFeeSchedule(terms: KalshiFeeTerms, where: string): KalshiFeeSchedule {
  const feeType = terms.feeTypeOverride ?? terms.feeType
  const maker = makerFactors.get(feeType)
  if (maker === undefined) {
    throw new Failure({
      code: 'FEE_TYPE',
      what: `Kalshi fee type ${JSON.stringify(feeType)} has no known formula`,
      where,
      todo: `leave the market out, or use one of ${[...makerFactors.keys()].join(', ')}`,
    })
  }
  const places = 10 ** MULTIPLIER_PLACES
  const multiplier = scaledRate(
    terms.feeMultiplierOverride ?? terms.feeMultiplier,
    MULTIPLIER_PLACES,
    MULTIPLIER_MAX,
    where,
  )
  // 1e-2 contract x (1e-4 dollar)^2 = 1e-10 dollar: a ten-thousandth of a micro-dollar.
  const numerator = RATE_NUMERATOR * multiplier
  const denominator = RATE_DENOMINATOR * places * 10_000
  const takerScaled = (numerator * 100 * SCALED_PER_MICRO_USD) / denominator
  assert(Number.isSafeInteger(takerScaled), 'KALSHI_TAKER_SCALED_IS_WHOLE')
  return {
    taker: fraction(numerator, denominator),
    maker: fraction(numerator * maker[0], denominator * maker[1]),
    takerScaled,
  }
}

/**
 * Trade fee of one fill, rounded up to a micro-dollar. `price` is the YES or the NO price: the fee is the same.
 *
 * @param lots at most LOTS_ORDER_MAX.
 */
export function kalshiTradeFeeCeilMicroUsd(
  schedule: KalshiFeeSchedule,
  role: Role,
  price: Price,
  lots: Lots,
): number {
  const { numerator, denominator } = role === ROLE_TAKER ? schedule.taker : schedule.maker
  return mulDivCeil(lots * price * (PRICE_ONE - price), numerator, denominator)
}

/** Unrounded taker fee of one contract, exact in the scale of scale.ts. */
export function kalshiContractFeeScaled(schedule: KalshiFeeSchedule, price: Price): number {
  return schedule.takerScaled * price * (PRICE_ONE - price)
}

/**
 * The fees of one Kalshi order, fill by fill: the rounding of each is remembered, and given back in whole steps. The
 * memory survives a change of role within the order.
 */
export class KalshiOrderFees {
  /** Rounding fees charged so far and not yet given back. */
  accumulatorMicroUsd = 0

  // Of the last fill:
  tradeFeeMicroUsd = 0
  roundingFeeMicroUsd = 0
  rebateMicroUsd = 0
  /** trade + rounding - rebate: what the venue reports as `fee_cost`. */
  netFeeMicroUsd = 0
  balanceChangeMicroUsd = 0

  readonly #schedule: KalshiFeeSchedule
  readonly #precisionMicroUsd: number

  constructor(schedule: KalshiFeeSchedule, precisionMicroUsd: number) {
    this.#schedule = schedule
    this.#precisionMicroUsd = precisionMicroUsd
  }

  /**
   * Books one fill.
   *
   * @param revenueMicroUsd what the fill brings before fees: negative when paying. Buying YES at p pays p x C, buying
   *   NO pays (1 - p) x C.
   */
  fill(role: Role, price: Price, lots: Lots, revenueMicroUsd: number): void {
    const step = this.#precisionMicroUsd
    const trade = kalshiTradeFeeCeilMicroUsd(this.#schedule, role, price, lots)
    const unaligned = revenueMicroUsd - trade
    const aligned = Math.floor(unaligned / step) * step
    const rounding = unaligned - aligned
    const accumulated = this.accumulatorMicroUsd + rounding
    const rebate = Math.floor(Math.min(accumulated, trade + rounding) / step) * step
    this.accumulatorMicroUsd = accumulated - rebate
    this.tradeFeeMicroUsd = trade
    this.roundingFeeMicroUsd = rounding
    this.rebateMicroUsd = rebate
    this.netFeeMicroUsd = trade + rounding - rebate
    this.balanceChangeMicroUsd = revenueMicroUsd - this.netFeeMicroUsd
  }
}
