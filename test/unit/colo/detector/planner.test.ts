import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  type Direction,
} from '@tandem/colo/detector/direction.ts'
import { isPlanned, PlanOutcome } from '@tandem/colo/detector/plan.ts'
import { Planner } from '@tandem/colo/detector/planner.ts'
import { kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { finestStep, isLegalPrice, KALSHI_TICKS, POLYMARKET_TICKS } from '@tandem/shared/ticks.ts'
import type { Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { everyPlan, type Rival } from './every-plan.ts'
import { book, bundle, type Levels, policy } from './market.ts'

// Small markets that mostly cross.

const kinds = {
  tick: fc.constantFrom<number>(1_000, 100, 50, 25, 10, 1),
  coarser: fc.boolean(),
  structure: fc.constantFrom(...KALSHI_TICKS.keys()),
  terms: fc.record({
    rateBp: fc.constantFrom<number>(0, 300, 400, 700, 2_500),
    exponent: fc.constantFrom<number>(1, 2),
    multiplierThousandths: fc.constantFrom<number>(0, 500, 1_000, 2_000),
  }),
  direction: fc.constantFrom<Direction>(BUY_POLYMARKET_SELL_KALSHI, BUY_KALSHI_SELL_POLYMARKET),
  inverse: fc.boolean(),
  top: fc.integer({ min: 1, max: 9_000 }),
  gap: fc.oneof(fc.integer({ min: -50, max: 1_500 }), fc.integer({ min: 200, max: 800 })),
  steps: fc.tuple(
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
  ),
  sizes: fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 2_500 }),
      fc.integer({ min: 500, max: 2_500 }),
      fc.integer({ min: 1, max: 25 }).map((shares) => shares * 100),
      fc.constant(-1),
    ),
    { minLength: 8, maxLength: 8 },
  ),
  minLots: fc.constantFrom<number>(0, 500, 1_000),
  rules: fc.record({
    minEdgeMicroUsd: fc.constantFrom<number>(0, 1, 100, 1_000, 5_000),
    maxLots: fc.oneof(fc.constant(50_000), fc.integer({ min: 1, max: 4_000 })),
    maxOverfillPpm: fc.constantFrom<number>(0, 1_000, 30_000, 1_000_000),
    kalshiPrecisionMicroUsd: fc.constantFrom<number>(100, 10_000),
  }),
}

function markets(of: typeof kinds) {
  return fc.record(of).map((parts) => {
    // A market whose tick became coarser keeps orders between the ticks it has now.
    const ticks = POLYMARKET_TICKS.get(parts.coarser && parts.tick < 1_000 ? 100 : parts.tick)!
    const kalshiTicks = KALSHI_TICKS.get(parts.structure)!
    const unit = Math.min(parts.tick, finestStep(ticks))
    const polymarketUnit = finestStep(ticks) % unit === 0 ? unit : 1
    const kalshiUnit = finestStep(kalshiTicks)
    const levels = (
      first: number,
      grid: number,
      steps: readonly number[],
      sizes: readonly number[],
    ): Levels => {
      let cost = Math.max(grid, Math.round(first / grid) * grid)
      const list: [number, number][] = [[cost, sizes[0]]]
      steps.forEach((step, i) => {
        cost += step * grid
        if (cost < 10_000) list.push([cost, sizes[i + 1]])
      })
      return list
    }
    const a = levels(parts.top, polymarketUnit, parts.steps[0], parts.sizes.slice(0, 4))
    const b = levels(10_000 - a[0][0] - parts.gap, kalshiUnit, parts.steps[1], parts.sizes.slice(4))
    const buysOutcome = parts.direction === BUY_POLYMARKET_SELL_KALSHI
    const buysYes = (parts.direction === BUY_KALSHI_SELL_POLYMARKET) !== parts.inverse
    const offers = (buys: boolean, list: Levels): [Levels, Levels] =>
      buys ? [[], list] : [list.map(([cost, lots]) => [10_000 - cost, lots] as const), []]
    const { terms } = parts
    return {
      terms,
      direction: parts.direction,
      rules: policy(parts.rules),
      pair: bundle({
        inverse: parts.inverse,
        polymarketTicks: ticks,
        kalshiTicks,
        minLots: parts.minLots,
        polymarketFees: polymarketFeeSchedule(
          { rate: terms.rateBp / 10_000, exponent: terms.exponent },
          'test',
        ),
        kalshiFees: kalshiFeeSchedule(
          { feeType: 'quadratic', feeMultiplier: terms.multiplierThousandths / 1_000 },
          'test',
        ),
      }),
      polymarketBook: book(polymarketUnit, ...offers(buysOutcome, a)),
      kalshiBook: book(kalshiUnit, ...offers(buysYes, b)),
      a: a.filter(([, lots]) => lots > 0) as Levels,
      b: b.filter(([cost, lots]) => lots > 0 && cost < 10_000) as Levels,
      kalshiIsLegal: (cost: number) => isLegalPrice(kalshiTicks, (buysYes ? cost : 10_000 - cost) as Price),
      buysYes,
    }
  })
}

