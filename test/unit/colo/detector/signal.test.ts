import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUY_KALSHI_SELL_POLYMARKET, BUY_POLYMARKET_SELL_KALSHI } from '@tandem/colo/detector/direction.ts'
import { EDGE_NONE_MICRO_USD } from '@tandem/colo/detector/edge.ts'
import { SignalChange, Signals } from '@tandem/colo/detector/signal.ts'

test('a spread above three cents is told once when it begins and once when it ends', () => {
  const signals = new Signals(2, 30_000)
  const told = [30_000, 30_001, 90_000, 30_000, 40_000, EDGE_NONE_MICRO_USD].map((gross) =>
    signals.look(1, BUY_POLYMARKET_SELL_KALSHI, gross),
  )
  const { None, Began, Ended } = SignalChange
  assert.deepEqual(told, [None, Began, None, Ended, Began, Ended])
})

test('bundles and directions are told apart', () => {
  const signals = new Signals(2, 30_000)
  assert.equal(signals.look(0, BUY_POLYMARKET_SELL_KALSHI, 50_000), SignalChange.Began)
  assert.equal(signals.look(0, BUY_KALSHI_SELL_POLYMARKET, 50_000), SignalChange.Began)
  assert.equal(signals.look(1, BUY_POLYMARKET_SELL_KALSHI, 50_000), SignalChange.Began)
  assert.equal(signals.look(0, BUY_KALSHI_SELL_POLYMARKET, 0), SignalChange.Ended)
  assert.equal(signals.look(0, BUY_POLYMARKET_SELL_KALSHI, 50_000), SignalChange.None)
})
