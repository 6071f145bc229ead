import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import { BookState, LAG_MS_MAX, SETTLE_NS } from '@tandem/colo/book/integrity.ts'
import { SimulatedClock } from '@tandem/colo/clock.ts'
import { Cause, Intake } from '@tandem/colo/feed/intake.ts'
import { TokenKind, tokenOf, tokenValue } from '@tandem/colo/token.ts'
import { Control, Lifecycle } from '@tandem/colo/venue/sink.ts'
import { KALSHI, POLYMARKET, type Venue } from '@tandem/colo/venue/venue.ts'
import {
  type Lots,
  NS_PER_MS,
  type Ns,
  PRICE_NONE,
  type Price,
  SIDE_ASK,
  SIDE_BID,
} from '@tandem/shared/units.ts'

const CENT = 100 as Price

function scene(venue: Venue, books = 2, closeMs = Number.POSITIVE_INFINITY) {
  const clock = new SimulatedClock(1_000_000)
  const moves: string[] = []
  const ticks: number[] = []
  const stateName = (state: number) => Object.entries(BookState).find(([, value]) => value === state)?.[0]
  const causeName = (cause: number) => Object.entries(Cause).find(([, value]) => value === cause)?.[0]
  const intake = new Intake(
    venue,
    Array.from({ length: books }, () => new Book(CENT)),
    new Float64Array(books).fill(closeMs),
    clock,
    { doubt: TokenKind.PolymarketDoubt, close: TokenKind.PolymarketClose },
    {
      bookMoved: (_venue, book, from, to, cause) =>
        moves.push(`${book} ${stateName(from)}>${stateName(to)} ${causeName(cause)}`),
      tickTold: (_venue, _book, tick) => ticks.push(tick),
    },
  )
  const frame = (say: (sink: Intake) => void): string[] => {
    moves.length = 0
    intake.begin(clock.nowNs(), clock.wallMs())
    say(intake)
    intake.end()
    return [...moves]
  }
  const snapshot = (sink: Intake, book: number, bid = 4700, ask = 4900): void => {
    sink.snapshot(book, PRICE_NONE, clock.wallMs())
    sink.level(book, SIDE_BID, bid as Price, 100 as Lots, false)
    sink.level(book, SIDE_ASK, ask as Price, 100 as Lots, false)
    sink.snapshotEnd(book, -1)
  }
  const change = (sink: Intake, book: number, price: number, lots: number): void =>
    sink.change(book, SIDE_BID, price as Price, lots as Lots, clock.wallMs())
  return { clock, intake, frame, snapshot, change, ticks }
}

test('a snapshot of both tokens in one frame makes its book LIVE, told once', () => {
  const { frame, snapshot } = scene(POLYMARKET)
  const moves = frame((sink) => {
    snapshot(sink, 0)
    snapshot(sink, 0)
  })
  assert.deepEqual(moves, ['0 Empty>Live Snapshot'])
})

test('a gap makes every book of its sid SUSPECT, and a snapshot heals its own', () => {
  const { intake, frame, snapshot, change } = scene(KALSHI, 3)
  frame((sink) => {
    sink.sequence(1, 1)
    snapshot(sink, 0)
  })
  frame((sink) => {
    sink.sequence(1, 2)
    snapshot(sink, 1)
  })
  frame((sink) => {
    sink.sequence(2, 1)
    snapshot(sink, 2)
  })
  const gap = frame((sink) => {
    sink.sequence(1, 4)
    change(sink, 0, 4600, 50)
  })
  assert.deepEqual(gap, ['0 Live>Suspect Gap', '1 Live>Suspect Gap'])
  assert.equal(intake.missing(0), 2)
  const healed = frame((sink) => {
    sink.sequence(1, 5)
    snapshot(sink, 1)
  })
  assert.deepEqual(healed, ['1 Suspect>Live Snapshot'])
  assert.equal(intake.missing(0), 1)
  assert.equal(intake.books[0].state, BookState.Suspect)
  assert.equal(intake.books[2].state, BookState.Live)
  assert.equal(intake.counts.gaps, 1)
})

