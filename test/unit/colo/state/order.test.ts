import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isUnderWay, ORDER_LIFE, OrderEvent, OrderState } from '@tandem/colo/state/order.ts'
import { ORDERS_MAX, OrderKind, Orders } from '@tandem/colo/state/orders.ts'
import { TRADE_LIFE, TradeEvent, TradeState } from '@tandem/colo/state/trade.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import fc from 'fast-check'

const STATES = Object.values(OrderState)
const EVENTS = Object.values(OrderEvent)
/** What a venue may tell of an order at any time after it was sent, in whatever order. */
const TOLD = [OrderEvent.Fill, OrderEvent.Revert, OrderEvent.Confirm] as const

test('a step that is not in the table names both, and those that are lead where it says', () => {
  assert.throws(() => ORDER_LIFE.next(OrderState.Rejected, OrderEvent.Send), {
    code: 'ILLEGAL_TRANSITION',
    what: 'an order in state Rejected met Send',
  })
  assert.throws(() => TRADE_LIFE.next(TradeState.Hedged, TradeEvent.Overdue), /in state Hedged met Overdue/)
  for (const state of STATES)
    for (const event of EVENTS)
      if (ORDER_LIFE.allows(state, event))
        assert.ok(STATES.includes(ORDER_LIFE.next(state, event) as OrderState))
      else assert.throws(() => ORDER_LIFE.next(state, event), { code: 'ILLEGAL_TRANSITION' })
})

test('an order is sent once, whatever happens to it', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
      let state: number = OrderState.Planned
      let sent = 0
      for (const event of events) {
        if (!ORDER_LIFE.allows(state, event)) continue
        state = ORDER_LIFE.next(state, event)
        if (event === OrderEvent.Send) sent++
      }
      assert.ok(sent <= 1)
      // What is known to be over is never again in doubt, nor waited for.
      if (!isUnderWay(state as OrderState))
        for (const event of [OrderEvent.Send, OrderEvent.Take, OrderEvent.Doubt])
          assert.equal(ORDER_LIFE.allows(state, event), false)
    }),
  )
})

test('nothing that a venue tells of an order that has ended is illegal, but to take back or settle what never filled', () => {
  for (const state of STATES.filter((state) => !isUnderWay(state)))
    for (const event of TOLD) {
      const isOfNothing = state === OrderState.Rejected && event !== OrderEvent.Fill
      const isAgain = state === OrderState.Final && event === OrderEvent.Confirm
      assert.equal(ORDER_LIFE.allows(state, event), !isOfNothing && !isAgain, `${state} ${event}`)
    }
})

test('a trade only ends equal or empty, and what is parked is not given up', () => {
  const reachable = (from: TradeState): TradeState[] =>
    Object.values(TradeEvent)
      .filter((event) => TRADE_LIFE.allows(from, event))
      .map((event) => TRADE_LIFE.next(from, event) as TradeState)
  assert.deepEqual(reachable(TradeState.Parked), [
    TradeState.Completed,
    TradeState.SoldBack,
    TradeState.Settled,
  ])
  for (const end of Object.values(TradeState).slice(TradeState.Hedged)) assert.deepEqual(reachable(end), [])
})

test('a number finds its order until a later one needs the place, and never while it is under way', () => {
  const orders = new Orders()
  const first = orders.plan(3, 5, 1, KALSHI, OrderKind.Entry)
  const second = orders.plan(4, 6, 0, POLYMARKET, OrderKind.SellBack)
  assert.notEqual(orders.place(first), orders.place(second))
  assert.equal(orders.bundle[orders.place(second)], 6)
  orders.move(orders.place(second), OrderEvent.Refuse)
  for (let i = 0; i < 2 * ORDERS_MAX; i++)
    orders.move(orders.place(orders.plan(0, 0, 0, KALSHI, OrderKind.Entry)), OrderEvent.Refuse)
  assert.equal(orders.trade[orders.place(first)], 3)
  assert.equal(orders.place(second), -1)
})

test('the end of a trade leaves its orders known, and of no open trade', () => {
  const orders = new Orders()
  const order = orders.plan(3, 5, 1, KALSHI, OrderKind.Entry)
  orders.tradeEnded(3)
  const place = orders.place(order)
  assert.deepEqual([orders.trade[place], orders.bundle[place]], [-1, 5])
})
