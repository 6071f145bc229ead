import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '@tandem/sandbox/engine/random.ts'

const take = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.bits())

test('the same seed and stream give the same numbers, another seed or stream gives others', () => {
  const first = take(new Random(7), 50)
  assert.deepEqual(take(new Random(7), 50), first)
  for (const other of [new Random(8), new Random(7, 1), new Random(7 + 2 ** 32)]) {
    const shared = take(other, 50).filter((bits) => first.includes(bits))
    assert.equal(shared.length, 0)
  }
})

test('fractions fill their range evenly', () => {
  const random = new Random(1)
  const counts = new Array<number>(16).fill(0)
  for (let i = 0; i < 64_000; i++) counts[random.below(16)]++
  // Four standard deviations of 4,000 are 245.
  for (const count of counts) assert.ok(Math.abs(count - 4_000) < 245, String(counts))
  assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
