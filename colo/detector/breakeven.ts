import type { KalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import type { PolymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import { legalPriceFloor, type TickStructure } from '@tandem/shared/ticks.ts'
import { PRICE_NONE, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import { pairEdgeScaled } from './edge.ts'

/**
 * The highest legal Polymarket price at which a contract still nets `minEdgeMicroUsd` when Kalshi's leg costs
 * `kalshiCost`, fees unrounded. An order with this limit may be sent against that cost, whatever it fills at.
 *
 * @param kalshiCost what the Kalshi share costs (YES ask, or 1 - YES bid), 1..9999.
 * @param minEdgeMicroUsd per contract; 0 for break-even itself.
 * @returns PRICE_NONE when no legal price is low enough.
 */
export function breakevenLimit(
  polymarketFees: PolymarketFeeSchedule,
  polymarketTicks: TickStructure,
  kalshiFees: KalshiFeeSchedule,
  kalshiCost: Price,
  minEdgeMicroUsd: number,
): Price {
  const minEdgeScaled = minEdgeMicroUsd * SCALED_PER_MICRO_USD
  // The edge falls as the price rises, so halving finds the last price that nets enough: nets(low) holds, nets(high) not.
  let low = 0
  let high: number = PRICE_ONE
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (pairEdgeScaled(polymarketFees, kalshiFees, middle as Price, kalshiCost) >= minEdgeScaled) low = middle
    else high = middle
  }
  return low === 0 ? PRICE_NONE : legalPriceFloor(polymarketTicks, low as Price)
}
