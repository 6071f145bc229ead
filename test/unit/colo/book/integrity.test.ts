import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import {
  afterCatchUp,
  afterClock,
  afterDelta,
  afterDoubt,
  afterKalshiStall,
  afterLevel,
  afterLoss,
  afterPause,
  afterSnapshot,
  afterTop,
  BookState,
  DOUBT_PAUSE,
  isGhostTop,
  LAG_MS_MAX,
  madeAfterPause,
  PAUSE_NS_MAX,
  SETTLE_NS,
} from '@tandem/colo/book/integrity.ts'
import { LadderOutcome } from '@tandem/colo/book/ladder.ts'
import { type Lots, PRICE_NONE, type Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'

const { Empty, Live, Unsettled, Suspect, Stale, Closed } = BookState
const states: BookState[] = [Empty, Live, Unsettled, Suspect, Stale, Closed]
const LATE = LAG_MS_MAX + 1
const T = 1_790_000_000_000

/** `rule` answers `wanted[i]` for the i-th of the six states, in the order of BookState. */
function table(rule: (state: BookState) => BookState, ...wanted: BookState[]): void {
  assert.deepEqual(states.map(rule), wanted)
}

// The sentences are those of the design, section 4, step 3.

describe('Polymarket: after each message our top must equal its best_bid and best_ask', () => {
  test('equal: live again on agreement, but a loss, a close or an empty book is not healed by it', () => {
    table((s) => afterTop(s, true, T, T, 0), Empty, Live, Live, Suspect, Live, Closed)
  })
  test('not equal, or crossed: unsettled at once', () => {
    table((s) => afterTop(s, false, T, T, 0), Empty, Unsettled, Unsettled, Suspect, Unsettled, Closed)
  })
  test('suspect if a message with a later timestamp still disagrees', () => {
    table((s) => afterTop(s, false, T + 1, T, 0), Empty, Unsettled, Suspect, Suspect, Unsettled, Closed)
  })
  test('an earlier timestamp is no verdict', () => {
    assert.equal(afterTop(Unsettled, false, T - 1, T, 0), Unsettled)
  })
  test('or after 250 ms', () => {
    table((s) => afterDoubt(s, T, 0, SETTLE_NS), Empty, Live, Suspect, Suspect, Stale, Closed)
    table((s) => afterDoubt(s, T, 0, SETTLE_NS - 1), ...states)
  })
  test('then a fresh snapshot, which is live with no claim, and unsettled when crossed', () => {
    table((s) => afterSnapshot(s, false), Live, Live, Live, Suspect, Live, Closed)
    table((s) => afterSnapshot(s, true), Unsettled, Unsettled, Unsettled, Suspect, Unsettled, Closed)
  })
  test('venue timestamps lagging more than 1.5 s: stale, until they are timely again', () => {
    table((s) => afterTop(s, true, T, T, LATE), Empty, Stale, Stale, Suspect, Stale, Closed)
    table((s) => afterTop(s, true, T, T, LAG_MS_MAX), Empty, Live, Live, Suspect, Live, Closed)
    assert.equal(LAG_MS_MAX, 1500)
  })
  test('lag does not hide a disagreement', () => {
    assert.equal(afterTop(Live, false, T, T, LATE), Unsettled)
  })
  test('a stalled socket is a loss, since nothing could show later that nothing was missed', () => {
    table((s) => afterLoss(s), Empty, Suspect, Suspect, Suspect, Suspect, Closed)
  })
  test('a REST book of 0.01/0.99 alone is distrusted', () => {
    assert.equal(isGhostTop(100, 9900), true)
    for (const [bid, ask] of [
      [100, 9800],
      [200, 9900],
      [PRICE_NONE, 9900],
      [100, PRICE_NONE],
      [10, 9990],
    ] as const)
      assert.equal(isGhostTop(bid, ask), false)
  })
})

describe('Kalshi: the sequence is the proof', () => {
  test('a delta in sequence keeps a book live, and makes it timely again', () => {
    table((s) => afterDelta(s, false, T, 0), Empty, Live, Live, Suspect, Live, Closed)
  })
  test('a gap makes every book of that sid suspect', () => {
    table((s) => afterLoss(s), Empty, Suspect, Suspect, Suspect, Suspect, Closed)
  })
  test('a delta that goes below zero, or is off the tick, makes its book suspect', () => {
    for (const outcome of [LadderOutcome.Negative, LadderOutcome.OffTick])
      table((s) => afterLevel(s, outcome), Suspect, Suspect, Suspect, Suspect, Suspect, Closed)
    for (const outcome of [LadderOutcome.Ok, LadderOutcome.Saturated])
      table((s) => afterLevel(s, outcome), ...states)
  })
  test('a crossed book is not believed', () => {
    table((s) => afterDelta(s, true, T, 0), Empty, Unsettled, Unsettled, Suspect, Unsettled, Closed)
  })
  test('late deltas make it stale', () => {
    table((s) => afterDelta(s, false, T, LATE), Empty, Stale, Stale, Suspect, Stale, Closed)
  })
  test('a stalled socket makes it stale, not suspect: the sequence will tell', () => {
    table((s) => afterKalshiStall(s), Empty, Stale, Stale, Suspect, Stale, Closed)
    assert.equal(afterDelta(Stale, false, T, 0), Live)
  })
  test('closed by our clock at close time: the venue sends nothing', () => {
    table((s) => afterClock(s, T, T), Closed, Closed, Closed, Closed, Closed, Closed)
    table((s) => afterClock(s, T - 1, T), Empty, Live, Unsettled, Suspect, Stale, Suspect)
    assert.equal(afterClock(Live, T, Number.NEGATIVE_INFINITY), Closed, 'a decided market')
  })
})

describe('a pause of the loop over 50 ms makes books unsettled', () => {
  test('those that are live, and only those', () => {
    table((s) => afterPause(s, PAUSE_NS_MAX + 1), Empty, Unsettled, Unsettled, Suspect, Stale, Closed)
    table((s) => afterPause(s, PAUSE_NS_MAX), ...states)
    assert.equal(PAUSE_NS_MAX, 50_000_000)
  })
  test('which no delta in sequence ends', () => {
    assert.equal(afterDelta(Unsettled, false, DOUBT_PAUSE, 0), Unsettled)
  })
  test('and no time turns into a loss', () => {
    assert.equal(afterDoubt(Unsettled, DOUBT_PAUSE, 0, 100 * SETTLE_NS), Unsettled)
  })
  test('but a message made after it does, for every book of the socket', () => {
    table((s) => afterCatchUp(s, false, DOUBT_PAUSE), Empty, Live, Live, Suspect, Stale, Closed)
    assert.equal(afterCatchUp(Unsettled, true, DOUBT_PAUSE), Unsettled, 'not a crossed one')
    assert.equal(afterCatchUp(Unsettled, false, T), Unsettled, 'not one in doubt for another reason')
  })
  test('a message was made after it if the venue stamped it later or it answers what we sent later', () => {
    assert.equal(madeAfterPause(T, T, false), true)
    assert.equal(madeAfterPause(T - 1, T, false), false)
    assert.equal(madeAfterPause(0, T, true), true)
  })
})

// Everything that can happen to a book, in any order, through Book itself.
type Event =
  | { kind: 'snapshot'; bid: number; ask: number; offTick: boolean }
  | { kind: 'claim'; bid: number; ask: number; agree: boolean; later: number; lag: number }
  | { kind: 'delta'; bid: number; ask: number; later: number; lag: number }
  | { kind: 'doubt'; waitNs: number }
  | { kind: 'pause' }
  | { kind: 'catchUp' }
  | { kind: 'loss' }
  | { kind: 'stall' }

const cents = fc.integer({ min: 45, max: 50 }).map((cent) => cent * 100)
const later = fc.integer({ min: 0, max: 2 })
const lag = fc.constantFrom(0, 0, LATE)
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('snapshot' as const), bid: cents, ask: cents, offTick: fc.boolean() }),
  fc.record({ kind: fc.constant('claim' as const), bid: cents, ask: cents, agree: fc.boolean(), later, lag }),
  fc.record({ kind: fc.constant('delta' as const), bid: cents, ask: cents, later, lag }),
  fc.record({ kind: fc.constant('doubt' as const), waitNs: fc.constantFrom(1, SETTLE_NS) }),
  fc.record({
    kind: fc.constantFrom('pause' as const, 'catchUp' as const, 'loss' as const, 'stall' as const),
  }),
)

