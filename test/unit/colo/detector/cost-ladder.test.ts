import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CostLadder,
  costOfLotsMicroUsd,
  levelOfCost,
  levelOfLots,
} from '@tandem/colo/detector/cost-ladder.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'
import { book } from './market.ts'

const ladder = new CostLadder()
const ALL = [9_999 as Price, 1_000_000 as Lots] as const

function levels(): number[][] {
  return Array.from({ length: ladder.count }, (_, at) => [ladder.cost[at], ladder.lots[at]])
}

test('asks cost their price, bids one dollar less theirs, both cheapest first', () => {
  const { bids, asks } = book(
    10,
    [
      [4_000, 5],
      [4_200, 7],
    ],
    [
      [4_700, 120],
      [4_500, 3],
    ],
  )
  ladder.fill(asks, ...ALL)
  assert.deepEqual(levels(), [
    [4_500, 3],
    [4_700, 120],
  ])
  ladder.fill(bids, ...ALL)
  assert.deepEqual(levels(), [
    [5_800, 7],
    [6_000, 5],
  ])
})

test('dust, and prices of nothing or a dollar, offer nothing', () => {
  const { bids, asks } = book(
    100,
    [
      [10_000, 4],
      [4_000, 5],
    ],
    [
      [0, 9],
      [4_500, -1],
      [4_600, 2],
      [10_000, 8],
    ],
  )
  ladder.fill(asks, ...ALL)
  assert.deepEqual(levels(), [[4_600, 2]])
  ladder.fill(bids, ...ALL)
  assert.deepEqual(levels(), [[6_000, 5]])
})

test('reading ends at the dearest cost asked for, and the last level is cut to the lots asked for', () => {
  const { asks } = book(
    100,
    [],
    [
      [4_500, 30],
      [4_600, 20],
      [4_700, 10],
    ],
  )
  ladder.fill(asks, 4_600 as Price, 1_000 as Lots)
  assert.deepEqual(levels(), [
    [4_500, 30],
    [4_600, 20],
  ])
  ladder.fill(asks, 4_700 as Price, 31 as Lots)
  assert.deepEqual(levels(), [
    [4_500, 30],
    [4_600, 1],
  ])
  assert.equal(ladder.lotsBefore[2], 31)
})

test('lots and dollars are found on the level that the last of them comes from', () => {
  const { asks } = book(
    100,
    [],
    [
      [4_500, 30],
      [4_600, 20],
      [4_700, 10],
    ],
  )
  ladder.fill(asks, ...ALL)
  for (const from of [0, 1, 2]) {
    assert.deepEqual(
      [1, 30, 31, 50, 51, 60].map((lots) => levelOfLots(ladder, from, lots)),
      [0, 0, 1, 1, 2, 2],
    )
    const dollars = [1, 135_000, 135_001, 227_000, 227_001, 274_000]
    assert.deepEqual(
      dollars.map((microUsd) => levelOfCost(ladder, from, microUsd)),
      [0, 0, 1, 1, 2, 2],
    )
  }
  assert.equal(costOfLotsMicroUsd(ladder, 0, 30), 135_000)
  assert.equal(costOfLotsMicroUsd(ladder, 2, 51), 231_700)
})