const planner = new Planner()

/** The fields of a plan that the exhaustive search knows too. */
function planned(): Rival {
  const { plan } = planner
  return {
    cents: plan.polymarketCents,
    lots: plan.kalshiLots,
    limit: plan.polymarketLimit,
    kalshiLimitCost: plan.kalshiLimitCost,
    expected: plan.expectedMicroShares,
    band: plan.overfillBandMicroShares,
    polymarketFee: plan.polymarketFeeMicroUsd,
    kalshiCost: plan.kalshiCostMicroUsd,
    kalshiFee: plan.kalshiFeeMicroUsd,
    net: plan.netEdgeMicroUsd,
  }
}

type Market = ReturnType<typeof markets> extends fc.Arbitrary<infer M> ? M : never

/** Says whether there was a plan. */
function agreesWithEveryPlan(m: Market): boolean {
  const outcome = planner.find(m.pair, m.polymarketBook, m.kalshiBook, m.direction, m.rules)
  const gainful = everyPlan(m.terms, m.pair, m.rules, m.a, m.b, m.kalshiIsLegal).filter(({ net }) => net > 0)
  if (gainful.length === 0) {
    assert.ok(!isPlanned(outcome))
    return false
  }
  const best = gainful.reduce((one, other) => {
    if (other.net !== one.net) return other.net > one.net ? other : one
    if (other.lots !== one.lots) return other.lots < one.lots ? other : one
    return other.limit < one.limit ? other : one
  })
  assert.equal(outcome, PlanOutcome.Planned)
  assert.deepEqual(planned(), best)
  assert.equal(planner.plan.kalshiBuysYes, m.buysYes)
  assert.equal(planner.plan.kalshiPrice, m.buysYes ? best.kalshiLimitCost : 10_000 - best.kalshiLimitCost)
  const dust = planner.plan.expectedMicroShares - planner.plan.kalshiLots * 10_000
  assert.ok(dust >= 0 && dust < 10_000)

  // Any other dollars are planned as they were weighed here, or refused where no such plan is.
  for (const cents of [
    best.cents - 1,
    best.cents + 1,
    gainful[0].cents,
    gainful[gainful.length >> 1].cents,
  ]) {
    const rival = gainful.find((one) => one.cents === cents)
    assert.equal(isPlanned(planner.planForCents(cents)), rival !== undefined)
    if (rival !== undefined) assert.deepEqual(planned(), rival)
  }
  return true
}

test('of small markets of every kind the plan is the best of all whole-cent orders, ties included', () => {
  let plans = 0
  fc.assert(
    fc.property(markets(kinds), (m) => {
      if (agreesWithEveryPlan(m)) plans++
    }),
    { seed: 20261122, numRuns: 4_000 },
  )
  assert.ok(plans > 1_000, `${plans} markets had a plan: too few to show anything`)
})

