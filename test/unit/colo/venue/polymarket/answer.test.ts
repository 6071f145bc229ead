import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnswerKind } from '@tandem/colo/venue/leg.ts'
import { polymarketAnswerOf } from '@tandem/colo/venue/polymarket/answer.ts'
import { PolymarketError } from '@tandem/colo/venue/polymarket/error.ts'

const sent = (side: 'BUY' | 'SELL', maker = 5_000_000) =>
  `"makerAmount":"${maker}","takerAmount":"9615300","side":"${side}","signatureType":0,"times`
const told = (fields: object = {}) =>
  JSON.stringify({
    success: true,
    errorMsg: '',
    orderID: '0xC503',
    status: 'matched',
    makingAmount: '4.999999',
    takingAmount: '8.19672',
    tradeIDs: ['t1', 't2'],
    ...fields,
  })

test('reads dollars and shares of a BUY, and leaves the fee to the fills', () => {
  const { kind, orderId, microShares, costMicroUsd, feeMicroUsd, exact, tradeIds } = polymarketAnswerOf(
    200,
    told(),
    sent('BUY'),
  )
  assert.deepEqual(
    { kind, orderId, microShares, costMicroUsd, feeMicroUsd, exact, tradeIds },
    {
      kind: AnswerKind.Filled,
      orderId: '0xc503',
      microShares: 8_196_720,
      costMicroUsd: 4_999_999,
      feeMicroUsd: -1,
      exact: true,
      tradeIds: ['t1', 't2'],
    },
  )
})

test('reads a SELL the other way round', () => {
  const body = told({ makingAmount: '4.5', takingAmount: '2.25' })
  const answer = polymarketAnswerOf(200, body, sent('SELL'))
  assert.deepEqual([answer.microShares, answer.costMicroUsd], [4_500_000, 2_250_000])
})

test('takes amounts without a point for decimals, or for millionths where decimals would exceed the order', () => {
  for (const [makingAmount, takingAmount, cost, shares] of [
    ['5', '10', 5_000_000, 10_000_000],
    ['5', '9.6', 5_000_000, 9_600_000],
    ['5000000', '10000000', 5_000_000, 10_000_000],
    ['700000', '1000000', 700_000, 1_000_000],
  ] as const) {
    const answer = polymarketAnswerOf(200, told({ makingAmount, takingAmount }), sent('BUY'))
    assert.deepEqual([answer.costMicroUsd, answer.microShares], [cost, shares], makingAmount)
  }
})

test('takes an order whose amounts are not told yet for taken', () => {
  const empty = { makingAmount: '', takingAmount: '' }
  for (const fields of [
    { status: 'delayed', ...empty },
    { status: 'live', ...empty },
    { status: 'unmatched', ...empty },
    empty,
  ]) {
    const answer = polymarketAnswerOf(200, told(fields), sent('BUY'))
    assert.deepEqual([answer.kind, answer.orderId], [AnswerKind.Taken, '0xc503'])
  }
})

test('does not believe amounts that the order cannot have', () => {
  for (const fields of [
    { makingAmount: '5.000001' },
    { makingAmount: '5.0', takingAmount: '4.9' },
    { makingAmount: '', takingAmount: '1' },
    { makingAmount: '-1.0' },
    { makingAmount: '4.9999999' },
  ]) {
    const answer = polymarketAnswerOf(200, told(fields), sent('BUY'))
    assert.equal(answer.kind, AnswerKind.Unclear, JSON.stringify(fields))
  }
  assert.equal(polymarketAnswerOf(200, told(), '').kind, AnswerKind.Unclear)
})

test('names what the venue refused, in whichever status it says so, and doubts what proves nothing', () => {
  const none =
    'no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.'
  const { Refused, Unclear } = AnswerKind
  for (const [status, body, kind, error, later] of [
    [400, { error: none }, Refused, PolymarketError.NotFilled, false],
    [200, { success: false, errorMsg: none, orderID: '' }, Refused, PolymarketError.NotFilled, false],
    [400, { error: 'not enough balance / allowance' }, Refused, PolymarketError.InsufficientBalance, false],
    [429, {}, Refused, PolymarketError.RateLimited, true],
    [503, { error: 'x', code: 'post_only_mode' }, Refused, PolymarketError.PostOnlyMode, true],
    [400, { error: 'order 0x1 is invalid. Duplicated.' }, Unclear, PolymarketError.Duplicated, false],
    [425, {}, Unclear, PolymarketError.Unclear, false],
    [500, { error: 'could not insert order' }, Unclear, PolymarketError.Unclear, false],
    [200, {}, Unclear, PolymarketError.Unclear, false],
  ] as const) {
    const answer = polymarketAnswerOf(status, JSON.stringify(body), sent('BUY'))
    assert.deepEqual(
      [answer.kind, answer.error, answer.later],
      [kind, error, later],
      `${status} ${JSON.stringify(body)}`,
    )
  }
})
