import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breakers } from '@tandem/colo/risk/breakers.ts'
import { HaltReason } from '@tandem/colo/risk/halt.ts'
import type { Ns } from '@tandem/shared/units.ts'

const SETTINGS = { dayLossMicroUsd: 100, lastOnes: 5, refusals: 3, legFailures: 2, stallMs: 200 }
const DAY_ENDS_NS = 1_000
const NOW_NS = 10 as Ns

function scene() {
  const trips: number[] = []
  const breakers = new Breakers(SETTINGS, DAY_ENDS_NS, (reason) => void trips.push(reason))
  return { breakers, trips }
}

test('too many refused orders among the last ones trip, and no sooner', () => {
  const { breakers, trips } = scene()
  for (const isRefused of [true, false, true, false, false]) breakers.orderEnded(isRefused)
  // The first of them is forgotten.
  breakers.orderEnded(true)
  assert.deepEqual(trips, [])
  breakers.orderEnded(true)
  assert.deepEqual(trips, [HaltReason.Refusals])
})

test('too many entries on one side alone trip', () => {
  const { breakers, trips } = scene()
  for (const isUneven of [true, false, false, false, false, true]) breakers.entryEnded(isUneven)
  assert.deepEqual(trips, [])
  breakers.entryEnded(true)
  assert.deepEqual(trips, [HaltReason.LegFailures])
})

test('what trades lose adds up over the day, whatever others gain', () => {
  const { breakers, trips } = scene()
  breakers.tradeEnded(-60, NOW_NS)
  breakers.tradeEnded(1_000, NOW_NS)
  breakers.tradeEnded(-39, NOW_NS)
  assert.deepEqual(trips, [])
  breakers.tradeEnded(-1, NOW_NS)
  assert.deepEqual(trips, [HaltReason.DayLoss])
})

test('with the next day of UTC losses begin anew, however long nothing was traded', () => {
  const { breakers, trips } = scene()
  breakers.carry(99)
  breakers.tradeEnded(-99, (DAY_ENDS_NS + 3 * 86_400e9) as Ns)
  assert.deepEqual(trips, [])
})

test('what a run before lost today counts, and a loss that is no number trips', () => {
  const carried = scene()
  carried.breakers.carry(99)
  carried.breakers.tradeEnded(-1, NOW_NS)
  assert.deepEqual(carried.trips, [HaltReason.DayLoss])
  const absurd = scene()
  absurd.breakers.tradeEnded(Number.NaN, NOW_NS)
  assert.deepEqual(absurd.trips, [HaltReason.DayLoss])
})

test('a loop that stands still for long trips, one that is late does not', () => {
  const { breakers, trips } = scene()
  breakers.stalled(199e6)
  assert.deepEqual(trips, [])
  breakers.stalled(200e6)
  assert.deepEqual(trips, [HaltReason.Stall])
})

test('after a reset everything counts anew', () => {
  const { breakers, trips } = scene()
  const almost = (): void => {
    breakers.orderEnded(true)
    breakers.orderEnded(true)
    breakers.entryEnded(true)
    breakers.tradeEnded(-99, NOW_NS)
  }
  almost()
  breakers.reset()
  almost()
  assert.deepEqual(trips, [])
})
