import { PRICE_ONE } from '@tandem/shared/units.ts'

/** All that a taker got at one price. */
export interface Bucket {
  /** Of the taker's token. */
  readonly price: number
  microShares: number
  costMicroUsd: number
}

/** What an order wants: so many shares, or as many as so many dollars buy. */
export type Goal = { readonly microShares: number } | { readonly microUsd: number }

/** Dollars that nothing can be ordered for: roundings of the fills before. */
const DUST_MICRO_USD = 100

/**
 * What a taker has and still wants on its way through a book, in prices of its own token. Its cost is rounded down once
 * per price, not per maker, so that what it pays at a price follows from price and size alone.
 */
export class Tally {
  readonly #goal: Goal
  readonly buckets: Bucket[] = []
  microShares = 0
  costMicroUsd = 0
  /** It got all that it wanted. */
  complete = false

  constructor(goal: Goal) {
    this.#goal = goal
  }

  /** Micro-shares that it would take at this price, next. */
  want(price: number): number {
    if (this.complete) return 0
    if ('microShares' in this.#goal) return this.#goal.microShares - this.microShares
    const bucket = this.buckets.at(-1)
    const here = bucket?.price === price ? bucket : undefined
    const left = this.#goal.microUsd - this.costMicroUsd + (here?.costMicroUsd ?? 0)
    return sharesFloor(left, price) - (here?.microShares ?? 0)
  }

  /** Adds a fill of at most `want(price)`. Returns what it cost. */
  add(price: number, microShares: number): number {
    this.complete = microShares === this.want(price)
    let bucket = this.buckets.at(-1)
    if (bucket?.price !== price) {
      bucket = { price, microShares: 0, costMicroUsd: 0 }
      this.buckets.push(bucket)
    }
    bucket.microShares += microShares
    const cost = costFloor(price, bucket.microShares) - bucket.costMicroUsd
    bucket.costMicroUsd += cost
    this.microShares += microShares
    this.costMicroUsd += cost
    if ('microUsd' in this.#goal && this.#goal.microUsd - this.costMicroUsd < DUST_MICRO_USD)
      this.complete = true
    return cost
  }
}

/** price x size in whole micro-dollars. Split at a lot, since the product of a million shares is no safe integer. */
export function costFloor(price: number, microShares: number): number {
  const lots = Math.floor(microShares / PRICE_ONE)
  const rest = microShares - lots * PRICE_ONE
  return lots * price + Math.floor((rest * price) / PRICE_ONE)
}

/** The most micro-shares that cost no more. */
function sharesFloor(microUsd: number, price: number): number {
  const lots = Math.floor(microUsd / price)
  const rest = microUsd - lots * price
  return lots * PRICE_ONE + Math.floor((rest * PRICE_ONE) / price)
}
