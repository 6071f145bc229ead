import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SKEW_MS_MAX, Skew } from '@tandem/colo/venue/skew.ts'
import { NS_PER_MS } from '@tandem/shared/units.ts'
import fc from 'fast-check'

const START_MS = 1_795_370_000_000

/** An answer with the second at which the venue stamped it, `atMs` after our start. */
function told(skew: Skew, atMs: number, tookMs: number, aheadMs: number, part = 0.5): void {
  const stampMs = START_MS + atMs - tookMs * (1 - part) - aheadMs
  skew.told(Math.floor(stampMs / 1_000) * 1_000, tookMs * NS_PER_MS, atMs * NS_PER_MS)
}

describe('our clock against a venue’s', () => {
  it('is known to half a second and half of what the answer took', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000_000 }),
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: -100_000, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (atMs, tookMs, aheadMs, part) => {
          const skew = new Skew()
          told(skew, atMs, tookMs, aheadMs, part)
          const found = skew.aheadMs(START_MS + atMs, atMs * NS_PER_MS)
          const apartMs = START_MS + atMs - found - skew.venueMs(0, atMs * NS_PER_MS)
          assert.ok(apartMs > -1e-3 && apartMs < 1 + 1e-3, `${apartMs} ms`)
          assert.ok(Math.abs(found - aheadMs) <= 500 + tookMs / 2 + 1e-3, `${found} for ${aheadMs}`)
        },
      ),
    )
  })

  it('is not known before an answer, nor from one without a date, nor from one that was held', () => {
    const skew = new Skew()
    skew.told(Number.NaN, 0, 0)
    told(skew, 5_000, 1_001, 60_000)
    assert.ok(Number.isNaN(skew.aheadMs(START_MS, 0)))
    assert.equal(skew.isBeyond(START_MS, 0), false)
    assert.equal(skew.isWithin(START_MS, 0), false, 'nor trusted')
    assert.equal(skew.venueMs(START_MS, 0), START_MS)
  })

  it('is beyond what signatures bear in both directions, and not before', () => {
    for (const sign of [-1, 1]) {
      for (const [aheadMs, isBeyond] of [
        [SKEW_MS_MAX - 600, false],
        [SKEW_MS_MAX + 600, true],
      ] as const) {
        const skew = new Skew()
        told(skew, 10_000, 20, sign * aheadMs)
        assert.equal(skew.isBeyond(START_MS + 10_000, 10_000 * NS_PER_MS), isBeyond, `${sign * aheadMs}`)
        assert.equal(skew.isWithin(START_MS + 10_000, 10_000 * NS_PER_MS), !isBeyond, `${sign * aheadMs}`)
      }
    }
  })

  it('shows a step of our wall clock without another answer', () => {
    const skew = new Skew()
    told(skew, 1_000, 2, 0)
    assert.equal(skew.isBeyond(START_MS + 9_000, 9_000 * NS_PER_MS), false)
    assert.equal(skew.isBeyond(START_MS + 9_020 + 60_000, 9_020 * NS_PER_MS), true)
  })
})
