import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillFeeHalfEvenMicroUsd, OrderFees } from '@tandem/shared/fees/polymarket-us.ts'
import { LOTS_ORDER_MAX, type Lots, type Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'

const rate = fc.nat(1_000)
const price = fc.integer({ min: 1, max: 9_999 }) as fc.Arbitrary<Price>
const lots = fc.oneof(
  fc.integer({ min: 1, max: 1_000 }),
  fc.integer({ min: 1, max: LOTS_ORDER_MAX }),
) as fc.Arbitrary<Lots>

const trillionths = (ofRate: number, at: number, size: number) =>
  BigInt(ofRate) * BigInt(size) * BigInt(at) * BigInt(10_000 - at)

/** Cents from trillionths of a cent, half to even. */
function halfEven(exact: bigint): number {
  const [cents, rest] = [exact / 10n ** 12n, exact % 10n ** 12n]
  const half = 5n * 10n ** 11n
  return Number(cents + (rest > half || (rest === half && cents % 2n === 1n) ? 1n : 0n))
}

test('a fill’s fee is the exact product, rounded half to even', () => {
  fc.assert(
    fc.property(rate, price, lots, (ofRate, at, size) => {
      const expected = halfEven(trillionths(ofRate, at, size)) * 10_000
      assert.equal(fillFeeHalfEvenMicroUsd(ofRate, at, size), expected)
    }),
    { seed: 1, numRuns: 2_000 },
  )
  // Exactly half a cent, and exactly one and a half.
  assert.equal(fillFeeHalfEvenMicroUsd(200, 5_000 as Price, 100 as Lots), 0)
  assert.equal(fillFeeHalfEvenMicroUsd(600, 5_000 as Price, 100 as Lots), 20_000)
})

test('an order’s fills are charged their sum or less, each its own fee or less', () => {
  fc.assert(
    fc.property(rate, fc.array(fc.tuple(price, lots), { minLength: 1, maxLength: 20 }), (ofRate, fills) => {
      const fees = new OrderFees(ofRate)
      let [sum, charged] = [0n, 0]
      for (const [at, size] of fills) {
        const charge = fees.chargeHalfEvenMicroUsd(at, size)
        sum += trillionths(ofRate, at, size)
        charged += charge
        assert.ok(charge >= 0 && charge <= fillFeeHalfEvenMicroUsd(ofRate, at, size))
        assert.ok(charged <= halfEven(sum) * 10_000)
      }
    }),
    { seed: 2, numRuns: 300 },
  )
})
