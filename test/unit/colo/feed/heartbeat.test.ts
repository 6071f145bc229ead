import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEARTBEAT, Heartbeat, HeartbeatVerdict } from '@tandem/colo/feed/heartbeat.ts'

const { Well, Ping, Late, Dead } = HeartbeatVerdict
const { pingNs, lateNs, deadNs } = HEARTBEAT
const SECOND = 1e9

function fresh(): Heartbeat {
  const heartbeat = new Heartbeat(HEARTBEAT)
  heartbeat.reset(0)
  return heartbeat
}

test('asks every 10 s, as the fact sheet says', () => {
  const heartbeat = fresh()
  assert.equal(pingNs, 10 * SECOND)
  assert.equal(heartbeat.look(pingNs - 1), Well)
  assert.equal(heartbeat.look(pingNs), Ping)
  heartbeat.sent(pingNs)
  heartbeat.answered(pingNs + 1)
  assert.equal(heartbeat.look(2 * pingNs - 1), Well)
  assert.equal(heartbeat.look(2 * pingNs), Ping)
})

test('says once that an answer is late, and again for the next ping', () => {
  const heartbeat = fresh()
  heartbeat.sent(0)
  assert.equal(heartbeat.look(lateNs), Well)
  assert.equal(heartbeat.look(lateNs + 1), Late)
  assert.equal(heartbeat.look(lateNs + 2), Well)
  heartbeat.answered(lateNs + 3)
  heartbeat.sent(5 * SECOND)
  assert.equal(heartbeat.look(5 * SECOND + lateNs + 1), Late)
})

test('is dead 30 s after the last answer, however many pings were sent', () => {
  const heartbeat = fresh()
  heartbeat.sent(1)
  heartbeat.answered(SECOND)
  for (let at = pingNs; at < deadNs; at += pingNs) heartbeat.sent(at)
  heartbeat.look(deadNs)
  assert.notEqual(heartbeat.look(SECOND + deadNs), Dead)
  assert.equal(heartbeat.look(SECOND + deadNs + 1), Dead)
})

test('counts answers in order, so that the one to a certain ping is known', () => {
  const heartbeat = fresh()
  const first = heartbeat.sent(1)
  const second = heartbeat.sent(2)
  heartbeat.answered(3)
  assert.ok(heartbeat.answers >= first && heartbeat.answers < second)
  heartbeat.answered(4)
  assert.ok(heartbeat.answers >= second)
  heartbeat.answered(5)
  assert.equal(heartbeat.answers, 2)
})

test('starts anew with a new connection', () => {
  const heartbeat = fresh()
  heartbeat.sent(0)
  heartbeat.reset(100 * SECOND)
  assert.equal(heartbeat.answers, 0)
  assert.equal(heartbeat.look(100 * SECOND + lateNs + 1), Well)
})
