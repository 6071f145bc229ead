import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  type Direction,
} from '@tandem/colo/detector/direction.ts'
import {
  EDGE_NONE_MICRO_USD,
  edgeAtTopFloorMicroUsd,
  grossAtTopMicroUsd,
  pairEdgeScaled,
} from '@tandem/colo/detector/edge.ts'
import { kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import type { Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { book, bundle } from './market.ts'

const polymarket = book(100, [[4_600, 100]], [[4_700, 100]])
// Bid 52, ask 54.
const kalshi = book(100, [[5_200, 100]], [[5_400, 100]])
const free = {
  polymarketFees: polymarketFeeSchedule({ rate: 0, exponent: 1 }, 'test'),
  kalshiFees: kalshiFeeSchedule({ feeType: 'quadratic', feeMultiplier: 0 }, 'test'),
}

// [direction, inverse, costs]: the table of direction.ts, with numbers.
const tops: [Direction, boolean, number, number][] = [
  [BUY_POLYMARKET_SELL_KALSHI, false, 4_700, 4_800],
  [BUY_KALSHI_SELL_POLYMARKET, false, 5_400, 5_400],
  [BUY_POLYMARKET_SELL_KALSHI, true, 4_700, 5_400],
  [BUY_KALSHI_SELL_POLYMARKET, true, 5_400, 4_800],
]
for (const [direction, inverse, polymarketCost, kalshiCost] of tops) {
  test(`direction ${direction} of ${inverse ? 'an inverse' : 'a same'} pair pays ${polymarketCost} and ${kalshiCost}`, () => {
    const gross = (10_000 - polymarketCost - kalshiCost) * 100
    assert.equal(grossAtTopMicroUsd(bundle({ inverse, ...free }), polymarket, kalshi, direction), gross)
    assert.equal(edgeAtTopFloorMicroUsd(bundle({ inverse, ...free }), polymarket, kalshi, direction), gross)
    const fees =
      (0.04 * polymarketCost * (10_000 - polymarketCost)) / 100 +
      (0.07 * kalshiCost * (10_000 - kalshiCost)) / 100
    assert.equal(
      edgeAtTopFloorMicroUsd(bundle({ inverse }), polymarket, kalshi, direction),
      Math.floor(gross - fees + 1e-6),
    )
  })
}

test('an empty side has an edge below every real one', () => {
  const empty = book(100, [], [])
  for (const direction of [BUY_POLYMARKET_SELL_KALSHI, BUY_KALSHI_SELL_POLYMARKET] as const) {
    for (const edge of [grossAtTopMicroUsd, edgeAtTopFloorMicroUsd]) {
      assert.equal(edge(bundle(), empty, kalshi, direction), EDGE_NONE_MICRO_USD)
      assert.equal(edge(bundle(), polymarket, empty, direction), EDGE_NONE_MICRO_USD)
    }
  }
})

test('the edge of a contract is floored, also below zero, and a level of dust is a top', () => {
  const pair = bundle({
    ...free,
    polymarketFees: polymarketFeeSchedule({ rate: '0.0001', exponent: 1 }, 'test'),
  })
  // The fee is 0.0001 x 0.47 x 0.53 = 24.91 micro-dollars.
  const dusty = book(
    100,
    [],
    [
      [4_700, -1],
      [4_800, 100],
    ],
  )
  assert.equal(edgeAtTopFloorMicroUsd(pair, dusty, kalshi, BUY_POLYMARKET_SELL_KALSHI), 50_000 - 25)
  const level = book(100, [[5_300, 100]], [])
  const even = book(100, [], [[5_300, 100]])
  assert.equal(edgeAtTopFloorMicroUsd(pair, even, level, BUY_POLYMARKET_SELL_KALSHI), -25)
})

test('the edge falls as either cost rises, for all fees that a schedule can hold', () => {
  const fees = fc.record({
    rate: fc.integer({ min: 0, max: 10_000 }),
    exponent: fc.constantFrom(1, 2),
    multiplier: fc.integer({ min: 0, max: 10_000 }),
    polymarketCost: fc.integer({ min: 1, max: 9_998 }),
    kalshiCost: fc.integer({ min: 1, max: 9_998 }),
  })
  fc.assert(
    fc.property(fees, ({ rate, exponent, multiplier, polymarketCost, kalshiCost }) => {
      const polymarketFees = polymarketFeeSchedule({ rate: String(rate / 10_000), exponent }, 'test')
      const kalshiFees = kalshiFeeSchedule(
        { feeType: 'quadratic', feeMultiplier: String(multiplier / 1_000) },
        'test',
      )
      const edge = (a: number, b: number) =>
        pairEdgeScaled(polymarketFees, kalshiFees, a as Price, b as Price)
      assert.ok(edge(polymarketCost + 1, kalshiCost) < edge(polymarketCost, kalshiCost))
      assert.ok(edge(polymarketCost, kalshiCost + 1) < edge(polymarketCost, kalshiCost))
    }),
    { seed: 5, numRuns: 5_000 },
  )
})
