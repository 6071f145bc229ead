import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '@tandem/shared/failure.ts'
import { fraction, mulDivCeil, mulDivFloor, scaledRate } from '@tandem/shared/fees/rational.ts'
import fc from 'fast-check'

const settings = { seed: 20261122, numRuns: 20_000 }

test('a quotient of doubles is floored and raised exactly, also next to a whole number', () => {
  const near = fc
    .record({
      denominator: fc.integer({ min: 1, max: 2 ** 40 }),
      quotient: fc.integer({ min: 1, max: 2 ** 12 }),
      off: fc.integer({ min: -1, max: 1 }),
    })
    .map(({ denominator, quotient, off }) => ({ denominator, x: denominator * quotient + off }))
  fc.assert(
    fc.property(near, ({ x, denominator }) => {
      assert.equal(BigInt(mulDivFloor(x, 1, denominator)), BigInt(x) / BigInt(denominator))
      assert.equal(
        BigInt(mulDivCeil(x, 1, denominator)),
        (BigInt(x) + BigInt(denominator) - 1n) / BigInt(denominator),
      )
    }),
    settings,
  )
})

test('a product that no double holds is still divided exactly', () => {
  const parts = fc
    .record({
      x: fc.maxSafeNat(),
      numerator: fc.integer({ min: 0, max: 70_000 }),
      denominator: fc.integer({ min: 70_001, max: 2 ** 36 }),
    })
    .map(({ x, numerator, denominator }) => ({ x, ...fraction(numerator, denominator) }))
  fc.assert(
    fc.property(parts, ({ x, numerator, denominator }) => {
      const product = BigInt(x) * BigInt(numerator)
      const unit = BigInt(denominator)
      assert.equal(BigInt(mulDivFloor(x, numerator, denominator)), product / unit)
      assert.equal(BigInt(mulDivCeil(x, numerator, denominator)), (product + unit - 1n) / unit)
    }),
    settings,
  )
})

test('a rate is read as the decimal that a person wrote, not as the double next to it', () => {
  assert.equal(scaledRate(0.07, 4, 1, 'market'), 700)
  assert.equal(scaledRate(0.29, 4, 1, 'market'), 2900)
  assert.equal(scaledRate('0.0175', 4, 1, 'market'), 175)
  assert.equal(scaledRate(0, 4, 1, 'market'), 0)
})

test('a rate that is negative, too large, too fine or no decimal is refused', () => {
  for (const rate of [
    -0.01,
    1.01,
    0.00001,
    1e-7,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    'x',
    '',
    null,
    undefined,
  ]) {
    assert.throws(
      () => scaledRate(rate, 4, 1, 'market'),
      (error) => error instanceof Failure && error.code === 'FEE_RATE' && error.where === 'market',
      String(rate),
    )
  }
})
