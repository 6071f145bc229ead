import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Limits } from '@tandem/sandbox/polymarket/limits.ts'

const countOf = (allows: () => boolean): number => {
  let count = 0
  while (allows()) count++
  return count
}

test('an address has so many requests of a path, which come back with time', () => {
  const limits = new Limits()
  const tickSize = (nowMs: number) => countOf(() => limits.allows('a', 'GET /tick-size', nowMs))
  assert.equal(tickSize(0), 200)
  assert.equal(
    countOf(() => limits.allows('b', 'GET /tick-size', 0)),
    200,
  )
  assert.equal(limits.allows('a', 'GET /book', 0), true)
  assert.equal(tickSize(1_000), 20)
  assert.equal(tickSize(0), 0)
  assert.equal(tickSize(60_000), 200)
})

test('ten minutes of orders run out before their seconds do', () => {
  const limits = new Limits()
  let orders = 0
  for (let nowMs = 0; nowMs < 600_000; nowMs += 10_000) {
    orders += countOf(() => limits.allows('a', 'DELETE /cancel-all', nowMs))
  }
  // The allowance and what ten minutes give back, less what the first second had.
  assert.ok(orders > 6_000 && orders <= 12_000, String(orders))
})

test('a signer is warned beyond its tier, never refused', () => {
  const limits = new Limits()
  assert.deepEqual(limits.signer('key', 'orders', 15, 0), {
    'poly-ratelimit-remaining': '45',
    'poly-ratelimit-reset': '1',
    'poly-ratelimit-tier': 'Standard',
  })
  for (let i = 0; i < 3; i++) limits.signer('key', 'orders', 15, 0)
  assert.ok('poly-ratelimit-warning' in limits.signer('key', 'orders', 1, 0))
  assert.ok(!('poly-ratelimit-warning' in limits.signer('key', 'cancels', 1, 0)))
  assert.ok(!('poly-ratelimit-warning' in limits.signer('key', 'orders', 1, 1_000)))
})
