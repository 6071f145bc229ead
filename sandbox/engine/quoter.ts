import { PRICE_NONE, PRICE_ONE, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import { type Desk, SIDES } from './desk.ts'
import type { Random } from './random.ts'

interface Quote {
  readonly id: string
  readonly lots: number
  /** What was left when its maker last looked. */
  seenLots: number
}

/** Half of the spread between a quoter's own best prices: one cent. */
export const HALF_SPREAD = 100
const LEVELS = 6
const LEVEL_STEP = 100
/** Contracts at a level: some hundreds. */
const LOTS_LOW = 20_000
const LOTS_HIGH = 60_000
/** A quote of which less than this is left is put up anew. */
const WORN = 0.5

/** A market maker in one market: both sides of the book, around one price. */
export class Quoter {
  readonly #desk: Desk
  readonly #random: Random
  /** By price and side. */
  readonly #quotes = new Map<number, Quote>()
  /** A few more orders in the depth, which come and go. */
  readonly #extras = new Map<number, string>()

  constructor(desk: Desk, random: Random) {
    this.#desk = desk
    this.#random = random
  }

  /** Puts the ladder around another price. What is where it should be stays, with its place in the queue. */
  quoteAround(middle: number): void {
    if (!this.#desk.open()) return
    const wanted = new Map<number, { side: Side; price: number }>()
    for (const side of SIDES) {
      for (let level = 0; level < LEVELS; level++) {
        const away = HALF_SPREAD + level * LEVEL_STEP
        const price = this.#desk.legal(side, side === SIDE_BID ? middle - away : middle + away)
        if (price !== PRICE_NONE) wanted.set(keyOf(side, price), { side, price })
      }
    }
    this.#desk.together(() => {
      for (const [key, { id, lots }] of this.#quotes) {
        if (wanted.has(key) && this.#desk.leftLots(id) >= lots * WORN) continue
        this.#desk.pull(id)
        this.#quotes.delete(key)
      }
      for (const [key, id] of this.#extras) {
        if (wanted.has(key)) continue
        this.#desk.pull(id)
        this.#extras.delete(key)
      }
      for (const [key, { side, price }] of wanted) {
        if (this.#quotes.has(key)) continue
        const lots = this.#random.between(LOTS_LOW, LOTS_HIGH)
        const id = this.#desk.place(side, price, lots)
        if (id !== undefined) this.#quotes.set(key, { id, lots, seenLots: lots })
      }
    })
  }

  /** Whether somebody took from its quotes since the last look. */
  look(): boolean {
    let hit = false
    for (const quote of this.#quotes.values()) {
      const left = this.#desk.leftLots(quote.id)
      hit ||= left < quote.seenLots
      quote.seenLots = left
    }
    return hit
  }

  /** One change in the depth: an order more at a level, or one less. */
  stir(): void {
    if (this.#quotes.size === 0 || !this.#desk.open()) return
    const key = this.#random.pick([...this.#quotes.keys()])
    const extra = this.#extras.get(key)
    if (extra !== undefined) {
      this.#desk.pull(extra)
      this.#extras.delete(key)
      return
    }
    const id = this.#desk.place(sideOf(key), priceOf(key), this.#random.between(100, 5_000))
    if (id !== undefined) this.#extras.set(key, id)
  }
}

const SIDE_STRIDE = PRICE_ONE + 1
const keyOf = (side: Side, price: number): number => side * SIDE_STRIDE + price
const sideOf = (key: number): Side => (key < SIDE_STRIDE ? SIDES[0] : SIDES[1])
const priceOf = (key: number): number => key % SIDE_STRIDE