/** Runs events through a book; `seen` is told each with the state before it and the top that the venue claimed last. */
function run(
  events: Event[],
  seen: (book: Book, event: Event, before: BookState, disagrees: boolean) => void,
): void {
  const book = new Book(100 as Price)
  let nowNs = 0
  let venueMs = T
  let disagrees = false
  const quote = (bid: number, ask: number) => {
    book.bids.clear()
    book.asks.clear()
    book.bids.set(bid as Price, 10 as Lots)
    book.asks.set(ask as Price, 10 as Lots)
  }
  for (const event of events) {
    const before = book.state
    nowNs += 1000
    if (event.kind === 'snapshot') {
      book.beginSnapshot(PRICE_NONE, venueMs)
      quote(event.bid, event.ask)
      if (event.offTick) book.state = afterLevel(book.state, book.bids.set(4501 as Price, 1 as Lots))
      book.endSnapshot(nowNs)
      disagrees = false
    } else if (event.kind === 'claim') {
      quote(event.bid, event.ask)
      venueMs += event.later
      const bid = (event.agree ? event.bid : event.bid - 100) as Price
      book.claim(bid, event.ask as Price, venueMs, nowNs, event.lag)
      disagrees = !event.agree
    } else if (event.kind === 'delta') {
      quote(event.bid, event.ask)
      venueMs += event.later
      book.delta(venueMs, nowNs, event.lag)
      disagrees = false
    } else if (event.kind === 'doubt') {
      nowNs += event.waitNs
      book.state = afterDoubt(book.state, book.doubtMs, book.doubtNs, nowNs)
    } else if (event.kind === 'pause') {
      book.pause(PAUSE_NS_MAX + 1, nowNs)
    } else if (event.kind === 'catchUp') {
      book.state = afterCatchUp(book.state, book.crossed(), book.doubtMs)
    } else if (event.kind === 'loss') {
      book.state = afterLoss(book.state)
    } else {
      book.state = afterKalshiStall(book.state)
    }
    seen(book, event, before, disagrees)
  }
}

