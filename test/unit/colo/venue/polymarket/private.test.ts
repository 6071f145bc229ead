import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PrivateOutcome, type ToldOrder, type ToldTrade } from '@tandem/colo/venue/leg.ts'
import { readPolymarketPrivate } from '@tandem/colo/venue/polymarket/private.ts'

// The frames are those of the Polymarket fact sheet, section 4.
const MAKER = {
  order_id: '0xff354cd7',
  owner: '9180014b',
  matched_amount: '10',
  price: '0.57',
  asset_id: '5211',
  outcome: 'YES',
  side: 'SELL',
}
const TRADE = {
  event_type: 'trade',
  type: 'TRADE',
  id: '28c4d2eb-bbea-40e7-a9f0-b2fdb56b2c2e',
  taker_order_id: '0x06BC63',
  market: '0xbd31',
  asset_id: '5211',
  side: 'BUY',
  size: '10',
  price: '0.57',
  status: 'MATCHED',
  maker_orders: [MAKER],
  trader_side: 'TAKER',
}
const ORDER = {
  event_type: 'order',
  id: '0xFF354CD7',
  type: 'UPDATE',
  status: 'LIVE',
  size_matched: '2.5',
}

function read(frame: unknown) {
  const trades: ToldTrade[] = []
  const orders: ToldOrder[] = []
  const sink = {
    trade: (told: ToldTrade) => trades.push(told),
    order: (told: ToldOrder) => orders.push(told),
  }
  const text = typeof frame === 'string' ? frame : JSON.stringify(frame)
  return { outcome: readPolymarketPrivate(text, sink), trades, orders }
}

test('reads the maker orders of a trade as fills of ours, one for each price', () => {
  const makers = [
    MAKER,
    { ...MAKER, matched_amount: '2.123456', price: '.55' },
    { ...MAKER, order_id: '0x01', matched_amount: '0.5', price: '0.570' },
  ]
  const { outcome, trades } = read({ ...TRADE, maker_orders: makers })
  assert.equal(outcome, PrivateOutcome.Told)
  assert.deepEqual(trades, [
    {
      tradeId: TRADE.id,
      orderId: '0x06bc63',
      clientOrderId: '',
      fills: [
        { price: 5_700, microShares: 10_500_000, feeMicroUsd: -1 },
        { price: 5_500, microShares: 2_123_456, feeMicroUsd: -1 },
      ],
      failed: false,
      settled: false,
    },
  ])
})

test('prices a maker of the other token at what is left of a dollar', () => {
  const mint = [{ ...MAKER, asset_id: '7132', price: '0.44', side: 'BUY' }]
  assert.equal(read({ ...TRADE, maker_orders: mint }).trades[0].fills[0].price, 5_600)
})

test('falls back on the trade where it names no maker', () => {
  const { trades } = read({ ...TRADE, maker_orders: undefined })
  assert.deepEqual(trades[0].fills, [{ price: 5_700, microShares: 10_000_000, feeMicroUsd: -1 }])
})

test('knows a trade that has failed, in either spelling, from one that has not', () => {
  const failed = (status: string) => read({ ...TRADE, status }).trades[0].failed
  assert.deepEqual(
    ['MATCHED', 'MINED', 'CONFIRMED', 'RETRYING', 'FAILED', 'TRADE_STATUS_FAILED'].map(failed),
    [false, false, false, false, true, true],
  )
})

test('knows a trade that the chain has settled from one that it may still undo', () => {
  const settled = (status: string) => read({ ...TRADE, status }).trades[0].settled
  assert.deepEqual(['MATCHED', 'MINED', 'CONFIRMED', 'RETRYING', 'FAILED'].map(settled), [
    false,
    false,
    true,
    false,
    false,
  ])
})

test('knows when an order has ended', () => {
  const ended = (fields: object) => read({ ...ORDER, ...fields }).orders[0].ended
  assert.equal(ended({}), false)
  assert.equal(ended({ status: 'MATCHED' }), true)
  assert.equal(ended({ type: 'CANCELLATION', status: 'INVALID' }), true)
  const killed = "CANCELED_order couldn't be fully filled. FOK orders are fully filled or killed."
  const { orders } = read({ ...ORDER, type: 'CANCELLATION', status: killed, size_matched: '' })
  assert.deepEqual(orders, [
    { orderId: '0xff354cd7', clientOrderId: '', ended: true, filledMicroShares: 0, tradeIds: [] },
  ])
})

test('reads lists, and nothing into what is not ours or not whole', () => {
  assert.equal(read([TRADE, ORDER]).trades.length, 1)
  const { Other, Refused, Broken } = PrivateOutcome
  for (const [frame, outcome] of [
    ['PONG', Other],
    [[], Other],
    [{ ...TRADE, trader_side: 'MAKER' }, Other],
    [{ event_type: 'new_kind' }, Other],
    [{ error: 'unauthorized' }, Refused],
    ['{"event_type":"tra', Broken],
    [[1], Broken],
    [{}, Broken],
    [{ ...TRADE, id: '' }, Broken],
    [{ ...TRADE, maker_orders: [null] }, Broken],
    [{ ...TRADE, maker_orders: [{ ...MAKER, price: '1' }] }, Broken],
    [{ ...TRADE, maker_orders: [MAKER, { ...MAKER, matched_amount: '0' }] }, Broken],
    [{ ...ORDER, size_matched: 'x' }, Broken],
  ] as const) {
    const { outcome: got, trades, orders } = read(frame)
    assert.deepEqual([got, trades.length + orders.length], [outcome, 0], JSON.stringify(frame))
  }
})
