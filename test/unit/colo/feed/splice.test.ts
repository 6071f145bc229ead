import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { SimulatedClock } from '@tandem/colo/clock.ts'
import { Intake } from '@tandem/colo/feed/intake.ts'
import { TakenBook } from '@tandem/colo/feed/rest-book.ts'
import { TokenKind } from '@tandem/colo/token.ts'
import { POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { type Lots, PRICE_NONE, type Price, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import fc from 'fast-check'

const CENT = 100 as Price
const WALL_MS = 1_000_000

interface Message {
  readonly side: Side
  readonly price: number
  readonly lots: number
  readonly ms: number
}

/** One market: what its venue did, in order, and its book after any part of it. */
class Market {
  readonly messages: readonly Message[]
  constructor(messages: readonly Message[]) {
    this.messages = messages
  }

  /** After the first `count` messages. */
  levels(count: number): [Map<number, number>, Map<number, number>] {
    const sides: [Map<number, number>, Map<number, number>] = [
      new Map([[1_000, 100]]),
      new Map([[9_000, 100]]),
    ]
    for (const { side, price, lots } of this.messages.slice(0, count))
      if (lots === 0) sides[side].delete(price)
      else sides[side].set(price, lots)
    return sides
  }

  top(count: number): [bid: Price, ask: Price] {
    const [bids, asks] = this.levels(count)
    return [
      (bids.size === 0 ? PRICE_NONE : Math.max(...bids.keys())) as Price,
      (asks.size === 0 ? PRICE_NONE : Math.min(...asks.keys())) as Price,
    ]
  }

  rest(count: number, ms: number): TakenBook {
    const rest = new TakenBook(0, PRICE_NONE, ms)
    this.levels(count).forEach((levels, side) => {
      for (const [price, lots] of levels) rest.add(side as Side, price as Price, lots as Lots)
    })
    return rest
  }
}

function scene() {
  const clock = new SimulatedClock(WALL_MS)
  const intake = new Intake(
    POLYMARKET,
    [new Book(CENT)],
    Float64Array.of(Number.POSITIVE_INFINITY),
    clock,
    { doubt: TokenKind.PolymarketDoubt, close: TokenKind.PolymarketClose },
    { bookMoved() {}, tickTold() {} },
  )
  const say = ({ side, price, lots, ms }: Message, [bid, ask]: [Price, Price]): void => {
    intake.begin(clock.nowNs(), clock.wallMs())
    intake.level(0, side, price as Price, lots as Lots, false)
    intake.top(0, bid, ask, ms)
    intake.end()
  }
  const levels = () =>
    [intake.books[0].bids, intake.books[0].asks].map((ladder) => {
      const found = new Map<number, number>()
      ladder.lots.forEach((lots, slot) => {
        if (lots !== 0) found.set(slot * ladder.unit, lots)
      })
      return found
    })
  const book = intake.books[0]
  return { intake, say, levels, book, isLive: () => book.state === BookState.Live, nowNs: clock.nowNs() }
}

/** Bids below 0.50, asks above, so that no moment is crossed; several may share a millisecond. */
const flow = fc
  .array(
    fc.record({
      side: fc.constantFrom(SIDE_BID, SIDE_ASK),
      cents: fc.integer({ min: 1, max: 8 }),
      lots: fc.nat(3),
      gap: fc.nat(2),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((steps) => {
    let ms = WALL_MS - 1_000
    return new Market(
      steps.map(({ side, cents, lots, gap }) => {
        ms += gap
        const price = side === SIDE_BID ? 5_000 - cents * 100 : 5_000 + cents * 100
        return { side, price, lots: lots * 100, ms }
      }),
    )
  })

describe('a snapshot by REST', () => {
  test('makes the venue’s book, wherever stream and snapshot stand, and is never LIVE as another', () => {
    const places = fc.tuple(fc.nat(1_000), fc.nat(1_000), fc.nat(1_000))
    fc.assert(
      fc.property(flow, places, (market, [a, b, c]) => {
        const count = market.messages.length
        // The stream has told `asked` messages when REST is asked, and `answered` when the answer is there. The answer
        // is of any time after the question, ahead of the stream or behind it.
        const asked = a % (count + 1)
        const answered = asked + (b % (count + 1 - asked))
        const taken = asked + (c % (count + 1 - asked))
        const { intake, say, levels, book, isLive, nowNs } = scene()
        for (let i = 0; i < asked; i++) say(market.messages[i], market.top(i + 1))
        book.state = BookState.Suspect
        intake.awaitRest(0)
        for (let i = asked; i < answered; i++) say(market.messages[i], market.top(i + 1))
        const ms = taken === 0 ? 1 : market.messages[taken - 1].ms
        assert.ok(intake.spliceRest(0, market.rest(taken, ms), nowNs))
        const were = new Set(
          Array.from({ length: count + 1 }, (_, i) =>
            JSON.stringify(market.levels(i).map((side) => [...side].sort())),
          ),
        )
        const isOne = () => were.has(JSON.stringify(levels().map((side) => [...side].sort())))
        // What happened in the snapshot's own millisecond cannot be told from what it holds: of those messages some
        // may be in it already and are applied once more, and the book is whole when the last of them is.
        const isTold = (upTo: number) => upTo === count || market.messages[upTo].ms !== ms
        if (isLive() && isTold(answered)) assert.ok(isOne())
        for (let i = answered; i < count; i++) {
          say(market.messages[i], market.top(i + 1))
          if (isLive() && isTold(i + 1)) assert.ok(isOne())
        }
        if (answered < count && ms <= market.messages[count - 1].ms) assert.ok(isLive())
        assert.deepEqual(
          levels().map((side) => [...side].sort()),
          market.levels(Math.max(count, taken)).map((side) => [...side].sort()),
        )
      }),
      { seed: 11, numRuns: 1_500 },
    )
  })

  test('is of no use when the socket has brought one of its own', () => {
    const market = new Market([{ side: SIDE_BID, price: 4_700, lots: 100, ms: WALL_MS }])
    const { intake, book, nowNs } = scene()
    intake.awaitRest(0)
    intake.begin(nowNs, WALL_MS)
    intake.snapshot(0, PRICE_NONE, WALL_MS)
    intake.level(0, SIDE_BID, 4_600 as Price, 100 as Lots, false)
    intake.snapshotEnd(0, -1)
    intake.end()
    assert.equal(intake.spliceRest(0, market.rest(1, WALL_MS + 5), nowNs), false)
    assert.equal(book.bids.bestPrice(), 4_600)
  })

  test('that is older than the venue’s last word on the top, and shows another, is not LIVE', () => {
    const market = new Market([
      { side: SIDE_BID, price: 4_700, lots: 100, ms: WALL_MS - 20 },
      { side: SIDE_BID, price: 4_800, lots: 100, ms: WALL_MS - 10 },
    ])
    const { intake, say, book, nowNs } = scene()
    for (const [i, message] of market.messages.entries()) say(message, market.top(i + 1))
    book.state = BookState.Suspect
    intake.awaitRest(0)
    intake.spliceRest(0, market.rest(1, WALL_MS - 20), nowNs)
    assert.equal(book.state, BookState.Unsettled)
  })

  test('keeps no level back that came without a time', () => {
    const { intake, book, nowNs } = scene()
    book.state = BookState.Suspect
    intake.awaitRest(0)
    intake.spliceRest(0, new Market([]).rest(0, WALL_MS), nowNs)
    intake.begin(nowNs, WALL_MS)
    intake.level(0, SIDE_BID, 4_600 as Price, 100 as Lots, false)
    intake.end()
    assert.equal(book.bids.bestPrice(), 4_600)
  })
})
