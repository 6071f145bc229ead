import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  type Direction,
  polymarketBuysOutcome,
} from './detector/direction.ts'
import { OUTCOME_COMPLEMENT, OUTCOME_NAMED } from './state/ledger.ts'
import { POLYMARKET, type Venue } from './venue/venue.ts'

/** The outcome that a leg bought: the two venues always buy opposite ones. */
export function boughtOutcome(venue: Venue, direction: Direction): number {
  const isOutcome = polymarketBuysOutcome(direction) === (venue === POLYMARKET)
  return isOutcome ? OUTCOME_NAMED : OUTCOME_COMPLEMENT
}

/** The direction whose leg on a venue buys an outcome. */
export function directionThatBuys(venue: Venue, outcome: number): Direction {
  return boughtOutcome(venue, BUY_POLYMARKET_SELL_KALSHI) === outcome
    ? BUY_POLYMARKET_SELL_KALSHI
    : BUY_KALSHI_SELL_POLYMARKET
}
