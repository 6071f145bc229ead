import { type Direction, polymarketBuysOutcome } from './detector/direction.ts'
import { OUTCOME_COMPLEMENT, OUTCOME_NAMED } from './state/ledger.ts'
import { POLYMARKET, type Venue } from './venue/venue.ts'

/** The outcome that a leg bought: the two venues always buy opposite ones. */
export function boughtOutcome(venue: Venue, direction: Direction): number {
  const isOutcome = polymarketBuysOutcome(direction) === (venue === POLYMARKET)
  return isOutcome ? OUTCOME_NAMED : OUTCOME_COMPLEMENT
}
