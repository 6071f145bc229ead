import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import { BookState, DOUBT_PAUSE } from '@tandem/colo/book/integrity.ts'
import { LadderOutcome } from '@tandem/colo/book/ladder.ts'
import { MS_NONE } from '@tandem/colo/venue/sink.ts'
import { type Lots, PRICE_NONE, type Price } from '@tandem/shared/units.ts'

const price = (value: number) => value as Price
const lots = (value: number) => value as Lots
const NO_TICK = PRICE_NONE
const NO_LAG = 0
const PAUSE_NS = 60_000_000

/** A cent book with one bid at 0.47 and one ask at 0.49, snapshot taken at venue time 1000. */
function quoted(bid = 4700, ask = 4900): Book {
  const book = new Book(price(100))
  book.beginSnapshot(NO_TICK, 1000)
  book.bids.set(price(bid), lots(50))
  book.asks.set(price(ask), lots(70))
  book.endSnapshot(0)
  return book
}

function claim(book: Book, bid: number, ask: number, venueMs: number): BookState {
  book.claim(price(bid), price(ask), venueMs, 0, NO_LAG)
  return book.state
}

describe('a book', () => {
  test('is empty, quotes nothing and is not crossed at first', () => {
    const book = new Book(price(100))
    assert.equal(book.state, BookState.Empty)
    assert.equal(book.bids.bestPrice(), PRICE_NONE)
    assert.equal(book.asks.bestPrice(), PRICE_NONE)
    assert.equal(book.crossed(), false)
  })

  test('is live after a snapshot, with no claim needed', () => {
    const book = quoted()
    assert.equal(book.state, BookState.Live)
    assert.equal(book.bids.bestPrice(), 4700)
    assert.equal(book.asks.bestPrice(), 4900)
    assert.equal(book.venueMs, 1000)
  })

  test('keeps its time when a snapshot of Kalshi has none', () => {
    const book = quoted()
    book.beginSnapshot(NO_TICK, MS_NONE)
    assert.equal(book.venueMs, 1000)
  })

  test('is not tradable while a snapshot is being applied', () => {
    const book = quoted()
    book.beginSnapshot(NO_TICK, 2000)
    assert.equal(book.state, BookState.Empty)
    assert.equal(book.bids.bestPrice(), PRICE_NONE)
  })

  test('counts an epoch a snapshot and none for a message', () => {
    const book = quoted()
    const epoch = book.epoch
    claim(book, 4700, 4900, 1001)
    assert.equal(book.epoch, epoch)
    book.beginSnapshot(NO_TICK, 2000)
    assert.equal(book.epoch, epoch + 1)
  })

  test('is crossed when the bid reaches the ask, and one side alone never is', () => {
    assert.equal(quoted(4800, 4900).crossed(), false)
    assert.equal(quoted(4900, 4900).crossed(), true)
    assert.equal(quoted(5000, 4900).crossed(), true)
    const oneSided = quoted()
    oneSided.asks.clear()
    assert.equal(oneSided.crossed(), false)
  })

  test('agrees about an empty side only when both say it is empty', () => {
    const book = quoted()
    book.asks.set(price(4900), lots(0))
    assert.equal(claim(book, 4700, PRICE_NONE, 1001), BookState.Live)
    assert.equal(claim(book, PRICE_NONE, PRICE_NONE, 1002), BookState.Unsettled)
  })

  test('settles when tops that ran ahead in a burst are reached, and is suspect when a later message differs', () => {
    const book = quoted()
    // Three messages of one millisecond: the claims already show the bid at 0.48 that comes last.
    assert.equal(claim(book, 4800, 4900, 2000), BookState.Unsettled)
    assert.equal(claim(book, 4800, 4900, 2000), BookState.Unsettled)
    book.bids.set(price(4800), lots(5))
    assert.equal(claim(book, 4800, 4900, 2000), BookState.Live)
    assert.equal(claim(book, 4600, 4900, 3000), BookState.Unsettled)
    assert.equal(claim(book, 4600, 4900, 3001), BookState.Suspect)
    assert.equal(claim(book, 4800, 4900, 3002), BookState.Suspect, 'agreement does not heal a loss')
  })

  test('keeps the time of the first message that disagreed', () => {
    const book = quoted()
    book.claim(price(4600), price(4900), 2000, 10, NO_LAG)
    book.claim(price(4600), price(4900), 2000, 20, NO_LAG)
    assert.equal(book.doubtMs, 2000)
    assert.equal(book.doubtNs, 10)
  })

  test('takes a disagreement in place of the doubt that our own pause had raised', () => {
    const book = quoted()
    book.pause(PAUSE_NS, 5)
    assert.equal(book.state, BookState.Unsettled)
    assert.equal(book.doubtMs, DOUBT_PAUSE)
    assert.equal(claim(book, 4600, 4900, 2000), BookState.Unsettled)
    assert.equal(book.doubtMs, 2000)
    assert.equal(claim(book, 4600, 4900, 2001), BookState.Suspect)
  })

  test('keeps a disagreement as the doubt when our loop pauses after it', () => {
    const book = quoted()
    claim(book, 4600, 4900, 2000)
    book.pause(PAUSE_NS, 5)
    assert.equal(book.doubtMs, 2000)
  })

  test('of Kalshi stays unsettled after a pause, however many deltas follow in sequence', () => {
    const book = quoted()
    book.pause(PAUSE_NS, 5)
    book.delta(2000, 6, NO_LAG)
    book.delta(2001, 7, NO_LAG)
    assert.equal(book.state, BookState.Unsettled)
    assert.equal(book.doubtMs, DOUBT_PAUSE)
  })

  test('of Kalshi that a delta crossed is live again when the next uncrosses it', () => {
    const book = quoted()
    book.bids.add(price(4900), lots(10))
    book.delta(2000, 6, NO_LAG)
    assert.equal(book.state, BookState.Unsettled)
    assert.equal(book.doubtMs, 2000)
    book.asks.add(price(4900), lots(-70))
    book.delta(2000, 7, NO_LAG)
    assert.equal(book.state, BookState.Live)
  })
})

