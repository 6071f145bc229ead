import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUY_POLYMARKET_SELL_KALSHI } from '@tandem/colo/detector/direction.ts'
import { lineMarket, planTargets, TARGET_LIMITS_MAX, Targets } from '@tandem/colo/pool/targets.ts'
import {
  isLegalPrice,
  KALSHI_TICKS,
  legalPriceCeil,
  legalPriceFloor,
  ticksFromBands,
} from '@tandem/shared/ticks.ts'
import { PRICE_NONE, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { bundle } from '../detector/market.ts'
import { BANDS, market } from './stand.ts'

function plan(spec: Parameters<typeof market>[0], polymarketTouch: number, kalshiTouch: number) {
  const targets = new Targets()
  const priority = planTargets(targets, market(spec), BANDS, polymarketTouch as Price, kalshiTouch as Price)
  return { ...targets, limits: [...targets.limits.slice(0, targets.count)], priority }
}

test('a line near crossing wants the break-even limits of Kalshi levels, its touch first, then outwards', () => {
  // Break-even of .52 is .48; .51 and .53 beside it, and so on: three better, and worse ones down to .46 - .03.
  const { limits, hot, distance } = plan({}, 4_600, 5_200)
  assert.deepEqual(limits, [4_800, 4_900, 4_700, 5_000, 4_600, 5_100, 4_500, 4_400, 4_300])
  assert.equal(hot, true)
  assert.equal(distance, -200)
})

test('a line near enough for one jump wants ten ticks around its touch, and the limit that it would cross at', () => {
  const { limits, hot } = plan({}, 4_600, 6_000)
  assert.deepEqual(limits, [4_600, 4_500, 4_700, 4_400, 4_800, 4_300, 4_900, 4_200, 5_000, 4_100, 4_000])
  assert.equal(hot, false)
})

test('a line far from crossing wants no more than the ticks around its touch', () => {
  assert.equal(plan({}, 4_600, 7_000).limits.length, 10)
})

test('ten ticks are wanted also where the price range ends', () => {
  assert.deepEqual(plan({}, 100, PRICE_NONE).limits.sort(byNumber), ticks(100, 1_000, 100))
  assert.deepEqual(plan({}, 9_900, PRICE_NONE).limits.sort(byNumber), ticks(9_000, 9_900, 100))
  assert.deepEqual(
    plan({ polymarketTick: 1_000 }, 5_000, PRICE_NONE).limits.sort(byNumber),
    ticks(1_000, 9_000, 1_000),
  )
})

test('a touch between the ticks, left from a finer tick, is covered by the ticks around it', () => {
  const { limits } = plan({}, 4_650, 6_000)
  assert.ok(limits.includes(4_600) && limits.includes(4_700))
  assert.ok(limits.every((limit) => limit % 100 === 0))
})

test('nothing is wanted while nobody sells the token', () => {
  assert.equal(plan({}, PRICE_NONE, 5_000).limits.length, 0)
})

test('while nobody sells on Kalshi the ticks around the touch are wanted', () => {
  assert.equal(plan({}, 4_600, PRICE_NONE).limits.length, 10)
})

test('where the line buys NO, Kalshi’s ticks are read from the other end', () => {
  // YES in whole cents below .20 and in steps of .05 above: NO costs .50, .55 ... .80, then .81, .82 ...
  const kalshiTicks = ticksFromBands([
    [0, 2_000, 100],
    [2_000, PRICE_ONE, 500],
  ])!
  const buyingNo = lineMarket(bundle({ kalshiTicks }), BUY_POLYMARKET_SELL_KALSHI, 0)
  const buyingYes = lineMarket(bundle({ kalshiTicks, inverse: true }), BUY_POLYMARKET_SELL_KALSHI, 0)
  const legal = (line: typeof buyingNo, cost: number) => isLegalPrice(line.kalshiCostTicks, cost as Price)
  assert.deepEqual(
    [8_100, 1_900, 500].map((cost) => legal(buyingNo, cost)),
    [true, false, true],
  )
  assert.deepEqual(
    [8_100, 1_900, 500].map((cost) => legal(buyingYes, cost)),
    [false, true, true],
  )
})

test('a line closer to crossing comes first, and every hot line before every other', () => {
  const priorities = [4_400, 4_600, 4_800, 5_000, 5_100, 5_300, 9_900].map(
    (touch) => plan({}, touch, 5_200).priority,
  )
  assert.deepEqual(priorities, [...priorities].sort(byNumber))
  assert.equal(new Set(priorities).size, priorities.length)
  assert.ok(plan({}, 100, PRICE_NONE).priority > plan({}, 5_100, 5_200).priority)
})

test('of more break-even limits than fit those of the levels around the touch are kept, and it is said', () => {
  const { limits, thinned } = plan(
    { polymarketTick: 1, kalshi: 'center_centi_edge_centi_cent' },
    4_700,
    5_200,
  )
  assert.equal(thinned, true)
  assert.equal(limits.length, TARGET_LIMITS_MAX)
  assert.ok([4_800, 4_801, 4_803, 4_799, 4_750].every((limit) => limits.includes(limit)))
})

const specs = fc.record({
  polymarketTick: fc.constantFrom(1_000, 100, 50, 25, 10),
  kalshi: fc.constantFrom(...KALSHI_TICKS.keys()),
  polymarketRate: fc.constantFrom(0, 0.04, 0.07, 0.25),
  kalshiMultiplier: fc.constantFrom(0, 0.5, 1, 2),
  minEdgeMicroUsd: fc.constantFrom(0, 5_000, 20_000),
})
const cost = fc.integer({ min: 1, max: PRICE_ONE - 1 })

test('whatever levels a plan ends at, a wanted limit lies between its worst level and its break-even', () => {
  let hits = 0
  fc.assert(
    fc.property(
      specs,
      cost,
      cost,
      fc.array(fc.tuple(cost, cost), { minLength: 40, maxLength: 40 }),
      (spec, p, k, ends) => {
        const line = market(spec)
        const polymarketTouch = Math.max(1, Math.floor(p / spec.polymarketTick)) * spec.polymarketTick
        const kalshiTouch = legalPriceCeil(line.kalshiCostTicks, k as Price)
        fc.pre(polymarketTouch < PRICE_ONE && kalshiTouch !== PRICE_NONE)
        const targets = new Targets()
        planTargets(targets, line, BANDS, polymarketTouch as Price, kalshiTouch)
        if (!targets.hot || targets.thinned) return
        const limits = [...targets.limits.slice(0, targets.count)]
        assert.ok(
          limits.every((limit) => limit > 0 && limit < PRICE_ONE && limit % spec.polymarketTick === 0),
        )
        let best = kalshiTouch
        for (let moved = 0; moved < BANDS.kalshiTicks; moved++) {
          const better = legalPriceFloor(line.kalshiCostTicks, (best - 1) as Price)
          if (better !== PRICE_NONE) best = better
        }
        for (const [a, b] of ends) {
          // A worst level on either venue, no better than what the touches may have moved to.
          const lowest = Math.max(polymarketTouch - BANDS.hotBand, 1)
          const worst = Math.ceil((lowest + (a % 800)) / spec.polymarketTick) * spec.polymarketTick
          const kalshiWorst = legalPriceCeil(
            line.kalshiCostTicks,
            Math.min(best + (b % 800), PRICE_ONE - 1) as Price,
          )
          if (worst >= PRICE_ONE || kalshiWorst === PRICE_NONE) continue
          const breakEven = line.breakEven(kalshiWorst)
          if (breakEven < worst) continue
          hits++
          assert.ok(
            limits.some((limit) => limit >= worst && limit <= breakEven),
            `${worst}..${breakEven} in ${limits}`,
          )
        }
      },
    ),
    { seed: 5, numRuns: 3_000 },
  )
  assert.ok(hits > 10_000, `only ${hits} plans looked at`)
})

test('no smaller set would do: each wanted limit is the only one for some plan, or for a jump', () => {
  fc.assert(
    fc.property(specs, cost, cost, (spec, p, k) => {
      const line = market(spec)
      const polymarketTouch = Math.max(1, Math.floor(p / spec.polymarketTick)) * spec.polymarketTick
      const kalshiTouch = legalPriceCeil(line.kalshiCostTicks, k as Price)
      fc.pre(polymarketTouch < PRICE_ONE && kalshiTouch !== PRICE_NONE)
      const targets = new Targets()
      planTargets(targets, line, BANDS, polymarketTouch as Price, kalshiTouch)
      if (!targets.hot) return
      const breakEvens = new Set<number>()
      for (let at = 1; at < PRICE_ONE; at++) {
        if (isLegalPrice(line.kalshiCostTicks, at as Price)) breakEvens.add(line.breakEven(at as Price))
      }
      const jumps = [polymarketTouch, polymarketTouch + spec.polymarketTick]
      for (const limit of targets.limits.slice(0, targets.count))
        assert.ok(breakEvens.has(limit) || jumps.includes(limit))
    }),
    { seed: 6, numRuns: 60 },
  )
})

function byNumber(a: number, b: number): number {
  return a - b
}

function ticks(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, at) => from + at * step)
}
