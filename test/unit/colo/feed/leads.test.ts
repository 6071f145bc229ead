import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Leads } from '@tandem/colo/feed/leads.ts'
import fc from 'fast-check'

test('a percentile is at least the true one, at most a bucket too high, and never beyond the greatest', () => {
  const leads = fc.array(fc.integer({ min: 1, max: 1e12 }), { minLength: 1 })
  fc.assert(
    fc.property(leads, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
      const told = new Leads()
      for (const lead of all) told.add(lead)
      const exact = all.toSorted((a, b) => a - b)[Math.ceil(all.length * share) - 1]
      const percentile = told.percentileNs(share)
      assert.ok(percentile >= exact * (1 - 1e-9) && percentile <= exact * 2 ** 0.25 * (1 + 1e-9))
      assert.ok(percentile <= told.maxNs)
    }),
  )
})

test('there is none of nothing', () => {
  assert.equal(new Leads().percentileNs(0.5), 0)
})