// Where pairs net next to nothing the bound is flat: roundings and ties decide.
test('where contracts net less than the roundings the plan is still the best of all', () => {
  const flat = {
    ...kinds,
    tick: fc.constantFrom<number>(100, 1),
    coarser: fc.constant(false),
    structure: fc.constantFrom('linear_cent', 'center_centi_edge_centi_cent'),
    terms: fc.record({
      rateBp: fc.constantFrom<number>(0, 1, 2),
      exponent: fc.constantFrom<number>(1, 2),
      multiplierThousandths: fc.constantFrom<number>(0, 1, 10),
    }),
    gap: fc.integer({ min: 0, max: 8 }),
    sizes: fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 8, maxLength: 8 }),
    minLots: fc.constantFrom<number>(0, 200),
    rules: fc.record({
      minEdgeMicroUsd: fc.constantFrom<number>(0, 1),
      maxLots: fc.constant(50_000),
      maxOverfillPpm: fc.constantFrom<number>(0, 3, 30_000),
      kalshiPrecisionMicroUsd: fc.constantFrom<number>(0, 100),
    }),
  }
  let plans = 0
  fc.assert(
    fc.property(markets(flat), (m) => {
      if (agreesWithEveryPlan(m)) plans++
    }),
    { seed: 20261122, numRuns: 3_000 },
  )
  assert.ok(plans > 500, `${plans} markets had a plan: too few to show anything`)
})

// A second level a tick above the first: overfill grows so slowly with D that its floor flickers around the limit.
test('where overfill creeps along its limit no fitting order is missed', () => {
  const terms = { rateBp: 0, exponent: 1, multiplierThousandths: 0 }
  const pair = bundle({
    polymarketTicks: POLYMARKET_TICKS.get(1)!,
    kalshiTicks: KALSHI_TICKS.get('center_centi_edge_centi_cent')!,
    polymarketFees: polymarketFeeSchedule({ rate: 0, exponent: 1 }, 'test'),
    kalshiFees: kalshiFeeSchedule({ feeType: 'quadratic', feeMultiplier: 0 }, 'test'),
    minLots: 0,
  })
  const creeping = fc
    .record({
      top: fc.integer({ min: 2_000, max: 7_000 }),
      step: fc.integer({ min: 1, max: 3 }),
      topLots: fc.integer({ min: 3, max: 60 }),
      short: fc.integer({ min: 0, max: 3 }),
      gap: fc.integer({ min: 1, max: 50 }),
    })
    .map(({ top, step, topLots, short, gap }) => {
      const a: Levels = [
        [top, topLots],
        [top + step, 4_000],
      ]
      const b: Levels = [[10_000 - top - step - gap, 10_000]]
      return {
        terms,
        pair,
        direction: BUY_POLYMARKET_SELL_KALSHI as Direction,
        rules: policy({
          minEdgeMicroUsd: 0,
          maxOverfillPpm: Math.floor((1_000_000 * step) / top) - short,
          kalshiPrecisionMicroUsd: 0,
        }),
        polymarketBook: book(1, [], a),
        kalshiBook: book(1, [[10_000 - b[0][0], b[0][1]]], []),
        a,
        b,
        kalshiIsLegal: () => true,
        buysYes: false,
      } satisfies Market
    })
  fc.assert(
    fc.property(creeping, (m) => {
      agreesWithEveryPlan(m)
    }),
    { seed: 20261122, numRuns: 400 },
  )
})

/** Asks on Polymarket and YES bids on Kalshi, in cents and shares: what buying on the first and selling on the second takes. */
function cents(asks: Levels, bids: Levels) {
  const scaled = (levels: Levels): Levels => levels.map(([price, shares]) => [price * 100, shares * 100])
  return [book(100, [], scaled(asks)), book(100, scaled(bids), [])] as const
}

test('dollars are planned to buy what the book gives for them, not what the limit gives', () => {
  const [polymarketBook, kalshiBook] = cents(
    [
      [47, 120],
      [48, 500],
    ],
    [[55, 600]],
  )
  const rules = policy({ maxLots: 32_250 })
  assert.equal(planner.find(bundle(), polymarketBook, kalshiBook, BUY_POLYMARKET_SELL_KALSHI, rules), 0)
  const { plan } = planner
  assert.equal(plan.polymarketCents, 15_360)
  assert.equal(plan.polymarketLimit, 4_800)
  // 56.40 for 120, the other 97.20 for 202.5; 153.60 / 0.48 would be 320.
  assert.equal(plan.expectedMicroShares, 322_500_000)
  assert.equal(plan.kalshiLots, 32_250)
  assert.equal(plan.kalshiPrice, 5_500)
  assert.equal(plan.kalshiBuysYes, false)
  // All at 0.47: 153.60 / 0.47 = 326.808510...; at a cent: 15360.
  assert.equal(plan.overfillBandMicroShares, 4_308_510)
  assert.equal(plan.overfillMaxMicroShares, 15_037_500_000)
})

