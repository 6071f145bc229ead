import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKalshiPrivate } from '@tandem/colo/venue/kalshi/private.ts'
import { PrivateOutcome, type ToldOrder, type ToldTrade } from '@tandem/colo/venue/leg.ts'

// The frames are those of the Kalshi fact sheet, section 3.6.
const FILL = {
  trade_id: 'd91bc706-ee49-470d-82d8-11418bda6fed',
  order_id: 'ee587a1c-8b87-4dcf-b721-9f6f790619fa',
  client_order_id: 'my-order-1',
  market_ticker: 'HIGHNY-22DEC23-B53.5',
  exchange_index: 2,
  is_taker: true,
  side: 'yes',
  yes_price_dollars: '0.7500',
  count_fp: '278.00',
  fee_cost: '0.010000',
  action: 'buy',
  ts_ms: 1671899397000,
  outcome_side: 'yes',
  book_side: 'bid',
}
const ORDER = {
  order_id: FILL.order_id,
  ticker: 'FED-23DEC-T3.00',
  status: 'canceled',
  fill_count_fp: '3.50',
  remaining_count_fp: '0.00',
  client_order_id: 'my-order-1',
}

function read(text: string) {
  const trades: ToldTrade[] = []
  const orders: ToldOrder[] = []
  const groups: string[] = []
  const sink = {
    trade: (told: ToldTrade) => trades.push(told),
    order: (told: ToldOrder) => orders.push(told),
    groupTriggered: (id: string) => groups.push(id),
  }
  return { outcome: readKalshiPrivate(text, sink), trades, orders, groups }
}
const frame = (type: string, msg: object) => `${JSON.stringify({ type, sid: 13, msg })}\n`

test('reads a fill with its fee', () => {
  const { outcome, trades } = read(frame('fill', FILL))
  assert.equal(outcome, PrivateOutcome.Told)
  assert.deepEqual(trades, [
    {
      tradeId: FILL.trade_id,
      orderId: FILL.order_id,
      clientOrderId: 'my-order-1',
      fills: [{ price: 7_500, microShares: 278_000_000, feeMicroUsd: 10_000 }],
      failed: false,
      settled: true,
    },
  ])
})

test('prices a fill of NO at what is left of a dollar', () => {
  const { trades } = read(frame('fill', { ...FILL, outcome_side: 'no', yes_price_dollars: '0.7520' }))
  assert.equal(trades[0].fills[0].price, 2_480)
})

test('knows that an order has ended, and how far it was filled', () => {
  const { orders } = read(frame('user_order', ORDER))
  assert.deepEqual(orders, [
    {
      orderId: ORDER.order_id,
      clientOrderId: 'my-order-1',
      ended: true,
      filledMicroShares: 3_500_000,
      tradeIds: [],
    },
  ])
  assert.equal(read(frame('user_order', { ...ORDER, status: 'resting' })).orders[0].ended, false)
})

test('tells what is nothing to us, what is refused and what is broken apart', () => {
  for (const [text, outcome] of [
    ['{"id":1,"type":"subscribed","msg":{"channel":"fill","sid":1}}', PrivateOutcome.Other],
    ['{"type":"market_position","sid":14,"msg":{}}', PrivateOutcome.Other],
    ['{"id":1,"type":"error","msg":{"code":9,"msg":"Authentication required"}}', PrivateOutcome.Refused],
    ['{"type":"fill","msg":null}', PrivateOutcome.Broken],
    ['{"type":"fil', PrivateOutcome.Broken],
    [frame('fill', { ...FILL, fee_cost: '-0.01' }), PrivateOutcome.Broken],
    [frame('fill', { ...FILL, yes_price_dollars: '1.0000' }), PrivateOutcome.Broken],
    [frame('fill', { ...FILL, count_fp: 278 }), PrivateOutcome.Broken],
    [frame('fill', { ...FILL, outcome_side: undefined }), PrivateOutcome.Broken],
    [frame('user_order', { ...ORDER, order_id: '' }), PrivateOutcome.Broken],
  ] as const) {
    const { outcome: read_, trades, orders } = read(text)
    assert.deepEqual([read_, trades.length + orders.length], [outcome, 0], text)
  }
})

test('an order group that was triggered or deleted takes no more; what else is told of it is of no use', () => {
  const told = (event_type: string) =>
    read(frame('order_group_updates', { event_type, order_group_id: 'og_123', ts_ms: 1 }))
  for (const end of ['triggered', 'deleted'])
    assert.deepEqual([told(end).outcome, told(end).groups], [PrivateOutcome.Told, ['og_123']])
  for (const other of ['created', 'reset', 'limit_updated'])
    assert.deepEqual([told(other).outcome, told(other).groups], [PrivateOutcome.Other, []])
})
