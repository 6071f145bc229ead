import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUY_POLYMARKET_SELL_KALSHI } from '@tandem/colo/detector/direction.ts'
import { pairEdgeScaled } from '@tandem/colo/detector/edge.ts'
import { Walk, WalkOutcome, walkBooks } from '@tandem/colo/detector/walk.ts'
import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import type { Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { book, bundle, type Levels, policy } from './market.ts'

const pair = bundle()
const walk = new Walk()

/** Buys on Polymarket at these costs and on Kalshi at those: its NO, offered by YES bids. */
function look(a: Levels, b: Levels, rules = policy()): WalkOutcome {
  const bids = b.map(([cost, lots]) => [10_000 - cost, lots] as const)
  return walkBooks(walk, pair, book(100, [], a), book(100, bids, []), BUY_POLYMARKET_SELL_KALSHI, rules)
}

/** Lot by lot: the most that two rising lists of costs allow. */
function lotByLot(a: Levels, b: Levels, minEdge: number, maxLots: number): number {
  const costs = (levels: Levels) => levels.flatMap(([cost, lots]) => new Array(Math.max(lots, 0)).fill(cost))
  const [left, right] = [costs(a), costs(b)]
  let lots = 0
  while (lots < Math.min(left.length, right.length, maxLots)) {
    const edge = pairEdgeScaled(
      pair.polymarketFees,
      pair.kalshiFees,
      left[lots] as Price,
      right[lots] as Price,
    )
    if (edge < minEdge * SCALED_PER_MICRO_USD) break
    lots++
  }
  return lots
}

const rising = (first: number) =>
  fc
    .array(fc.record({ step: fc.integer({ min: 1, max: 3 }), lots: fc.integer({ min: -1, max: 40 }) }), {
      minLength: 1,
      maxLength: 6,
    })
    .map((levels): Levels => {
      let cost = first
      return levels.map(({ step, lots }) => {
        cost += step * 100
        return [cost, lots] as const
      })
    })

test('the walk goes as deep as counting lot by lot does', () => {
  let deep = 0
  fc.assert(
    fc.property(
      rising(4_000),
      rising(5_000),
      fc.constantFrom(0, 5_000, 20_000, 60_000),
      fc.integer({ min: 0, max: 150 }),
      (a, b, minEdgeMicroUsd, maxLots) => {
        const outcome = look(a, b, policy({ minEdgeMicroUsd, maxLots }))
        const lots = lotByLot(a, b, minEdgeMicroUsd, maxLots)
        assert.equal(outcome === WalkOutcome.Found ? walk.lots : 0, lots)
        if (lots === 0) return
        deep += walk.polymarketLevel + walk.kalshiLevel > 0 ? 1 : 0
        for (const [ladder, level] of [
          [walk.polymarket, walk.polymarketLevel],
          [walk.kalshi, walk.kalshiLevel],
        ] as const) {
          assert.ok(ladder.lotsBefore[level] < lots && lots <= ladder.lotsBefore[level + 1])
        }
      },
    ),
    { seed: 9, numRuns: 3_000 },
  )
  assert.ok(deep > 500)
})

test('tops that leave less than the minimum before fees are turned away before anything is copied', () => {
  look([[4_000, 700]], [[5_000, 700]])
  assert.equal(walk.polymarket.count, 1)
  walk.polymarket.count = 77
  assert.equal(look([[5_000, 10]], [[5_000, 10]]), WalkOutcome.NoCross)
  assert.equal(walk.polymarket.count, 77)
})

test('a top of dust does not hide the level behind it', () => {
  assert.equal(
    look(
      [
        [4_000, -1],
        [4_100, 700],
      ],
      [[5_000, 700]],
    ),
    WalkOutcome.Found,
  )
  assert.equal(walk.lots, 700)
  assert.equal(walk.polymarket.cost[0], 4_100)
})

test('each level taken is one fill, and its fee is rounded by itself', () => {
  look(
    [
      [4_100, 3],
      [4_200, 3],
    ],
    [
      [5_000, 1],
      [5_100, 5],
    ],
  )
  // 0.03 shares at 0.41 and 4 %: 290.28 micro-dollars, to the next 10; then 0.42: 292.32.
  assert.equal(walk.polymarket.feeBeforeMicroUsd[1], 300)
  assert.equal(walk.polymarket.feeBeforeMicroUsd[2], 600)
  // 0.01 at 0.50 and 7 %: 175; 0.05 at 0.51: 874.65, to the next 1.
  assert.equal(walk.kalshi.feeBeforeMicroUsd[1], 175)
  assert.equal(walk.kalshi.feeBeforeMicroUsd[2], 175 + 875)
})
