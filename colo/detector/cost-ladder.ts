import { type Lots, PRICE_ONE, type Price, SIDE_ASK } from '@tandem/shared/units.ts'
import type { Ladder } from '../book/ladder.ts'

/**
 * What shares cost on one venue, cheapest first. Direction and polarity are settled here, once: an ask costs its price,
 * a bid is an offer of the complement and costs one dollar less its price.
 *
 *   asks .47 x 120, .48 x 500        cost       4700   4800
 *                                    lots      12000  50000
 *                                    lotsBefore    0  12000  62000
 *                                    costBefore    0  56.4   296.4 (in micro-dollars)
 *
 * Made once, filled anew for every look.
 */
export class CostLadder {
  count = 0
  readonly cost = new Int32Array(PRICE_ONE)
  readonly lots = new Int32Array(PRICE_ONE)
  /** Lots, their cost, and the fees of taking them level by level, before each level; at `count` of all. */
  readonly lotsBefore = new Float64Array(PRICE_ONE + 1)
  readonly costBeforeMicroUsd = new Float64Array(PRICE_ONE + 1)
  /** Filled in by who knows the venue's fees. */
  readonly feeBeforeMicroUsd = new Float64Array(PRICE_ONE + 1)

  /**
   * Reads one side of a book. Levels of dust hold nothing to buy and are left out.
   *
   * @param costMax levels that cost more are left out.
   * @param lotsMax where the reading stops; the last level is cut to it.
   */
  fill(ladder: Ladder, costMax: Price, lotsMax: Lots): void {
    const { lots: sizes, unit } = ladder
    const isAsk = ladder.side === SIDE_ASK
    let count = 0
    let total = 0
    let totalMicroUsd = 0
    for (let slot = ladder.best; slot >= 0 && total < lotsMax; slot = ladder.worse(slot)) {
      const cost = isAsk ? slot * unit : PRICE_ONE - slot * unit
      if (cost > costMax) break
      let lots = sizes[slot]
      // A price of 0 or 1 dollar is no order that a venue takes.
      if (lots <= 0 || cost <= 0) continue
      if (lots > lotsMax - total) lots = lotsMax - total
      this.cost[count] = cost
      this.lots[count] = lots
      this.lotsBefore[count] = total
      this.costBeforeMicroUsd[count] = totalMicroUsd
      total += lots
      totalMicroUsd += lots * cost
      count++
    }
    this.lotsBefore[count] = total
    this.costBeforeMicroUsd[count] = totalMicroUsd
    this.count = count
  }
}

/** What `lots` cost when taken cheapest first. `level` is the one that the last of them is taken from. */
export function costOfLotsMicroUsd(ladder: CostLadder, level: number, lots: number): number {
  return ladder.costBeforeMicroUsd[level] + (lots - ladder.lotsBefore[level]) * ladder.cost[level]
}

/** The level that the last of `lots` is taken from, `lots` being from 1 to all; searched from `level`. */
export function levelOfLots(ladder: CostLadder, level: number, lots: number): number {
  let at = level
  while (lots <= ladder.lotsBefore[at]) at--
  while (lots > ladder.lotsBefore[at + 1]) at++
  return at
}

/** The level at which `microUsd`, being from 1 to all, are spent; searched from `level`. */
export function levelOfCost(ladder: CostLadder, level: number, microUsd: number): number {
  let at = level
  while (microUsd <= ladder.costBeforeMicroUsd[at]) at--
  while (microUsd > ladder.costBeforeMicroUsd[at + 1]) at++
  return at
}
