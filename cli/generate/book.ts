import { PRICE_ONE, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import type { Random } from './random.ts'

// The market's side of the story: what the venue's book really holds. Prices in 1e-4 dollar of the book's own YES,
// sizes in the venue's own finest unit.

/** A stretch of prices with one tick, as Kalshi's `price_ranges` have it. Polymarket has one for the whole dollar. */
export interface Band {
  start: number
  end: number
  step: number
}

export interface Change {
  side: Side
  price: number
  before: number
  after: number
}

export class MadeBook {
  bands: readonly Band[]
  readonly #sides = [new Map<number, number>(), new Map<number, number>()]

  constructor(bands: readonly Band[]) {
    this.bands = bands
  }

  size(side: Side, price: number): number {
    return this.#sides[side].get(price) ?? 0
  }

  /** Sets a level (0 removes it) and says what changed. */
  set(side: Side, price: number, after: number): Change {
    const before = this.size(side, price)
    if (after === 0) this.#sides[side].delete(price)
    else this.#sides[side].set(price, after)
    return { side, price, before, after }
  }

  /** Prices of a side, best first. */
  prices(side: Side): number[] {
    return [...this.#sides[side].keys()].sort((a, b) => (side === SIDE_BID ? b - a : a - b))
  }

  best(side: Side): number | undefined {
    return this.prices(side)[0]
  }

  /** The nearest legal price at or below, above 0. */
  legalBelow(price: number): number {
    const inside = Math.max(1, Math.min(PRICE_ONE - 1, price))
    const band = this.bands.find(({ start, end }) => inside >= start && inside < end) ?? this.bands[0]
    const legal = band.start + Math.floor((inside - band.start) / band.step) * band.step
    return legal > 0 ? legal : band.step
  }

  /** The next legal price away from the middle, or undefined at the end of the dollar. */
  worse(side: Side, price: number): number | undefined {
    if (side === SIDE_BID) {
      const below = this.legalBelow(price - 1)
      return below < price ? below : undefined
    }
    const band = this.bands.find(({ start, end }) => price >= start && price < end)
    const above = price + (band?.step ?? PRICE_ONE)
    return above < PRICE_ONE ? above : undefined
  }
}

/** Size of a new quote, by how many levels it stands behind the top. */
export type SizeOf = (level: number) => number

/**
 * Moves a book’s quotes around a new middle, one change at a time: what would cross goes first, the top last of it, then
 * levels that are missing near the new top appear, so that the book is never crossed in between. Levels far behind stay.
 */
export function* requote(
  book: MadeBook,
  middle: number,
  halfSpread: number,
  depth: number,
  sizeOf: SizeOf,
): Generator<Change> {
  const bid = book.legalBelow(middle - halfSpread)
  let ask: number | undefined = book.legalBelow(middle + halfSpread)
  while (ask !== undefined && ask <= bid) ask = book.worse(SIDE_ASK, ask)
  for (const price of book.prices(SIDE_ASK).reverse()) {
    if (ask === undefined || price < ask) yield book.set(SIDE_ASK, price, 0)
  }
  for (const price of book.prices(SIDE_BID).reverse()) {
    if (price > bid) yield book.set(SIDE_BID, price, 0)
  }
  for (const [side, from] of [
    [SIDE_BID, bid],
    [SIDE_ASK, ask],
  ] as const) {
    let price = from
    for (let level = 0; level < depth && price !== undefined; level++) {
      if (book.size(side, price) === 0) yield book.set(side, price, sizeOf(level))
      price = book.worse(side, price)
    }
  }
}

/** Somebody adds to, takes from or gives up a level near the top. */
export function resize(book: MadeBook, random: Random, sizeOf: SizeOf): Change | undefined {
  const side = random.pick([SIDE_BID, SIDE_ASK] as const)
  const prices = book.prices(side)
  if (prices.length < 3) return undefined
  const level = random.between(0, Math.min(5, prices.length - 1))
  return book.set(side, prices[level], random.chance(8) ? 0 : sizeOf(level))
}

/** Somebody takes part or all of the top. */
export function take(book: MadeBook, random: Random): Change | undefined {
  const side = random.pick([SIDE_BID, SIDE_ASK] as const)
  const [best] = book.prices(side)
  if (best === undefined) return undefined
  const size = book.size(side, best)
  return book.set(side, best, random.chance(40) ? 0 : size - random.between(1, size))
}
