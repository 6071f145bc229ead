import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  LIMITS_DEFAULT,
  type Limits,
  orderRefusal,
  Pace,
  SlidingSum,
  Throttle,
  withLimit,
} from '@tandem/colo/signer/bounds.ts'
import { ORDER_BUY, ORDER_SELL, Refusal } from '@tandem/colo/signer/signer.ts'
import {
  marketBuyMaker,
  marketBuyTakerFloor,
  notionalMicroUsd,
  sharesMicro,
} from '@tandem/colo/venue/polymarket/amounts.ts'
import { POLYMARKET_TICKS } from '@tandem/shared/ticks.ts'
import {
  type Lots,
  MICRO_USD_PER_USD,
  NS_PER_MS,
  NS_PER_S,
  PRICE_ONE,
  type Price,
} from '@tandem/shared/units.ts'
import fc from 'fast-check'

const limits: Limits = { ...LIMITS_DEFAULT, orderMicroUsdMax: 10_000 * MICRO_USD_PER_USD }
const tick = fc.constantFrom(...([...POLYMARKET_TICKS.keys()] as Price[]))
const tickAndPrice = tick.chain((each) =>
  fc.tuple(
    fc.constant(each),
    fc.integer({ min: 1, max: PRICE_ONE / each - 1 }).map((steps) => (steps * each) as Price),
  ),
)
const lots = fc.integer({ min: 1, max: 1_000_000 }) as fc.Arbitrary<Lots>
const cents = fc.integer({ min: 1, max: 1_000_000 })
const refusal = (tickOf: Price, side: number, maker: number, taker: number) =>
  orderRefusal(limits, tickOf, side, maker, taker, 1, 1)

test('every legal order of every shape is within bounds', () => {
  fc.assert(
    fc.property(tickAndPrice, lots, cents, ([step, price], size, spent) => {
      const [usd, shares] = [notionalMicroUsd(price, size), sharesMicro(size)]
      assert.equal(refusal(step, ORDER_BUY, usd, shares), Refusal.None)
      assert.equal(refusal(step, ORDER_SELL, shares, usd), Refusal.None)
      const taker = marketBuyTakerFloor(spent, price, step)
      if (taker > 0) assert.equal(refusal(step, ORDER_BUY, marketBuyMaker(spent), taker), Refusal.None)
    }),
    { seed: 1, numRuns: 1_000 },
  )
})

test('a price below the first tick or above the last is out of bounds, by one micro-unit', () => {
  fc.assert(
    fc.property(tick, lots, (step, size) => {
      const shares = sharesMicro(size)
      const [low, high] = [notionalMicroUsd(step, size), notionalMicroUsd((PRICE_ONE - step) as Price, size)]
      assert.equal(refusal(step, ORDER_SELL, shares, low), Refusal.None)
      assert.equal(refusal(step, ORDER_SELL, shares, high), Refusal.None)
      assert.equal(refusal(step, ORDER_SELL, shares, high + 1), Refusal.PriceOutOfBounds)
      if (low > 1) assert.equal(refusal(step, ORDER_SELL, shares, low - 1), Refusal.PriceOutOfBounds)
      if (low > 1) assert.equal(refusal(step, ORDER_BUY, low - 1, shares), Refusal.PriceOutOfBounds)
      // A market buy's rounding is worth less than one amount step; a dollar a share is beyond it.
      assert.equal(refusal(step, ORDER_BUY, shares, shares), Refusal.PriceOutOfBounds)
    }),
    { seed: 2, numRuns: 500 },
  )
})

test('an order gives away at most the limit: dollars of a buy, shares at a dollar each of a sell', () => {
  const most = limits.orderMicroUsdMax
  assert.equal(refusal(100 as Price, ORDER_BUY, most, 2 * most), Refusal.None)
  assert.equal(refusal(100 as Price, ORDER_BUY, most + 1, 2 * most), Refusal.OrderTooLarge)
  assert.equal(refusal(100 as Price, ORDER_SELL, most, most / 2), Refusal.None)
  assert.equal(refusal(100 as Price, ORDER_SELL, most + 1, most / 2), Refusal.OrderTooLarge)
})

