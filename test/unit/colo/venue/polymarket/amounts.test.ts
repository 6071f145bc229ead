import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  amountStep,
  marketBuyMaker,
  marketBuyTakerFloor,
  notionalMicroUsd,
  ORDER_CENTS_MAX,
  sharesMicro,
} from '@tandem/colo/venue/polymarket/amounts.ts'
import { POLYMARKET_TICKS } from '@tandem/shared/ticks.ts'
import { LOTS_ORDER_MAX, type Lots, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'

const ticks = [...POLYMARKET_TICKS.keys()] as Price[]
/** A tick and a legal price of it. */
const limit = fc
  .constantFrom(...ticks)
  .chain((tick) => fc.tuple(fc.constant(tick), fc.integer({ min: 1, max: PRICE_ONE / tick - 1 })))
  .map(([tick, steps]) => [tick, (steps * tick) as Price] as const)
const lots = fc.integer({ min: 1, max: LOTS_ORDER_MAX }) as fc.Arbitrary<Lots>
const cents = fc.integer({ min: 1, max: ORDER_CENTS_MAX })

test('every tick of the venue has an amount step, and no other tick has', () => {
  for (let tick = 0; tick <= PRICE_ONE; tick++)
    assert.equal(amountStep(tick as Price) > 0, POLYMARKET_TICKS.has(tick), String(tick))
})

test('dollars of price times lots are exact and never finer than the step that the venue takes', () => {
  fc.assert(
    fc.property(limit, lots, ([tick, price], size) => {
      const usd = notionalMicroUsd(price, size)
      assert.equal(BigInt(usd) * 10_000n, BigInt(sharesMicro(size)) * BigInt(price))
      assert.equal(usd % amountStep(tick), 0)
    }),
    { seed: 1 },
  )
})

test('a market buy asks for the most shares, in whole steps, that its dollars are worth at the limit', () => {
  fc.assert(
    fc.property(limit, cents, ([tick, price], spent) => {
      const step = BigInt(amountStep(tick))
      const exact = (BigInt(marketBuyMaker(spent)) * BigInt(PRICE_ONE)) / BigInt(price)
      assert.equal(BigInt(marketBuyTakerFloor(spent, price, tick)), exact - (exact % step))
    }),
    { seed: 2, numRuns: 2_000 },
  )
})
