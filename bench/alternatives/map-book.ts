import { PRICE_NONE, type Price, SIDE_BID, type Side } from '@tandem/shared/units.ts'

/**
 * One side of a book the usual way: a map from price to size, and the prices in a sorted array whose last is the best,
 * so that changes near the touch move few elements. Lost to the flat array of colo/book/ladder.ts; see BENCHMARKS.md.
 */
export class MapLadder {
  readonly #side: Side
  readonly #lots = new Map<number, number>()
  /** Rising for bids, falling for asks. */
  readonly #prices: number[] = []

  constructor(side: Side) {
    this.#side = side
  }

  set(price: Price, lots: number): void {
    if (lots === 0) {
      if (this.#lots.delete(price)) this.#prices.splice(this.#placeOf(price), 1)
      return
    }
    const size = this.#lots.size
    this.#lots.set(price, lots)
    if (this.#lots.size !== size) this.#prices.splice(this.#placeOf(price), 0, price)
  }

  bestPrice(): Price {
    return (this.#prices.at(-1) ?? PRICE_NONE) as Price
  }

  /** Value of the best `levels` levels, in micro-dollars. */
  value(levels: number): number {
    let value = 0
    for (let i = this.#prices.length - 1; i >= 0 && levels > 0; i--, levels--)
      value += this.#prices[i] * this.#lots.get(this.#prices[i])!
    return value
  }

  /** Where the price stands, or would stand. */
  #placeOf(price: number): number {
    let low = 0
    let high = this.#prices.length
    while (low < high) {
      const middle = (low + high) >> 1
      const worse = this.#side === SIDE_BID ? this.#prices[middle] < price : this.#prices[middle] > price
      if (worse) low = middle + 1
      else high = middle
    }
    return low
  }
}
