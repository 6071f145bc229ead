import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExposureWatch } from '@tandem/cli/live/exposure.ts'
import { CORRECTION, FILL_CELLS, FillCell } from '@tandem/colo/journal/record.ts'
import { Ledger, OUTCOME_COMPLEMENT, OUTCOME_NAMED } from '@tandem/colo/state/ledger.ts'
import { Trades } from '@tandem/colo/state/trades.ts'
import { KALSHI, POLYMARKET, type Venue } from '@tandem/colo/venue/venue.ts'

const SHARE = 1_000_000
const BOUND_NS = 1_000

function scene() {
  const trades = new Trades()
  const ledger = new Ledger(Int32Array.of(0))
  let nowNs = 0
  const watch = new ExposureWatch(trades, ledger, () => nowNs, BOUND_NS)
  const begin = (nakedMicroUsd: number): number => {
    const trade = trades.begin(0, 0, 2 * nakedMicroUsd)
    trades.nakedMicroUsd[trade] = nakedMicroUsd
    watch.sent(trade)
    return trade
  }
  const leg = (trade: number, venue: Venue, shares: number, costMicroUsd: number, end = 0): void => {
    trades.book(trade, venue, shares * SHARE, costMicroUsd, 0)
    ledger.settle(
      venue,
      0,
      venue === POLYMARKET ? OUTCOME_NAMED : OUTCOME_COMPLEMENT,
      shares * SHARE,
      costMicroUsd,
    )
    const cells = new Float64Array(FILL_CELLS)
    cells[FillCell.trade] = trade
    cells[FillCell.order] = venue
    cells[FillCell.end] = end
    watch.leg(cells)
  }
  const end = (trade: number): void => {
    trades.close(trade)
    watch.ended(trade)
  }
  const pass = (ns: number): void => {
    nowNs += ns
  }
  return { watch, begin, leg, end, pass, summary: () => watch.summary(1) }
}

test('what one leg costs until the other is there is within what was approved', () => {
  const { begin, leg, end, pass, summary } = scene()
  const trade = begin(6 * SHARE)
  leg(trade, KALSHI, 10, 4 * SHARE)
  pass(900)
  leg(trade, POLYMARKET, 10, 5.5 * SHARE)
  end(trade)
  assert.deepEqual(summary(), {
    exposed_at_end_lots: 0,
    max_exposure_within_bound: true,
    max_exposure: { micro_usd: 4 * SHARE, ms: 0 },
  })
})

test('more naked than approved, or for longer than it may, is told', () => {
  const dear = scene()
  dear.leg(dear.begin(3 * SHARE), KALSHI, 10, 4.5 * SHARE)
  assert.equal(dear.summary().max_exposure_within_bound, false)
  assert.equal(dear.summary().exposed_at_end_lots, 1_000)
  const long = scene()
  const trade = long.begin(6 * SHARE)
  long.leg(trade, KALSHI, 10, 4 * SHARE)
  long.pass(BOUND_NS + 1)
  long.leg(trade, POLYMARKET, 10, 5.5 * SHARE)
  assert.equal(long.summary().max_exposure_within_bound, false)
})

test('once it is parked it may last, since there is no way out', () => {
  const { watch, begin, leg, pass, summary } = scene()
  const trade = begin(6 * SHARE)
  leg(trade, KALSHI, 10, 4 * SHARE)
  watch.over(trade)
  pass(10 * BOUND_NS)
  leg(trade, POLYMARKET, 10, 6.5 * SHARE)
  assert.equal(summary().max_exposure_within_bound, true)
})

test('a match that is taken back was approved with its order; what nobody approved is told', () => {
  const taken = scene()
  const trade = taken.begin(6 * SHARE)
  taken.leg(trade, KALSHI, 10, 4 * SHARE)
  taken.leg(trade, POLYMARKET, 10, 5.5 * SHARE)
  taken.end(trade)
  const later = taken.begin(0)
  taken.leg(later, POLYMARKET, -10, -5.5 * SHARE, CORRECTION)
  assert.equal(taken.summary().max_exposure_within_bound, true)
  const unknown = scene()
  unknown.leg(unknown.begin(0), POLYMARKET, 10, 5.5 * SHARE)
  assert.equal(unknown.summary().max_exposure_within_bound, false)
})