test('acknowledgements consume numbers too', () => {
  const { frame, snapshot, change } = scene(KALSHI)
  frame((sink) => {
    sink.sequence(1, 1)
    snapshot(sink, 0)
  })
  frame((sink) => {
    sink.sequence(1, 2)
    sink.control(Control.Acknowledged, 7, 1)
  })
  const moves = frame((sink) => {
    sink.sequence(1, 3)
    change(sink, 0, 4600, 50)
  })
  assert.deepEqual(moves, [])
})

test('a repeated message is not applied again', () => {
  const { intake, frame, snapshot, change } = scene(KALSHI)
  frame((sink) => {
    sink.sequence(1, 1)
    snapshot(sink, 0)
  })
  for (let i = 0; i < 3; i++)
    frame((sink) => {
      sink.sequence(1, 2)
      change(sink, 0, 4700, 50)
    })
  assert.equal(intake.books[0].bids.lots[47], 150)
  assert.equal(intake.counts.duplicates, 2)
  assert.equal(intake.counts.changes, 1)
})

test('a trade is passed on once, with the side of its taker and our time', () => {
  const { intake, frame, clock } = scene(KALSHI)
  const told: unknown[][] = []
  intake.trades = { traded: (...trade) => void told.push(trade) }
  const trade = (sink: Intake): void => sink.trade(1, 4_700 as Price, 30 as Lots, SIDE_ASK, clock.wallMs())
  clock.step(5 * NS_PER_MS)
  for (const seq of [1, 1])
    frame((sink) => {
      sink.sequence(1, seq)
      trade(sink)
    })
  assert.deepEqual(told, [[1, 30, SIDE_ASK, 5 * NS_PER_MS]])
})

test('a level that falls below zero makes its book SUSPECT', () => {
  const { frame, snapshot, change } = scene(KALSHI)
  frame((sink) => {
    sink.sequence(1, 1)
    snapshot(sink, 0)
  })
  const moves = frame((sink) => {
    sink.sequence(1, 2)
    change(sink, 0, 4700, -101)
  })
  assert.deepEqual(moves, ['0 Live>Suspect Level'])
})

test('a doubt that nobody settles turns SUSPECT after its time, one that is settled does not', () => {
  for (const settled of [false, true]) {
    const { clock, intake, frame, snapshot } = scene(POLYMARKET)
    frame((sink) => snapshot(sink, 0))
    const doubt = frame((sink) => sink.top(0, 4800 as Price, 4900 as Price, clock.wallMs()))
    assert.deepEqual(doubt, ['0 Live>Unsettled Top'])
    if (settled) frame((sink) => sink.top(0, 4700 as Price, 4900 as Price, clock.wallMs()))
    const token = clock.step(SETTLE_NS)
    assert.equal(token, tokenOf(TokenKind.PolymarketDoubt, 0))
    frame((sink) => sink.doubtDue(tokenValue(token)))
    assert.equal(intake.books[0].state, settled ? BookState.Live : BookState.Suspect)
  }
})

test('a price between two slots makes the book finer and loses no level', () => {
  const { intake, frame, snapshot } = scene(POLYMARKET)
  frame((sink) => snapshot(sink, 0))
  frame((sink) => sink.level(0, SIDE_BID, 4755 as Price, 30 as Lots, false))
  assert.equal(intake.books[0].bids.bestPrice(), 4755)
  assert.equal(intake.books[0].asks.bestPrice(), 4900)
  assert.equal(intake.counts.refined, 1)
  assert.equal(intake.books[0].state, BookState.Live)
})

