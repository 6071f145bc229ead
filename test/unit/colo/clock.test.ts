import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadlines, LiveClock, SimulatedClock } from '@tandem/colo/clock.ts'
import type { Ns } from '@tandem/shared/units.ts'
import fc from 'fast-check'

test('deadlines come due in order of time, cancelled ones never', () => {
  const command = fc.record({ deadlineNs: fc.nat(1000), token: fc.nat(20), cancel: fc.boolean() })
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const heap = new Deadlines()
      let model: { deadlineNs: number; token: number }[] = []
      for (const { deadlineNs, token, cancel } of commands) {
        if (cancel) {
          heap.cancel(token)
          model = model.filter((entry) => entry.token !== token)
        } else {
          heap.add(deadlineNs, token)
          model.push({ deadlineNs, token })
        }
        assert.equal(heap.nextNs, Math.min(...model.map((entry) => entry.deadlineNs)))
      }
      const due: number[] = []
      for (let atNs = heap.nextNs; atNs <= 1000; atNs = heap.nextNs) {
        const token = heap.due(atNs)
        const entry = model.findIndex((one) => one.deadlineNs === atNs && one.token === token)
        assert.notEqual(entry, -1)
        model.splice(entry, 1)
        due.push(atNs)
      }
      assert.equal(model.length, 0)
      assert.deepEqual(
        due,
        due.toSorted((a, b) => a - b),
      )
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('a simulated clock stops at each deadline on its way', () => {
  const clock = new SimulatedClock(1_000)
  clock.at(2_000_000 as Ns, 7)
  clock.at(5_000_000 as Ns, 8)
  assert.equal(clock.step(3_000_000), 7)
  assert.equal(clock.nowNs(), 2_000_000)
  assert.equal(clock.step(3_000_000), -1)
  assert.equal(clock.nowNs(), 3_000_000)
  assert.equal(clock.wallMs(), 1_003)
  assert.equal(clock.step(9_000_000), 8)
  assert.equal(clock.step(1_000_000), -1)
  assert.equal(clock.nowNs(), 5_000_000)
})

test('the live clock gives tokens when they are due, and none after it is stopped', async () => {
  const due: [token: number, lateNs: number][] = []
  const clock = new LiveClock((nowNs, token) => due.push([token, nowNs - askedNs(token)]))
  const startNs = clock.nowNs()
  const askedNs = (token: number): number => startNs + token * 5_000_000
  for (const token of [3, 1, 2, 9]) clock.at(askedNs(token) as Ns, token)
  clock.cancel(2)
  await new Promise((resume) => setTimeout(resume, 35))
  clock.stop()
  await new Promise((resume) => setTimeout(resume, 30))
  assert.deepEqual(
    due.map(([token]) => token),
    [1, 3],
  )
  for (const [, lateNs] of due) assert.ok(lateNs >= 0)
})