function holds(seen: Parameters<typeof run>[1]): void {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => run(events, seen)),
    { numRuns: 3000, seed: 20261122 },
  )
}

describe('whatever happens, in any order', () => {
  test('a book is never live while crossed or while its top disagrees with the venue', () => {
    holds((book, _event, _before, disagrees) => {
      if (book.state === Live) assert.equal(book.crossed() || disagrees, false)
    })
  })
  test('a suspect book stays suspect until a snapshot', () => {
    holds((book, event, before) => {
      if (before === Suspect && event.kind !== 'snapshot') assert.equal(book.state, Suspect)
    })
  })
  test('a snapshot of which a level was refused leaves its book suspect', () => {
    holds((book, event) => {
      if (event.kind === 'snapshot' && event.offTick) assert.equal(book.state, Suspect)
    })
  })
  test('an empty book becomes nothing but by a snapshot', () => {
    holds((book, event, before) => {
      if (before === Empty && event.kind !== 'snapshot') assert.equal(book.state, Empty)
    })
  })
  test('a doubt about the venue is over after 250 ms, one way or the other', () => {
    holds((book, event) => {
      if (event.kind === 'doubt' && event.waitNs >= SETTLE_NS && book.state === Unsettled)
        assert.equal(book.doubtMs, DOUBT_PAUSE)
    })
  })
})
