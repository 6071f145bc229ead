import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { MICRO_SHARES_PER_LOT, PRICE_ONE } from '@tandem/shared/units.ts'
import { fieldsOf, textOf } from '../answer.ts'
import { PrivateOutcome, type PrivateSink, type ToldOrder, type ToldTrade } from '../leg.ts'

// The channels `fill`, `user_orders` and `order_group_updates` (Kalshi fact sheet, section 3.6). The first two have no sequence number: what is missed
// is known by nothing but REST. From the sheet: fee_cost has 6 decimals; a fill is known by its trade_id, on every
// channel. Uncertain: that fee_cost is what the balance is charged, rounding and rebate included (what was recorded
// agrees); that `user_orders` speaks at all (it was silent on one environment), so nothing here relies on it.

export interface KalshiPrivateSink extends PrivateSink {
  /** The group takes no orders any more. */
  groupTriggered(orderGroupId: string): void
}

/** Of `order_group_updates`. */
const GROUP_ENDS = ['triggered', 'deleted']

/** Reads one frame. Broken ones tell nothing. */
export function readKalshiPrivate(text: string, sink: KalshiPrivateSink): PrivateOutcome {
  const frame = fieldsOf(text)
  const message = typeof frame.msg === 'object' && frame.msg !== null ? frame.msg : {}
  const fields = message as Record<string, unknown>
  switch (frame.type) {
    case 'fill': {
      const told = kalshiFillOf(fields)
      if (told === undefined) return PrivateOutcome.Broken
      sink.trade(told)
      return PrivateOutcome.Told
    }
    case 'user_order': {
      const told = kalshiOrderOf(fields)
      if (told === undefined) return PrivateOutcome.Broken
      sink.order(told)
      return PrivateOutcome.Told
    }
    case 'order_group_updates':
      if (!GROUP_ENDS.includes(textOf(fields.event_type))) return PrivateOutcome.Other
      sink.groupTriggered(textOf(fields.order_group_id))
      return PrivateOutcome.Told
    case 'error':
      return PrivateOutcome.Refused
    default:
      return typeof frame.type === 'string' ? PrivateOutcome.Other : PrivateOutcome.Broken
  }
}

/** An order off the socket or of GET /portfolio/orders, which share the fields that matter here. */
export function kalshiOrderOf(fields: Record<string, unknown>): ToldOrder | undefined {
  const orderId = textOf(fields.order_id)
  const lots = scaledFromDecimal(textOf(fields.fill_count_fp), 2)
  if (orderId === '' || lots === undefined || lots < 0) return undefined
  return {
    orderId,
    clientOrderId: textOf(fields.client_order_id),
    ended: fields.status === 'executed' || fields.status === 'canceled',
    filledMicroShares: lots * MICRO_SHARES_PER_LOT,
    tradeIds: [],
  }
}

/** A fill off the socket or of GET /portfolio/fills, which has the same fields but no client_order_id. */
export function kalshiFillOf(fields: Record<string, unknown>): ToldTrade | undefined {
  const tradeId = textOf(fields.trade_id)
  const orderId = textOf(fields.order_id)
  const yesPrice = scaledFromDecimal(textOf(fields.yes_price_dollars), 4)
  const lots = scaledFromDecimal(textOf(fields.count_fp), 2)
  const feeMicroUsd = scaledFromDecimal(textOf(fields.fee_cost), 6)
  const side = fields.outcome_side
  if (tradeId === '' || orderId === '' || (side !== 'yes' && side !== 'no')) return undefined
  if (yesPrice === undefined || yesPrice <= 0 || yesPrice >= PRICE_ONE) return undefined
  if (lots === undefined || lots <= 0 || feeMicroUsd === undefined || feeMicroUsd < 0) return undefined
  const price = side === 'yes' ? yesPrice : PRICE_ONE - yesPrice
  return {
    tradeId,
    orderId,
    clientOrderId: textOf(fields.client_order_id),
    fills: [{ price, microShares: lots * MICRO_SHARES_PER_LOT, feeMicroUsd }],
    failed: false,
    settled: true,
  }
}
