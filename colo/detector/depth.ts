import { kalshiTradeFeeCeilMicroUsd, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeCeilMicroUsd } from '@tandem/shared/fees/polymarket.ts'
import {
  type Lots,
  MICRO_SHARES_PER_LOT,
  type MicroShares,
  PAYOUT_MICRO_USD_PER_LOT,
  type Price,
} from '@tandem/shared/units.ts'
import type { Bundle } from './bundle.ts'
import { costOfLotsMicroUsd } from './cost-ladder.ts'
import type { Walk } from './walk.ts'

/** What all lots of a walk would cost and bring, as if both venues took lots: the measure of what is there, no plan. */
export interface Depth {
  lots: number
  polymarketCostMicroUsd: number
  kalshiCostMicroUsd: number
  /** Each level one fill, each fill rounded up: Polymarket's to 10 micro-dollars, Kalshi's to one. */
  feeMicroUsd: number
  edgeMicroUsd: number
}

/** Measures a walk that found something. For people and reports: makes an object. */
export function measureDepth(walk: Walk, bundle: Bundle): Depth {
  const { polymarket, kalshi, polymarketLevel, kalshiLevel, lots } = walk
  const polymarketLots = lots - polymarket.lotsBefore[polymarketLevel]
  const kalshiLots = lots - kalshi.lotsBefore[kalshiLevel]
  const feeMicroUsd =
    polymarket.feeBeforeMicroUsd[polymarketLevel] +
    polymarketFeeCeilMicroUsd(
      bundle.polymarketFees,
      polymarket.cost[polymarketLevel] as Price,
      (polymarketLots * MICRO_SHARES_PER_LOT) as MicroShares,
    ) +
    kalshi.feeBeforeMicroUsd[kalshiLevel] +
    kalshiTradeFeeCeilMicroUsd(
      bundle.kalshiFees,
      ROLE_TAKER,
      kalshi.cost[kalshiLevel] as Price,
      kalshiLots as Lots,
    )
  const polymarketCostMicroUsd = costOfLotsMicroUsd(polymarket, polymarketLevel, lots)
  const kalshiCostMicroUsd = costOfLotsMicroUsd(kalshi, kalshiLevel, lots)
  const edgeMicroUsd =
    lots * PAYOUT_MICRO_USD_PER_LOT - polymarketCostMicroUsd - kalshiCostMicroUsd - feeMicroUsd
  return { lots, polymarketCostMicroUsd, kalshiCostMicroUsd, feeMicroUsd, edgeMicroUsd }
}