test('what is no positive safe integer is no number, in any place', () => {
  const good: [number, number, number, number] = [1_000_000, 2_000_000, 7, 1_790_000_000_000]
  assert.equal(orderRefusal(limits, 100 as Price, ORDER_BUY, ...good), Refusal.None)
  for (const value of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    good.forEach((_, place) => {
      const numbers = good.with(place, value) as typeof good
      assert.equal(
        orderRefusal(limits, 100 as Price, ORDER_BUY, ...numbers),
        Refusal.BadNumber,
        String(value),
      )
    })
  }
  for (const side of [2, 255]) assert.equal(refusal(100 as Price, side, 1, 2), Refusal.BadNumber)
})

test('a sliding sum holds everything of its span and nothing older than a bucket more', () => {
  const [spanNs, buckets] = [1_000, 10]
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2_500), fc.nat(100)), { minLength: 1, maxLength: 60 }), (steps) => {
      const sum = new SlidingSum(spanNs, buckets)
      const added: [atNs: number, value: number][] = []
      let nowNs = 0
      for (const [pauseNs, value] of steps) {
        nowNs += pauseNs
        const total = sum.at(nowNs)
        const within = (ageNs: number) =>
          added.filter(([atNs]) => nowNs - atNs < ageNs).reduce((all, [, each]) => all + each, 0)
        assert.ok(total >= within(spanNs))
        assert.ok(total <= within(spanNs + spanNs / buckets))
        sum.add(value)
        added.push([nowNs, value])
      }
    }),
    { seed: 3, numRuns: 500 },
  )
})

test('no second has more orders than the limit, and the next second has as many again', () => {
  const pace = new Pace({ ...limits, ordersPerSecondMax: 3, outstandingMicroUsdMax: 1_000 })
  const at = (ms: number) => pace.refusal(1, ms * NS_PER_MS)
  assert.deepEqual([at(5_000), at(5_010), at(5_900)], [Refusal.None, Refusal.None, Refusal.None])
  assert.equal(at(5_999), Refusal.RateExceeded)
  assert.equal(at(6_100), Refusal.None)
})

test('orders that may be alive give away at most the limit together, and are alive for their life', () => {
  const pace = new Pace({ ...limits, lifeMs: 120_000, outstandingMicroUsdMax: 100 })
  const at = (second: number, amount: number) => pace.refusal(amount, second * NS_PER_S)
  assert.deepEqual([at(10, 60), at(20, 40)], [Refusal.None, Refusal.None])
  assert.equal(at(20, 1), Refusal.OutstandingExceeded)
  // A refusal adds nothing: once the first is dead, its whole amount is free.
  assert.equal(at(129, 1), Refusal.OutstandingExceeded)
  assert.equal(at(132, 60), Refusal.None)
  assert.equal(at(132, 1), Refusal.OutstandingExceeded)
})

test('refills get their share of a long stretch, whatever a timer’s milliseconds cost them', () => {
  for (const percent of [50, 25]) {
    const throttle = new Throttle(percent)
    let [nowNs, workedNs] = [0, 0]
    while (nowNs < 10 * NS_PER_S) {
      const restNs = throttle.restNs(nowNs)
      // A timer wakes at a whole millisecond or later.
      if (restNs > 0) nowNs += Math.ceil(restNs / NS_PER_MS) * NS_PER_MS + 300_000
      throttle.spent(nowNs, nowNs + 90_000)
      nowNs += 90_000
      workedNs += 90_000
    }
    const share = (100 * workedNs) / nowNs
    assert.ok(share <= percent + 0.1 && share > percent - 1, `${share} of ${percent}`)
  }
})

test('a limit is set by its name to a positive integer within its ceiling', () => {
  assert.equal(withLimit(LIMITS_DEFAULT, 'ordersPerSecondMax', '7')?.ordersPerSecondMax, 7)
  assert.equal(withLimit(LIMITS_DEFAULT, 'refillPercent', '100')?.refillPercent, 100)
  for (const [name, text] of [
    ['ordersPerSecondMax', '0'],
    ['ordersPerSecondMax', '-1'],
    ['ordersPerSecondMax', '1.5'],
    ['ordersPerSecondMax', ''],
    ['ordersPerSecondMax', '1e3'],
    ['refillPercent', '101'],
    ['orderMicroUsdMax', '500000000001'],
    ['toString', '1'],
    ['orders', '1'],
  ])
    assert.equal(withLimit(LIMITS_DEFAULT, name, text), undefined, `${name}=${text}`)
})
