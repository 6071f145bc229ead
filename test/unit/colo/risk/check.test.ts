import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Limits, Refusal, Risk } from '@tandem/colo/risk/check.ts'
import { HaltReason } from '@tandem/colo/risk/halt.ts'
import { Intent } from '@tandem/colo/risk/intent.ts'
import { ENTRY_MARGIN_NS } from '@tandem/colo/risk/tenure.ts'
import { Ledger } from '@tandem/colo/state/ledger.ts'
import { Trades } from '@tandem/colo/state/trades.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import type { Ns } from '@tandem/shared/units.ts'

const LIMITS: Limits = {
  orderMicroUsd: 100,
  marketMicroUsd: 1_000,
  eventMicroUsd: 2_000,
  venueMicroUsd: 3_000,
  totalMicroUsd: 5_000,
  dayMicroUsd: 10_000,
  nakedMicroUsd: 100,
}
const COOLDOWN_NS = 1_000
const DAY_ENDS_NS = 1_000_000
const NOW_NS = 10 as Ns

function scene(limits: Partial<Limits> = {}) {
  const ledger = new Ledger(new Int32Array(3))
  ledger.balanceMicroUsd[POLYMARKET] = 1_000_000
  ledger.balanceMicroUsd[KALSHI] = 1_000_000
  const trades = new Trades()
  // Bundles 0 and 1 are of one event.
  const risk = new Risk(
    { ...LIMITS, ...limits },
    ledger,
    trades,
    Int32Array.of(0, 0, 1),
    COOLDOWN_NS,
    DAY_ENDS_NS,
  )
  const intent = new Intent()
  intent.bundle = 0
  intent.polymarketCostMicroUsd = 60
  intent.kalshiCostMicroUsd = 40
  return { ledger, trades, risk, intent }
}

function refusal(parts: ReturnType<typeof scene>, nowNs = NOW_NS, journalHasRoom = true): number {
  const approved = parts.risk.check(parts.intent, nowNs, journalHasRoom)
  assert.equal(approved === undefined, parts.risk.refusal !== Refusal.None)
  return parts.risk.refusal
}

test('an intent within every limit is approved as it is', () => {
  const parts = scene()
  assert.equal(parts.risk.check(parts.intent, NOW_NS, true), parts.intent)
})

test('a halt and a blocked journal refuse everything', () => {
  const parts = scene()
  assert.equal(refusal(parts, NOW_NS, false), Refusal.JournalBlocked)
  parts.risk.halts = HaltReason.Signer
  assert.equal(refusal(parts), Refusal.Halted)
})

test('a clock that is off refuses everything until it is right again', () => {
  const parts = scene()
  parts.risk.isClockSkewed = true
  assert.equal(refusal(parts), Refusal.ClockSkewed)
  parts.risk.isClockSkewed = false
  assert.equal(refusal(parts), Refusal.None)
})

test('nothing is begun that would not be over before the lease is', () => {
  const parts = scene()
  parts.risk.tenure.untilNs = NOW_NS + ENTRY_MARGIN_NS
  assert.equal(refusal(parts), Refusal.NoLease)
  parts.risk.tenure.untilNs++
  assert.equal(refusal(parts), Refusal.None)
  parts.risk.tenure.untilNs = Number.NEGATIVE_INFINITY
  assert.equal(refusal(parts), Refusal.NoLease)
})

test('one leg dearer than an order may be is refused', () => {
  const parts = scene()
  parts.intent.polymarketCostMicroUsd = 101
  assert.equal(refusal(parts), Refusal.OrderLimit)
  parts.intent.polymarketCostMicroUsd = 100
  assert.equal(refusal(parts), Refusal.None)
})

test('a cost that is no number is refused', () => {
  for (const cost of ['polymarketCostMicroUsd', 'kalshiCostMicroUsd'] as const) {
    const parts = scene()
    parts.intent[cost] = Number.NaN
    assert.equal(refusal(parts), Refusal.OrderLimit)
  }
})

