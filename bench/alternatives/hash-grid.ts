import { SLOT_NONE } from '@tandem/colo/pool/grid.ts'
import { PRICE_ONE } from '@tandem/shared/units.ts'

const KEY_FREE = -1
/** Spreads keys that lie next to each other. */
const SPREAD = 0x9e3779b1

/**
 * The alternative to the pool's rows: one open-addressed table of exact (line, limit, size) for all lines. Keys are found
 * in one or two looks, but a decision asks for a range of limits, so it is asked for every tick of the range.
 */
export class HashGrid {
  readonly #keys: Int32Array
  readonly #slots: Int32Array
  readonly #mask: number
  readonly #sizes: number

  /** @param capacity a power of two, at least twice what is put in */
  constructor(capacity: number, sizes: number) {
    this.#keys = new Int32Array(capacity).fill(KEY_FREE)
    this.#slots = new Int32Array(capacity)
    this.#mask = capacity - 1
    this.#sizes = sizes
  }

  put(line: number, limit: number, size: number, slot: number): void {
    const at = this.#place((line * PRICE_ONE + limit) * this.#sizes + size)
    this.#keys[at] = (line * PRICE_ONE + limit) * this.#sizes + size
    this.#slots[at] = slot
  }

  /** The order with the lowest limit in the range, or SLOT_NONE. */
  lowest(line: number, limitAtLeast: number, limitAtMost: number, tick: number, size: number): number {
    for (let limit = limitAtLeast; limit <= limitAtMost; limit += tick) {
      const at = this.#place((line * PRICE_ONE + limit) * this.#sizes + size)
      if (this.#keys[at] !== KEY_FREE) return this.#slots[at]
    }
    return SLOT_NONE
  }

  #place(key: number): number {
    let at = (Math.imul(key, SPREAD) >>> 8) & this.#mask
    while (this.#keys[at] !== key && this.#keys[at] !== KEY_FREE) at = (at + 1) & this.#mask
    return at
  }
}
