import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffNs, RETRY_NS_MAX, RETRY_NS_MIN } from '@tandem/colo/feed/backoff.ts'
import fc from 'fast-check'

test('the wait doubles with each failed attempt, up to its limit', () => {
  const waits = Array.from({ length: 12 }, (_, attempts) => backoffNs(attempts, 1))
  assert.equal(waits[0], RETRY_NS_MIN)
  for (let i = 1; i < waits.length; i++) assert.equal(waits[i], Math.min(RETRY_NS_MAX, waits[i - 1] * 2))
  assert.equal(waits.at(-1), RETRY_NS_MAX)
})

test('chance puts it into the upper half, never lower and never above', () => {
  fc.assert(
    fc.property(fc.nat(2_000), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, chance) => {
      const wholeNs = backoffNs(attempts, 1)
      const waitNs = backoffNs(attempts, chance)
      assert.ok(waitNs >= wholeNs / 2 && waitNs <= wholeNs && waitNs <= RETRY_NS_MAX)
    }),
  )
  assert.equal(backoffNs(3, 0) * 2, backoffNs(3, 1))
})
