import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultRound } from '@tandem/sandbox/fault-round.ts'
import { FAULTS, Faults } from '@tandem/sandbox/faults.ts'

const MINUTE_MS = 60_000
const BEGAN_MS = 1_790_000_000_000

test('every fault has its turn within a minute, alone, with a rest before it, round and round', () => {
  let nowMs = BEGAN_MS
  const faults = new Faults(() => nowMs)
  const round = new FaultRound(faults, nowMs)
  const turns: string[] = []
  for (; nowMs < BEGAN_MS + 2 * MINUTE_MS; nowMs += 5) {
    round.tick(nowMs)
    const on = [...new Set(faults.on.map((each) => each.split(' ')[0]))].join(' and ')
    if (on !== (turns.at(-1) ?? '')) turns.push(on)
  }
  const names = turns.filter((_, at) => at % 2 === 0)
  assert.ok(turns.every((on, at) => (on === '') === (at % 2 === 1)))
  const all = Object.keys(FAULTS)
  assert.deepEqual(names.slice(0, all.length + 1), [...all, all[0]])
})
