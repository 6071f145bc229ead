import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetMicroUsd, costWithin, proceedsWithin } from '@tandem/colo/risk/exposure.ts'
import { kalshiContractFeeScaled, kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { polymarketContractFeeScaled, polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import { MICRO_USD_PER_USD, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'

const kalshi = kalshiFeeSchedule({ feeType: 'quadratic', feeMultiplier: 1 }, 'test')
const polymarket = polymarketFeeSchedule({ rate: 0.07, exponent: 1 }, 'test')
const FEES = [
  (price: Price) => kalshiContractFeeScaled(kalshi, price),
  (price: Price) => polymarketContractFeeScaled(polymarket, price),
  () => 0,
]
const allIn = (price: number, fee: (price: Price) => number): number =>
  price * 100 + fee(price as Price) / SCALED_PER_MICRO_USD
const proceeds = (price: number, fee: (price: Price) => number): number =>
  price * 100 - fee(price as Price) / SCALED_PER_MICRO_USD

test('the bound of a buy is the last price that is within the budget with its fee, of a sale the first', () => {
  fc.assert(
    fc.property(fc.integer({ min: -20_000, max: 1_020_000 }), fc.constantFrom(...FEES), (budget, fee) => {
      const cost = costWithin(budget, fee)
      if (cost > 0) assert.ok(allIn(cost, fee) <= budget)
      if (cost + 1 < PRICE_ONE) assert.ok(allIn(cost + 1, fee) > budget)
      const least = proceedsWithin(budget, fee)
      const floor = MICRO_USD_PER_USD - budget
      if (least < PRICE_ONE) assert.ok(proceeds(least, fee) >= floor)
      if (least > 1) assert.ok(proceeds(least - 1, fee) < floor)
    }),
  )
})

test('what was paid and what may be lost make the budget', () => {
  // Bought at .47: the other side may cost .53 to break even, .58 at a loss of five cents.
  assert.equal(budgetMicroUsd(470_000, 0), 530_000)
  assert.equal(costWithin(budgetMicroUsd(470_000, 50_000), FEES[2]), 5_800)
  assert.equal(proceedsWithin(budgetMicroUsd(470_000, 50_000), FEES[2]), 4_200)
})
