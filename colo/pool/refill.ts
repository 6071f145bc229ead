import { MICRO_USD_PER_CENT, PRICE_NONE, type Price } from '@tandem/shared/units.ts'
import { ROW_EMPTY, SLOT_NONE } from './grid.ts'
import { RefillQueue } from './queue.ts'
import type { OrderStock } from './stock.ts'
import { type LineMarket, lowestLimit, planTargets, type TargetBands, Targets } from './targets.ts'

/**
 * Lines planned anew in one tick. A plan takes some microseconds, and a frame that arrives meanwhile waits; the rest
 * follows in the next tick.
 */
const PLANS_PER_TICK = 16

/**
 * What to sign next. Wishes are not stored: a line that may have some stands in the queue, and when its turn comes its
 * wanted set is compared with what is there. So the newest touch always wins, and a wish that vanished is never sent.
 */
export class Refill {
  readonly #stock: OrderStock
  readonly #bands: TargetBands
  readonly #sizesCents: readonly number[]
  readonly #queue: RefillQueue
  readonly #targets = new Targets()
  readonly #markets: (LineMarket | undefined)[]
  readonly #polymarketTouch: Int16Array
  readonly #kalshiTouch: Int16Array
  readonly #movedNs: Float64Array
  readonly #priority: Float64Array
  readonly #isHot: Uint8Array
  /** Lines that hold a second order of everything: they cross, so the first may go any moment. */
  readonly #isDoubled: Uint8Array
  /** Smaller sizes do not buy the market's minimum. */
  readonly #firstSize: Uint8Array
  /** Where the search for the line's next wish goes on. */
  readonly #cursor: Int32Array
  /** The signer or the journal refused this line: it waits for the next sweep. */
  readonly #isPaused: Uint8Array
  /** The line's touch moved since it was planned. */
  readonly #isDirty: Uint8Array
  /** Dirty lines, oldest first: a ring that holds a line at most once. */
  readonly #dirty: Int32Array
  readonly #isInRing: Uint8Array
  #dirtyFirst = 0
  #dirtyCount = 0
  /** Plans that did not fit into TARGET_LIMITS_MAX. */
  thinned = 0

  constructor(stock: OrderStock, lines: number, sizesCents: readonly number[], bands: TargetBands) {
    this.#stock = stock
    this.#bands = bands
    this.#sizesCents = sizesCents
    this.#queue = new RefillQueue(lines)
    this.#markets = new Array(lines)
    this.#polymarketTouch = new Int16Array(lines).fill(PRICE_NONE)
    this.#kalshiTouch = new Int16Array(lines).fill(PRICE_NONE)
    this.#movedNs = new Float64Array(lines).fill(Number.NEGATIVE_INFINITY)
    this.#priority = new Float64Array(lines)
    this.#isHot = new Uint8Array(lines)
    this.#isDoubled = new Uint8Array(lines)
    this.#firstSize = new Uint8Array(lines)
    this.#cursor = new Int32Array(lines)
    this.#isPaused = new Uint8Array(lines)
    this.#isDirty = new Uint8Array(lines)
    this.#isInRing = new Uint8Array(lines)
    this.#dirty = new Int32Array(lines)
  }

  /** Starts a line, or changes what is fixed about it. What it holds was made for the old one and goes. */
  open(line: number, market: LineMarket): void {
    this.close(line)
    this.#markets[line] = market
    this.#markDirty(line)
  }

  close(line: number): void {
    this.#markets[line] = undefined
    this.#stock.clearLine(line)
    this.#queue.remove(line)
  }

  isOpen(line: number): boolean {
    return this.#markets[line] !== undefined
  }

  isHot(line: number): boolean {
    return this.#isHot[line] === 1
  }

  /** When one of the line's touches last moved. */
  movedNs(line: number): number {
    return this.#movedNs[line]
  }

  firstSize(line: number): number {
    return this.#firstSize[line]
  }

