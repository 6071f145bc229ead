import { assert } from '@tandem/shared/assert.ts'
import { type OrderGrid, ROW_EMPTY, SLOT_NONE } from './grid.ts'
import { PoolMiss } from './miss.ts'
import { CELL_NONE, type OrderStore, SlotState } from './store.ts'

/** What lies on the shelves: the orders, where each is found, and when each is due to be replaced. */
export class OrderStock {
  readonly store: OrderStore
  readonly grid: OrderGrid
  /** An order this close to its expiry is replaced by one that is already usable. */
  readonly #refreshNs: number

  constructor(store: OrderStore, grid: OrderGrid, refreshNs: number) {
    this.store = store
    this.grid = grid
    this.#refreshNs = refreshNs
  }

  /**
   * The usable order with the lowest limit within a range, or why there is none: the cause that was nearest to a hit.
   *
   * @param size index of the size
   * @returns a slot or a PoolMiss
   */
  find(line: number, limitAtLeast: number, limitAtMost: number, size: number, nowNs: number): number {
    const { limit, rows } = this.grid
    let found: number = PoolMiss.NoLevel
    let lowest = limitAtMost + 1
    const first = line * rows
    for (let row = first; row < first + rows; row++) {
      const at = limit[row]
      if (at < limitAtLeast || at >= lowest) continue
      const outcome = this.#best(row, size, nowNs)
      if (outcome >= 0) {
        found = outcome
        lowest = at
      } else if (found < 0) {
        found = nearer(found, outcome)
      }
    }
    return found
  }

  isWanted(row: number): boolean {
    return this.grid.isWanted[row] === 1
  }

  isDue(slot: number, nowNs: number): boolean {
    return nowNs >= this.store.expiryNs[slot] - this.#refreshNs
  }

  /** Puts a requested order where it will be found. */
  put(cell: number, slot: number): void {
    this.grid.put(cell, slot)
    this.store.cell[slot] = cell
  }

  /** Takes an order out of the grid; the slot keeps its state. */
  remove(slot: number): void {
    const { store } = this
    if (store.cell[slot] >= 0) this.grid.remove(store.cell[slot], slot)
    store.cell[slot] = CELL_NONE
  }

  /** Throws an order away. One that is still with the signer is freed when the answer comes. */
  discard(slot: number): void {
    this.remove(slot)
    if (this.store.state[slot] !== SlotState.Requested) this.store.free(slot)
  }

  /** Lets a usable successor take the place of an order that is due. */
  promote(cell: number, nowNs: number): void {
    const { current, next } = this.grid
    if (next[cell] === SLOT_NONE || this.store.state[next[cell]] !== SlotState.Usable) return
    if (this.isDue(current[cell], nowNs)) this.discard(current[cell])
  }

  clearRow(row: number): void {
    const { grid } = this
    for (let cell = grid.cellOf(row, 0); cell < grid.cellOf(row + 1, 0); cell++) {
      if (grid.next[cell] !== SLOT_NONE) this.discard(grid.next[cell])
      if (grid.current[cell] !== SLOT_NONE) this.discard(grid.current[cell])
    }
    grid.limit[row] = ROW_EMPTY
    grid.isWanted[row] = 0
  }

  clearLine(line: number): void {
    const first = line * this.grid.rows
    for (let row = first; row < first + this.grid.rows; row++) this.clearRow(row)
    this.grid.wantedCount[line] = 0
  }

  /**
   * Throws out what is too old and lets due orders be replaced. When slots are scarce, leftovers go too.
   */
  sweep(line: number, nowNs: number, isScarce: boolean): void {
    const { grid } = this
    const first = line * grid.rows
    for (let row = first; row < first + grid.rows; row++) {
      if (grid.limit[row] === ROW_EMPTY) continue
      if (isScarce && !this.isWanted(row)) {
        this.clearRow(row)
        continue
      }
      for (let cell = grid.cellOf(row, 0); cell < grid.cellOf(row + 1, 0); cell++) {
        if (grid.current[cell] === SLOT_NONE) continue
        this.promote(cell, nowNs)
        this.#expire(grid.next[cell], nowNs)
        this.#expire(grid.current[cell], nowNs)
      }
    }
  }

  #expire(slot: number, nowNs: number): void {
    if (slot === SLOT_NONE || nowNs < this.store.expiryNs[slot]) return
    this.discard(slot)
  }

  #best(row: number, size: number, nowNs: number): number {
    const cell = this.grid.cellOf(row, size)
    const current = this.grid.current[cell]
    if (current === SLOT_NONE) return this.isWanted(row) ? PoolMiss.NotYetSigned : PoolMiss.NoLevel
    const outcome = this.#usable(current, nowNs)
    const next = this.grid.next[cell]
    return outcome >= 0 || next === SLOT_NONE ? outcome : nearer(this.#usable(next, nowNs), outcome)
  }

  #usable(slot: number, nowNs: number): number {
    const { state, expiryNs } = this.store
    if (nowNs >= expiryNs[slot]) return PoolMiss.Expired
    switch (state[slot]) {
      case SlotState.Usable:
        return slot
      case SlotState.Signed:
        return PoolMiss.NotDurable
      default:
        assert(state[slot] === SlotState.Requested, 'POOL_GRID_HOLDS_LIVE_ORDERS')
        return PoolMiss.NotYetSigned
    }
  }
}

/** From worst to best: what was missing to a hit. A slot beats every miss. */
function nearer(a: number, b: number): number {
  return nearness(a) >= nearness(b) ? a : b
}

function nearness(outcome: number): number {
  switch (outcome) {
    case PoolMiss.NoLevel:
      return 0
    case PoolMiss.Expired:
      return 1
    case PoolMiss.NotYetSigned:
      return 2
    case PoolMiss.NotDurable:
      return 3
    default:
      return 4
  }
}
