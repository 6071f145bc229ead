import { createHash } from 'node:crypto'
import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { PRICE_ONE, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import { type Market, type Outcome, priceOf } from '../engine/polymarket/market.ts'
import type { Order } from '../engine/polymarket/order.ts'
import type { Trade } from '../engine/polymarket/trade.ts'

// JSON of markets, books, orders and trades, as REST answers them and as the channels share it: Polymarket fact sheet,
// sections 3.3, 4, 5 and 6.4. Prices and sizes are strings and not canonical: a book writes all decimals of its tick, the
// rest of the wire none too many.

export function priceText(price: number): string {
  return decimalFromScaled(price, 4)
}

export function amountText(micro: number): string {
  return decimalFromScaled(micro, 6)
}

/** Millionths where nothing is an empty text. */
export function matchedText(micro: number): string {
  return micro === 0 ? '' : amountText(micro)
}

interface LevelText {
  readonly price: string
  readonly size: string
}

/** The book of one token, best price last on both sides. */
function levelsOf(market: Market, outcome: Outcome): { bids: LevelText[]; asks: LevelText[] } {
  const places = decimalFromScaled(market.tick, 4).length - 2
  const side = (of: Side): LevelText[] =>
    [...market.book.levels(of)].reverse().map(({ price, microShares }) => ({
      price: decimalFromScaled(priceOf(outcome, price), 4, places),
      size: amountText(microShares),
    }))
  const [bids, asks] = [side(SIDE_BID), side(SIDE_ASK)]
  return outcome === 0 ? { bids, asks } : { bids: asks, asks: bids }
}

/** What a book looks like that is stale in the known way. */
const GHOST = {
  bids: [{ price: '0.01', size: '100' }],
  asks: [{ price: '0.99', size: '100' }],
} as const

/** Best bid and ask of a token; an empty side is "0" or "1". */
export function topOf(market: Market, outcome: Outcome): { bid: string; ask: string } {
  const side = (of: Side, empty: number): number => {
    const best = market.book.best(of)
    return best === -1 ? empty : best
  }
  const [bid, ask] = [side(SIDE_BID, 0), side(SIDE_ASK, PRICE_ONE)]
  return outcome === 0
    ? { bid: priceText(bid), ask: priceText(ask) }
    : { bid: priceText(PRICE_ONE - ask), ask: priceText(PRICE_ONE - bid) }
}

export function summaryOf(market: Market, outcome: Outcome, nowMs: number, ghost: boolean): object {
  const { conditionId, tokens, minimumShares, negRisk } = market.terms
  const { bids, asks } = ghost ? GHOST : levelsOf(market, outcome)
  const summary = {
    market: conditionId,
    asset_id: tokens[outcome],
    timestamp: String(nowMs),
    hash: '',
    bids,
    asks,
    min_order_size: String(minimumShares),
    tick_size: priceText(market.tick),
    neg_risk: negRisk,
    last_trade_price: market.lastTradePrice === 0 ? '' : priceText(market.lastTradePrice),
  }
  summary.hash = createHash('sha1').update(JSON.stringify(summary)).digest('hex')
  return summary
}

/** `GET /clob-markets/{condition_id}`: what is false, zero or unset is left out. */
export function compactMarketOf(market: Market): object {
  const { conditionId, tokens, outcomes, minimumShares, negRisk, version, fee, takerDelayMs, secondsDelay } =
    market.terms
  const cap = fee.rate > 0 ? FEE_CAP : 0
  return {
    c: conditionId,
    t: tokens.map((t, i) => ({ t, o: outcomes[i] })),
    mos: minimumShares,
    mts: market.tick / PRICE_ONE,
    mbf: cap,
    tbf: cap,
    ...(negRisk ? { nr: true } : {}),
    ao: !market.closed,
    aot: CREATED,
    cbos: false,
    ...(secondsDelay > 0 ? { sd: secondsDelay } : {}),
    ...(takerDelayMs > 0 ? { itode: true } : {}),
    ibce: false,
    r: { mi: 50, ma: 4.5, e: true, moas: 0 },
    ...(fee.rate > 0 ? { fd: { r: fee.rate, e: fee.exponent, to: true } } : {}),
    v: version,
  }
}

export function marketOf(market: Market): object {
  const { conditionId, tokens, outcomes, question, slug, minimumShares, negRisk, fee, secondsDelay } =
    market.terms
  const cap = fee.rate > 0 ? FEE_CAP : 0
  return {
    condition_id: conditionId,
    question_id: conditionId,
    question,
    market_slug: slug,
    description: question,
    tokens: tokens.map((token, i) => ({
      token_id: token,
      outcome: outcomes[i],
      price: priceOf(i as Outcome, market.lastTradePrice) / PRICE_ONE,
      winner: market.winner === i,
    })),
    minimum_order_size: minimumShares,
    minimum_tick_size: market.tick / PRICE_ONE,
    neg_risk: negRisk,
    neg_risk_market_id: '',
    neg_risk_request_id: '',
    // A closed market may still say so.
    active: true,
    closed: market.closed,
    archived: false,
    accepting_orders: true,
    accepting_order_timestamp: CREATED,
    enable_order_book: true,
    end_date_iso: null,
    game_start_time: null,
    seconds_delay: secondsDelay,
    maker_base_fee: cap,
    taker_base_fee: cap,
    is_50_50_outcome: false,
    fpmm: '',
    icon: '',
    image: '',
    notifications_enabled: true,
    rewards: { min_size: 50, max_spread: 4.5, rates: null },
    tags: [],
  }
}

/** A flag that there are fees, in basis points; never the charge. */
export const FEE_CAP = 1_000
const CREATED = '2026-04-01T18:22:59Z'

/** An order that rests, or did. `/data/order` and `/data/orders`. */
export function orderOf(order: Order): object {
  return {
    id: order.id,
    status: order.status,
    owner: order.owner,
    maker_address: order.account,
    market: order.market.terms.conditionId,
    asset_id: order.market.terms.tokens[order.outcome],
    side: order.side,
    original_size: originalSize(order),
    size_matched: amountText(order.filledMicroShares),
    price: priceText(order.price),
    associate_trades: order.trades,
    outcome: order.market.terms.outcomes[order.outcome],
    created_at: Math.floor(order.createdMs / 1_000),
    expiration: String(order.expiration),
    order_type: order.type,
  }
}

/** Shares; but dollars of an order that buys at once. */
export function originalSize({ goal }: Order): string {
  return amountText('microShares' in goal ? goal.microShares : goal.microUsd)
}

/** A trade as one of its parties sees it: who took, or another. */
export function tradeOf(trade: Trade, isTaker: boolean): object {
  const { taker, price, microShares } = trade
  const { conditionId, tokens, outcomes, fee } = taker.market.terms
  const cap = String(fee.rate > 0 ? FEE_CAP : 0)
  return {
    id: trade.id,
    taker_order_id: taker.id,
    market: conditionId,
    asset_id: tokens[taker.outcome],
    side: taker.side,
    size: amountText(microShares),
    fee_rate_bps: cap,
    price: priceText(price),
    status: trade.status,
    match_time: seconds(trade.matchedMs),
    last_update: seconds(trade.updatedMs),
    outcome: outcomes[taker.outcome],
    bucket_index: trade.bucket,
    owner: taker.owner,
    maker_address: taker.account,
    maker_orders: trade.makers.map(({ order, microShares }) => ({
      order_id: order.id,
      owner: order.owner,
      maker_address: order.account,
      matched_amount: amountText(microShares),
      price: priceText(order.price),
      fee_rate_bps: '0',
      asset_id: tokens[order.outcome],
      outcome: outcomes[order.outcome],
      outcome_index: order.outcome,
      side: order.side,
    })),
    transaction_hash: trade.transactionHash,
    trader_side: isTaker ? 'TAKER' : 'MAKER',
  }
}

export function seconds(ms: number): string {
  return String(Math.floor(ms / 1_000))
}
