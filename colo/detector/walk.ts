import { kalshiTradeFeeCeilMicroUsd, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeCeilMicroUsd } from '@tandem/shared/fees/polymarket.ts'
import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import {
  type Lots,
  MICRO_SHARES_PER_LOT,
  type MicroShares,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
} from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'
import type { Bundle } from './bundle.ts'
import { CostLadder } from './cost-ladder.ts'
import { type Direction, kalshiSide, polymarketSide, topCost } from './direction.ts'
import { MICRO_USD_PER_PRICE, pairEdgeScaled } from './edge.ts'
import type { Policy } from './policy.ts'

/**
 * Polymarket is bought for whole cents, so the dollars of the most lots may bring up to one lot more. That rest must
 * lie on the ladder to be priced.
 */
const LOTS_BEYOND_MAX = 1

export const WalkOutcome = {
  /** Some lots net the minimum. */
  Found: 0,
  /** Nothing is offered on one of the venues. */
  EmptySide: 1,
  /** Both tops leave less than the minimum even before fees. The ordinary case; found out before anything is copied. */
  NoCross: 2,
  /** The tops cross, but not by fees and the minimum. */
  BelowMinimum: 3,
} as const
export type WalkOutcome = (typeof WalkOutcome)[keyof typeof WalkOutcome]

/** Both venues' cost ladders of one look, and how deep the pairs on them net the minimum. Made once. */
export class Walk {
  readonly polymarket = new CostLadder()
  readonly kalshi = new CostLadder()
  /** The most lots of which every pair of levels touched nets the minimum by unrounded fees. */
  lots = 0
  /** The levels that the last of them are taken from. */
  polymarketLevel = 0
  kalshiLevel = 0
}

/** Fills the walk for one direction. What is in it is valid only when this says Found. */
export function walkBooks(
  walk: Walk,
  bundle: Bundle,
  polymarketBook: Book,
  kalshiBook: Book,
  direction: Direction,
  policy: Policy,
): WalkOutcome {
  const polymarketOffers = polymarketSide(polymarketBook, direction)
  const kalshiOffers = kalshiSide(kalshiBook, direction, bundle.inverse)
  const polymarketTop = topCost(polymarketOffers)
  const kalshiTop = topCost(kalshiOffers)
  if (polymarketTop === PRICE_NONE || kalshiTop === PRICE_NONE) return WalkOutcome.EmptySide

  // No fee is below zero, so the costs alone must leave the minimum.
  const costsMax = PRICE_ONE - Math.ceil(policy.minEdgeMicroUsd / MICRO_USD_PER_PRICE)
  if (polymarketTop + kalshiTop > costsMax) return WalkOutcome.NoCross

  const { polymarket, kalshi } = walk
  const lotsMax = (policy.maxLots + LOTS_BEYOND_MAX) as Lots
  polymarket.fill(polymarketOffers, (costsMax - kalshiTop) as Price, lotsMax)
  kalshi.fill(kalshiOffers, (costsMax - polymarketTop) as Price, lotsMax)
  addFees(polymarket, kalshi, bundle)
  return pairLevels(walk, bundle, policy)
}

/** Each level is one fill, and each fill is rounded by itself. */
function addFees(polymarket: CostLadder, kalshi: CostLadder, bundle: Bundle): void {
  let fee = 0
  for (let level = 0; level < polymarket.count; level++) {
    const microShares = (polymarket.lots[level] * MICRO_SHARES_PER_LOT) as MicroShares
    fee += polymarketFeeCeilMicroUsd(bundle.polymarketFees, polymarket.cost[level] as Price, microShares)
    polymarket.feeBeforeMicroUsd[level + 1] = fee
  }
  fee = 0
  for (let level = 0; level < kalshi.count; level++) {
    const lots = kalshi.lots[level] as Lots
    fee += kalshiTradeFeeCeilMicroUsd(bundle.kalshiFees, ROLE_TAKER, kalshi.cost[level] as Price, lots)
    kalshi.feeBeforeMicroUsd[level + 1] = fee
  }
}

/** Goes down both ladders together, always from the level that ends first, while the pair nets the minimum. */
function pairLevels(walk: Walk, bundle: Bundle, policy: Policy): WalkOutcome {
  const { polymarket, kalshi } = walk
  const minEdgeScaled = policy.minEdgeMicroUsd * SCALED_PER_MICRO_USD
  let lots = 0
  let i = 0
  let j = 0
  while (i < polymarket.count && j < kalshi.count && lots < policy.maxLots) {
    const polymarketCost = polymarket.cost[i] as Price
    const kalshiCost = kalshi.cost[j] as Price
    const edge = pairEdgeScaled(bundle.polymarketFees, bundle.kalshiFees, polymarketCost, kalshiCost)
    if (edge < minEdgeScaled) break
    walk.polymarketLevel = i
    walk.kalshiLevel = j
    const polymarketEnd = polymarket.lotsBefore[i + 1]
    const kalshiEnd = kalshi.lotsBefore[j + 1]
    lots = Math.min(polymarketEnd, kalshiEnd, policy.maxLots)
    if (polymarketEnd <= kalshiEnd) i++
    if (kalshiEnd <= polymarketEnd) j++
  }
  walk.lots = lots
  return lots === 0 ? WalkOutcome.BelowMinimum : WalkOutcome.Found
}