test('a snapshot tells its tick, and counts no level change', () => {
  const { intake, frame, ticks } = scene(POLYMARKET)
  frame((sink) => {
    sink.snapshot(0, 10 as Price, 0)
    sink.level(0, SIDE_BID, 4710 as Price, 100 as Lots, false)
    sink.snapshotEnd(0, -1)
    sink.level(0, SIDE_BID, 4720 as Price, 100 as Lots, false)
    sink.level(0, SIDE_BID, 4720 as Price, 100 as Lots, true)
  })
  assert.deepEqual(ticks, [10])
  assert.equal(intake.counts.changes, 1)
})

test('a market closes by our clock, or when the venue says that it is decided', () => {
  const { clock, intake, frame, snapshot } = scene(KALSHI, 1, 1_000_500)
  frame((sink) => snapshot(sink, 0))
  const token = clock.step(1e9)
  assert.equal(tokenValue(token), 0)
  assert.deepEqual(
    frame((sink) => sink.closeDue(0)),
    ['0 Live>Closed Clock'],
  )
  const decided = scene(POLYMARKET)
  decided.frame((sink) => decided.snapshot(sink, 1))
  const moves = decided.frame((sink) => sink.control(Control.Resolved, 1, 0))
  assert.deepEqual(moves, ['1 Live>Closed Clock'])
  assert.equal(intake.books[0].state, BookState.Closed)
})

test('a market that was paused is SUSPECT when it is active again, until a snapshot', () => {
  const { frame, snapshot } = scene(KALSHI)
  frame((sink) => snapshot(sink, 0))
  assert.deepEqual(
    frame((sink) => sink.control(Control.Lifecycle, 0, Lifecycle.Deactivated)),
    ['0 Live>Closed Clock'],
  )
  assert.deepEqual(
    frame((sink) => sink.control(Control.Lifecycle, 0, Lifecycle.Activated)),
    ['0 Closed>Suspect Clock'],
  )
  assert.deepEqual(
    frame((sink) => snapshot(sink, 0)),
    ['0 Suspect>Live Snapshot'],
  )
})

test('a market that is active again still closes when it was to', () => {
  const { clock, intake, frame, snapshot } = scene(KALSHI, 1, 1_000_500)
  frame((sink) => snapshot(sink, 0))
  frame((sink) => sink.control(Control.Lifecycle, 0, Lifecycle.Deactivated))
  frame((sink) => sink.control(Control.Lifecycle, 0, Lifecycle.Activated))
  frame((sink) => snapshot(sink, 0))
  assert.equal(intake.books[0].state, BookState.Live)
  clock.step(1e9)
  frame((sink) => sink.closeDue(0))
  assert.equal(intake.books[0].state, BookState.Closed)
})

test('a market whose close was moved stays closed, since its new close is not known', () => {
  const { intake, frame, snapshot } = scene(KALSHI, 1)
  frame((sink) => snapshot(sink, 0))
  frame((sink) => sink.control(Control.Lifecycle, 0, Lifecycle.CloseMoved))
  frame((sink) => sink.control(Control.Lifecycle, 0, Lifecycle.Activated))
  frame((sink) => snapshot(sink, 0))
  assert.equal(intake.books[0].state, BookState.Closed)
})

test('a close that comes due while the wall clock is behind is waited for', () => {
  const { clock, intake, snapshot } = scene(KALSHI, 1, 1_000_500)
  const frame = (lateMs: number, say: (sink: Intake) => void): void => {
    intake.begin(clock.nowNs(), clock.wallMs() - lateMs)
    say(intake)
    intake.end()
  }
  frame(0, (sink) => snapshot(sink, 0))
  assert.notEqual(clock.step(1e9), -1)
  frame(3, (sink) => sink.closeDue(0))
  assert.equal(intake.books[0].state, BookState.Live)
  assert.notEqual(clock.step(1e9), -1, 'its deadline is set again')
  frame(3, (sink) => sink.closeDue(0))
  assert.equal(intake.books[0].state, BookState.Closed)
})

