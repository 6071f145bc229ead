import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copiesWithin, shardsOf, TICKERS_PER_SOCKET, TOKENS_PER_SOCKET } from '@tandem/colo/feed/shards.ts'
import fc from 'fast-check'

test('every book is on one socket, no socket carries too many ids, and none could be spared', () => {
  fc.assert(
    fc.property(
      fc.nat(2_000),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 4, max: 200 }),
      (books, width, max) => {
        const shards = shardsOf(books, width, max)
        const seen = shards.books.flatMap((carried) => [...carried])
        assert.deepEqual(
          seen,
          Array.from({ length: books }, (_, book) => book),
        )
        shards.books.forEach((carried, socket) => {
          assert.ok(carried.length > 0 && carried.length * width <= max)
          for (const book of carried) assert.equal(shards.socketOf[book], socket)
        })
        assert.equal(shards.sockets, shards.books.length)
        assert.ok((shards.sockets - 1) * Math.floor(max / width) < Math.max(books, 1))
        const sizes = shards.books.map(({ length }) => length)
        if (sizes.length > 0) assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
      },
    ),
  )
})

test('500 markets take five sockets of both tokens, and ten of tickers', () => {
  assert.equal(shardsOf(500, 2, TOKENS_PER_SOCKET).sockets, 5)
  assert.equal(shardsOf(500, 1, TICKERS_PER_SOCKET).sockets, 10)
})

test('two copies of the feeds are one where Kalshi has no connections for both and the private channel', () => {
  assert.deepEqual(
    [0, 50, 4_950, 4_951, 5_000].map((tickers) => copiesWithin(tickers, 2)),
    [2, 2, 2, 1, 1],
  )
  assert.equal(copiesWithin(5_000, 1), 1)
})
