import { assert } from '@tandem/shared/assert.ts'
import { PRICE_ONE } from '@tandem/shared/units.ts'

/** A row that stands for no limit. Below every price, so that no range of limits contains it. */
export const ROW_EMPTY = -1

/** A cell without an order. */
export const SLOT_NONE = -1

assert(PRICE_ONE <= 0x7fff, 'POOL_LIMIT_FITS_INT16')

/**
 * Which slot holds the order of (line, limit, size). A line has a few rows in no order, each for one limit; a row has
 * a cell for each size; a cell refers to an order and to its successor:
 *
 *            100 $          500 $
 *   0.4700 | 17 .         | 90 91     row
 *   0.4500 |  4 .         |  . .
 *
 * A decision asks for the lowest limit within a *range*, so a hash of exact keys is asked once a tick of it. Measured
 * (bench/pool.ts): 30 ns for five whole cents, where this takes 130; 710 ns for a cent of a market with ticks of 0.0001,
 * where this takes 140. Its cost is the same on any market, and a line's orders stand together for planning and sweeping.
 */
export class OrderGrid {
  readonly rows: number
  readonly sizes: number
  readonly limit: Int16Array
  readonly current: Int32Array
  readonly next: Int32Array
  /** 1 when the row's limit is in the line's wanted set. The others are kept while they last: touches come back. */
  readonly isWanted: Uint8Array
  /** By (line, rank): the row that is wanted rank-th. */
  readonly wanted: Uint8Array
  /** By line. */
  readonly wantedCount: Uint8Array

  constructor(lines: number, rows: number, sizes: number) {
    assert(rows <= 0xff, 'POOL_ROW_FITS_UINT8')
    this.rows = rows
    this.sizes = sizes
    this.limit = new Int16Array(lines * rows).fill(ROW_EMPTY)
    this.current = new Int32Array(lines * rows * sizes).fill(SLOT_NONE)
    this.next = new Int32Array(lines * rows * sizes).fill(SLOT_NONE)
    this.isWanted = new Uint8Array(lines * rows)
    this.wanted = new Uint8Array(lines * rows)
    this.wantedCount = new Uint8Array(lines)
  }

  /** The line's row of `limit`, counted over all lines, or -1. */
  rowOf(line: number, limit: number): number {
    const first = line * this.rows
    for (let row = first; row < first + this.rows; row++) if (this.limit[row] === limit) return row
    return -1
  }

  /** A row for another limit: an empty one, else the unwanted one farthest from `limit`. Its orders are still in it. */
  spareRow(line: number, limit: number): number {
    const first = line * this.rows
    let spare = -1
    let farthest = -1
    for (let row = first; row < first + this.rows; row++) {
      if (this.limit[row] === ROW_EMPTY) return row
      if (this.isWanted[row] === 1) continue
      const distance = Math.abs(this.limit[row] - limit)
      if (distance > farthest) {
        farthest = distance
        spare = row
      }
    }
    assert(spare >= 0, 'POOL_ROWS_EXCEED_WISHES')
    return spare
  }

  cellOf(row: number, size: number): number {
    return row * this.sizes + size
  }

  rowOfCell(cell: number): number {
    return Math.floor(cell / this.sizes)
  }

  hasRoom(cell: number): boolean {
    return this.next[cell] === SLOT_NONE
  }

  /** Puts an order into a cell: behind the one that is there, if any. */
  put(cell: number, slot: number): void {
    if (this.current[cell] === SLOT_NONE) {
      this.current[cell] = slot
      return
    }
    assert(this.hasRoom(cell), 'POOL_CELL_HOLDS_TWO')
    this.next[cell] = slot
  }

  /** Takes an order out of its cell; a successor moves up. */
  remove(cell: number, slot: number): void {
    if (this.current[cell] === slot) this.current[cell] = this.next[cell]
    else assert(this.next[cell] === slot, 'POOL_CELL_HOLDS_SLOT')
    this.next[cell] = SLOT_NONE
  }
}