test('one deadline waits for a book, however often it was doubted and opened anew', () => {
  const { clock, intake, frame, snapshot } = scene(KALSHI, 1, 2_000_000)
  frame((sink) => snapshot(sink, 0))
  for (let time = 0; time < 20; time++) {
    intake.paused(0, 60 * NS_PER_MS, clock.nowNs())
    frame((sink) => sink.caughtUp(0, true))
    frame((sink) => sink.control(Control.Lifecycle, 0, Lifecycle.Deactivated))
    frame((sink) => sink.control(Control.Lifecycle, 0, Lifecycle.Activated))
    frame((sink) => snapshot(sink, 0))
  }
  const due: number[] = []
  for (let token = clock.step(1e15); token !== -1; token = clock.step(1e15)) due.push(token)
  assert.deepEqual(due, [tokenOf(TokenKind.PolymarketDoubt, 0), tokenOf(TokenKind.PolymarketClose, 0)])
})

test('a doubt of the venue that follows a long one of ours has a time of its own', () => {
  const { clock, intake, frame, snapshot, change } = scene(KALSHI, 1)
  frame((sink) => snapshot(sink, 0))
  intake.paused(0, 60 * NS_PER_MS, clock.nowNs())
  const due = (untilNs: number): void => {
    while (clock.step(untilNs) !== -1) frame((sink) => sink.doubtDue(0))
  }
  due(2 * SETTLE_NS)
  assert.equal(intake.books[0].state, BookState.Unsettled)
  frame((sink) => change(sink, 0, 5000, 100))
  assert.equal(intake.books[0].crossed(), true)
  due(5 * SETTLE_NS)
  assert.equal(intake.books[0].state, BookState.Suspect)
})

test('a frame lists each of its books once', () => {
  const { clock, intake, frame, snapshot } = scene(POLYMARKET, 3)
  frame((sink) => {
    snapshot(sink, 2)
    sink.top(2, 4700 as Price, 4900 as Price, clock.wallMs())
    snapshot(sink, 0)
  })
  assert.deepEqual([...intake.touched.subarray(0, intake.touchedCount)], [2, 0])
  intake.begin(1 as Ns, 1)
  assert.equal(intake.touchedCount, 0)
})

test('what happens on one socket is nothing to the books of another, though both have a sid 1', () => {
  const { clock, intake, snapshot, change } = scene(KALSHI, 2)
  intake.assign(Int32Array.of(0, 1), 2)
  const frame = (socket: number, say: (sink: Intake) => void): void => {
    intake.begin(clock.nowNs(), clock.wallMs(), socket)
    say(intake)
    intake.end()
  }
  const states = () => intake.books.map(({ state }) => state)
  const { Live, Suspect } = BookState
  for (const socket of [0, 1])
    frame(socket, (sink) => {
      sink.sequence(1, 1)
      snapshot(sink, socket)
    })
  assert.deepEqual(states(), [Live, Live])
  frame(1, (sink) => {
    sink.sequence(1, 3)
    change(sink, 1, 4600, 50)
  })
  assert.deepEqual(states(), [Live, Suspect])
  frame(0, (sink) => sink.lost())
  frame(1, (sink) => {
    sink.sequence(1, 4)
    snapshot(sink, 1)
  })
  assert.deepEqual(states(), [Suspect, Live])
  intake.disconnected(1, clock.nowNs())
  assert.deepEqual(states(), [Suspect, Suspect])
  // A new connection counts from wherever it likes, and that is no gap.
  frame(1, (sink) => {
    sink.sequence(1, 1)
    snapshot(sink, 1)
  })
  assert.deepEqual(states(), [Suspect, Live])
  assert.equal(intake.counts.gaps, 1)
})

