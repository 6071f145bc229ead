import { type KalshiFeeSchedule, kalshiContractFeeScaled } from '@tandem/shared/fees/kalshi.ts'
import { type PolymarketFeeSchedule, polymarketContractFeeScaled } from '@tandem/shared/fees/polymarket.ts'
import { microUsdFloor, SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import {
  LOTS_PER_CONTRACT,
  MICRO_USD_PER_USD,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
} from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'
import type { Bundle } from './bundle.ts'
import { type Direction, kalshiSide, polymarketSide, topCost } from './direction.ts'

/** What one contract gains per unit of price. */
export const MICRO_USD_PER_PRICE = LOTS_PER_CONTRACT

/** The edge where a side is empty: below every real one. */
export const EDGE_NONE_MICRO_USD = -100 * MICRO_USD_PER_USD

/**
 * What one contract bought at two costs nets, after exact unrounded taker fees on both legs, in the scale of
 * fees/scale.ts. Falls as either cost rises: the schedules' limits see to that.
 */
export function pairEdgeScaled(
  polymarketFees: PolymarketFeeSchedule,
  kalshiFees: KalshiFeeSchedule,
  polymarketCost: Price,
  kalshiCost: Price,
): number {
  const gross = (PRICE_ONE - polymarketCost - kalshiCost) * MICRO_USD_PER_PRICE * SCALED_PER_MICRO_USD
  return (
    gross -
    polymarketContractFeeScaled(polymarketFees, polymarketCost) -
    kalshiContractFeeScaled(kalshiFees, kalshiCost)
  )
}

/** What one contract at both tops leaves before fees, in micro-dollars; EDGE_NONE_MICRO_USD when a side is empty. */
export function grossAtTopMicroUsd(
  bundle: Bundle,
  polymarketBook: Book,
  kalshiBook: Book,
  direction: Direction,
): number {
  const polymarketCost = topCost(polymarketSide(polymarketBook, direction))
  const kalshiCost = topCost(kalshiSide(kalshiBook, direction, bundle.inverse))
  if (polymarketCost === PRICE_NONE || kalshiCost === PRICE_NONE) return EDGE_NONE_MICRO_USD
  return (PRICE_ONE - polymarketCost - kalshiCost) * MICRO_USD_PER_PRICE
}

/**
 * What one contract at both tops nets after exact unrounded taker fees, in micro-dollars, floored. Levels of dust
 * count: this says what the books show, not what can be bought.
 */
export function edgeAtTopFloorMicroUsd(
  bundle: Bundle,
  polymarketBook: Book,
  kalshiBook: Book,
  direction: Direction,
): number {
  const polymarketCost = topCost(polymarketSide(polymarketBook, direction))
  const kalshiCost = topCost(kalshiSide(kalshiBook, direction, bundle.inverse))
  if (polymarketCost === PRICE_NONE || kalshiCost === PRICE_NONE) return EDGE_NONE_MICRO_USD
  return microUsdFloor(pairEdgeScaled(bundle.polymarketFees, bundle.kalshiFees, polymarketCost, kalshiCost))
}
