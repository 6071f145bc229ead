import assert from 'node:assert/strict'
import { it } from 'node:test'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { Counting } from '@tandem/colo/counting.ts'
import { Lag } from '@tandem/colo/detector/ensemble.ts'
import { Cause } from '@tandem/colo/feed/intake.ts'
import { HaltReason } from '@tandem/colo/risk/halt.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { TURN_CELLS, TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { UnknownReason } from '@tandem/colo/venue/leg.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'
import type { Ns, Price } from '@tandem/shared/units.ts'

it('counts what the executor tells its observer, and tells the next one all of it', () => {
  const told: unknown[][] = []
  const tell =
    (what: string) =>
    (...args: unknown[]): void =>
      void told.push([what, ...args])
  const cells = new CounterCells()
  const counting = new Counting(cells, [3, 2], {
    turn: tell('turn'),
    signal: tell('signal'),
    fair: tell('fair'),
    leg: tell('leg'),
    tradeEnded: tell('tradeEnded'),
    legUnknown: tell('legUnknown'),
    tradeParked: tell('tradeParked'),
    legCorrected: tell('legCorrected'),
    mismatch: tell('mismatch'),
    moneyMoved: tell('moneyMoved'),
    resolved: tell('resolved'),
    diverged: tell('diverged'),
    badFrame: tell('badFrame'),
    halted: tell('halted'),
    bookMoved: tell('bookMoved'),
    tickTold: tell('tickTold'),
  })
  const turn = new Float64Array(TURN_CELLS)
  turn[TurnCell.outcome] = TurnOutcome.Refused
  counting.turn(turn)
  counting.signal(1, 0, 1, 5_000, 9 as Ns, true)
  counting.fair(1, 4_500, Lag.Kalshi, 0.5, 9 as Ns)
  counting.leg(turn)
  counting.tradeEnded(4, TradeState.Hedged)
  counting.legUnknown(4, KALSHI, UnknownReason.Timeout, 9 as Ns)
  counting.tradeParked(4, 9 as Ns)
  counting.legCorrected(1, POLYMARKET, -5_000_000, 9 as Ns)
  counting.mismatch(1, KALSHI, 0, 20_000)
  counting.moneyMoved(POLYMARKET, 0, -7_000_000)
  counting.resolved(1, KALSHI, 1_000_000)
  counting.diverged(1, 0, 1_000_000)
  counting.badFrame(KALSHI, -2)
  counting.halted(HaltReason.Operator, 9 as Ns)
  counting.bookMoved(KALSHI, 1, BookState.Empty, BookState.Live, Cause.Snapshot, 9 as Ns)
  counting.tickTold(POLYMARKET, 0, 10 as Price, 7)
  assert.deepEqual(told, [
    ['turn', turn],
    ['signal', 1, 0, 1, 5_000, 9, true],
    ['fair', 1, 4_500, Lag.Kalshi, 0.5, 9],
    ['leg', turn],
    ['tradeEnded', 4, TradeState.Hedged],
    ['legUnknown', 4, KALSHI, UnknownReason.Timeout, 9],
    ['tradeParked', 4, 9],
    ['legCorrected', 1, POLYMARKET, -5_000_000, 9],
    ['mismatch', 1, KALSHI, 0, 20_000],
    ['moneyMoved', POLYMARKET, 0, -7_000_000],
    ['resolved', 1, KALSHI, 1_000_000],
    ['diverged', 1, 0, 1_000_000],
    ['badFrame', KALSHI, -2],
    ['halted', HaltReason.Operator, 9],
    ['bookMoved', KALSHI, 1, BookState.Empty, BookState.Live, Cause.Snapshot, 9],
    ['tickTold', POLYMARKET, 0, 10, 7],
  ])
  assert.equal(cells.read(Counters.turns, TurnOutcome.Refused), 1)
  assert.equal(cells.read(Counters.fairs, Lag.Kalshi), 1)
  assert.equal(cells.read(Counters.trades, TradeState.Hedged), 1)
  assert.equal(cells.read(Counters.legsUnknown, KALSHI), 1)
  assert.equal(cells.read(Counters.legsCorrected, POLYMARKET), 1)
  assert.equal(cells.read(Counters.framesBad, KALSHI), 1)
  assert.equal(cells.read(Counters.halted), 1)
  assert.equal(cells.read(Counters.divergences), 1)
  assert.equal(cells.read(Counters.polymarketBooks, BookState.Empty), 3)
  assert.equal(cells.read(Counters.kalshiBooks, BookState.Empty), 1)
  assert.equal(cells.read(Counters.kalshiBooks, BookState.Live), 1)
})
