import { assert } from '@tandem/shared/assert.ts'
import {
  LOTS_DUST,
  LOTS_MAX,
  type Lots,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
  SIDE_BID,
  type Side,
} from '@tandem/shared/units.ts'

// One side of a book: a flat array of sizes, one slot a tick from 0 to 1 dollar.
//
//   bids   index   0 ........ 45 46 47 | 48 ........ 100        unit 100 (a cent)
//          lots    0          20  0 30 |  0            0        best 47, worse(47) = 45, worse(45) = -1
//
// A binary contract has at most 10,001 prices, so the whole side is an array and a level is one store: no tree,
// no map, nothing allocated. When the best level empties, the next is found by walking the array. Walks are short,
// because levels cluster at the touch (tape of 2026-01-03: see BENCHMARKS.md), run over memory that is in cache
// already, and are bounded by the array.

/** What became of one level. The book's owner turns everything but Ok and Saturated into SUSPECT. */
export const LadderOutcome = {
  /** The level holds what was asked for. */
  Ok: 0,
  /** The price is outside 0..1 dollar or lies between two slots. Nothing was changed, so the side lacks a level. */
  OffTick: 1,
  /** The size fell below zero: a message was lost or misread. The level is empty now. */
  Negative: 2,
  /** The size is greater than LOTS_MAX, which the level holds instead: it never promises more than there is. */
  Saturated: 3,
} as const
export type LadderOutcome = (typeof LadderOutcome)[keyof typeof LadderOutcome]

/** One side of one outcome's book. Slots are `price / unit`; a slot of LOTS_DUST is a level that holds no whole lot. */
export class Ladder {
  readonly side: Side
  unit: Price
  /** Sizes by slot, `PRICE_ONE / unit + 1` of them. Read freely; written only here. */
  lots: Int32Array
  /** Slot of the best level, dust included; -1 when the side is empty. Higher is better for bids, lower for asks. */
  best = -1
  /** True once a size did not fit, until the next `clear`: sizes of this side are lower bounds. */
  saturated = false

  /** @param unit in Price units; must divide one dollar. */
  constructor(side: Side, unit: Price) {
    this.side = side
    this.unit = unit
    this.lots = slots(unit)
  }

  /** Makes a level hold `lots` (0 removes it, LOTS_DUST is there but empty of whole lots). */
  set(price: Price, lots: Lots): LadderOutcome {
    const index = slotOf(price, this.unit)
    if (index < 0) return LadderOutcome.OffTick
    if (lots >= LOTS_DUST && lots <= LOTS_MAX) {
      this.store(index, lots)
      return LadderOutcome.Ok
    }
    return this.clamp(index, lots)
  }

  /** Changes a level's size by `delta` lots. A level of dust counts as none. */
  add(price: Price, delta: Lots): LadderOutcome {
    const index = slotOf(price, this.unit)
    if (index < 0) return LadderOutcome.OffTick
    const before = this.lots[index]
    const after = (before > 0 ? before : 0) + delta
    if (after >= 0 && after <= LOTS_MAX) {
      this.store(index, after)
      return LadderOutcome.Ok
    }
    return this.clamp(index, after)
  }

  /** The next worse level's slot after `index`, dust included, or -1. `index` need not hold a level itself. */
  worse(index: number): number {
    return this.side === SIDE_BID ? levelBelow(this.lots, index) : levelAbove(this.lots, index)
  }

  /** The best level's price, or PRICE_NONE. */
  bestPrice(): Price {
    return this.best < 0 ? PRICE_NONE : ((this.best * this.unit) as Price)
  }

  clear(): void {
    this.lots.fill(0)
    this.best = -1
    this.saturated = false
  }

  /** Moves every level to slots of `unit`, which must divide the present unit, so that none is lost. */
  refine(unit: Price): void {
    assert(this.unit % unit === 0, 'LADDER_REFINED_TO_A_DIVISOR')
    const factor = this.unit / unit
    const finer = slots(unit)
    for (let i = 0; i < this.lots.length; i++) finer[i * factor] = this.lots[i]
    this.lots = finer
    this.unit = unit
    if (this.best > 0) this.best *= factor
  }

  private store(index: number, lots: number): void {
    this.lots[index] = lots
    const best = this.best
    if (lots !== 0) {
      if (best < 0 || (this.side === SIDE_BID ? index > best : index < best)) this.best = index
    } else if (index === best) {
      this.best = this.worse(index)
    }
  }

  private clamp(index: number, lots: number): LadderOutcome {
    // Written so that NaN is Negative too: a codec's mistake must not become liquidity.
    if (lots > LOTS_MAX) {
      this.store(index, LOTS_MAX)
      this.saturated = true
      return LadderOutcome.Saturated
    }
    this.store(index, 0)
    return LadderOutcome.Negative
  }
}

function slots(unit: Price): Int32Array {
  assert(Number.isInteger(unit) && unit > 0 && PRICE_ONE % unit === 0, 'LADDER_UNIT_DIVIDES_A_DOLLAR')
  return new Int32Array(PRICE_ONE / unit + 1)
}

/** The slot of a price, or -1 when there is none. */
function slotOf(price: number, unit: number): number {
  if (!(price >= 0 && price <= PRICE_ONE)) return -1
  const index = (price / unit) | 0
  return index * unit === price ? index : -1
}

function levelBelow(lots: Int32Array, index: number): number {
  let i = index - 1
  while (i >= 0 && lots[i] === 0) i--
  return i
}

function levelAbove(lots: Int32Array, index: number): number {
  const end = lots.length
  for (let i = index + 1; i < end; i++) if (lots[i] !== 0) return i
  return -1
}
