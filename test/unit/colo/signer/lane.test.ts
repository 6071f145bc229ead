import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WAITING_MAX } from '@tandem/colo/signer/frames.ts'
import { Lane } from '@tandem/colo/signer/lane.ts'

test('frames come out first in, first out, all the way round, and none is taken beyond the last place', () => {
  const lane = new Lane()
  const frame = Buffer.alloc(16)
  let [pushed, shifted] = [0, 0]
  const push = () => {
    frame.writeUInt32LE(pushed, 4)
    const isTaken = lane.push(frame, 0, frame.length)
    if (isTaken) pushed++
    return isTaken
  }
  const shift = () => assert.equal(lane.bytes.readUInt32LE(lane.shift() + 4), shifted++)
  for (let round = 0; round < 3; round++) {
    while (push()) {}
    assert.equal(pushed - shifted, WAITING_MAX)
    for (let i = 0; i < WAITING_MAX - 5; i++) shift()
    assert.equal(lane.isEmpty, false)
  }
  for (let i = 0; i < 5; i++) shift()
  assert.equal(lane.isEmpty, true)
  assert.throws(() => lane.shift(), { code: 'SIGNER_LANE_EMPTY' })
})
