import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { slopeOf } from '../../../../bench/soak/memory.ts'

describe('the slope of memory', () => {
  it('is that of a line, wherever the line begins', () => {
    const line = (a: number, b: number) => [3, 4, 7, 11].map((x) => ({ x, y: a + b * x }))
    assert.ok(Math.abs(slopeOf(line(280e6, 1_500)) - 1_500) < 1e-3)
    assert.ok(Math.abs(slopeOf(line(-5, -2)) + 2) < 1e-9)
  })

  it('sees through the saw of a heap that is collected: as steep as what is left each time', () => {
    const saw = Array.from({ length: 600 }, (_, x) => ({ x, y: 100 * x + 1_000_000 * ((x % 10) / 10) }))
    assert.ok(Math.abs(slopeOf(saw) - 100) < 30, String(slopeOf(saw)))
  })

  it('is none where there is nothing to tell it by', () => {
    assert.equal(slopeOf([]), 0)
    assert.equal(slopeOf([{ x: 1, y: 5 }]), 0)
    assert.equal(
      slopeOf([
        { x: 1, y: 5 },
        { x: 1, y: 9 },
      ]),
      0,
    )
  })
})
