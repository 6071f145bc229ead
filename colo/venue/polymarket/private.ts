import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { PRICE_ONE } from '@tandem/shared/units.ts'
import { textOf } from '../answer.ts'
import {
  type Fill,
  PrivateOutcome,
  type PrivateSink,
  type ToldOrder,
  type ToldTrade,
  UNTOLD,
} from '../leg.ts'

// The user channel (Polymarket fact sheet, section 4). From the sheet: a trade's own size and price are the taker's; the
// fills are its maker_orders, each at its own price, on our token or on the other one (a mint or a merge), where our
// price is what is left of a dollar. The same trade is told at each step, MATCHED, MINED, CONFIRMED or FAILED; a large
// match may be several trades. Fees are not told; whether they are rounded per maker or per price is uncertain, and what a
// trade takes at one price is one fill here. Uncertain: what size_matched counts of a BUY that spends dollars (taken
// for shares), and whether MATCHED ends an order that filled in part; both matter only where the answer told no amounts.

/** Reads one frame, an object or a list of them. Of a broken one nothing after the fault is told. */
export function readPolymarketPrivate(text: string, sink: PrivateSink): PrivateOutcome {
  if (text.trim() === 'PONG') return PrivateOutcome.Other
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return PrivateOutcome.Broken
  }
  let outcome: PrivateOutcome = PrivateOutcome.Other
  for (const message of Array.isArray(frame) ? frame : [frame]) {
    if (typeof message !== 'object' || message === null) return PrivateOutcome.Broken
    const read = readMessage(message as Record<string, unknown>, sink)
    if (read > PrivateOutcome.Other) return read
    if (read === PrivateOutcome.Told) outcome = read
  }
  return outcome
}

function readMessage(fields: Record<string, unknown>, sink: PrivateSink): PrivateOutcome {
  switch (fields.event_type) {
    case 'trade': {
      // A maker's fills are of orders that rest; none of ours does.
      if (fields.trader_side === 'MAKER') return PrivateOutcome.Other
      const told = polymarketTradeOf(fields)
      if (told === undefined) return PrivateOutcome.Broken
      sink.trade(told)
      return PrivateOutcome.Told
    }
    case 'order': {
      const told = polymarketOrderOf(fields)
      if (told === undefined) return PrivateOutcome.Broken
      sink.order(told)
      return PrivateOutcome.Told
    }
    default:
      if (typeof fields.error === 'string') return PrivateOutcome.Refused
      return typeof fields.event_type === 'string' ? PrivateOutcome.Other : PrivateOutcome.Broken
  }
}

/** An order of the user channel or of GET /data/order. */
export function polymarketOrderOf(fields: Record<string, unknown>): ToldOrder | undefined {
  const orderId = textOf(fields.id).toLowerCase()
  const matched = textOf(fields.size_matched)
  const filledMicroShares = matched === '' ? 0 : scaledFromDecimal(matched, 6)
  if (orderId === '' || filledMicroShares === undefined || filledMicroShares < 0) return undefined
  // A status may have free text after it, and REST has been seen to write ORDER_STATUS_MATCHED.
  const ended = /^(ORDER_STATUS_)?(MATCHED|CANCELED|UNMATCHED|INVALID)/.test(textOf(fields.status))
  const trades = Array.isArray(fields.associate_trades) ? fields.associate_trades : []
  return {
    orderId,
    clientOrderId: '',
    ended: ended || fields.type === 'CANCELLATION',
    filledMicroShares,
    tradeIds: trades.filter((id) => typeof id === 'string'),
  }
}

/** A trade of the user channel or of GET /data/trades, as the taker's order sees it. */
export function polymarketTradeOf(fields: Record<string, unknown>): ToldTrade | undefined {
  const tradeId = textOf(fields.id)
  const orderId = textOf(fields.taker_order_id).toLowerCase()
  const makers = Array.isArray(fields.maker_orders) ? fields.maker_orders : []
  const made: (Fill | undefined)[] = makers.map((maker) =>
    fillOf(maker?.price, maker?.matched_amount, maker?.asset_id !== fields.asset_id),
  )
  if (made.length === 0) made.push(fillOf(fields.price, fields.size, false))
  if (tradeId === '' || orderId === '' || !made.every((fill) => fill !== undefined)) return undefined
  const byPrice = new Map<number, number>()
  for (const { price, microShares } of made) byPrice.set(price, (byPrice.get(price) ?? 0) + microShares)
  const fills = Array.from(byPrice, ([price, microShares]) => ({ price, microShares, feeMicroUsd: UNTOLD }))
  // REST has been seen to write TRADE_STATUS_FAILED.
  const status = textOf(fields.status)
  const [failed, settled] = [status.endsWith('FAILED'), status.endsWith('CONFIRMED')]
  return { tradeId, orderId, clientOrderId: '', fills, failed, settled }
}

function fillOf(priceText: unknown, sizeText: unknown, ofOtherToken: boolean): Fill | undefined {
  const price = scaledFromDecimal(textOf(priceText), 4)
  const microShares = scaledFromDecimal(textOf(sizeText), 6)
  if (price === undefined || price <= 0 || price >= PRICE_ONE) return undefined
  if (microShares === undefined || microShares <= 0) return undefined
  return { price: ofOtherToken ? PRICE_ONE - price : price, microShares, feeMicroUsd: UNTOLD }
}