test('a balance that is no number pays for nothing', () => {
  for (const [venue, expected] of [
    [POLYMARKET, Refusal.PolymarketBalance],
    [KALSHI, Refusal.KalshiBalance],
  ] as const) {
    const parts = scene()
    parts.ledger.balanceMicroUsd[venue] = Number.NaN
    assert.equal(refusal(parts), expected)
  }
})

test('a pair in flight is refused until settled, then rests, then may trade', () => {
  const parts = scene()
  parts.risk.sent(0, 100)
  assert.equal(refusal(parts), Refusal.InFlight)
  assert.equal(parts.risk.restOf(0, NOW_NS), Refusal.InFlight)
  parts.risk.settled(0, 100, 90, NOW_NS)
  assert.equal(refusal(parts), Refusal.Cooldown)
  assert.equal(refusal(parts, (NOW_NS + COOLDOWN_NS) as Ns), Refusal.None)
  assert.equal(parts.risk.restOf(0, (NOW_NS + COOLDOWN_NS) as Ns), Refusal.None)
})

test('what is in flight counts against the event, and what was spent after it', () => {
  const parts = scene({ eventMicroUsd: 250 })
  parts.risk.sent(1, 200)
  assert.equal(refusal(parts), Refusal.EventLimit)
  parts.risk.settled(1, 200, 150, NOW_NS)
  assert.equal(refusal(parts), Refusal.None)
  parts.risk.settled(1, 0, 1, NOW_NS)
  assert.equal(refusal(parts), Refusal.EventLimit)
})

test('reservations count against venue, total and balance', () => {
  const parts = scene()
  parts.ledger.reserve(0, POLYMARKET, 2_950)
  assert.equal(refusal(parts), Refusal.VenueLimit)
  parts.ledger.reserve(0, POLYMARKET, -2_950)
  parts.ledger.reserve(0, POLYMARKET, 2_930)
  parts.ledger.reserve(0, KALSHI, 1_980)
  assert.equal(refusal(parts), Refusal.TotalLimit)
  const poor = scene()
  poor.ledger.balanceMicroUsd[KALSHI] = 39
  assert.equal(refusal(poor), Refusal.KalshiBalance)
  poor.ledger.balanceMicroUsd[KALSHI] = 40
  poor.ledger.balanceMicroUsd[POLYMARKET] = 100
  assert.equal(refusal(poor), Refusal.None)
  poor.ledger.reserve(0, POLYMARKET, 41)
  assert.equal(refusal(poor), Refusal.PolymarketBalance)
})

test('what a market holds counts against its limit, and two naked lots stop the pair', () => {
  const parts = scene()
  parts.ledger.settle(POLYMARKET, 0, 0, 20_000, 901)
  assert.equal(refusal(parts), Refusal.Exposed)
  parts.ledger.settle(KALSHI, 0, 1, 1, 0)
  assert.equal(refusal(parts), Refusal.MarketLimit)
})

test('a day approves no more than its limit, whatever became of it, and the next day starts anew', () => {
  const parts = scene({ dayMicroUsd: 250 })
  parts.risk.sent(2, 200)
  parts.risk.settled(2, 200, 0, NOW_NS)
  assert.equal(refusal(parts), Refusal.DayLimit)
  assert.equal(refusal(parts, DAY_ENDS_NS as Ns), Refusal.None)
})

test('with as many trades in flight as there may be, another is refused', () => {
  const parts = scene()
  for (let i = 0; i < 16; i++) parts.trades.begin(2, 0, 0)
  assert.equal(refusal(parts), Refusal.TooManyInFlight)
})

test('what may still be taken back counts with the next trade’s dearer leg against what may be naked', () => {
  const parts = scene({ nakedMicroUsd: 110 })
  parts.risk.unsettled(0, 50)
  assert.equal(refusal(parts), Refusal.None)
  parts.risk.unsettled(0, 1)
  assert.equal(refusal(parts), Refusal.NakedLimit)
  parts.risk.unsettled(0, -51)
  assert.equal(refusal(parts), Refusal.None)
})
