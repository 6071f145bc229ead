import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenBucket } from '@tandem/colo/venue/buckets.ts'
import { NS_PER_S } from '@tandem/shared/units.ts'
import fc from 'fast-check'

test('lets a burst as large as the bucket through, and then the refill', () => {
  const bucket = new TokenBucket(100, 100, 0, 0)
  let sent = 0
  for (let ms = 0; ms <= 1_000; ms++) {
    while (bucket.hasForEntry(10, ms * 1e6)) {
      bucket.take(10, ms * 1e6)
      sent++
    }
  }
  assert.equal(sent, 20)
})

test('keeps for an exit what an entry may not take', () => {
  const bucket = new TokenBucket(1, 50, 20, 0)
  for (let i = 0; i < 3; i++) bucket.take(10, 0)
  assert.equal(bucket.hasForEntry(10, 0), false)
  assert.equal(bucket.hasForExit(10, 0), true)
  bucket.take(10, 0)
  bucket.take(10, 0)
  assert.equal(bucket.hasForExit(10, 0), false)
})

test('is empty once the venue says so, and fills again from there', () => {
  const bucket = new TokenBucket(10, 100, 0, 0)
  bucket.drain(0)
  assert.equal(bucket.hasForExit(1, 0), false)
  assert.equal(bucket.hasForExit(10, 0.99 * NS_PER_S), false)
  assert.equal(bucket.hasForExit(10, NS_PER_S), true)
})

test('takes the rates that the venue tells, and no token more than they allow', () => {
  const bucket = new TokenBucket(10, 100, 5, 0)
  bucket.retune(1, 10, 0)
  assert.equal(bucket.hasForExit(11, 0), false)
  bucket.take(10, 0)
  assert.equal(bucket.hasForExit(2, NS_PER_S), false)
  assert.equal(bucket.hasForExit(2, 2 * NS_PER_S), true)
})

test('never sends more in any window than the venue’s own bucket holds and refills', () => {
  const order = fc.record({ gapMs: fc.integer({ min: 0, max: 400 }), cost: fc.integer({ min: 1, max: 30 }) })
  fc.assert(
    fc.property(fc.array(order, { maxLength: 200 }), (orders) => {
      const ours = new TokenBucket(40, 60, 10, 0)
      const sent: { ms: number; cost: number }[] = []
      let ms = 0
      for (const { gapMs, cost } of orders) {
        ms += gapMs
        if (!ours.hasForEntry(cost, ms * 1e6)) continue
        ours.take(cost, ms * 1e6)
        sent.push({ ms, cost })
      }
      for (let from = 0; from < sent.length; from++) {
        let total = 0
        for (let to = from; to < sent.length; to++) {
          total += sent[to].cost
          assert.ok(total <= 60 + (40 * (sent[to].ms - sent[from].ms)) / 1_000)
        }
      }
    }),
    { seed: 7, numRuns: 200 },
  )
})