test('the end of a subscription is a loss of its own books', () => {
  for (const [kind, a] of [
    [Control.Unsubscribed, 7],
    [Control.Refused, 25],
    [Control.Refused, 10],
  ] as const) {
    const { frame, snapshot } = scene(KALSHI, 2)
    for (const sid of [1, 2])
      frame((sink) => {
        sink.sequence(sid, 1)
        snapshot(sink, sid - 1)
      })
    assert.deepEqual(
      frame((sink) => sink.control(kind, a, 2)),
      ['1 Live>Suspect Connection'],
    )
    // A command that was refused ends nothing.
    assert.deepEqual(
      frame((sink) => sink.control(Control.Refused, 11, 1)),
      [],
    )
  }
})

test('a pause doubts every book of its socket, until a message that was made after it', () => {
  const { clock, intake, frame, snapshot, change } = scene(KALSHI, 2)
  frame((sink) => snapshot(sink, 0))
  frame((sink) => snapshot(sink, 1))
  clock.step(5e9)
  const resumedMs = clock.wallMs()
  intake.paused(0, 60 * NS_PER_MS, clock.nowNs())
  const old = frame((sink) => sink.change(0, SIDE_BID, 4600 as Price, 50 as Lots, resumedMs - 1))
  assert.deepEqual(old, [])
  const made = frame((sink) => change(sink, 0, 4600, 50))
  assert.deepEqual(made, ['0 Unsettled>Live Pause', '1 Unsettled>Live Pause'])
  intake.paused(0, 40 * NS_PER_MS, clock.nowNs())
  assert.equal(intake.books[0].state, BookState.Live)
  intake.paused(0, 60 * NS_PER_MS, clock.nowNs())
  assert.deepEqual(
    frame((sink) => sink.caughtUp(0, false)),
    ['0 Unsettled>Live Pause', '1 Unsettled>Live Pause'],
  )
})

test('a snapshot that was asked for must be the book that was thought LIVE', () => {
  const { intake, frame, snapshot } = scene(KALSHI, 1)
  const told: string[] = []
  intake.sockets = {
    controlled: () => {},
    snapshotTaken: (socket, book, commandId) => told.push(`taken ${socket} ${book} ${commandId}`),
    gapFound: () => {},
    contradicted: (socket, book) => told.push(`contradicted ${socket} ${book}`),
  }
  const answer = (bid: number): void => {
    frame((sink) => {
      sink.snapshot(0, PRICE_NONE, 0)
      sink.level(0, SIDE_BID, bid as Price, 100 as Lots, false)
      sink.level(0, SIDE_ASK, 4900 as Price, 100 as Lots, false)
      sink.snapshotEnd(0, 5)
    })
  }
  frame((sink) => snapshot(sink, 0))
  answer(4700)
  answer(4800)
  frame((sink) => sink.lost())
  answer(4700)
  assert.deepEqual(told, ['taken 0 0 -1', 'taken 0 0 5', 'taken 0 0 5', 'contradicted 0 0', 'taken 0 0 5'])
})

test('messages that are no market data are no sign of life', () => {
  const { intake, frame, snapshot } = scene(POLYMARKET)
  frame((sink) => snapshot(sink, 0))
  assert.ok(intake.isData)
  frame((sink) => sink.control(Control.Pong, 0, 0))
  assert.ok(!intake.isData)
  frame((sink) => sink.lost())
  assert.ok(!intake.isData)
})

test('a late message doubts the quiet books of its socket too, until a timely one', () => {
  const { clock, frame, snapshot, change } = scene(KALSHI, 2)
  frame((sink) => snapshot(sink, 0))
  frame((sink) => snapshot(sink, 1))
  const late = () =>
    frame((sink) => sink.change(0, SIDE_BID, 4600 as Price, 50 as Lots, clock.wallMs() - LAG_MS_MAX - 1))
  assert.deepEqual(late(), ['0 Live>Stale Change', '1 Live>Unsettled Pause'])
  clock.step(5e9)
  // Made after the first late one, and as late: no proof.
  assert.deepEqual(late(), [])
  assert.deepEqual(
    frame((sink) => change(sink, 0, 4600, 50)),
    ['0 Stale>Live Change', '1 Unsettled>Live Pause'],
  )
})

