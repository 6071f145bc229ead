import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { KalshiOrderFees, kalshiFeeSchedule, ROLE_MAKER, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'
import { vectorFile } from '../reference.ts'

interface Order {
  fee_type: string
  fee_multiplier: number
  action: 'buy' | 'sell'
  balance_precision_micro: number
  fills: {
    price_e4: number
    count_e2: number
    role: 'taker' | 'maker'
    trade_fee_micro: number
    rounding_fee_micro: number
    rebate_micro: number
    net_fee_micro: number
    balance_change_micro: number
  }[]
}

const orders: Order[] = JSON.parse(readFileSync(vectorFile('kalshi-fees.json'), 'utf8')).orders

test('there are orders to check', () => assert.ok(orders.length > 0))

orders.forEach((order, row) => {
  const name = `${order.action}, ${order.fee_type} x ${order.fee_multiplier}, precision ${order.balance_precision_micro}`
  test(`Kalshi fees, row ${row}: ${name}`, () => {
    const terms = { feeType: order.fee_type, feeMultiplier: order.fee_multiplier }
    const fees = new KalshiOrderFees(kalshiFeeSchedule(terms, `row ${row}`), order.balance_precision_micro)
    for (const fill of order.fills) {
      const sign = order.action === 'buy' ? -1 : 1
      const role = fill.role === 'taker' ? ROLE_TAKER : ROLE_MAKER
      fees.fill(role, fill.price_e4 as Price, fill.count_e2 as Lots, sign * fill.price_e4 * fill.count_e2)
      assert.deepEqual(
        {
          trade_fee_micro: fees.tradeFeeMicroUsd,
          rounding_fee_micro: fees.roundingFeeMicroUsd,
          rebate_micro: fees.rebateMicroUsd,
          net_fee_micro: fees.netFeeMicroUsd,
          balance_change_micro: fees.balanceChangeMicroUsd,
        },
        {
          trade_fee_micro: fill.trade_fee_micro,
          rounding_fee_micro: fill.rounding_fee_micro,
          rebate_micro: fill.rebate_micro,
          net_fee_micro: fill.net_fee_micro,
          balance_change_micro: fill.balance_change_micro,
        },
      )
    }
  })
})
