import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pausesByMaker } from '../../../../bench/soak/pauses.ts'

const pause = (startMs: number, endMs: number, cpuMs: number, queuedMs = 0) => ({
  startMs,
  endMs,
  cpuMs,
  queuedMs,
})
const collection = (startMs: number, endMs: number, isForced = false) => ({ startMs, endMs, isForced })

describe('who made a pause', () => {
  it('we did when our thread was on a core for longer than the limit, whatever the control saw', () => {
    const made = pausesByMaker([pause(100, 160, 21)], [], [pause(90, 200, 0)], 20)
    assert.deepEqual(made.ours, {
      count: 1,
      worst_ms: 60,
      longest_cpu_ms: 21,
      in_gc: 0,
      queued: 0,
      seen_by_control: 1,
    })
    assert.equal(made.not_ours.count, 0)
  })

  it('the machine did when our thread stood still too; the control may have seen it or not', () => {
    const made = pausesByMaker(
      [pause(100, 160, 20, 30), pause(300, 330, 2, 16)],
      [],
      [pause(150, 190, 0)],
      20,
    )
    assert.equal(made.ours.count, 0)
    assert.deepEqual(made.not_ours, {
      count: 2,
      worst_ms: 60,
      longest_cpu_ms: 20,
      in_gc: 0,
      queued: 1,
      seen_by_control: 1,
    })
    assert.deepEqual(made.control, { count: 1, worst_ms: 40 })
  })

  it('collections of garbage are told on either side, and one that was asked for is left out', () => {
    const seen = [pause(100, 150, 45), pause(200, 230, 3), pause(500, 540, 40)]
    const collections = [collection(105, 149), collection(210, 212), collection(501, 539, true)]
    const made = pausesByMaker(seen, collections, [], 20)
    assert.deepEqual([made.seen.count, made.ours.in_gc, made.not_ours.in_gc], [2, 1, 1])
    assert.equal(made.ours.count, 1)
  })

  it('nothing is nothing', () => {
    const none = { count: 0, worst_ms: 0 }
    assert.deepEqual(pausesByMaker([], [], [], 20), {
      seen: none,
      ours: { ...none, longest_cpu_ms: 0, in_gc: 0, queued: 0, seen_by_control: 0 },
      not_ours: { ...none, longest_cpu_ms: 0, in_gc: 0, queued: 0, seen_by_control: 0 },
      control: none,
    })
  })
})
