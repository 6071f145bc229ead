import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RunRecord } from '@tandem/cli/replay/report.ts'
import { FILL_CELLS, FillCell } from '@tandem/colo/journal/record.ts'
import { OUTCOME_COMPLEMENT, OUTCOME_NAMED } from '@tandem/colo/state/ledger.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { TURN_CELLS, TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'

function trade(record: RunRecord, number: number, outcome: TradeState): void {
  const turn = new Float64Array(TURN_CELLS)
  turn[TurnCell.outcome] = TurnOutcome.Sent
  turn[TurnCell.trade] = number
  record.turn(turn)
  for (const venue of [POLYMARKET, KALSHI]) {
    const fill = new Float64Array(FILL_CELLS)
    fill[FillCell.trade] = number
    fill[FillCell.venue] = venue
    fill[FillCell.outcome] = venue === POLYMARKET ? OUTCOME_NAMED : OUTCOME_COMPLEMENT
    fill[FillCell.filledMicroShares] = 2_000_000
    fill[FillCell.costMicroUsd] = 900_000
    fill[FillCell.feeMicroUsd] = 10_000
    record.leg(fill)
  }
  record.tradeEnded(number, outcome)
}

test('a record that keeps the newest few still counts all', () => {
  const record = new RunRecord(['pair'], [['yes'], ['ticker']], () => '0', 3)
  for (let number = 0; number < 10; number++)
    trade(record, number, number < 8 ? TradeState.Hedged : TradeState.Completed)
  assert.equal(record.trades.length, 3)
  const { trades, pnl_micro_usd: pnl } = record.summary()
  assert.deepEqual([trades.count, trades.hedged, trades.flattened, trades.exposed], [10, 8, 2, 0])
  assert.equal(trades.lots, 10 * 200)
  // Two shares pay two dollars, and 1.82 was spent on them.
  assert.deepEqual(pnl, { spent: 18_200_000, at_resolution: 1_800_000 })
  assert.deepEqual(record.by, { direction: { buy_polymarket_sell_kalshi: 10 }, pair: { pair: 10 } })
})
