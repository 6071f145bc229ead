import assert from 'node:assert/strict'
import { test } from 'node:test'
import { breakevenLimit } from '@tandem/colo/detector/breakeven.ts'
import { BUY_KALSHI_SELL_POLYMARKET, BUY_POLYMARKET_SELL_KALSHI } from '@tandem/colo/detector/direction.ts'
import { isPlanned } from '@tandem/colo/detector/plan.ts'
import { Planner } from '@tandem/colo/detector/planner.ts'
import { lineMarket } from '@tandem/colo/pool/targets.ts'
import { kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import {
  finestStep,
  KALSHI_TICKS,
  legalPriceCeil,
  legalPriceFloor,
  POLYMARKET_TICKS,
} from '@tandem/shared/ticks.ts'
import { PRICE_NONE, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { book, bundle, type Levels, policy } from '../detector/market.ts'
import { BANDS, SIZES, Stand } from './stand.ts'

// What the executor does: the best plan, then the largest size that is held and still a plan, then any order between the
// plan's limit and what still nets the minimum. The pool was filled for other touches, which moved within the bands since.

const planner = new Planner()
const lots = fc.integer({ min: 100, max: 200_000 })

const moves = fc.record({
  tick: fc.constantFrom(100, 50, 25, 10),
  structure: fc.constantFrom('linear_cent', 'deci_cent', 'tapered_deci_cent', 'center_half_edge_quint_cent'),
  rate: fc.constantFrom(0, 0.04, 0.07),
  multiplier: fc.constantFrom(0, 0.5, 1),
  minEdgeMicroUsd: fc.constantFrom(0, 5_000),
  direction: fc.constantFrom(BUY_POLYMARKET_SELL_KALSHI, BUY_KALSHI_SELL_POLYMARKET),
  inverse: fc.boolean(),
  polymarketTouch: fc.integer({ min: 300, max: 9_700 }),
  gap: fc.integer({ min: -150, max: 600 }),
  polymarketMove: fc.integer({ min: -BANDS.hotBand, max: BANDS.hotBand }),
  kalshiMove: fc.integer({ min: -BANDS.kalshiTicks, max: BANDS.kalshiTicks }),
  polymarketLevels: fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), lots), { minLength: 1, maxLength: 5 }),
  kalshiLevels: fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), lots), { minLength: 1, maxLength: 5 }),
})

test('after any move of either touch within the bands, every plan of a held size finds its order', () => {
  let plans = 0
  const perSize = new Map<number, number>()
  fc.assert(
    fc.property(moves, (move) => {
      const polymarketTicks = POLYMARKET_TICKS.get(move.tick)!
      const kalshiTicks = KALSHI_TICKS.get(move.structure)!
      const pair = bundle({
        inverse: move.inverse,
        polymarketTicks,
        kalshiTicks,
        polymarketFees: polymarketFeeSchedule({ rate: move.rate, exponent: 1 }, 'test'),
        kalshiFees: kalshiFeeSchedule({ feeType: 'quadratic', feeMultiplier: move.multiplier }, 'test'),
      })
      const rules = policy({
        minEdgeMicroUsd: move.minEdgeMicroUsd,
        maxOverfillPpm: 1_000_000,
        maxLots: 200_000,
      })
      const before = legalPriceFloor(polymarketTicks, move.polymarketTouch as Price)
      const kalshiBefore = legalPriceFloor(kalshiTicks, (PRICE_ONE - before - move.gap) as Price)
      const after = legalPriceFloor(polymarketTicks, (before + move.polymarketMove) as Price)
      const kalshiAfter = stepped(kalshiTicks, kalshiBefore, move.kalshiMove)
      fc.pre(
        before !== PRICE_NONE &&
          kalshiBefore !== PRICE_NONE &&
          after !== PRICE_NONE &&
          kalshiAfter !== PRICE_NONE,
      )
      fc.pre(before - after <= BANDS.hotBand)

      const line = lineMarket(pair, move.direction, move.minEdgeMicroUsd)
      const stand = new Stand(1, SIZES.slice(0, 2))
      stand.open(0, line)
      // Hot already before the move: for the others there is the urgent lane.
      fc.pre(before - line.breakEven(kalshiBefore) <= BANDS.hotBand)
      stand.touch(0, before, kalshiBefore)
      stand.settle()

      const buysOutcome = move.direction === BUY_POLYMARKET_SELL_KALSHI
      const buysYes = buysOutcome === move.inverse
      const polymarketBook = offers(move.tick, levels(after, move.tick, move.polymarketLevels), buysOutcome)
      const kalshiUnit = finestStep(kalshiTicks)
      const kalshiCosts = levels(kalshiAfter, 1, move.kalshiLevels).map(
        // Every structure here is the same from both ends, so costs are legal where prices are.
        ([cost, size]) => [legalPriceCeil(kalshiTicks, cost as Price), size] as const,
      )
      const kalshiBook = offers(
        kalshiUnit,
        kalshiCosts.filter(([cost]) => cost !== PRICE_NONE),
        buysYes,
      )

      if (!isPlanned(planner.find(pair, polymarketBook, kalshiBook, move.direction, rules))) return
      const best = planner.plan.polymarketCents
      for (const cents of SIZES.slice(0, 2)) {
        if (cents > best || !isPlanned(planner.planForCents(cents))) continue
        const { polymarketLimit, kalshiLimitCost } = planner.plan
        const limitAtMost = breakevenLimit(
          pair.polymarketFees,
          polymarketTicks,
          pair.kalshiFees,
          kalshiLimitCost,
          move.minEdgeMicroUsd,
        )
        plans++
        perSize.set(cents, (perSize.get(cents) ?? 0) + 1)
        const slot = stand.take(0, polymarketLimit, limitAtMost, cents)
        assert.ok(slot >= 0, `${polymarketLimit}..${limitAtMost}, ${cents} cents: ${slot}`)
      }
    }),
    { seed: 3, numRuns: 1_500 },
  )
  assert.ok(plans > 1_000, `only ${plans} plans`)
  assert.equal(perSize.size, 2)
})

function stepped(ticks: Parameters<typeof legalPriceCeil>[0], from: Price, steps: number): Price {
  let at = from
  for (let step = 0; step < Math.abs(steps) && at !== PRICE_NONE; step++) {
    at = steps < 0 ? legalPriceFloor(ticks, (at - 1) as Price) : legalPriceCeil(ticks, (at + 1) as Price)
  }
  return at
}

/** Rising costs: the touch, then others so many steps further. */
function levels(
  touch: number,
  unit: number,
  steps: readonly (readonly [number, number])[],
): [number, number][] {
  const list: [number, number][] = []
  let cost = touch
  for (const [step, size] of steps) {
    if (cost < PRICE_ONE) list.push([cost, size])
    cost += step * Math.max(unit, 10)
  }
  return list
}

/** A book that offers shares at these costs: asks of its own outcome, or bids, which offer the other one. */
function offers(unit: number, costs: Levels, own: boolean) {
  return own
    ? book(unit, [], costs)
    : book(
        unit,
        costs.map(([cost, size]) => [PRICE_ONE - cost, size] as const),
        [],
      )
}
