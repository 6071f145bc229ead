import { assert } from '@tandem/shared/assert.ts'
import { PRICE_ONE } from '@tandem/shared/units.ts'
import { ABSENT } from './scan.ts'

/** Items a list of a message may have: far more than a book has prices, far less than memory. More is malformed. */
export const ROWS_MAX = 1 << 17
/** Room made at the start: every price of a book at the finest tick. */
const ROWS_AT_START = 1 << 14

assert(ROWS_AT_START > PRICE_ONE, 'ROWS_HOLD_A_BOOK')
assert(ROWS_AT_START <= ROWS_MAX, 'ROWS_START_WITHIN_LIMIT')

/** Scratch memory for one list of a message: rows of small integers, kept from frame to frame. */
export class Rows {
  readonly width: number
  data: Int32Array
  count = 0
  /** Whether the list is there: 0, or ABSENT or WRONG_TYPE. */
  state = ABSENT
  /** What is wrong with its items: see `faultOf`. */
  fault = 0

  constructor(width: number) {
    this.width = width
    this.data = new Int32Array(ROWS_AT_START * width)
  }

  reset(state: number): void {
    this.count = 0
    this.state = state
    this.fault = 0
  }

  /** Where in `data` the next row goes; -1 when the list is longer than ROWS_MAX. */
  add(): number {
    const at = this.count * this.width
    if (at === this.data.length && !this.#grow()) return -1
    this.count++
    return at
  }

  #grow(): boolean {
    if (this.count >= ROWS_MAX) return false
    const grown = new Int32Array(this.data.length * 2)
    grown.set(this.data)
    this.data = grown
    return true
  }
}
