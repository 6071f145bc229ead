import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { Fronts } from '@tandem/colo/feed/fronts.ts'
import { Cause } from '@tandem/colo/feed/intake.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { type Lots, NS_PER_MS, type Ns, PRICE_NONE, type Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'

const { Empty, Live, Unsettled, Suspect, Stale, Closed } = BookState
const BID = 4_500 as Price
const CENT = 100 as Price
const MS = 1_790_000_000_000

/** Two copies of one book, and the stream that both hear: message n leaves n lots at the bid. */
class Twins {
  readonly books = [new Book(CENT)]
  readonly copies = [[...this.books], [new Book(CENT)]]
  readonly moves: [from: BookState, to: BookState][] = []
  readonly ticks: number[] = []
  readonly fronts = new Fronts(
    KALSHI,
    this.books,
    this.copies,
    undefined,
    {
      bookMoved: (_venue, _book, from, to) => this.moves.push([from, to]),
      tickTold: (_venue, _book, tick) => this.ticks.push(tick),
    },
    0,
  )
  /** How much of the stream is in each copy's book. */
  readonly position = [0, 0]
  nowNs = 0 as Ns
  readonly #stampOf: (message: number) => number

  constructor(stampOf: (message: number) => number = (message) => MS + message) {
    this.#stampOf = stampOf
  }

  get front(): Book {
    return this.books[0]
  }

  /** The copy hears the stream's next message. @returns whether it concerns whoever reads the front */
  hear(copy: number): boolean {
    const message = ++this.position[copy]
    this.#apply(copy, Cause.Change, (book) => {
      book.bids.set(BID, message as Lots)
      book.delta(this.#stampOf(message), this.nowNs, 0)
    })
    return this.fronts.heard(copy, 0, this.nowNs)
  }

  /** It takes the stream's first `message` messages at once. */
  snapshot(copy: number, message: number, venueMs = this.#stampOf(message)): boolean {
    this.position[copy] = message
    this.#apply(copy, Cause.Snapshot, (book) => {
      book.beginSnapshot(CENT, venueMs)
      book.bids.set(BID, message as Lots)
      book.endSnapshot(this.nowNs)
    })
    return this.fronts.heard(copy, 0, this.nowNs)
  }

  become(copy: number, state: BookState): void {
    this.#apply(copy, Cause.Connection, (book) => {
      book.state = state
    })
  }

  after(ms: number): void {
    this.nowNs = (this.nowNs + ms * NS_PER_MS) as Ns
  }

  #apply(copy: number, cause: Cause, change: (book: Book) => void): void {
    const book = this.copies[copy][0]
    const before = book.state
    change(book)
    if (book.state !== before)
      this.fronts.listenerOf(copy).bookMoved(KALSHI, 0, before, book.state, cause, this.nowNs)
  }
}

function twins(): Twins {
  const both = new Twins()
  both.snapshot(0, 10)
  both.snapshot(1, 10)
  return both
}

