import type { Lots, MicroShares, Price } from '@tandem/shared/units.ts'
import { BUY_POLYMARKET_SELL_KALSHI, type Direction } from './direction.ts'

/** What became of looking for a plan. */
export const PlanOutcome = {
  /** The greatest net edge of all plans. */
  Planned: 0,
  /** A plan, and the best of those tried, but the search ended at its limit of steps: another may net more. */
  PlannedAtLimit: 1,
  /** Nothing is offered on one of the venues. */
  EmptySide: 2,
  /** The tops leave less than the minimum even before fees. */
  NoCross: 3,
  /** The tops cross, but not by fees and the minimum. */
  BelowMinimum: 4,
  /** What nets the minimum is less than the smallest order: the market's shares, or a dollar. */
  TooSmall: 5,
  /** The dollars reach past what nets the minimum, or past the most contracts. */
  TooLarge: 6,
  /** No legal price covers the levels touched and still nets the minimum. */
  LimitNotLegal: 7,
  /** If the venue filled all dollars at the touch, too many shares would come. */
  Overfill: 8,
  /** Each contract nets enough, but the dust of whole cents, rounding and Kalshi's precision eat it. */
  NoNetEdge: 9,
  /** The best plan is smaller than the smallest order that is signed ahead: not worth a signature of its own. */
  BelowSizes: 10,
} as const
export type PlanOutcome = (typeof PlanOutcome)[keyof typeof PlanOutcome]

export function isPlanned(outcome: PlanOutcome): boolean {
  return outcome === PlanOutcome.Planned || outcome === PlanOutcome.PlannedAtLimit
}

/**
 * What would be sent: dollars to Polymarket, lots to Kalshi. One object, written anew by the planner. Costs are those of
 * the share that is bought, so of the complement when the venue's leg "sells".
 */
export class Plan {
  direction: Direction = BUY_POLYMARKET_SELL_KALSHI
  /** The signed maker amount: all of it is spent. */
  polymarketCents = 0
  polymarketLimit = 0 as Price
  /** What the dollars buy on the book as it stands, floored. */
  expectedMicroShares = 0 as MicroShares
  /** Shares beyond the expected ones if all dollars filled at the touch, the best price that is on offer; floored. */
  overfillBandMicroShares = 0
  /** The same at one tick: no fill can bring more. */
  overfillMaxMicroShares = 0
  polymarketFeeMicroUsd = 0
  kalshiLots = 0 as Lots
  kalshiBuysYes = false
  /** The YES price as sent. */
  kalshiPrice = 0 as Price
  /** What a share costs at that price. */
  kalshiLimitCost = 0 as Price
  kalshiCostMicroUsd = 0
  /** Trade fees and one step of balance rounding. */
  kalshiFeeMicroUsd = 0
  /** Payout of the lots less all of the above; the shares beyond whole lots count for nothing. */
  netEdgeMicroUsd = 0
}