test('the plan for fewer dollars of the same books is that of a smaller order, not of a smaller book', () => {
  const [polymarketBook, kalshiBook] = cents(
    [
      [47, 120],
      [48, 500],
    ],
    [[55, 600]],
  )
  planner.find(bundle(), polymarketBook, kalshiBook, BUY_POLYMARKET_SELL_KALSHI, policy())
  assert.equal(planner.planForCents(8_000), PlanOutcome.Planned)
  assert.equal(planner.plan.polymarketCents, 8_000)
  // 56.40 for 120 and 23.60 at 0.48.
  assert.equal(planner.plan.expectedMicroShares, 169_166_666)
  assert.equal(planner.plan.kalshiLots, 16_916)
  assert.equal(planner.planForCents(99), PlanOutcome.TooSmall)
  assert.equal(planner.planForCents(50_000), PlanOutcome.TooLarge)
})

const refusals: [
  string,
  PlanOutcome,
  Levels,
  Levels,
  Parameters<typeof policy>[0],
  Parameters<typeof bundle>[0],
][] = [
  ['a venue without offers', PlanOutcome.EmptySide, [], [[55, 100]], {}, {}],
  ['tops that do not cross', PlanOutcome.NoCross, [[55, 100]], [[55, 100]], {}, {}],
  ['a cross that the fees eat', PlanOutcome.BelowMinimum, [[53, 100]], [[55, 100]], {}, {}],
  ['fewer shares than the market takes', PlanOutcome.TooSmall, [[45, 4.99]], [[55, 100]], {}, {}],
  ['shares of less than a dollar', PlanOutcome.TooSmall, [[4, 20]], [[15, 20]], {}, {}],
  ['too small a limit of contracts', PlanOutcome.TooSmall, [[45, 100]], [[55, 100]], { maxLots: 499 }, {}],
  [
    'an order of one share and a dear second level',
    PlanOutcome.Overfill,
    [
      [30, 1],
      [45, 99],
    ],
    [[55, 100]],
    {},
    {},
  ],
  [
    'contracts that net less than rounding to cents',
    PlanOutcome.NoNetEdge,
    [[50, 5]],
    [[54, 5]],
    { minEdgeMicroUsd: 1, kalshiPrecisionMicroUsd: 70_000 },
    {},
  ],
  [
    'asks that no legal limit reaches',
    PlanOutcome.LimitNotLegal,
    [[45, 100]],
    [[53, 100]],
    {},
    { polymarketTicks: POLYMARKET_TICKS.get(1_000)!, minLots: 100 },
  ],
]
for (const [what, outcome, asks, bids, rules, parts] of refusals) {
  test(`no plan for ${what}`, () => {
    const [polymarketBook, kalshiBook] = cents(asks, bids)
    const found = planner.find(
      bundle(parts),
      polymarketBook,
      kalshiBook,
      BUY_POLYMARKET_SELL_KALSHI,
      policy(rules),
    )
    assert.equal(found, outcome)
    assert.equal(planner.planForCents(1_000), PlanOutcome.TooSmall, 'nothing is planned after a refusal')
  })
}

test('a search that would look at every order of a deep level that nets nothing says that it stopped', () => {
  const pair = bundle({
    polymarketFees: polymarketFeeSchedule({ rate: 0, exponent: 1 }, 'test'),
    kalshiFees: kalshiFeeSchedule({ feeType: 'quadratic', feeMultiplier: 0 }, 'test'),
  })
  const [polymarketBook, kalshiBook] = cents(
    [
      [47, 100],
      [50, 90_000],
    ],
    [[50, 100_000]],
  )
  const rules = policy({ minEdgeMicroUsd: 0, maxLots: 10_000_000, maxOverfillPpm: 1_000_000 })
  const outcome = planner.find(pair, polymarketBook, kalshiBook, BUY_POLYMARKET_SELL_KALSHI, rules)
  assert.equal(outcome, PlanOutcome.PlannedAtLimit)
  assert.equal(planner.plan.netEdgeMicroUsd, 3_000_000 - 100)
})
