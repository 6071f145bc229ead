import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LAG_MS_MAX } from '@tandem/colo/book/integrity.ts'
import {
  Pulse,
  RATE_WINDOW_NS,
  restContradicts,
  STALL_GAPS,
  STALL_NS_MIN,
  StallVerdict,
  stallVerdict,
} from '@tandem/colo/feed/stall.ts'

const SECOND = 1_000_000_000
const { Flowing, Compare, Stalled } = StallVerdict

/** A pulse that beat every `gapNs` from 0 to `untilNs`. */
function steady(gapNs: number, untilNs: number): Pulse {
  const pulse = new Pulse(0)
  for (let now = gapNs; now <= untilNs; now += gapNs) pulse.beat(now)
  return pulse
}

describe("a socket's stall threshold", () => {
  test('has a floor of 90 s, however busy the socket', () => {
    assert.equal(steady(SECOND / 100, 60 * SECOND).thresholdNs(), 90 * SECOND)
    assert.equal(STALL_NS_MIN, 90 * SECOND)
  })
  test('grows with the usual gap of a quiet socket', () => {
    assert.equal(steady(30 * SECOND, 3000 * SECOND).thresholdNs(), STALL_GAPS * 30 * SECOND)
  })
  test('is the floor for a socket that never spoke', () => {
    assert.equal(new Pulse(0).thresholdNs(), STALL_NS_MIN)
  })
  test('does not grow while the socket is silent', () => {
    const pulse = steady(10 * SECOND, 1000 * SECOND)
    const threshold = pulse.thresholdNs()
    assert.equal(pulse.silenceNs(5000 * SECOND), 4000 * SECOND)
    assert.equal(pulse.thresholdNs(), threshold)
  })
  test('forgets a rush two windows later', () => {
    const pulse = steady(SECOND, RATE_WINDOW_NS)
    for (let i = 1; i <= 40; i++) pulse.beat(RATE_WINDOW_NS + i * 60 * SECOND)
    const threshold = pulse.thresholdNs()
    assert.equal(threshold, STALL_GAPS * 60 * SECOND)
  })
})

describe('a socket', () => {
  const busy = () => steady(SECOND, 600 * SECOND)
  test('flows while it speaks and its canary does', () => {
    assert.equal(stallVerdict(busy(), busy(), 690 * SECOND), Flowing)
  })
  test('is stalled when it is silent for longer than its own rate explains', () => {
    assert.equal(stallVerdict(busy(), busy(), 690 * SECOND + 1), Stalled)
  })
  test('is compared with REST, not called stalled, when it is silent but always was quiet', () => {
    const quiet = steady(30 * SECOND, 600 * SECOND)
    assert.equal(stallVerdict(quiet, quiet, 690 * SECOND + 1), Compare)
    assert.equal(stallVerdict(quiet, quiet, 1200 * SECOND + 1), Stalled)
  })
  test('is compared with REST when only its canary is silent', () => {
    const socket = steady(SECOND, 690 * SECOND)
    assert.equal(stallVerdict(socket, busy(), 690 * SECOND + 1), Compare)
  })
})

describe('a REST book contradicts our feed', () => {
  const OURS_MS = 1_790_000_000_000
  const held = (heldMs: number, restMs: number, agrees = false, bid = 4700, ask = 4900) =>
    restContradicts(agrees, OURS_MS, bid, ask, restMs, heldMs)

  test('when it is newer, differs, and the message that would explain it had its time', () => {
    assert.equal(held(LAG_MS_MAX + 1, OURS_MS + 1), true)
  })
  test('not while that message may still be on its way', () => {
    assert.equal(held(LAG_MS_MAX, OURS_MS + 1), false)
  })
  test('not when ours is as new, or agrees', () => {
    assert.equal(held(LAG_MS_MAX + 1, OURS_MS), false)
    assert.equal(held(LAG_MS_MAX + 1, OURS_MS + 1, true), false)
  })
  test('not when it is the 0.01/0.99 ghost', () => {
    assert.equal(held(LAG_MS_MAX + 1, OURS_MS + 1, false, 100, 9900), false)
  })
})
