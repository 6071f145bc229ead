import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEPTH_PRICE_MAX, Estimate } from '@tandem/colo/detector/estimate.ts'
import { LOTS_DUST } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { book, type Levels } from './market.ts'

function read(bids: Levels, asks: Levels, flowLots = 0): Estimate {
  const estimate = new Estimate()
  assert.ok(estimate.read(book(100, bids, asks), flowLots))
  return estimate
}

test('levels are averaged by their lots: at most three, within two cents of the best', () => {
  const { middlePrice, halfPrice } = read(
    [
      [4_400, 100],
      [4_300, 300],
      [4_200, 100],
      [4_100, 9_000],
    ],
    [
      [4_600, 100],
      [4_600 + DEPTH_PRICE_MAX + 100, 9_000],
    ],
  )
  // Bids: (44 + 3 x 43 + 42) / 5 = 43; asks: 46.
  assert.deepEqual([middlePrice, halfPrice], [4_450, 150])
})

test('the heavier side and what takers do pull the value, both together no further than a quote', () => {
  const even: Levels = [[4_400, 100]]
  assert.equal(read(even, [[4_600, 100]]).valuePrice, 4_500)
  assert.equal(read([[4_400, 300]], [[4_600, 100]]).valuePrice, 4_525)
  assert.equal(read([[4_400, 100]], [[4_600, 300]]).valuePrice, 4_475)
  // As much bought as is shown.
  assert.equal(read(even, [[4_600, 100]], 200).valuePrice, 4_525)
  assert.equal(read(even, [[4_600, 100]], -1e12).valuePrice > 4_449, true)
})

test('narrow counts by its square, deep by its root, by the side that has less', () => {
  const { weight } = read([[4_400, 400]], [[4_600, 100]])
  assert.equal(read([[4_450 - 50, 900]], [[4_800, 100]]).weight, weight / 4)
  assert.equal(read([[4_400, 400]], [[4_600, 400]]).weight, weight * 2)
})

test('a side without a whole lot among its best levels says nothing', () => {
  const estimate = new Estimate()
  assert.equal(estimate.read(book(100, [], [[4_600, 100]]), 0), false)
  assert.equal(estimate.read(book(100, [[4_400, LOTS_DUST]], [[4_600, 100]]), 0), false)
  assert.equal(
    estimate.read(
      book(
        100,
        [
          [4_400, LOTS_DUST],
          [4_300, 5],
        ],
        [[4_600, 100]],
      ),
      0,
    ),
    true,
  )
})

test('whatever stands and trades, the value stays within the book’s own quotes', () => {
  const level = (min: number, max: number) =>
    fc.tuple(
      fc.integer({ min, max }).map((slot) => slot * 10),
      fc.integer({ min: 1, max: 0x7fff_ffff }),
    )
  const side = (min: number, max: number) => fc.array(level(min, max), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(
      side(1, 500),
      side(501, 999),
      fc.double({ min: -1e15, max: 1e15, noNaN: true }),
      (bids, asks, flow) => {
        const estimate = new Estimate()
        assert.ok(estimate.read(book(10, bids, asks), flow))
        const bid = Math.max(...bids.map(([price]) => price))
        const ask = Math.min(...asks.map(([price]) => price))
        const { valuePrice, middlePrice, halfPrice, weight } = estimate
        assert.ok(Math.abs(valuePrice - middlePrice) <= halfPrice)
        assert.ok(valuePrice >= bid - DEPTH_PRICE_MAX && valuePrice <= ask + DEPTH_PRICE_MAX)
        assert.ok(weight > 0 && Number.isFinite(weight))
      },
    ),
    { seed: 6, numRuns: 2_000 },
  )
})
