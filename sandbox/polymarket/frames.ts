import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import type { PolymarketEvent, Print } from '../engine/polymarket/event.ts'
import { type LevelChange, type Market, type Outcome, priceOf } from '../engine/polymarket/market.ts'
import type { Order } from '../engine/polymarket/order.ts'
import type { Trade } from '../engine/polymarket/trade.ts'
import type { Random } from '../engine/random.ts'
import {
  amountText,
  FEE_CAP,
  orderOf,
  originalSize,
  priceText,
  seconds,
  summaryOf,
  topOf,
  tradeOf,
} from './documents.ts'
import { textOf } from './errors.ts'

// Messages of the market and of the user channel: Polymarket fact sheet, sections 3.3 and 4.

const OUTCOMES = [0, 1] as const

/** A full book. What comes on subscribing says more than what comes after a trade. */
export function bookMessage(
  market: Market,
  outcome: Outcome,
  nowMs: number,
  given: { onSubscribe: boolean; ghost: boolean },
): object {
  const { min_order_size, neg_risk, tick_size, last_trade_price, ...book } = summaryOf(
    market,
    outcome,
    nowMs,
    given.ghost,
  ) as Record<string, unknown>
  const more = given.onSubscribe ? { tick_size, last_trade_price } : {}
  return { event_type: 'book', ...book, ...(market.terms.version === 'v2' ? { version: 'v2' } : {}), ...more }
}

/** One level of the book, told for both tokens. The tops are those after the whole burst. */
export function priceChangeMessage(
  market: Market,
  { side, price, microShares }: LevelChange,
  nowMs: number,
  random: Random,
): object {
  const { conditionId, tokens } = market.terms
  const price_changes = OUTCOMES.map((outcome) => {
    const top = topOf(market, outcome)
    return {
      asset_id: tokens[outcome],
      price: priceText(priceOf(outcome, price)),
      size: amountText(microShares),
      side: side === outcome ? 'BUY' : 'SELL',
      hash: random.hex(40),
      best_bid: top.bid,
      best_ask: top.ask,
    }
  })
  return { event_type: 'price_change', market: conditionId, price_changes, timestamp: String(nowMs) }
}

export function lastTradeMessage(market: Market, print: Print, nowMs: number): object {
  const { conditionId, tokens, fee } = market.terms
  return {
    event_type: 'last_trade_price',
    asset_id: tokens[print.outcome],
    market: conditionId,
    price: priceText(print.price),
    size: amountText(print.microShares),
    fee_rate_bps: String(fee.rate > 0 ? FEE_CAP : 0),
    side: print.side,
    timestamp: String(nowMs),
  }
}

export function tickMessage(
  { market, oldTick, newTick }: Extract<PolymarketEvent, { kind: 'tick' }>,
  outcome: Outcome,
  nowMs: number,
): object {
  return {
    event_type: 'tick_size_change',
    asset_id: market.terms.tokens[outcome],
    market: market.terms.conditionId,
    old_tick_size: priceText(oldTick),
    new_tick_size: priceText(newTick),
    timestamp: String(nowMs),
  }
}

export function topMessage(market: Market, outcome: Outcome, nowMs: number): object {
  const { bid, ask } = topOf(market, outcome)
  const spread = (scaledFromDecimal(ask, 4) ?? 0) - (scaledFromDecimal(bid, 4) ?? 0)
  return {
    event_type: 'best_bid_ask',
    market: market.terms.conditionId,
    asset_id: market.terms.tokens[outcome],
    best_bid: bid,
    best_ask: ask,
    spread: priceText(spread),
    timestamp: String(nowMs),
  }
}

export function newMarketMessage(market: Market, nowMs: number): object {
  const { conditionId, tokens, outcomes, question, slug } = market.terms
  return {
    event_type: 'new_market',
    id: conditionId,
    question,
    market: conditionId,
    slug,
    description: question,
    assets_ids: tokens,
    outcomes,
    timestamp: String(nowMs),
    tags: [],
    condition_id: conditionId,
    active: true,
    clob_token_ids: tokens,
    sports_market_type: '',
    line: '',
    game_start_time: '',
    order_price_min_tick_size: priceText(market.tick),
    group_item_title: '',
  }
}

export function resolvedMessage(
  { market, winner }: Extract<PolymarketEvent, { kind: 'resolved' }>,
  nowMs: number,
): object {
  const { conditionId, tokens, outcomes } = market.terms
  return {
    event_type: 'market_resolved',
    id: conditionId,
    market: conditionId,
    assets_ids: tokens,
    winning_asset_id: tokens[winner],
    winning_outcome: outcomes[winner],
    timestamp: String(nowMs),
    tags: [],
  }
}

export function orderMessage(
  { order, type, why }: Extract<PolymarketEvent, { kind: 'order' }>,
  nowMs: number,
): object {
  const killed =
    why === undefined ? {} : killedFields(order, textOf(why, order.id), why.kind === 'crosses-book')
  return {
    event_type: 'order',
    ...orderOf(order),
    order_owner: order.owner,
    original_size: originalSize(order),
    associate_trades: order.trades.length === 0 ? null : order.trades,
    created_at: seconds(order.createdMs),
    type,
    timestamp: String(nowMs),
    ...killed,
  }
}

/** An order that never rested and got nothing: its status has the reason behind it, and some fields are empty. */
function killedFields({ status }: Order, text: string, crossed: boolean): object {
  return {
    status: crossed ? `UNMATCHED_${text}` : `${status}_${text}`,
    size_matched: '',
    outcome: '',
    created_at: '',
    associate_trades: [],
  }
}

export function tradeMessage(trade: Trade, owner: string, nowMs: number): object {
  return {
    event_type: 'trade',
    type: 'TRADE',
    ...tradeOf(trade, trade.taker.owner === owner),
    matchtime: seconds(trade.matchedMs),
    trade_owner: trade.taker.owner,
    timestamp: seconds(nowMs),
  }
}