  touch(line: number, polymarketCost: Price, kalshiCost: Price, nowNs: number): void {
    if (this.#polymarketTouch[line] === polymarketCost && this.#kalshiTouch[line] === kalshiCost) return
    this.#polymarketTouch[line] = polymarketCost
    this.#kalshiTouch[line] = kalshiCost
    this.#movedNs[line] = nowNs
    this.#markDirty(line)
  }

  /** Plans lines whose touches moved, so that each gets its place in the queue. */
  plan(): void {
    for (let planned = 0; planned < PLANS_PER_TICK && this.#dirtyCount > 0; planned++) {
      const line = this.#dirty[this.#dirtyFirst]
      this.#dirtyFirst = (this.#dirtyFirst + 1) % this.#dirty.length
      this.#dirtyCount--
      this.#isInRing[line] = 0
      if (this.#isDirty[line] === 1) this.#planLine(line)
    }
  }

  /** The cell of the most urgent wish, or -1 when nothing is wanted. It stays the same until something is put there. */
  wish(nowNs: number): number {
    for (;;) {
      const line = this.#queue.first
      if (line < 0) return -1
      if (this.#isDirty[line] === 1) {
        // Its turn came before its plan: nothing is asked for a touch that has gone.
        this.#planLine(line)
        continue
      }
      const cell = this.#nextWish(line, nowNs)
      if (cell >= 0) return cell
      this.#queue.remove(line)
    }
  }

  /** Looks at the line again: something of it was used or lost. */
  need(line: number): void {
    this.#cursor[line] = 0
    if (this.#stock.grid.wantedCount[line] > 0 && this.#isPaused[line] === 0) {
      this.#queue.set(line, this.#priority[line])
    }
  }

  /** Leaves the line alone until it is swept: what was refused now would be refused again at once. */
  pause(line: number): void {
    this.#isPaused[line] = 1
    this.#queue.remove(line)
  }

  /** Called for every line in turn: finds wishes that no event told of, as an order that came due. */
  sweep(line: number, nowNs: number, isScarce: boolean): void {
    this.#stock.sweep(line, nowNs, isScarce)
    this.#isPaused[line] = 0
    this.need(line)
  }

  #markDirty(line: number): void {
    this.#isDirty[line] = 1
    if (this.#isInRing[line] === 1) return
    this.#isInRing[line] = 1
    this.#dirty[(this.#dirtyFirst + this.#dirtyCount++) % this.#dirty.length] = line
  }

  #planLine(line: number): void {
    this.#isDirty[line] = 0
    const market = this.#markets[line]
    if (market === undefined) return
    const targets = this.#targets
    this.#priority[line] = planTargets(
      targets,
      market,
      this.#bands,
      this.#polymarketTouch[line] as Price,
      this.#kalshiTouch[line] as Price,
    )
    this.#isHot[line] = targets.hot ? 1 : 0
    this.#isDoubled[line] = targets.hot && targets.distance <= 0 ? 1 : 0
    if (targets.thinned) this.thinned++
    this.#want(line, targets)
    if (targets.count === 0) {
      this.#queue.remove(line)
      return
    }
    this.#firstSize[line] = this.#sizeThatBuys(market.polymarketMinLots * lowestLimit(targets))
    this.need(line)
  }

  /** Gives each wanted limit a row. Rows that have one already are marked first, so that no other takes them. */
  #want(line: number, targets: Targets): void {
    const { grid } = this.#stock
    const first = line * grid.rows
    grid.isWanted.fill(0, first, first + grid.rows)
    for (let rank = 0; rank < targets.count; rank++) {
      const row = grid.rowOf(line, targets.limits[rank])
      if (row >= 0) grid.isWanted[row] = 1
    }
    for (let rank = 0; rank < targets.count; rank++) {
      const limit = targets.limits[rank]
      let row = grid.rowOf(line, limit)
      if (row < 0) {
        row = grid.spareRow(line, limit)
        if (grid.limit[row] !== ROW_EMPTY) this.#stock.clearRow(row)
        grid.limit[row] = limit
        grid.isWanted[row] = 1
      }
      grid.wanted[first + rank] = row - first
    }
    grid.wantedCount[line] = targets.count
  }

  /** The first size that can buy so much at all; the number of sizes when none does. */
  #sizeThatBuys(microUsd: number): number {
    let size = 0
    while (size < this.#sizesCents.length && this.#sizesCents[size] * MICRO_USD_PER_CENT < microUsd) size++
    return size
  }

  /** Goes through the wanted cells in rank order: first for an order in each, then, of a doubled line, for a second. */
  #nextWish(line: number, nowNs: number): number {
    const { grid } = this.#stock
    const cells = grid.wantedCount[line] * grid.sizes
    const end = this.#isDoubled[line] === 1 ? 2 * cells : cells
    for (let at = this.#cursor[line]; at < end; at++) {
      const isSecond = at >= cells
      const place = isSecond ? at - cells : at
      const size = place % grid.sizes
      if (size < this.#firstSize[line]) continue
      const row = line * grid.rows + grid.wanted[line * grid.rows + Math.floor(place / grid.sizes)]
      const cell = grid.cellOf(row, size)
      if (this.#isWish(cell, isSecond, nowNs)) {
        this.#cursor[line] = at
        return cell
      }
    }
    this.#cursor[line] = end
    return -1
  }

  #isWish(cell: number, isSecond: boolean, nowNs: number): boolean {
    const { current, next } = this.#stock.grid
    if (current[cell] === SLOT_NONE) return true
    if (next[cell] !== SLOT_NONE) return false
    return isSecond || this.#stock.isDue(current[cell], nowNs)
  }
}
