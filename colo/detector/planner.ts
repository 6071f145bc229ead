import { assert } from '@tandem/shared/assert.ts'
import { kalshiTradeFeeCeilMicroUsd, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import { POLYMARKET_FEE_STEP_MICRO_USD, polymarketFeeCeilMicroUsd } from '@tandem/shared/fees/polymarket.ts'
import { mulDivFloor } from '@tandem/shared/fees/rational.ts'
import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import { legalPriceCeil, legalPriceFloor } from '@tandem/shared/ticks.ts'
import {
  complement,
  type Lots,
  MICRO_SHARES_PER_LOT,
  MICRO_USD_PER_CENT,
  MICRO_USD_PER_USD,
  type MicroShares,
  PAYOUT_MICRO_USD_PER_LOT,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
} from '@tandem/shared/units.ts'
import type { Book } from '../book/book.ts'
import { KALSHI, POLYMARKET } from '../venue/venue.ts'
import type { Bundle } from './bundle.ts'
import { costOfLotsMicroUsd, levelOfCost, levelOfLots } from './cost-ladder.ts'
import { BUY_POLYMARKET_SELL_KALSHI, type Direction, kalshiBuysYes } from './direction.ts'
import { pairEdgeScaled } from './edge.ts'
import { Plan, PlanOutcome } from './plan.ts'
import { type Policy, PPM } from './policy.ts'
import { Walk, WalkOutcome, walkBooks } from './walk.ts'

// A Polymarket BUY spends whole cents D, a Kalshi order counts lots. D buys some lots and a rest of less than one, paid
// for but not hedged. Over D that rest is a sawtooth, so the net edge is one too:
//
//   net |                        ..          bound: the walked edge without the rest and the roundings.
//       |                ..:'  .:''|.:'      It only rises with D, as each pair of levels nets the
//       |        ..:'  .:''|.:'    '         minimum and that is not negative.
//       |  .:'  .:''|.:'   '
//       +--|----|---|----------------> D     The search comes down from the last D and stops where the
//        least                    last       bound falls below the best found: no D under it nets more.
//
// Everything is exact integers; the property test compares with every D.

/** Polymarket refuses a marketable BUY of less than a dollar. */
const POLYMARKET_MIN_CENTS = MICRO_USD_PER_USD / MICRO_USD_PER_CENT

/**
 * D tried in one search: a fraction of a millisecond. A search takes tens; only where pairs net next to nothing, so that
 * the bound is flat, would it go on.
 */
const SEARCH_STEPS_MAX = 4_096

/**
 * Overfill grows with D, but its floored figure may flicker by less than three micro-shares where it meets its limit. The
 * range of D is looked for with this much lenience, so that the flicker lies inside; each D is then checked exactly.
 */
const OVERFILL_LENIENCE_MICRO_SHARES = 6

// Every cent buys more than a lot, at any price below a dollar: a higher D has more lots, so of equal edges the lower
// D has the fewer.
assert(MICRO_USD_PER_CENT >= PRICE_ONE, 'PLANNER_A_CENT_BUYS_A_LOT')

/** Looks for the best plan of a pair in one direction, and plans given dollars. Made once; allocates nothing after. */
export class Planner {
  /** Written by `find` and `planForCents` when they plan. */
  readonly plan = new Plan()
  readonly walk = new Walk()

  // What was walked last.
  #bundle: Bundle | undefined
  #policy: Policy | undefined
  #direction: Direction = BUY_POLYMARKET_SELL_KALSHI
  /** Infinite until a plan was found. */
  #leastCents = Number.POSITIVE_INFINITY

  // Of the levels that the last weighed D touches: kept, as the next D most often touches the same.
  #polymarketLevel = 0
  #kalshiLevel = 0
  #limit: Price = PRICE_NONE
  #kalshiLimit: Price = PRICE_NONE
  #limitsNet = false

  // Of the last weighed D.
  #lots = 0
  #expectedMicroShares = 0
  #overfillMicroShares = 0
  #polymarketFeeMicroUsd = 0
  #kalshiCostMicroUsd = 0
  #kalshiFeeMicroUsd = 0
  #netMicroUsd = 0
  #boundMicroUsd = 0

  /** The plan of the greatest net edge; of equal ones the fewest lots. `plan` is written when the outcome isPlanned. */
  find(
    bundle: Bundle,
    polymarketBook: Book,
    kalshiBook: Book,
    direction: Direction,
    policy: Policy,
  ): PlanOutcome {
    this.#leastCents = Number.POSITIVE_INFINITY
    const walked = walkBooks(this.walk, bundle, polymarketBook, kalshiBook, direction, policy)
    if (walked !== WalkOutcome.Found) return planOutcomes[walked]
    this.#begin(bundle, direction, policy)

    const least = this.#smallestCents()
    if (least === Number.POSITIVE_INFINITY) return PlanOutcome.TooSmall
    // All but the size only gets worse with D: what stands against the least stands against all.
    const unfit = this.#weigh(least, OVERFILL_LENIENCE_MICRO_SHARES)
    if (unfit !== PlanOutcome.Planned) return unfit === PlanOutcome.TooLarge ? PlanOutcome.TooSmall : unfit

    // Until one fits exactly, it is overfill that stands against all.
    let none: PlanOutcome = PlanOutcome.Overfill
    let bestCents = 0
    let bestMicroUsd = 1
    let steps = 0
    let cents = this.#lastCents(least)
    for (; cents >= least && steps < SEARCH_STEPS_MAX; cents--) {
      steps++
      if (this.#weigh(cents, 0) !== PlanOutcome.Planned) continue
      none = PlanOutcome.NoNetEdge
      if (this.#netMicroUsd >= bestMicroUsd) {
        bestMicroUsd = this.#netMicroUsd
        bestCents = cents
      }
      if (this.#boundMicroUsd < bestMicroUsd) break
    }
    if (bestCents === 0) return none
    this.#weigh(bestCents, 0)
    this.#write(bestCents)
    this.#leastCents = least
    return steps === SEARCH_STEPS_MAX && cents >= least ? PlanOutcome.PlannedAtLimit : PlanOutcome.Planned
  }

  /**
   * The plan of a Polymarket order of `cents` in the books, direction and policy of the last `find`, which must have
   * planned and whose books must not have changed since.
   */
  planForCents(cents: number): PlanOutcome {
    if (cents < this.#leastCents) return PlanOutcome.TooSmall
    const unfit = this.#weigh(cents, 0)
    if (unfit !== PlanOutcome.Planned) return unfit
    if (this.#netMicroUsd <= 0) return PlanOutcome.NoNetEdge
    this.#write(cents)
    return PlanOutcome.Planned
  }

  #begin(bundle: Bundle, direction: Direction, policy: Policy): void {
    this.#bundle = bundle
    this.#direction = direction
    this.#policy = policy
    this.#polymarketLevel = 0
    this.#kalshiLevel = 0
    this.#limitsOfLevels(0, 0)
  }

  /** The least D that buys the market's smallest order and a dollar's worth; infinite when the walk is smaller. */
  #smallestCents(): number {
    const { polymarket, lots } = this.walk
    const minLots = Math.max(this.#bundle!.polymarketMinLots, 1)
    if (lots < minLots) return Number.POSITIVE_INFINITY
    const costMicroUsd = costOfLotsMicroUsd(polymarket, levelOfLots(polymarket, 0, minLots), minLots)
    return Math.max(Math.ceil(costMicroUsd / MICRO_USD_PER_CENT), POLYMARKET_MIN_CENTS)
  }

  /** A D that no fitting one exceeds; not below `least`, which fits. Most often the last that fits itself. */
  #lastCents(least: number): number {
    const { polymarket, polymarketLevel, lots } = this.walk
    // One cent beyond may still buy the same whole lots, two may not.
    const costMicroUsd = costOfLotsMicroUsd(polymarket, polymarketLevel, lots)
    const last = Math.floor(costMicroUsd / MICRO_USD_PER_CENT) + 1
    if (this.#fitsLeniently(last)) return last
    if (this.#fitsLeniently(last - 1)) return last - 1
    let fit = least
    let unfit = last - 1
    while (unfit - fit > 1) {
      const middle = (fit + unfit) >>> 1
      if (this.#fitsLeniently(middle)) fit = middle
      else unfit = middle
    }
    return fit
  }

  #fitsLeniently(cents: number): boolean {
    return this.#weigh(cents, OVERFILL_LENIENCE_MICRO_SHARES) === PlanOutcome.Planned
  }

  /** What D buys, costs and nets; whether it may be sent. Of Planned, says nothing about the net edge being positive. */
  #weigh(cents: number, lenienceMicroShares: number): PlanOutcome {
    const { polymarket, kalshi, lots: lotsMax } = this.walk
    const bundle = this.#bundle!
    const policy = this.#policy!
    const microUsd = cents * MICRO_USD_PER_CENT
    if (microUsd > polymarket.costBeforeMicroUsd[polymarket.count]) return PlanOutcome.TooLarge

    const level = levelOfCost(polymarket, this.#polymarketLevel, microUsd)
    const cost = polymarket.cost[level] as Price
    const spentMicroUsd = microUsd - polymarket.costBeforeMicroUsd[level]
    const levelLots = Math.floor(spentMicroUsd / cost)
    const rest = Math.floor(((spentMicroUsd - levelLots * cost) * MICRO_SHARES_PER_LOT) / cost)
    const lots = polymarket.lotsBefore[level] + levelLots
    if (lots > lotsMax) return PlanOutcome.TooLarge

    const kalshiLevel = levelOfLots(kalshi, this.#kalshiLevel, lots)
    if (level !== this.#polymarketLevel || kalshiLevel !== this.#kalshiLevel) {
      this.#limitsOfLevels(level, kalshiLevel)
    }
    if (!this.#limitsNet) return PlanOutcome.LimitNotLegal

    const expected = lots * MICRO_SHARES_PER_LOT + rest
    const overfill = mulDivFloor(microUsd, MICRO_SHARES_PER_LOT, polymarket.cost[0]) - expected
    const overfillMax = mulDivFloor(expected, policy.maxOverfillPpm, PPM)
    if (overfill > overfillMax + lenienceMicroShares) return PlanOutcome.Overfill

    const kalshiCost = kalshi.cost[kalshiLevel] as Price
    const kalshiLots = (lots - kalshi.lotsBefore[kalshiLevel]) as Lots
    const polymarketFee =
      polymarket.feeBeforeMicroUsd[level] +
      polymarketFeeCeilMicroUsd(
        bundle.polymarketFees,
        cost,
        (levelLots * MICRO_SHARES_PER_LOT + rest) as MicroShares,
      )
    const kalshiFee =
      kalshi.feeBeforeMicroUsd[kalshiLevel] +
      kalshiTradeFeeCeilMicroUsd(bundle.kalshiFees, ROLE_TAKER, kalshiCost, kalshiLots) +
      policy.kalshiPrecisionMicroUsd
    const kalshiSpent = costOfLotsMicroUsd(kalshi, kalshiLevel, lots)
    const net = lots * PAYOUT_MICRO_USD_PER_LOT - microUsd - polymarketFee - kalshiSpent - kalshiFee

    // The rest costs its price and fee. As the pair nets the minimum, both are within what its payout leaves of the
    // Kalshi cost. Each level's fee is rounded up by less than a step; one more for the floor of `rest`.
    const restMax = Math.ceil((rest * (PRICE_ONE - kalshiCost)) / MICRO_SHARES_PER_LOT)
    const roundingMax = (level + 1) * POLYMARKET_FEE_STEP_MICRO_USD + (kalshiLevel + 1) + 1

    this.#lots = lots
    this.#expectedMicroShares = expected
    this.#overfillMicroShares = overfill
    this.#polymarketFeeMicroUsd = polymarketFee
    this.#kalshiCostMicroUsd = kalshiSpent
    this.#kalshiFeeMicroUsd = kalshiFee
    this.#netMicroUsd = net
    this.#boundMicroUsd = net + restMax + roundingMax
    return PlanOutcome.Planned
  }

  /**
   * The limits that take these levels, and whether they may be sent: legal, and netting the minimum. A level's own price
   * is legal, unless its order rests from a time of other ticks; then the limit is the next that reaches it.
   */
  #limitsOfLevels(polymarketLevel: number, kalshiLevel: number): void {
    const bundle = this.#bundle!
    const { polymarket, kalshi } = this.walk
    this.#polymarketLevel = polymarketLevel
    this.#kalshiLevel = kalshiLevel
    this.#limit = legalPriceCeil(bundle.ticks[POLYMARKET], polymarket.cost[polymarketLevel] as Price)
    const kalshiCost = kalshi.cost[kalshiLevel] as Price
    if (kalshiBuysYes(this.#direction, bundle.inverse)) {
      this.#kalshiLimit = legalPriceCeil(bundle.ticks[KALSHI], kalshiCost)
    } else {
      const price = legalPriceFloor(bundle.ticks[KALSHI], complement(kalshiCost))
      this.#kalshiLimit = price === PRICE_NONE ? PRICE_NONE : complement(price)
    }
    this.#limitsNet =
      this.#limit !== PRICE_NONE &&
      this.#kalshiLimit !== PRICE_NONE &&
      pairEdgeScaled(bundle.polymarketFees, bundle.kalshiFees, this.#limit, this.#kalshiLimit) >=
        this.#policy!.minEdgeMicroUsd * SCALED_PER_MICRO_USD
  }

  #write(cents: number): void {
    const { plan } = this
    const bundle = this.#bundle!
    const buysYes = kalshiBuysYes(this.#direction, bundle.inverse)
    const tick = legalPriceCeil(bundle.ticks[POLYMARKET], 0 as Price)
    plan.direction = this.#direction
    plan.polymarketCents = cents
    plan.polymarketLimit = this.#limit
    plan.expectedMicroShares = this.#expectedMicroShares as MicroShares
    plan.overfillBandMicroShares = this.#overfillMicroShares
    plan.overfillMaxMicroShares =
      mulDivFloor(cents * MICRO_USD_PER_CENT, MICRO_SHARES_PER_LOT, tick) - this.#expectedMicroShares
    plan.polymarketFeeMicroUsd = this.#polymarketFeeMicroUsd
    plan.kalshiLots = this.#lots as Lots
    plan.kalshiBuysYes = buysYes
    plan.kalshiLimitCost = this.#kalshiLimit
    plan.kalshiPrice = buysYes ? this.#kalshiLimit : complement(this.#kalshiLimit)
    plan.kalshiCostMicroUsd = this.#kalshiCostMicroUsd
    plan.kalshiFeeMicroUsd = this.#kalshiFeeMicroUsd
    plan.netEdgeMicroUsd = this.#netMicroUsd
  }
}

/** What a walk that found nothing means for planning. */
const planOutcomes = {
  [WalkOutcome.EmptySide]: PlanOutcome.EmptySide,
  [WalkOutcome.NoCross]: PlanOutcome.NoCross,
  [WalkOutcome.BelowMinimum]: PlanOutcome.BelowMinimum,
} as const