describe('the copy in front', () => {
  test('whatever the order and whoever freezes, is the one that heard more; what it told already concerns nobody', () => {
    const stamps = fc.array(fc.nat(2), { minLength: 60, maxLength: 60 })
    fc.assert(
      fc.property(stamps, fc.array(fc.nat(1), { maxLength: 60 }), (gaps, heard) => {
        // Several messages of one millisecond are usual: an order that takes three levels.
        const at = gaps.map((_, message) => MS + gaps.slice(0, message).reduce((sum, gap) => sum + gap, 0))
        const both = new Twins((message) => at[message])
        for (const copy of [0, 1]) both.snapshot(copy, 0)
        for (const copy of heard) {
          const most = Math.max(...both.position)
          const concerns = both.hear(copy)
          assert.equal(both.front.bids.lots[45], Math.max(...both.position))
          assert.equal(concerns, both.position[copy] > most)
        }
      }),
    )
  })

  test('through losses and snapshots, is LIVE when a copy is that knows all that was heard, and never older than it', () => {
    const event = fc.record({
      copy: fc.nat(1),
      what: fc.constantFrom('hear', 'hear', 'hear', 'lose', 'heal'),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const both = twins()
        for (const { copy, what } of events) {
          const book = both.copies[copy][0]
          if (what === 'lose') both.become(copy, Suspect)
          else if (what === 'heal' && book.state === Suspect) both.snapshot(copy, Math.max(...both.position))
          else if (what === 'hear' && book.state === Live) both.hear(copy)
          const knows = (at: number) =>
            both.copies[at][0].state === Live && both.position[at] === Math.max(...both.position)
          assert.equal(both.front.state === Live, knows(0) || knows(1))
          if (both.front.state === Live) assert.equal(both.front.bids.lots[45], Math.max(...both.position))
        }
      }),
    )
  })

  test('a loss of one moves nobody, and of both is told once', () => {
    const both = twins()
    both.moves.length = 0
    both.become(0, Suspect)
    assert.equal(both.front, both.copies[1][0])
    assert.deepEqual([both.moves, both.fronts.outages.count], [[], 1])
    both.become(1, Suspect)
    both.after(40)
    both.snapshot(0, 10)
    assert.deepEqual(both.moves, [
      [Live, Suspect],
      [Suspect, Live],
    ])
    assert.deepEqual(both.fronts.outages, { count: 2, lastNs: 40 * NS_PER_MS, worstNs: 40 * NS_PER_MS })
  })

  for (const doubt of [Unsettled, Stale] as const)
    test(`in doubt (${doubt}) by news that the LIVE one lacks, is not traded on until that has it`, () => {
      const both = twins()
      both.copies[0][0].asks.set(BID, 5 as Lots)
      both.hear(0)
      both.become(0, doubt)
      assert.equal(both.front, both.copies[0][0])
      both.hear(1)
      assert.equal(both.front, both.copies[1][0])
      assert.equal(both.front.state, Live)
    })

  test('lost with news that the other lacks, gives way when no message can be on its way any more', () => {
    const both = twins()
    both.hear(0)
    both.become(0, Suspect)
    assert.equal(both.front.state, Suspect)
    both.after(1_500)
    both.fronts.tick(both.nowNs)
    assert.equal(both.front.state, Suspect)
    both.after(1)
    both.fronts.tick(both.nowNs)
    assert.equal(both.front, both.copies[1][0])
  })

  test('gives way at once to one that shows the same, though its snapshot has no time', () => {
    for (const levels of [11, 10]) {
      const both = twins()
      both.become(1, Suspect)
      both.hear(0)
      both.snapshot(1, levels, 0)
      both.become(0, Suspect)
      assert.equal(both.front.state === Live, levels === 11)
    }
  })

  test('is Closed as soon as one copy says so, and open again when that one hears so', () => {
    for (const first of [0, 1]) {
      const both = twins()
      both.become(first, Closed)
      both.hear(1 - first)
      assert.equal(both.front.state, Closed)
      both.become(1 - first, Closed)
      both.become(1 - first, Suspect)
      both.snapshot(1 - first, 20)
      assert.equal(both.front.state, Closed)
      both.become(first, Suspect)
      assert.equal(both.front.state, Live)
    }
  })

  test('hears a tick of the copy behind only when it is no older word', () => {
    const both = twins()
    const { fronts, ticks } = both
    const [one, other] = [fronts.listenerOf(0), fronts.listenerOf(1)]
    one.tickTold(POLYMARKET, 0, 100 as Price, MS)
    one.tickTold(POLYMARKET, 0, 10 as Price, MS + 5)
    other.tickTold(POLYMARKET, 0, 100 as Price, MS)
    other.tickTold(POLYMARKET, 0, 10 as Price, MS + 5)
    // That a structure changed has no time, and always counts.
    other.tickTold(POLYMARKET, 0, PRICE_NONE, -1)
    assert.deepEqual(ticks, [100, 10, 10, PRICE_NONE])
    // A snapshot that heals is of now, though its book has not changed since long ago.
    both.become(1, Suspect)
    other.tickTold(POLYMARKET, 0, 100 as Price, MS)
    assert.equal(ticks.at(-1), 100)
  })
})

describe('who was first, and by how much', () => {
  test('is timed from a message to the same one on the other copy', () => {
    const both = twins()
    const taken = both.fronts.health().map((copy) => copy.taken)
    both.hear(1)
    both.after(3)
    both.hear(1)
    both.hear(0)
    both.hear(0)
    both.after(8)
    both.hear(0)
    both.after(1)
    both.hear(1)
    const [one, other] = both.fronts.health()
    assert.deepEqual([one.firsts, one.leadUs.max], [1, 1_000])
    assert.deepEqual([other.firsts, other.leadUs.max, other.leadUs.p50], [1, 3_000, 3_000])
    assert.deepEqual([one.taken - taken[0], other.taken - taken[1]], [1, 1])
  })

  test('is not timed over a loss', () => {
    const both = twins()
    both.hear(0)
    both.become(1, Suspect)
    both.after(5_000)
    both.snapshot(1, 11)
    assert.deepEqual(
      both.fronts.health().map(({ firsts }) => firsts),
      [0, 0],
    )
    assert.notEqual(both.front.state, Empty)
  })
})
