import { assert } from '@tandem/shared/assert.ts'
import { MICRO_USD_PER_USD, NS_PER_MS, NS_PER_S, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import { amountStep } from '../venue/polymarket/amounts.ts'
import { ORDER_BUY, ORDER_SELL, Refusal } from './signer.ts'

// What the signer will sign. It cannot know what a good order is; it can see to it that a caller gone wrong, or one that
// is not ours, gives away no more than these limits, at no faster a pace.

export interface Limits {
  /** Most that one order gives away: the dollars of a BUY, the shares of a SELL at a dollar each. */
  readonly orderMicroUsdMax: number
  readonly ordersPerSecondMax: number
  /** Most that all orders signed within `lifeMs` give away. */
  readonly outstandingMicroUsdMax: number
  /** How long an order is thought to be alive. The venue knows no end: the pool throws orders away at this age. */
  readonly lifeMs: number
  /** How far ahead of the signer's clock a timestamp may lie. */
  readonly aheadMsMax: number
  /** How much of a core refills may use. Urgent orders use what they need. */
  readonly refillPercent: number
}

/** In force with real keys, unless the signer's own arguments say otherwise: enough for a few pairs with small orders. */
export const LIMITS_DEFAULT: Limits = {
  orderMicroUsdMax: 50 * MICRO_USD_PER_USD,
  ordersPerSecondMax: 500,
  outstandingMicroUsdMax: 50_000 * MICRO_USD_PER_USD,
  lifeMs: 120_000,
  aheadMsMax: 10_000,
  refillPercent: 50,
}

/**
 * With keys that were made up at start, which open nothing: the pool's full capacity (40,000 orders) at its largest
 * sizes, and no look at the clock, since a tape has its own.
 */
export const LIMITS_EPHEMERAL: Limits = {
  ...LIMITS_DEFAULT,
  orderMicroUsdMax: 100_000 * MICRO_USD_PER_USD,
  ordersPerSecondMax: 100_000,
  outstandingMicroUsdMax: 1_000_000_000 * MICRO_USD_PER_USD,
  aheadMsMax: Number.MAX_SAFE_INTEGER,
}

/** No limit may be set beyond it: it keeps amount times price exact. */
const ORDER_MICRO_USD_CEILING = 500_000 * MICRO_USD_PER_USD
assert(Number.isSafeInteger(ORDER_MICRO_USD_CEILING * PRICE_ONE), 'SIGNER_PRICE_EXACT')
assert(LIMITS_EPHEMERAL.orderMicroUsdMax <= ORDER_MICRO_USD_CEILING, 'SIGNER_ORDER_CEILING')

const CEILINGS: Limits = {
  orderMicroUsdMax: ORDER_MICRO_USD_CEILING,
  ordersPerSecondMax: 1_000_000,
  outstandingMicroUsdMax: Number.MAX_SAFE_INTEGER,
  lifeMs: 3_600_000,
  aheadMsMax: Number.MAX_SAFE_INTEGER,
  refillPercent: 100,
}

/** The limits with one of them set, from text as an argument gives it; undefined when it is none or out of range. */
export function withLimit(limits: Limits, name: string, text: string): Limits | undefined {
  const value = Number(text)
  const isLimit = Object.hasOwn(CEILINGS, name) && /^\d+$/.test(text) && value > 0
  return isLimit && value <= CEILINGS[name as keyof Limits] ? { ...limits, [name]: value } : undefined
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}

/**
 * Whether an order's own numbers are within bounds.
 *
 * The price is what the amounts imply. A market buy's taker amount was rounded down to a step, which raises it above its
 * limit by less than a step's worth: that much is let through at the top.
 *
 * @param tick one of the venue's: `amountStep` knows it
 */
export function orderRefusal(
  limits: Limits,
  tick: Price,
  side: number,
  makerAmount: number,
  takerAmount: number,
  salt: number,
  timestampMs: number,
): Refusal {
  if (side !== ORDER_BUY && side !== ORDER_SELL) return Refusal.BadNumber
  if (!isCount(makerAmount) || !isCount(takerAmount)) return Refusal.BadNumber
  if (!isCount(salt) || !isCount(timestampMs)) return Refusal.BadNumber
  // What the order gives away, dollars or shares at a dollar each: a share can never be worth more.
  if (makerAmount > limits.orderMicroUsdMax) return Refusal.OrderTooLarge
  const isBuy = side === ORDER_BUY
  const usd = isBuy ? makerAmount : takerAmount
  const shares = isBuy ? takerAmount : makerAmount
  const top = PRICE_ONE - tick
  const isTooLow = usd * PRICE_ONE < tick * shares
  const isTooHigh = isBuy
    ? usd * PRICE_ONE >= top * (shares + amountStep(tick))
    : usd * PRICE_ONE > top * shares
  return isTooLow || isTooHigh ? Refusal.PriceOutOfBounds : Refusal.None
}

/**
 * A sum over the last `spanNs`, in buckets: what is added counts for at least the span and at most a bucket longer, so a
 * limit on it is never looser than it says.
 */
export class SlidingSum {
  readonly #sums: Float64Array
  readonly #bucketNs: number
  #bucket = 0
  #total = 0

  constructor(spanNs: number, buckets: number) {
    this.#sums = new Float64Array(buckets + 1)
    this.#bucketNs = spanNs / buckets
  }

  /** `nowNs` never goes back. */
  at(nowNs: number): number {
    const bucket = Math.floor(nowNs / this.#bucketNs)
    const sums = this.#sums
    // After a pause longer than the span, one round empties everything.
    if (bucket - this.#bucket > sums.length) this.#bucket = bucket - sums.length
    while (this.#bucket < bucket) {
      this.#bucket++
      const oldest = this.#bucket % sums.length
      this.#total -= sums[oldest]
      sums[oldest] = 0
    }
    return this.#total
  }

  /** Adds to the bucket of the last `at`. */
  add(value: number): void {
    this.#sums[this.#bucket % this.#sums.length] += value
    this.#total += value
  }
}

const RATE_BUCKETS = 20
const LIFE_BUCKETS = 120

/** The bounds that depend on what was signed before. They belong to the signer, not to a connection: a new one gets no new allowance. */
export class Pace {
  readonly #limits: Limits
  readonly #rate = new SlidingSum(NS_PER_S, RATE_BUCKETS)
  readonly #outstanding: SlidingSum

  constructor(limits: Limits) {
    this.#limits = limits
    this.#outstanding = new SlidingSum(limits.lifeMs * NS_PER_MS, LIFE_BUCKETS)
  }

  /** Whether another order may be signed now; if so, it counts from here on. */
  refusal(makerAmount: number, nowNs: number): Refusal {
    if (this.#rate.at(nowNs) >= this.#limits.ordersPerSecondMax) return Refusal.RateExceeded
    if (this.#outstanding.at(nowNs) + makerAmount > this.#limits.outstandingMicroUsdMax) {
      return Refusal.OutstandingExceeded
    }
    this.#rate.add(1)
    this.#outstanding.add(makerAmount)
    return Refusal.None
  }
}

/** What refills may save up while they rest, so that a timer's coarse milliseconds do not cost them their share. */
const SAVED_NS_MAX = 5 * NS_PER_MS

/** Keeps refills to their share of a core, by the time that they took. */
export class Throttle {
  readonly #percent: number
  #freeNs = 0

  constructor(percent: number) {
    this.#percent = percent
  }

  /** How long refills must rest, from `nowNs`; 0 or less when they may go on. */
  restNs(nowNs: number): number {
    return this.#freeNs - nowNs
  }

  spent(startNs: number, endNs: number): void {
    const cost = ((endNs - startNs) * 100) / this.#percent
    this.#freeNs = Math.max(this.#freeNs, startNs - SAVED_NS_MAX) + cost
  }
}
