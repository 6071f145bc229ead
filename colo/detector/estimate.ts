import { assert } from '@tandem/shared/assert.ts'
import type { Book } from '../book/book.ts'
import type { Ladder } from '../book/ladder.ts'

/** Levels of a side that count: what is further down was put there to catch accidents. */
const LEVELS_MAX = 3
/** And no further than this behind the best one, two cents, in 1e-4 dollar. */
export const DEPTH_PRICE_MAX = 200
/** How far the value leans from the middle to the quotes when all of the depth is on one side, or all that trades. */
const IMBALANCE_LEAN = 0.5
const FLOW_LEAN = 0.5
assert(IMBALANCE_LEAN + FLOW_LEAN <= 1, 'ESTIMATE_STAYS_WITHIN_ITS_QUOTES')

/** The best levels of a side as one: all their lots, at the average price of a lot. */
class Depth {
  lots = 0
  price = 0

  fill(side: Ladder): void {
    const { best, unit } = side
    let lots = 0
    let value = 0
    let level = best
    for (let count = 0; count < LEVELS_MAX && level >= 0; count++, level = side.worse(level)) {
      if (Math.abs(level - best) * unit > DEPTH_PRICE_MAX) break
      const here = side.lots[level]
      if (here <= 0) continue
      lots += here
      value += here * level * unit
    }
    this.lots = lots
    this.price = lots === 0 ? 0 : value / lots
  }
}

/**
 * What one book says its outcome is worth. Prices are of the book's own outcome, in 1e-4 dollar, and no integers.
 *
 *   bid |-------- middle ---- value ----| ask         value = middle + half x (imbalance + flow) / 2
 *       |<------- half ----->|                        weight = root of the lesser side's lots / half^2
 *
 * `bid` and `ask` are the best levels' averages, so that a lot of dust at the top moves nothing.
 */
export class Estimate {
  middlePrice = 0
  /** Half of what lies between bid and ask: what this book leaves open, its own noise. */
  halfPrice = 0
  valuePrice = 0
  /**
   * How much the value counts beside another's: measurements count by the inverse square of their noise. Depth counts by
   * its root: a book that shows a hundred times as much is not a hundred times as right, and showing it is cheap.
   */
  weight = 0
  readonly #bid = new Depth()
  readonly #ask = new Depth()

  /**
   * @param book not crossed
   * @param flowLots what takers lately bought less sold
   * @returns false when a side holds no whole lot among its best levels: then nothing is known.
   */
  read(book: Book, flowLots: number): boolean {
    const bid = this.#bid
    const ask = this.#ask
    bid.fill(book.bids)
    ask.fill(book.asks)
    if (bid.lots === 0 || ask.lots === 0) return false
    const lots = bid.lots + ask.lots
    const half = (ask.price - bid.price) / 2
    const imbalance = (bid.lots - ask.lots) / lots
    // As much traded as is shown is halfway to the utmost.
    const flow = flowLots / (Math.abs(flowLots) + lots)
    this.middlePrice = (bid.price + ask.price) / 2
    this.halfPrice = half
    this.valuePrice = this.middlePrice + half * (IMBALANCE_LEAN * imbalance + FLOW_LEAN * flow)
    this.weight = Math.sqrt(Math.min(bid.lots, ask.lots)) / (half * half)
    return true
  }
}
