import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RefillQueue } from '@tandem/colo/pool/queue.ts'
import fc from 'fast-check'

test('the first line is always one with the lowest priority number', () => {
  const step = fc.record({
    line: fc.nat(19),
    priority: fc.option(fc.integer({ min: -50, max: 50 }), { nil: undefined, freq: 4 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new RefillQueue(20)
      const model = new Map<number, number>()
      for (const { line, priority } of steps) {
        if (priority === undefined) {
          queue.remove(line)
          model.delete(line)
        } else {
          queue.set(line, priority)
          model.set(line, priority)
        }
        if (model.size === 0) assert.equal(queue.first, -1)
        else assert.equal(model.get(queue.first), Math.min(...model.values()))
      }
      const left: number[] = []
      while (queue.first >= 0) {
        left.push(model.get(queue.first)!)
        queue.remove(queue.first)
      }
      assert.deepEqual(
        left,
        [...model.values()].sort((a, b) => a - b),
      )
    }),
    { seed: 1, numRuns: 300 },
  )
})
