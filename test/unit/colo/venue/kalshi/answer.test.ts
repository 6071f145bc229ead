import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientOrderIdOf, kalshiAnswerOf } from '@tandem/colo/venue/kalshi/answer.ts'
import { KalshiError } from '@tandem/colo/venue/kalshi/error.ts'
import { AnswerKind, UNTOLD } from '@tandem/colo/venue/leg.ts'

const ID = 'tandem-1-000000000042'
const sent = (side: 'bid' | 'ask', count = '10.00') =>
  `"client_order_id":"${ID}","side":"${side}","price":"0.5600","count":"${count}"     }`
const told = (fields: object) =>
  JSON.stringify({ order_id: 'o1', client_order_id: ID, remaining_count: '0.00', ts_ms: 1, ...fields })
const filled = (fields: object = {}) =>
  told({
    fill_count: '10.00',
    average_fill_price: '0.5600',
    average_fee_paid: '0.017300',
    ...fields,
  })

test('reads a filled order as shares, cost and fee, of either status that success has', () => {
  for (const status of [200, 201]) {
    const answer = kalshiAnswerOf(status, filled(), sent('bid'))
    assert.deepEqual(
      [answer.kind, answer.orderId, answer.microShares, answer.costMicroUsd, answer.feeMicroUsd],
      [AnswerKind.Filled, 'o1', 10_000_000, 5_600_000, 173_000],
    )
    assert.equal(answer.exact, false)
  }
})

test('tells an order on the ask side as NO bought at what is left of a dollar', () => {
  const answer = kalshiAnswerOf(201, filled(), sent('ask'))
  assert.deepEqual([answer.microShares, answer.costMicroUsd], [10_000_000, 4_400_000])
})

test('takes an order that filled nothing for filled, with nothing, and averages that are not there for untold', () => {
  const none = kalshiAnswerOf(201, told({ fill_count: '0.00', remaining_count: '0.00' }), sent('bid'))
  assert.deepEqual([none.kind, none.microShares], [AnswerKind.Filled, 0])
  const nulls = { average_fill_price: null, average_fee_paid: null }
  const untold = kalshiAnswerOf(201, filled(nulls), sent('bid'))
  assert.deepEqual(
    [untold.microShares, untold.costMicroUsd, untold.feeMicroUsd],
    [10_000_000, UNTOLD, UNTOLD],
  )
})

test('counts an average that the venue has rounded as the most it can have been', () => {
  const answer = kalshiAnswerOf(
    201,
    filled({ fill_count: '9.00', average_fill_price: '0.333333', average_fee_paid: '0.017300' }),
    sent('bid'),
  )
  assert.deepEqual([answer.costMicroUsd, answer.feeMicroUsd], [3_000_002, 155_700])
})

test('does not believe an answer that is not of our order, or is none', () => {
  for (const [status, body] of [
    [201, told({ fill_count: '10.00', client_order_id: 'tandem-1-000000000041' })],
    [201, filled({ fill_count: '10.01' })],
    [201, filled({ fill_count: '-1.00' })],
    [201, filled({ fill_count: 10 })],
    [201, filled({ order_id: '' })],
    [201, '{"order_id":"o1"'],
    [202, filled()],
    [500, '{"error":{"code":"internal"}}'],
    [504, '<html>'],
    [409, '{"error":{"code":"order_already_exists","message":"order already exists"}}'],
  ] as const) {
    assert.equal(kalshiAnswerOf(status, body, sent('bid')).kind, AnswerKind.Unclear, `${status} ${body}`)
  }
  assert.equal(kalshiAnswerOf(201, filled(), '').kind, AnswerKind.Unclear)
})

test('names what the venue refused, and whether a pause may help', () => {
  for (const [status, body, error, later] of [
    [429, '{"error":"too many requests"}', KalshiError.TooManyRequests, true],
    [409, '{"error":{"code":"trading_is_paused"}}', KalshiError.TradingPaused, true],
    [400, '{"error":{"code":"insufficient_balance"}}', KalshiError.InsufficientBalance, false],
    [409, '{"error":{"code":"fill_or_kill_insufficient_resting_volume"}}', KalshiError.NotFilled, false],
  ] as const) {
    const answer = kalshiAnswerOf(status, body, sent('bid'))
    assert.deepEqual([answer.kind, answer.error, answer.later], [AnswerKind.Refused, error, later])
  }
})

test('finds our id in what was kept of a request', () => {
  assert.equal(clientOrderIdOf(sent('bid')), ID)
  assert.equal(clientOrderIdOf(''), '')
})
