import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger, OUTCOME_COMPLEMENT, OUTCOME_NAMED } from '@tandem/colo/state/ledger.ts'
import { LegState, TRADES_MAX, TradeOutcome, Trades } from '@tandem/colo/state/trades.ts'
import { KALSHI, POLYMARKET, VENUES } from '@tandem/colo/venue/venue.ts'

test('legs less than a lot apart are hedged, a lot apart exposed, both empty nothing', () => {
  for (const [polymarket, kalshi, outcome] of [
    [3_225_000, 3_220_000, TradeOutcome.Hedged],
    [3_229_999, 3_220_000, TradeOutcome.Hedged],
    [3_230_000, 3_220_000, TradeOutcome.Exposed],
    [0, 3_220_000, TradeOutcome.Exposed],
    [9_999, 0, TradeOutcome.Hedged],
    [0, 0, TradeOutcome.Nothing],
  ] as const) {
    const trades = new Trades()
    const trade = trades.begin(5, 1)
    trades.legDone(trade, POLYMARKET, polymarket, 1, 0)
    assert.equal(trades.outcome(trade), TradeOutcome.Open)
    trades.legDone(trade, KALSHI, kalshi, 1, 0)
    assert.equal(trades.outcome(trade), outcome)
  }
})

test('one more Kalshi order may even the legs out', () => {
  const trades = new Trades()
  const trade = trades.begin(0, 0)
  trades.legDone(trade, POLYMARKET, 1_000_000, 500, 0)
  trades.legDone(trade, KALSHI, 3_000_000, 900, 0)
  assert.equal(trades.excessMicroShares(trade), -2_000_000)
  trades.evenOuts[trade]++
  trades.legState[trade * VENUES + KALSHI] = LegState.Sent
  assert.equal(trades.outcome(trade), TradeOutcome.Open)
  trades.legDone(trade, KALSHI, -2_000_000, -580, 10)
  assert.equal(trades.outcome(trade), TradeOutcome.Flattened)
  assert.equal(trades.spentMicroUsd(trade), 500 + 900 - 580 + 10)
})

test('a leg is answered once', () => {
  const trades = new Trades()
  const trade = trades.begin(0, 0)
  trades.legDone(trade, KALSHI, 0, 0, 0)
  assert.throws(() => trades.legDone(trade, KALSHI, 0, 0, 0), { code: 'TRADE_LEG_NOT_SENT' })
})

test('places are used again, and there are no more than the table has', () => {
  const trades = new Trades()
  for (let i = 0; i < TRADES_MAX; i++) assert.equal(trades.begin(i, 0), i)
  assert.equal(trades.begin(99, 0), -1)
  trades.close(7)
  assert.throws(() => trades.close(7), { code: 'TRADE_NOT_OPEN' })
  assert.equal(trades.begin(99, 0), 7)
  assert.equal(trades.open, TRADES_MAX)
})

test('shares of one outcome are covered by shares of the other, on whichever venue', () => {
  const ledger = new Ledger(1)
  ledger.settle(POLYMARKET, 0, OUTCOME_NAMED, 0, 500_000, 240_000)
  assert.equal(ledger.excessMicroShares(0, OUTCOME_NAMED), 500_000)
  ledger.settle(KALSHI, 0, OUTCOME_COMPLEMENT, 0, 490_000, 230_000)
  assert.equal(ledger.excessMicroShares(0, OUTCOME_NAMED), 10_000)
  assert.equal(ledger.excessMicroShares(0, OUTCOME_COMPLEMENT), -10_000)
  assert.equal(ledger.spentByBundleMicroUsd[0], 470_000)
})

test('settling gives back the reservation and takes what was spent', () => {
  const ledger = new Ledger(1)
  ledger.balanceMicroUsd[KALSHI] = 1_000
  ledger.reserve(KALSHI, 600)
  assert.equal(ledger.availableMicroUsd(KALSHI), 400)
  ledger.settle(KALSHI, 0, OUTCOME_NAMED, 600, 10, 250)
  assert.equal(ledger.availableMicroUsd(KALSHI), 750)
  assert.equal(ledger.atStakeMicroUsd(KALSHI), 250)
})
