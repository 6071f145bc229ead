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

// One side of a book: a flat array of sizes, one slot a tick from 0 to 1 dollar, and one bit a slot that says whether
// there is a level, dust included:
//
//   bids   slot    0 ........ 45 46 47 | 48 ........ 100        unit 100 (a cent)
//          lots    0          20  0 30 |  0            0
//          bits    0           1  0  1 |  0            0        best 47, worse(47) = 45, worse(45) = -1
//
// A binary contract has at most 10,001 prices, so a level is one store: no tree, no map, nothing allocated. When the
// best level empties, the next is found by walking the bits, 32 slots a step. That is rare and short (in 21,099 changes
// of the tape of 2026-01-03 the best emptied 15 times, and the next was at most a cent away), and bounded by 313 steps
// where a market has the finest tick and nobody uses it. Without the bits an update is a fifth cheaper (27 ns, not
// 34: `bench book`), but that last walk takes 20 us instead of one or two, and the tail is what we are paid for.

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
  /** Sizes by slot, `PRICE_ONE / unit + 1` of them. To be read; written only here. */
  lots: Int32Array
  /** Slot of the best level, dust included; -1 when the side is empty. Higher is better for bids, lower for asks. */
  best = -1
  /** True once a size did not fit, until the next `clear`: sizes of this side are lower bounds. */
  saturated = false
  #bits: Int32Array

  /** @param unit in Price units; must divide one dollar. */
  constructor(side: Side, unit: Price) {
    this.side = side
    this.unit = unit
    this.lots = new Int32Array(slotsOf(unit))
    this.#bits = bitsFor(this.lots)
  }

  /** Makes a level hold `lots` (0 removes it, LOTS_DUST is there but empty of whole lots). */
  set(price: Price, lots: Lots): LadderOutcome {
    const index = slotOf(price, this.unit)
    if (index < 0) return LadderOutcome.OffTick
    if (lots >= LOTS_DUST && lots <= LOTS_MAX) {
      this.#store(index, lots)
      return LadderOutcome.Ok
    }
    return this.#clamp(index, lots)
  }

  /** Changes a level's size by `delta` lots. A level of dust counts as none. */
  add(price: Price, delta: Lots): LadderOutcome {
    const index = slotOf(price, this.unit)
    if (index < 0) return LadderOutcome.OffTick
    const before = this.lots[index]
    const after = (before > 0 ? before : 0) + delta
    if (after >= 0 && after <= LOTS_MAX) {
      this.#store(index, after)
      return LadderOutcome.Ok
    }
    return this.#clamp(index, after)
  }

  /** The next worse level's slot after `index`, dust included, or -1. `index` need not hold a level itself. */
  worse(index: number): number {
    return this.side === SIDE_BID ? levelBelow(this.#bits, index) : levelAbove(this.#bits, index)
  }

  /** The best level's price, or PRICE_NONE. */
  bestPrice(): Price {
    return this.best < 0 ? PRICE_NONE : ((this.best * this.unit) as Price)
  }

  /** Whether it holds the same levels, in slots of the same unit. */
  equals({ unit, lots }: Ladder): boolean {
    return unit === this.unit && lots.every((size, slot) => size === this.lots[slot])
  }

  /** A number that all levels and sizes are in: another one means that something differs. */
  digest(): number {
    let digest = 0
    for (const lots of this.lots) digest = (Math.imul(digest, 31) + lots) | 0
    return digest
  }

  clear(): void {
    this.lots.fill(0)
    this.#bits.fill(0)
    this.best = -1
    this.saturated = false
  }

  /** Moves every level to slots of `unit`, which must divide the present unit, so that none is lost. */
  refine(unit: Price): void {
    assert(this.unit % unit === 0, 'LADDER_REFINED_TO_A_DIVISOR')
    const coarse = this.lots
    const factor = this.unit / unit
    this.unit = unit
    this.lots = new Int32Array(slotsOf(unit))
    this.#bits = bitsFor(this.lots)
    this.best = -1
    for (let i = 0; i < coarse.length; i++) if (coarse[i] !== 0) this.#store(i * factor, coarse[i])
  }

  #store(index: number, lots: number): void {
    this.lots[index] = lots
    const best = this.best
    if (lots !== 0) {
      this.#bits[index >> 5] |= 1 << (index & 31)
      if (best < 0 || (this.side === SIDE_BID ? index > best : index < best)) this.best = index
    } else {
      this.#bits[index >> 5] &= ~(1 << (index & 31))
      if (index === best) this.best = this.worse(index)
    }
  }

  #clamp(index: number, lots: number): LadderOutcome {
    // Written so that NaN is Negative too: a codec's mistake must not become liquidity.
    if (lots > LOTS_MAX) {
      this.#store(index, LOTS_MAX)
      this.saturated = true
      return LadderOutcome.Saturated
    }
    this.#store(index, 0)
    return LadderOutcome.Negative
  }
}

function slotsOf(unit: Price): number {
  assert(Number.isInteger(unit) && unit > 0 && PRICE_ONE % unit === 0, 'LADDER_UNIT_DIVIDES_A_DOLLAR')
  return PRICE_ONE / unit + 1
}

function bitsFor(lots: Int32Array): Int32Array {
  return new Int32Array((lots.length + 31) >> 5)
}

/** The slot of a price, or -1 when there is none. */
function slotOf(price: number, unit: number): number {
  if (!(price >= 0 && price <= PRICE_ONE)) return -1
  const index = (price / unit) | 0
  return index * unit === price ? index : -1
}

function levelBelow(bits: Int32Array, index: number): number {
  let at = index >> 5
  let word = bits[at] & ((1 << (index & 31)) - 1)
  while (word === 0) {
    if (at === 0) return -1
    word = bits[--at]
  }
  return (at << 5) + 31 - Math.clz32(word)
}

function levelAbove(bits: Int32Array, index: number): number {
  let at = index >> 5
  // A shift counts modulo 32, so that -1 << (1 + 31) would keep all bits; -2 << 31 keeps none.
  let word = bits[at] & (-2 << (index & 31))
  while (word === 0) {
    if (++at === bits.length) return -1
    word = bits[at]
  }
  // The lowest bit: two's complement leaves it alone.
  return (at << 5) + 31 - Math.clz32(word & -word)
}
