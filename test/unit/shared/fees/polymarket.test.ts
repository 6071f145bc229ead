import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '@tandem/shared/failure.ts'
import {
  POLYMARKET_FEE_STEP_MICRO_USD,
  polymarketContractFeeScaled,
  polymarketFeeCeilMicroUsd,
  polymarketFeeChargedMicroUsd,
  polymarketFeeSchedule,
} from '@tandem/shared/fees/polymarket.ts'
import type { MicroShares, Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'

/** C x r x (p(1-p))^e, word for word, rounded up to 1e-5 dollar, in BigInt. */
function ceilFee(rateBp: number, exponent: number, price: number, microShares: number): bigint {
  const spread = (BigInt(price) * BigInt(10_000 - price)) ** BigInt(exponent)
  const top = BigInt(microShares) * BigInt(rateBp) * spread * 100_000n
  const bottom = 1_000_000n * 10_000n * 100_000_000n ** BigInt(exponent)
  return ((top + bottom - 1n) / bottom) * 10n
}

test('a planned fee is the formula rounded up to 1e-5 dollar, for both exponents, up to a million shares', () => {
  const fill = fc.record({
    rateBp: fc.oneof(fc.constantFrom(0, 300, 400, 500, 700, 2_500), fc.integer({ min: 0, max: 10_000 })),
    exponent: fc.constantFrom(1, 2),
    price: fc.oneof(
      fc.integer({ min: 1, max: 9_999 }),
      fc.integer({ min: 1, max: 99 }).map((cents) => cents * 100),
    ),
    microShares: fc.oneof(
      fc.integer({ min: 1, max: 1_000_000_010_000 }),
      fc.integer({ min: 1, max: 2_000 }).map((shares) => shares * 1_000_000),
    ),
  })
  fc.assert(
    fc.property(fill, ({ rateBp, exponent, price, microShares }) => {
      const schedule = polymarketFeeSchedule({ rate: String(rateBp / 10_000), exponent }, 'test')
      assert.equal(
        BigInt(polymarketFeeCeilMicroUsd(schedule, price as Price, microShares as MicroShares)),
        ceilFee(rateBp, exponent, price, microShares),
      )
    }),
    { seed: 3, numRuns: 20_000 },
  )
})

test('what is charged is the planned fee, but nothing below one step', () => {
  const fill = fc.record({
    rateBp: fc.integer({ min: 0, max: 10_000 }),
    exponent: fc.constantFrom(1, 2),
    price: fc.integer({ min: 1, max: 9_999 }),
    microShares: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 10_000_000 })),
  })
  fc.assert(
    fc.property(fill, ({ rateBp, exponent, price, microShares }) => {
      const schedule = polymarketFeeSchedule({ rate: String(rateBp / 10_000), exponent }, 'test')
      const spread = (BigInt(price) * BigInt(10_000 - price)) ** BigInt(exponent)
      const isBelow =
        BigInt(microShares) * BigInt(rateBp) * spread < 10n * 10_000n * 100_000_000n ** BigInt(exponent)
      assert.equal(
        BigInt(polymarketFeeChargedMicroUsd(schedule, price as Price, microShares as MicroShares)),
        isBelow ? 0n : ceilFee(rateBp, exponent, price, microShares),
      )
    }),
    { seed: 3, numRuns: 5_000 },
  )
})

test('the unrounded fee of a share is exact, or at exponent 2 between cents the next step above', () => {
  for (const exponent of [1, 2]) {
    for (const rateBp of [0, 400, 2_500, 9_999]) {
      const schedule = polymarketFeeSchedule({ rate: rateBp / 10_000, exponent }, 'test')
      for (let price = 1; price < 10_000; price++) {
        const spread = (BigInt(price) * BigInt(10_000 - price)) ** BigInt(exponent)
        const top = BigInt(rateBp) * spread * 10n ** 14n
        const bottom = 10_000n * 100_000_000n ** BigInt(exponent)
        const scaled = (top + bottom - 1n) / bottom
        assert.equal(BigInt(polymarketContractFeeScaled(schedule, price as Price)), scaled)
        if (exponent === 1 || price % 100 === 0) assert.equal(scaled * bottom, top)
      }
    }
  }
})

// The worked figures of the fact sheet: 100 shares.
for (const [name, rate, price, feeMicroUsd] of [
  ['crypto', 0.07, 5_000, 1_750_000],
  ['sports', 0.05, 5_000, 1_250_000],
  ['politics', 0.04, 5_000, 1_000_000],
  ['politics', 0.04, 250, 97_500],
  ['politics', 0.04, 9_760, 93_700],
] as const) {
  test(`100 shares of ${name} at ${price / 100} cents cost a fee of ${feeMicroUsd} micro-dollars`, () => {
    const schedule = polymarketFeeSchedule({ rate, exponent: 1 }, 'test')
    assert.equal(polymarketFeeCeilMicroUsd(schedule, price as Price, 100_000_000 as MicroShares), feeMicroUsd)
  })
}

test('a fee below the smallest step is planned as that step, and no fee as none', () => {
  const schedule = polymarketFeeSchedule({ rate: 0.04, exponent: 1 }, 'test')
  assert.equal(
    polymarketFeeCeilMicroUsd(schedule, 100 as Price, 1 as MicroShares),
    POLYMARKET_FEE_STEP_MICRO_USD,
  )
  const free = polymarketFeeSchedule({ rate: 0, exponent: 1 }, 'test')
  assert.equal(polymarketFeeCeilMicroUsd(free, 5_000 as Price, 1_000_000 as MicroShares), 0)
})

test('a rate or an exponent that we cannot compute is refused', () => {
  for (const exponent of [0, 0.5, 3, Number.NaN]) {
    assert.throws(
      () => polymarketFeeSchedule({ rate: 0.04, exponent }, 'token'),
      (error) => error instanceof Failure && error.code === 'FEE_EXPONENT' && error.where === 'token',
    )
  }
  for (const rate of [-0.01, 1.5, 0.00001]) {
    assert.throws(
      () => polymarketFeeSchedule({ rate, exponent: 1 }, 'token'),
      (error) => error instanceof Failure && error.code === 'FEE_RATE',
    )
  }
})
