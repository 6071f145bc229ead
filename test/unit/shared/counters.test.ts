import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { TurnOutcome } from '@tandem/colo/turn.ts'
import { VENUE_NAMES } from '@tandem/colo/venue/venue.ts'
import { COUNTERS, CounterCells, Counters } from '@tandem/shared/counters.ts'

/** `NotPlanned: 2` as `not_planned` in place 2. */
function labels(table: Record<string, number>): string[] {
  const names: string[] = []
  for (const [name, value] of Object.entries(table))
    names[value] = name.replace(/(?<=.)[A-Z]/g, '_$&').toLowerCase()
  return names
}

describe('counters', () => {
  it('has a cell of its own for every value, and a name that Prometheus takes', () => {
    const seen = new Set<number>()
    for (const { id, values, name, doc } of COUNTERS) {
      values.forEach((_, place) => {
        seen.add(id + place)
      })
      assert.match(name, /^tandem_[a-z_]+$/)
      assert.match(doc, /^[A-Z0-9].*\.$/)
    }
    const cells = COUNTERS.reduce((sum, { values }) => sum + values.length, 0)
    assert.deepEqual([...seen], [...Array(cells).keys()])
    assert.equal(new Set(COUNTERS.map(({ name }) => name)).size, COUNTERS.length)
  })

  it('labels rows as the executor numbers them', () => {
    assert.deepEqual(Counters.frames.values, VENUE_NAMES)
    assert.deepEqual(Counters.kalshiBooks.values, labels(BookState))
    assert.deepEqual(Counters.turns.values, labels(TurnOutcome))
    assert.deepEqual(Counters.trades.values, labels(TradeState))
  })

  it('is seen by whoever opens the same memory', () => {
    const writer = new CounterCells()
    const reader = new CounterCells(writer.memory)
    writer.add(Counters.turns, 3)
    writer.add(Counters.turns, 3, 4)
    writer.set(Counters.halted, 1)
    assert.deepEqual(
      [
        reader.read(Counters.turns, 2),
        reader.read(Counters.turns, 3),
        reader.read(Counters.turns, 4),
        reader.read(Counters.halted),
      ],
      [0, 5, 0, 1],
    )
  })

  it('stops rather than count in a neighbour’s cell, or in memory of another version', () => {
    const cells = new CounterCells()
    assert.throws(() => cells.add(Counters.frames, 2), { code: 'COUNTER_PLACE' })
    assert.throws(() => cells.set(Counters.halted, 1, 1), { code: 'COUNTER_PLACE' })
    assert.throws(() => new CounterCells(new SharedArrayBuffer(8)), { code: 'COUNTERS_OF_ANOTHER_VERSION' })
  })
})
