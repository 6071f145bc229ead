import {
  LOTS_DUST,
  LOTS_MAX,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
  SIDE_BID,
  type Side,
} from '@tandem/shared/units.ts'

/**
 * One side of a book as the flat array alone: what colo/book/ladder.ts was before it got its bits. Its changes are
 * cheaper, but it walks over every empty slot; see BENCHMARKS.md.
 */
export class ScanLadder {
  readonly #side: Side
  readonly #unit: number
  readonly #lots: Int32Array
  #best = -1

  constructor(side: Side, unit: Price) {
    this.#side = side
    this.#unit = unit
    this.#lots = new Int32Array(PRICE_ONE / unit + 1)
  }

  set(price: Price, lots: number): void {
    const slot = (price / this.#unit) | 0
    if (!(price >= 0 && price <= PRICE_ONE) || slot * this.#unit !== price) return
    if (!(lots >= LOTS_DUST && lots <= LOTS_MAX)) return
    this.#lots[slot] = lots
    const best = this.#best
    if (lots !== 0) {
      if (best < 0 || (this.#side === SIDE_BID ? slot > best : slot < best)) this.#best = slot
    } else if (slot === best) this.#best = this.#worse(slot)
  }

  bestPrice(): Price {
    return (this.#best < 0 ? PRICE_NONE : this.#best * this.#unit) as Price
  }

  /** Value of the best `levels` levels, in micro-dollars. */
  value(levels: number): number {
    let value = 0
    for (let slot = this.#best; slot >= 0 && levels > 0; slot = this.#worse(slot), levels--)
      value += slot * this.#unit * this.#lots[slot]
    return value
  }

  #worse(slot: number): number {
    const lots = this.#lots
    if (this.#side === SIDE_BID) {
      while (--slot >= 0 && lots[slot] === 0);
      return slot
    }
    while (++slot < lots.length) if (lots[slot] !== 0) return slot
    return -1
  }
}
