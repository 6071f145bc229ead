import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Pulse, STALL_MS } from '@tandem/colo/metrics/health.ts'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'

describe('health', () => {
  it('starts, is well, stalls when the loop stands still, and is well again when it goes on', () => {
    const cells = new CounterCells()
    const pulse = new Pulse(cells)
    assert.deepEqual([pulse.health(0).status, pulse.health(0).beat_age_ms], ['starting', null])
    cells.add(Counters.beats)
    pulse.look(1_000)
    assert.equal(pulse.health(1_000 + STALL_MS).status, 'ok')
    const { status, beat_age_ms } = pulse.health(1_001 + STALL_MS)
    assert.deepEqual([status, beat_age_ms], ['stalled', STALL_MS + 1])
    cells.add(Counters.beats)
    assert.equal(pulse.health(9_000).status, 'ok')
  })

  it('says that it is halted only while the loop goes on', () => {
    const cells = new CounterCells()
    const pulse = new Pulse(cells)
    cells.set(Counters.halted, 1)
    assert.equal(pulse.health(0).status, 'starting')
    cells.add(Counters.beats)
    assert.equal(pulse.health(1).status, 'halted')
    assert.equal(pulse.health(2 + STALL_MS).status, 'stalled')
  })
})
