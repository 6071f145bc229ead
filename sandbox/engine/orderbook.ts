import { assert } from '@tandem/shared/assert.ts'
import { PRICE_ONE, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'

// The book of one outcome with its orders: price-time priority, both venues.
//
// Prices are whole 1e-4 dollars, sizes whole micro-shares. Orders that rest never cross: a venue takes first and rests
// what is left. Who may trade with whom, what money moves and what is told to whom is the venue's business: it hears of
// every fill and of every level that changed.

/** An order in the book. */
export interface Resting {
  readonly id: string
  readonly side: Side
  readonly price: number
  /** What is left of it: above 0 as long as it rests. */
  readonly microShares: number
}

export interface Level {
  readonly price: number
  /** Sum over its orders. */
  readonly microShares: number
}

/** What a venue says when a taker meets a maker. */
export const Admission = {
  /** They trade. */
  Fill: 0,
  /** The maker leaves the book unfilled, the taker goes on: self-trade prevention, or a maker without funds. */
  RemoveMaker: 1,
  /** The taker stops here: self-trade prevention of the other kind. */
  StopTaker: 2,
} as const
export type Admission = (typeof Admission)[keyof typeof Admission]

export interface OrderbookListener {
  /**
   * A fill at the maker's price. The book has changed already; a maker with nothing left is gone from it
   * (`find(makerId)` is undefined).
   */
  filled(makerId: string, takerId: string, price: number, microShares: number): void
  /** The sum at a price changed by `delta` to `microShares`; 0 means that the level is gone. Once per change. */
  levelChanged(side: Side, price: number, delta: number, microShares: number): void
  /** Asked before each fill; without it everybody trades with everybody. */
  admit?(maker: Resting, takerId: string): Admission
}

interface Entry extends Resting {
  price: number
  microShares: number
}

interface Queue {
  microShares: number
  /** Oldest first: a Map keeps the order of insertion and forgets in constant time. */
  readonly orders: Map<string, Entry>
}

/** One side: its prices rise towards the best, which is last. */
interface Ladder {
  readonly prices: number[]
  readonly queues: Map<number, Queue>
}

export class Orderbook {
  readonly #listener: OrderbookListener
  readonly #orders = new Map<string, Entry>()
  readonly #ladders: readonly [Ladder, Ladder] = [
    { prices: [], queues: new Map() },
    { prices: [], queues: new Map() },
  ]

  constructor(listener: OrderbookListener) {
    this.#listener = listener
  }

  /** The order with this id as it rests, or undefined. Its fields change as it is filled. */
  find(id: string): Resting | undefined {
    return this.#orders.get(id)
  }

  /** The best price of a side, or -1 (PRICE_NONE) when it is empty. */
  best(side: Side): number {
    return this.#ladders[side].prices.at(-1) ?? -1
  }

  /** The sum at a price, 0 where nothing rests. */
  sizeAt(side: Side, price: number): number {
    return this.#ladders[side].queues.get(price)?.microShares ?? 0
  }

  /** The levels of a side, best first. */
  *levels(side: Side): Generator<Level> {
    const { prices, queues } = this.#ladders[side]
    for (let i = prices.length - 1; i >= 0; i--) {
      yield { price: prices[i], microShares: queues.get(prices[i])!.microShares }
    }
  }

  /** The orders of a side in the order in which they would be filled. */
  *orders(side: Side): Generator<Resting> {
    const { prices, queues } = this.#ladders[side]
    for (let i = prices.length - 1; i >= 0; i--) yield* queues.get(prices[i])!.orders.values()
  }

  /** Whether an order of `side` with this limit would trade at once. */
  crosses(side: Side, limit: number): boolean {
    const best = this.best(opposite(side))
    return best !== -1 && reaches(side, limit, best)
  }

  /**
   * Takes what rests on the other side at `limit` or better: best price first, oldest first.
   *
   * @param side the taker's: SIDE_BID buys.
   * @param want how many micro-shares the taker still wants at that price, asked before each fill: a budget of dollars
   *   wants more where it is cheaper. A taker that has got what it wanted is done.
   */
  take(takerId: string, side: Side, limit: number, want: (price: number) => number): void {
    const makers = opposite(side)
    const { prices, queues } = this.#ladders[makers]
    while (prices.length > 0) {
      const price = prices.at(-1)!
      if (!reaches(side, limit, price)) return
      const wanted = want(price)
      assert(Number.isSafeInteger(wanted), 'ORDERBOOK_WANT_IS_WHOLE')
      if (wanted <= 0) return
      const [maker] = queues.get(price)!.orders.values()
      const admission = this.#listener.admit?.(maker, takerId) ?? Admission.Fill
      if (admission === Admission.StopTaker) return
      if (admission === Admission.RemoveMaker) {
        // The venue may have cancelled it itself while it was asked.
        if (this.#orders.has(maker.id)) this.#reduce(maker, maker.microShares)
        continue
      }
      const microShares = Math.min(wanted, maker.microShares)
      this.#reduce(maker, microShares)
      this.#listener.filled(maker.id, takerId, price, microShares)
      if (microShares === wanted) return
    }
  }

  /** Lets an order rest behind all others at its price. It must not cross, and its id must be new. */
  rest(id: string, side: Side, price: number, microShares: number): void {
    assert(Number.isInteger(price) && price > 0 && price < PRICE_ONE, 'ORDERBOOK_PRICE')
    assert(Number.isSafeInteger(microShares) && microShares > 0, 'ORDERBOOK_SIZE')
    assert(!this.#orders.has(id), 'ORDERBOOK_ID_IS_NEW')
    assert(!this.crosses(side, price), 'ORDERBOOK_RESTING_DOES_NOT_CROSS')
    const entry: Entry = { id, side, price, microShares }
    this.#orders.set(id, entry)
    this.#enqueue(entry)
  }

  /** Removes an order. Returns the micro-shares that were left of it; 0 when it does not rest. */
  cancel(id: string): number {
    return this.decrease(id, Number.MAX_SAFE_INTEGER)
  }

  /** Takes up to `microShares` off an order, which keeps its place. Returns what was taken off. */
  decrease(id: string, microShares: number): number {
    const entry = this.#orders.get(id)
    if (entry === undefined) return 0
    const less = Math.min(microShares, entry.microShares)
    this.#reduce(entry, less)
    return less
  }

  /**
   * Gives a resting order another price or size. It keeps its place only when the price stays and the size does not
   * grow; otherwise it goes behind all others at its price. The new price must not cross: take first.
   */
  amend(id: string, price: number, microShares: number): void {
    const entry = this.#orders.get(id)
    assert(entry !== undefined, 'ORDERBOOK_AMEND_FINDS')
    assert(microShares > 0, 'ORDERBOOK_AMEND_SIZE')
    if (price === entry.price && microShares <= entry.microShares) {
      this.#reduce(entry, entry.microShares - microShares)
      return
    }
    const { side } = entry
    this.#reduce(entry, entry.microShares)
    this.rest(id, side, price, microShares)
  }

  #enqueue(entry: Entry): void {
    const { side, price, microShares } = entry
    const { prices, queues } = this.#ladders[side]
    let queue = queues.get(price)
    if (queue === undefined) {
      queue = { microShares: 0, orders: new Map() }
      queues.set(price, queue)
      prices.splice(placeOf(prices, side, price), 0, price)
    }
    queue.orders.set(entry.id, entry)
    queue.microShares += microShares
    this.#listener.levelChanged(side, price, microShares, queue.microShares)
  }

  #reduce(entry: Entry, microShares: number): void {
    if (microShares === 0) return
    const { side, price } = entry
    const { prices, queues } = this.#ladders[side]
    const queue = queues.get(price)!
    entry.microShares -= microShares
    queue.microShares -= microShares
    assert(entry.microShares >= 0, 'ORDERBOOK_NOT_OVERFILLED')
    if (entry.microShares === 0) {
      this.#orders.delete(entry.id)
      queue.orders.delete(entry.id)
    }
    if (queue.orders.size === 0) {
      assert(queue.microShares === 0, 'ORDERBOOK_LEVEL_IS_ITS_ORDERS')
      queues.delete(price)
      prices.splice(placeOf(prices, side, price), 1)
    }
    this.#listener.levelChanged(side, price, -microShares, queue.microShares)
  }
}

export function opposite(side: Side): Side {
  return side === SIDE_BID ? SIDE_ASK : SIDE_BID
}

/** Whether a taker with this limit accepts a maker's price. */
function reaches(side: Side, limit: number, price: number): boolean {
  return side === SIDE_BID ? price <= limit : price >= limit
}

/** Where a price stands, or belongs, among a side's prices: worst first. */
function placeOf(prices: readonly number[], side: Side, price: number): number {
  let low = 0
  let high = prices.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const worse = side === SIDE_BID ? prices[middle] < price : prices[middle] > price
    if (worse) low = middle + 1
    else high = middle
  }
  return low
}
