import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Ladder, LadderOutcome } from '@tandem/colo/book/ladder.ts'
import {
  LOTS_DUST,
  LOTS_MAX,
  type Lots,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
  SIDE_ASK,
  SIDE_BID,
  type Side,
} from '@tandem/shared/units.ts'
import fc from 'fast-check'

const price = (value: number) => value as Price
const lots = (value: number) => value as Lots
const CENT = price(100)

function ladder(side: Side, unit: Price, levels: Record<number, number>): Ladder {
  const made = new Ladder(side, unit)
  for (const [at, size] of Object.entries(levels)) made.set(price(Number(at)), lots(size))
  return made
}

/** Prices from the best outward, as a reader of the ladder meets them. */
function walk(side: Ladder): number[] {
  const prices: number[] = []
  for (let i = side.best; i >= 0; i = side.worse(i)) prices.push(i * side.unit)
  return prices
}

describe('a ladder', () => {
  test('knows its best and walks outward from it', () => {
    assert.deepEqual(walk(ladder(SIDE_BID, CENT, { 4500: 20, 4700: 30, 100: 1 })), [4700, 4500, 100])
    assert.deepEqual(walk(ladder(SIDE_ASK, CENT, { 4900: 20, 4800: 30, 9900: 1 })), [4800, 4900, 9900])
  })

  test('finds the next best when the best empties, and none when all did', () => {
    const bids = ladder(SIDE_BID, CENT, { 4500: 20, 4700: 30 })
    bids.set(price(4700), lots(0))
    assert.equal(bids.bestPrice(), 4500)
    bids.add(price(4500), lots(-20))
    assert.equal(bids.bestPrice(), PRICE_NONE)
    assert.equal(bids.best, -1)
    const asks = ladder(SIDE_ASK, CENT, { 9900: 20 })
    asks.set(price(9900), lots(0))
    assert.equal(asks.best, -1)
  })

  test('holds levels at both ends of the dollar', () => {
    const asks = ladder(SIDE_ASK, price(1), { 0: 5, 10000: 7 })
    assert.deepEqual(walk(asks), [0, PRICE_ONE])
  })

  test('counts a level of dust for the best and for the walk', () => {
    const asks = ladder(SIDE_ASK, CENT, { 4800: LOTS_DUST, 4900: 10 })
    assert.deepEqual(walk(asks), [4800, 4900])
    assert.equal(asks.lots[48], LOTS_DUST)
    assert.equal(asks.add(price(4800), lots(7)), LadderOutcome.Ok)
    assert.equal(asks.lots[48], 7, 'dust is no lot that could be added to')
  })

  for (const bad of [4750, 4701, -100, -1, 10100, 2 ** 31, 2 ** 32 * 100, 0.5, Number.NaN]) {
    test(`refuses ${bad} as off the tick and changes nothing`, () => {
      const bids = ladder(SIDE_BID, CENT, { 4700: 30 })
      const before = bids.lots.slice()
      assert.equal(bids.set(price(bad), lots(9)), LadderOutcome.OffTick)
      assert.equal(bids.add(price(bad), lots(9)), LadderOutcome.OffTick)
      assert.deepEqual(bids.lots, before)
      assert.equal(bids.bestPrice(), 4700)
    })
  }

  test('empties a level that would fall below zero, and says so', () => {
    const bids = ladder(SIDE_BID, CENT, { 4500: 20, 4700: 30 })
    assert.equal(bids.add(price(4700), lots(-31)), LadderOutcome.Negative)
    assert.equal(bids.bestPrice(), 4500)
    assert.equal(bids.add(price(4600), lots(-1)), LadderOutcome.Negative)
    assert.equal(bids.set(price(4500), lots(-2)), LadderOutcome.Negative)
    assert.equal(bids.set(price(4400), lots(Number.NaN)), LadderOutcome.Negative)
    assert.equal(bids.best, -1)
  })

  test('saturates at LOTS_MAX and stays flagged until it is cleared', () => {
    const bids = ladder(SIDE_BID, CENT, { 100: LOTS_MAX })
    assert.equal(bids.saturated, false)
    assert.equal(bids.add(CENT, lots(1)), LadderOutcome.Saturated)
    assert.equal(bids.lots[1], LOTS_MAX)
    assert.equal(bids.set(price(200), lots(LOTS_MAX + 1)), LadderOutcome.Saturated)
    assert.equal(bids.set(price(200), lots(5)), LadderOutcome.Ok)
    assert.equal(bids.saturated, true)
    bids.clear()
    assert.equal(bids.saturated, false)
  })

  test('takes only units that divide a dollar', () => {
    for (const unit of [0, -100, 3, 0.5, 20000, Number.NaN])
      assert.throws(() => new Ladder(SIDE_BID, price(unit)))
    for (const unit of [1, 10, 20, 25, 50, 100, 1000])
      assert.equal(new Ladder(SIDE_BID, price(unit)).lots.length, 10000 / unit + 1)
  })

  test('refuses to be refined to a unit that would lose a level', () => {
    assert.throws(() => new Ladder(SIDE_BID, price(50)).refine(price(20)))
    assert.throws(() => new Ladder(SIDE_BID, price(50)).refine(CENT))
  })

  // The model is a Map from price to size; whatever can happen to a side happens in any order.
  test('equals a map of levels under any sequence of changes', () => {
    // Few prices, so that levels are met again; some on both sides of where 32 slots end.
    const anyPrice = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(0, 100, 3000, 3100, 3200, 3300, 6300, 6400, 9900, 10000) },
      { weight: 2, arbitrary: fc.constantFrom(310, 320, 630, 640, 4550, 4560) },
      { weight: 1, arbitrary: fc.integer({ min: -200, max: 10200 }) },
    )
    const size = fc.oneof(
      fc.constant(0),
      fc.constantFrom(LOTS_DUST, LOTS_MAX, LOTS_MAX - 1, LOTS_MAX + 5),
      fc.integer({ min: -3, max: 400 }),
    )
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('set'), at: anyPrice, size }) },
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('add'),
          at: anyPrice,
          size: fc.oneof(fc.integer({ min: -400, max: 400 }), fc.constantFrom(LOTS_MAX, -LOTS_MAX)),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear'), at: anyPrice, size }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('refine'), at: anyPrice, size }) },
    )
    fc.assert(
      fc.property(
        fc.constantFrom<Side>(SIDE_BID, SIDE_ASK),
        fc.constantFrom(1000, 100, 50, 20, 10),
        fc.array(step, { maxLength: 120 }),
        (side, firstUnit, steps) => {
          const real = new Ladder(side, price(firstUnit))
          const model = new Map<number, number>()
          let unit: number = firstUnit
          for (const { kind, at, size } of steps) {
            if (kind === 'clear') {
              real.clear()
              model.clear()
            } else if (kind === 'refine') {
              unit = unit % 10 === 0 && unit > 10 ? unit / 10 : unit
              real.refine(price(unit))
            } else {
              const outcome =
                kind === 'set' ? real.set(price(at), lots(size)) : real.add(price(at), lots(size))
              const wanted = kind === 'set' ? size : Math.max(model.get(at) ?? 0, 0) + size
              if (at < 0 || at > 10000 || at % unit !== 0) {
                assert.equal(outcome, LadderOutcome.OffTick)
              } else if (wanted > LOTS_MAX) {
                assert.equal(outcome, LadderOutcome.Saturated)
                model.set(at, LOTS_MAX)
              } else if (wanted < 0 && !(kind === 'set' && wanted === LOTS_DUST)) {
                assert.equal(outcome, LadderOutcome.Negative)
                model.delete(at)
              } else {
                assert.equal(outcome, LadderOutcome.Ok)
                if (wanted === 0) model.delete(at)
                else model.set(at, wanted)
              }
            }
            const prices = [...model.keys()].sort((a, b) => (side === SIDE_BID ? b - a : a - b))
            assert.deepEqual(walk(real), prices)
            assert.equal(real.bestPrice(), prices[0] ?? PRICE_NONE)
            for (const at of prices) assert.equal(real.lots[at / unit], model.get(at))
            if (at >= 0 && at <= 10000) {
              const worse = prices.find((other) => (side === SIDE_BID ? other < at : other > at))
              const slot = side === SIDE_BID ? Math.ceil(at / unit) : Math.floor(at / unit)
              assert.equal(real.worse(slot), worse === undefined ? -1 : worse / unit)
            }
          }
        },
      ),
      { numRuns: 400, seed: 20261122 },
    )
  })
})
