import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RETRY_NS_MAX } from '@tandem/colo/feed/backoff.ts'
import { ANSWER_NS_MAX, Repairs, TRIES_MAX } from '@tandem/colo/feed/repair.ts'

test('asks at once, and not again while the answer may come', () => {
  const repairs = new Repairs(2)
  assert.ok(repairs.isDue(0, 0))
  repairs.asked(0, 0)
  assert.ok(repairs.isAsked(0))
  assert.ok(!repairs.isDue(0, ANSWER_NS_MAX - 1))
  assert.ok(repairs.isDue(0, ANSWER_NS_MAX))
  assert.ok(repairs.isDue(1, 0))
})

test('asks less and less often for a book that nothing helps, and gives it up for its neighbours’ sake', () => {
  const repairs = new Repairs(1)
  const waits: number[] = []
  for (let tries = 0; tries < 20; tries++) {
    assert.equal(repairs.isGivenUp(0), tries >= TRIES_MAX)
    repairs.asked(0, 0)
    repairs.failed(0, 0, 1)
    let waitNs = 1e6
    while (!repairs.isDue(0, waitNs)) waitNs *= 1.01
    waits.push(waitNs)
  }
  for (let i = 1; i < waits.length; i++) assert.ok(waits[i] >= waits[i - 1])
  assert.ok(Math.max(...waits) <= RETRY_NS_MAX * 1.01)
})

test('asks anew at once when something else was missed, though an answer is out', () => {
  const repairs = new Repairs(1)
  repairs.asked(0, 5)
  repairs.again(0)
  assert.ok(repairs.isDue(0, 6) && !repairs.isAsked(0))
})

test('forgets what it tried for a book only when that has been well for long', () => {
  const repairs = new Repairs(1)
  assert.ok(repairs.isQuiet)
  repairs.failed(0, 0, 1)
  repairs.failed(0, 0, 1)
  repairs.well(0, 1e9)
  assert.ok(repairs.hasFailed(0) && !repairs.isQuiet)
  repairs.well(0, 2e9 + RETRY_NS_MAX)
  assert.ok(!repairs.hasFailed(0) && repairs.isQuiet)
  repairs.failed(0, 0, 1)
  repairs.healed(0)
  assert.ok(repairs.isQuiet)
  assert.ok(!repairs.hasFailed(0) && repairs.isDue(0, 0))
})
