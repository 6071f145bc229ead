import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BundleIndex } from '@tandem/colo/detector/bundle-index.ts'
import { KALSHI, POLYMARKET, type Venue } from '@tandem/colo/venue/venue.ts'
import { bundle } from './market.ts'

const bundles = [bundle({ books: [0, 2] }), bundle({ books: [1, 0] }), bundle({ books: [0, 0] })]

function of(index: BundleIndex, venue: Venue, book: number): number[] {
  return [...index.bundles.subarray(index.start(venue, book), index.end(venue, book))]
}

test('a book leads to every bundle it is part of, and to no other', () => {
  const index = new BundleIndex(bundles, [2, 4])
  assert.deepEqual(of(index, POLYMARKET, 0), [0, 2])
  assert.deepEqual(of(index, POLYMARKET, 1), [1])
  assert.deepEqual(of(index, KALSHI, 0), [1, 2])
  assert.deepEqual(of(index, KALSHI, 1), [])
  assert.deepEqual(of(index, KALSHI, 2), [0])
  assert.deepEqual(of(index, KALSHI, 3), [])
})

test('a bundle of a book that its venue does not have is a mistake of ours', () => {
  assert.throws(() => new BundleIndex(bundles, [2, 2]), /BUNDLE_BOOK_IS_KNOWN/)
})