describe("a book's tick", () => {
  test('from 0.01 to 0.001 keeps every level and makes room between them', () => {
    const book = quoted()
    assert.equal(book.bids.set(price(4710), lots(5)), LadderOutcome.OffTick)
    assert.equal(book.retick(price(10)), true)
    assert.equal(book.unit, 10)
    assert.equal(book.bids.bestPrice(), 4700)
    assert.equal(book.asks.bestPrice(), 4900)
    assert.equal(book.bids.lots[470], 50)
    assert.equal(book.bids.set(price(4710), lots(5)), LadderOutcome.Ok)
    assert.equal(book.bids.bestPrice(), 4710)
  })

  test('back to 0.01 keeps the levels between the cents, which still rest', () => {
    const book = quoted()
    book.retick(price(10))
    book.bids.set(price(4710), lots(5))
    assert.equal(book.retick(price(100)), false)
    assert.equal(book.bids.bestPrice(), 4710)
  })

  test('of 0.0025 and then 0.001 makes slots for both', () => {
    const book = new Book(price(25))
    book.asks.set(price(4825), lots(1))
    assert.equal(book.retick(price(10)), true)
    assert.equal(book.unit, 5)
    book.asks.set(price(4810), lots(2))
    assert.equal(book.asks.bestPrice(), 4810)
    assert.equal(book.asks.worse(book.asks.best) * book.unit, 4825)
  })

  test('that is not told, or is no tick, changes nothing', () => {
    const book = quoted()
    for (const tick of [PRICE_NONE, 0, -100, Number.NaN]) assert.equal(book.retick(price(tick)), false)
    assert.equal(book.unit, 100)
  })

  test('told by a snapshot holds for its levels, and an empty side stays empty', () => {
    const book = quoted()
    book.beginSnapshot(price(10), 2000)
    assert.equal(book.bids.set(price(1), lots(1)), LadderOutcome.OffTick)
    assert.equal(book.bids.set(price(9990), lots(1)), LadderOutcome.Ok)
    book.endSnapshot(0)
    assert.equal(book.bids.bestPrice(), 9990)
    assert.equal(book.asks.bestPrice(), PRICE_NONE)
  })
})
