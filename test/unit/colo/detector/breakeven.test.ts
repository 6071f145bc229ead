import assert from 'node:assert/strict'
import { test } from 'node:test'
import { breakevenLimit } from '@tandem/colo/detector/breakeven.ts'
import { pairEdgeScaled } from '@tandem/colo/detector/edge.ts'
import { polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import { isLegalPrice, POLYMARKET_TICKS } from '@tandem/shared/ticks.ts'
import { PRICE_NONE, type Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { bundle, CENTS } from './market.ts'

test('the limit is the last legal price that nets the minimum', () => {
  const { kalshiFees } = bundle()
  const asked = fc.record({
    tick: fc.constantFrom(1_000, 100, 50, 25, 10, 1),
    rate: fc.constantFrom(0, 0.04, 0.25, 1),
    exponent: fc.constantFrom(1, 2),
    kalshiCost: fc.integer({ min: 1, max: 9_999 }),
    minEdge: fc.constantFrom(-20_000, 0, 1, 5_000, 200_000),
  })
  fc.assert(
    fc.property(asked, ({ tick, rate, exponent, kalshiCost, minEdge }) => {
      const ticks = POLYMARKET_TICKS.get(tick)!
      const fees = polymarketFeeSchedule({ rate, exponent }, 'test')
      let last = PRICE_NONE
      for (let price = 1; price < 10_000; price++) {
        const edge = pairEdgeScaled(fees, kalshiFees, price as Price, kalshiCost as Price)
        if (isLegalPrice(ticks, price as Price) && edge >= minEdge * SCALED_PER_MICRO_USD)
          last = price as Price
      }
      assert.equal(breakevenLimit(fees, ticks, kalshiFees, kalshiCost as Price, minEdge), last)
    }),
    { seed: 5, numRuns: 500 },
  )
})

test('against a cost that leaves nothing there is no limit', () => {
  const { polymarketFees, kalshiFees } = bundle()
  assert.equal(breakevenLimit(polymarketFees, CENTS, kalshiFees, 9_999 as Price, 0), PRICE_NONE)
})
