import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takerFee } from '@tandem/sandbox/engine/polymarket/fee.ts'
import { costFloor, Tally } from '@tandem/sandbox/engine/polymarket/tally.ts'
import fc from 'fast-check'

const SHARE = 1_000_000
const price = fc.integer({ min: 1, max: 9_999 })
const microShares = fc.integer({ min: 1, max: 2_000_000 * SHARE })

test('a cost is price times size, rounded down, at any size', () => {
  fc.assert(
    fc.property(price, microShares, (at, size) => {
      assert.equal(BigInt(costFloor(at, size)), (BigInt(at) * BigInt(size)) / 10_000n)
    }),
    { seed: 1 },
  )
})

test('dollars buy to the last micro-share, and never more than they are', () => {
  const level = fc.record({ price, makers: fc.array(microShares, { minLength: 1, maxLength: 4 }) })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.uniqueArray(level, { selector: (it) => it.price, minLength: 1, maxLength: 5 }),
      (cents, levels) => {
        const microUsd = cents * 10_000
        const tally = new Tally({ microUsd })
        for (const { price: at, makers } of levels.sort((a, b) => a.price - b.price)) {
          for (const maker of makers) {
            const size = Math.min(tally.want(at), maker)
            if (size > 0) tally.add(at, size)
          }
        }
        assert.ok(tally.costMicroUsd <= microUsd)
        const last = tally.buckets.at(-1)
        // Whatever is left would not buy one more micro-share at the last price, or is dust.
        if (tally.complete) {
          assert.ok(microUsd - tally.costMicroUsd <= Math.max(100, Math.ceil((last?.price ?? 0) / 10_000)))
        } else {
          const all = levels.flatMap(({ makers }) => makers).reduce((sum, size) => sum + size, 0)
          assert.equal(tally.microShares, all)
        }
        for (const bucket of tally.buckets) {
          assert.equal(bucket.costMicroUsd, costFloor(bucket.price, bucket.microShares))
        }
      },
    ),
    { seed: 2 },
  )
})

test('153.60 dollars on 120@.47 and 500@.48 are 322.5 shares, and 120 shares end with the level', () => {
  const dollars = new Tally({ microUsd: 153_600_000 })
  dollars.add(4_700, Math.min(dollars.want(4_700), 120 * SHARE))
  dollars.add(4_800, Math.min(dollars.want(4_800), 500 * SHARE))
  assert.deepEqual([dollars.microShares, dollars.complete], [322_500_000, true])
  const exact = new Tally({ microUsd: 56_400_000 })
  exact.add(4_700, Math.min(exact.want(4_700), 120 * SHARE))
  assert.deepEqual([exact.microShares, exact.complete, exact.want(4_800)], [120 * SHARE, true, 0])
})

test('fees are those of the fact sheet, rounded up to 1e-5 dollar, and nothing below that', () => {
  const fee = (rate: number, at: number, shares: number, exponent = 1) =>
    takerFee({ rate, exponent }, at, Math.round(shares * SHARE))
  assert.equal(fee(0.07, 5_000, 100), 1_750_000)
  assert.equal(fee(0.05, 5_000, 100), 1_250_000)
  assert.equal(fee(0.04, 250, 100), 97_500)
  assert.equal(fee(0.04, 9_760, 100), 93_700)
  assert.equal(fee(0.04, 9_760, 5), 4_690)
  assert.equal(fee(0.04, 5_000, 0.0009), 0)
  assert.equal(fee(0.04, 5_000, 0.001), 10)
  assert.equal(fee(0.04, 5_000, 0.0011), 20)
  assert.equal(fee(0.25, 5_000, 100, 2), 1_562_500)
  assert.equal(fee(0, 5_000, 100), 0)
})