test('a snapshot on a late socket is late too: its book waits for something timely', () => {
  for (const venue of [POLYMARKET, KALSHI] as const) {
    const { clock, intake, frame, snapshot, change } = scene(venue, 1)
    frame((sink) => snapshot(sink, 0))
    clock.step(20e9)
    frame((sink) => sink.change(0, SIDE_BID, 4600 as Price, 50 as Lots, clock.wallMs() - LAG_MS_MAX - 1))
    clock.step(25e9)
    const lateSnapshot = (): string[] =>
      frame((sink) => {
        sink.snapshot(0, PRICE_NONE, clock.wallMs() - LAG_MS_MAX - 1)
        sink.level(0, SIDE_BID, 4700 as Price, 100 as Lots, false)
        sink.snapshotEnd(0, -1)
      })
    assert.deepEqual(lateSnapshot(), ['0 Stale>Unsettled Snapshot'], `venue ${venue}`)
    // The subscription is made anew on the same socket: what comes on it is still late.
    intake.disconnected(0, clock.nowNs(), false)
    assert.deepEqual(lateSnapshot(), ['0 Suspect>Unsettled Snapshot'])
    // A proof that all is read says nothing about when it was sent.
    assert.deepEqual(
      frame((sink) => sink.caughtUp(0, false)),
      [],
    )
    assert.deepEqual(
      frame((sink) => sink.caughtUp(0, true)),
      ['0 Unsettled>Live Pause'],
    )
    frame((sink) => sink.change(0, SIDE_BID, 4600 as Price, 50 as Lots, clock.wallMs() - LAG_MS_MAX - 1))
    intake.disconnected(0, clock.nowNs())
    assert.deepEqual(
      lateSnapshot(),
      ['0 Suspect>Live Snapshot'],
      'another connection is not late until it shows',
    )
    assert.deepEqual(
      frame((sink) => change(sink, 0, 4600, 50)),
      [],
    )
  }
})

test('an audit finds a LIVE book as the venue has it, level by level, or makes it SUSPECT', () => {
  const { clock, intake, frame, snapshot } = scene(POLYMARKET, 1)
  frame((sink) => snapshot(sink, 0))
  const venueMs = clock.wallMs()
  const rest = { book: 0, tick: PRICE_NONE, venueMs, count: 2, sides: [SIDE_BID, SIDE_ASK] as const }
  const prices = [4700, 4900] as Price[]
  const audit = (lots: number, ms = venueMs) =>
    intake.audited(0, { ...rest, venueMs: ms, prices, lots: [100, lots] as Lots[] }, clock.nowNs())
  const counts = () => [intake.counts.agreed, intake.counts.disagreed]
  audit(100)
  // Of another moment: that they differ says nothing.
  audit(99, venueMs + 1)
  assert.deepEqual([...counts(), intake.books[0].state], [1, 0, BookState.Live])
  audit(99)
  audit(99)
  assert.deepEqual([...counts(), intake.books[0].state], [1, 1, BookState.Suspect])
})

test('a Kalshi snapshot that was asked for is held against the whole book, not its touch alone', () => {
  const { intake, frame, snapshot, change } = scene(KALSHI, 1)
  const audit = (deep: number) =>
    frame((sink) => {
      sink.snapshot(0, PRICE_NONE, -1)
      sink.level(0, SIDE_BID, 4700 as Price, 100 as Lots, false)
      sink.level(0, SIDE_BID, 4500 as Price, deep as Lots, false)
      sink.level(0, SIDE_ASK, 4900 as Price, 100 as Lots, false)
      sink.snapshotEnd(0, 7)
    })
  frame((sink) => snapshot(sink, 0))
  frame((sink) => change(sink, 0, 4500, 20))
  audit(20)
  assert.deepEqual([intake.counts.agreed, intake.counts.disagreed], [1, 0])
  audit(21)
  assert.deepEqual([intake.counts.agreed, intake.counts.disagreed], [1, 1])
})
