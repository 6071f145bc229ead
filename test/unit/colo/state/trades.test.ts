import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kalshiPurse, Ledger, OUTCOME_COMPLEMENT, OUTCOME_NAMED } from '@tandem/colo/state/ledger.ts'
import { TRADES_MAX, Trades } from '@tandem/colo/state/trades.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'

test('legs less than a lot apart are even, and empty when neither holds a lot', () => {
  for (const [polymarket, kalshi, isEven, isEmpty] of [
    [3_225_000, 3_220_000, true, false],
    [3_229_999, 3_220_000, true, false],
    [3_230_000, 3_220_000, false, false],
    [0, 3_220_000, false, false],
    [9_999, 0, true, true],
    [0, 0, true, true],
    [-10_000, 0, false, false],
  ] as const) {
    const trades = new Trades()
    const trade = trades.begin(5, 1, 0)
    trades.book(trade, POLYMARKET, polymarket, 1, 0)
    trades.book(trade, KALSHI, kalshi, 1, 0)
    assert.deepEqual([trades.isEven(trade), trades.isEmpty(trade)], [isEven, isEmpty])
  }
})

test('what was sold back is taken off what is held and spent', () => {
  const trades = new Trades()
  const trade = trades.begin(0, 0, 0)
  trades.book(trade, POLYMARKET, 1_000_000, 500, 0)
  trades.book(trade, KALSHI, 3_000_000, 900, 0)
  assert.equal(trades.excessMicroShares(trade), -2_000_000)
  trades.book(trade, KALSHI, -2_000_000, -580, 10)
  assert.equal(trades.excessMicroShares(trade), 0)
  assert.equal(trades.spentMicroUsd(trade), 500 + 900 - 580 + 10)
})

test('places are used again, there are no more than the table has, and none is left with an order under way', () => {
  const trades = new Trades()
  for (let i = 0; i < TRADES_MAX; i++) assert.equal(trades.begin(i, 0, 0), i)
  assert.equal(trades.begin(99, 0, 0), -1)
  assert.equal(trades.find(7, 0), 7)
  trades.underWay[7] = 1
  assert.throws(() => trades.close(7), { code: 'TRADE_CLOSED_AT_REST' })
  trades.underWay[7] = 0
  trades.close(7)
  assert.equal(trades.find(7, 0), -1)
  assert.throws(() => trades.close(7), { code: 'TRADE_CLOSED_AT_REST' })
  assert.equal(trades.begin(99, 1, 0), 7)
  assert.equal(trades.open, TRADES_MAX)
})

test('shares of one outcome are covered by shares of the other, on whichever venue', () => {
  const ledger = new Ledger(new Int32Array(1))
  ledger.settle(POLYMARKET, 0, OUTCOME_NAMED, 500_000, 240_000)
  assert.equal(ledger.excessMicroShares(0, OUTCOME_NAMED), 500_000)
  ledger.settle(KALSHI, 0, OUTCOME_COMPLEMENT, 490_000, 230_000)
  assert.equal(ledger.excessMicroShares(0, OUTCOME_NAMED), 10_000)
  assert.equal(ledger.excessMicroShares(0, OUTCOME_COMPLEMENT), -10_000)
  assert.equal(ledger.spentByBundleMicroUsd[0], 470_000)
})

test('what is held back is not available, and what was spent is gone', () => {
  const ledger = new Ledger(new Int32Array(1))
  ledger.balanceMicroUsd[KALSHI] = 1_000
  ledger.reserve(0, KALSHI, 600)
  assert.equal(ledger.availableMicroUsd(0, KALSHI), 400)
  ledger.reserve(0, KALSHI, -600)
  ledger.settle(KALSHI, 0, OUTCOME_NAMED, 10, 250)
  assert.equal(ledger.availableMicroUsd(0, KALSHI), 750)
  assert.equal(ledger.atStakeMicroUsd(KALSHI), 250)
})

test('Kalshi pays for a share of each outcome at once, Polymarket does not', () => {
  const ledger = new Ledger(Int32Array.of(2))
  const purse = kalshiPurse(2)
  for (const venue of [POLYMARKET, KALSHI]) {
    ledger.settle(venue, 0, OUTCOME_NAMED, 500_000, 240_000)
    ledger.settle(venue, 0, OUTCOME_COMPLEMENT, 200_000, 110_000)
  }
  assert.deepEqual(
    [ledger.heldMicroShares(0, KALSHI, OUTCOME_NAMED), ledger.heldMicroShares(0, KALSHI, OUTCOME_COMPLEMENT)],
    [300_000, 0],
  )
  assert.equal(ledger.heldMicroShares(0, POLYMARKET, OUTCOME_COMPLEMENT), 200_000)
  assert.equal(ledger.balanceMicroUsd[purse], 200_000 - 350_000)
  // What is left cost what it cost: 48 cents a share.
  assert.equal(ledger.paidMicroUsd(0, KALSHI, OUTCOME_NAMED), 480_000)
  // A dollar for a pair is what it would have paid in the end.
  assert.equal(ledger.spentMicroUsd() - ledger.coveredMicroUsd(0), 700_000 - 200_000 - 200_000)
})

test('an order takes from its market’s shard alone', () => {
  const ledger = new Ledger(Int32Array.of(0, 3))
  ledger.balanceMicroUsd[kalshiPurse(3)] = 500
  assert.equal(ledger.availableMicroUsd(0, KALSHI), 0)
  assert.equal(ledger.availableMicroUsd(1, KALSHI), 500)
  ledger.reserve(1, KALSHI, 100)
  assert.equal(ledger.availableMicroUsd(1, KALSHI), 400)
  assert.equal(ledger.atStakeMicroUsd(KALSHI), 100)
})
