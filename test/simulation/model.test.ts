import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'
import { Naked } from './naked.ts'
import { Scheduler } from './scheduler.ts'
import { Tops } from './tops.ts'

describe('what is naked', () => {
  test('is what the other outcome does not cover, at what it cost', () => {
    const naked = new Naked()
    naked.buy(0, 10_000_000, 4_000_000)
    assert.deepEqual([naked.microShares, naked.costMicroUsd], [10_000_000, 4_000_000])
    naked.buy(1, 4_000_000, 2_000_000)
    assert.deepEqual([naked.microShares, naked.costMicroUsd], [6_000_000, 2_400_000])
    // Beyond what was open: the rest stands open on the other side.
    naked.buy(1, 8_000_000, 4_800_000)
    assert.deepEqual([naked.microShares, naked.costMicroUsd], [-2_000_000, 1_200_000])
    naked.buy(1, 1_000_000, 600_000)
    assert.deepEqual([naked.microShares, naked.costMicroUsd], [-3_000_000, 1_800_000])
  })

  test('comes back when a side that was covered is lost', () => {
    const naked = new Naked()
    naked.buy(0, 10_000_000, 4_000_000)
    naked.buy(1, 10_000_000, 5_500_000)
    assert.deepEqual([naked.microShares, naked.costMicroUsd], [0, 0])
    naked.lose(0, 10_000_000)
    assert.deepEqual([naked.microShares, naked.costMicroUsd], [-10_000_000, 5_500_000])
  })
})

test('things happen by time, and at one moment in the order in which they were asked for', () => {
  const scheduler = new Scheduler()
  const happened: string[] = []
  const ask = (atNs: number, name: string) =>
    scheduler.at(atNs, () => happened.push(`${name}@${scheduler.nowNs}`))
  for (const [at, name] of [
    [30, 'c'],
    [10, 'a'],
    [30, 'd'],
    [20, 'b'],
    [30, 'e'],
  ] as const)
    ask(at, name)
  while (scheduler.nextNs < Number.POSITIVE_INFINITY) {
    scheduler.nowNs = scheduler.nextNs
    scheduler.step()
    // What lies in the past happens now.
    if (happened.length === 2) ask(5, 'late')
  }
  assert.deepEqual(happened, ['a@10', 'b@20', 'late@20', 'c@30', 'd@30', 'e@30'])
})

test('a book shows what its venue had, or not for too long', () => {
  const tops = new Tops()
  const book = new Book(100 as Price)
  book.beginSnapshot(100 as Price, 0)
  book.bids.set(4_000 as Price, 100 as Lots)
  book.endSnapshot(0)
  tops.note(4_000, -1, 0)
  assert.ok(tops.had(book, 1_000), 'it has it still')
  tops.note(4_100, 4_300, 500)
  assert.ok(tops.had(book, 500))
  assert.ok(!tops.had(book, 501))
  tops.note(4_000, -1, 900)
  assert.ok(tops.had(book, 901))
})
