import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import { Tops } from '@tandem/colo/detector/tops.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'

test('a top moves when either best price does, and by nothing else', () => {
  const tops = new Tops(2)
  const book = new Book(100 as Price)
  const noted = (change: () => void): boolean => {
    change()
    return tops.note(1, book)
  }
  assert.ok(noted(() => {}))
  assert.ok(!noted(() => {}))
  assert.ok(noted(() => book.bids.set(4_500 as Price, 10 as Lots)))
  assert.ok(!noted(() => book.bids.set(4_500 as Price, 90 as Lots)))
  assert.ok(!noted(() => book.bids.set(4_400 as Price, 90 as Lots)))
  assert.ok(noted(() => book.asks.set(4_700 as Price, 10 as Lots)))
  assert.ok(noted(() => book.bids.set(4_500 as Price, 0 as Lots)))
  assert.ok(tops.note(0, book))
})
