import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { PRICE_ONE, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import type { Settlement } from '../engine/kalshi/account.ts'
import { type EventListing, lotsOf, type Market, type Series } from '../engine/kalshi/listing.ts'
import type { PositionView } from '../engine/kalshi/occurrence.ts'
import type { Fill, OrderView, Trade } from '../engine/kalshi/order.ts'

// The venue's documents as REST gives them: prices with four decimals, counts with two, fees with six, all of them
// strings; Kalshi fact sheet, sections 4.3 to 4.5.

export const dollars = (price: number): string => decimalFromScaled(price, 4, 4)
export const contracts = (lots: number): string => decimalFromScaled(lots, 2, 2)
/** Money with as many decimals as it has, at least four. */
export const money = (microUsd: number): string => decimalFromScaled(microUsd, 6, 4)
export const fee = (microUsd: number): string => decimalFromScaled(microUsd, 6, 6)
export const time = (ms: number): string => new Date(ms).toISOString()

const MICRO_USD_PER_CENT = 10_000
const MS_PER_S = 1_000
/** How long after its close a market may at the latest be decided. */
const LATEST_EXPIRATION_MS = 7 * 24 * 3_600_000

export const outcomeSide = (side: Side): 'yes' | 'no' => (side === SIDE_BID ? 'yes' : 'no')
export const bookSide = (side: Side): 'bid' | 'ask' => (side === SIDE_BID ? 'bid' : 'ask')
export const seconds = (ms: number): number => Math.floor(ms / MS_PER_S)

export function seriesDocument(series: Series): object {
  const { ticker, title, category, frequency, feeType, feeMultiplier } = series
  return {
    ticker,
    title,
    category,
    categories: [category],
    frequency,
    tags: [],
    settlement_sources: [],
    contract_url: '',
    contract_terms_url: '',
    fee_type: feeType,
    fee_multiplier: feeMultiplier,
    additional_prohibitions: null,
  }
}

export function eventDocument(event: EventListing, withMarkets: boolean): object {
  return {
    event_ticker: event.ticker,
    series_ticker: event.series.ticker,
    title: event.title,
    sub_title: event.subTitle,
    category: event.series.category,
    collateral_return_type: '',
    mutually_exclusive: event.mutuallyExclusive,
    settlement_sources: [],
    fee_type_override: event.feeTypeOverride ?? null,
    fee_multiplier_override: event.feeMultiplierOverride ?? null,
    exchange_index: event.exchangeIndex,
    ...(withMarkets ? { markets: event.markets.map(marketDocument) } : {}),
  }
}

export function marketDocument(market: Market): object {
  const { terms, yesBid, yesAsk } = market
  return {
    ticker: terms.ticker,
    event_ticker: market.event.ticker,
    market_type: 'binary',
    title: market.event.title,
    subtitle: terms.yesSubTitle,
    yes_sub_title: terms.yesSubTitle,
    no_sub_title: terms.noSubTitle,
    created_time: time(market.createdMs),
    updated_time: time(market.updatedMs),
    open_time: time(terms.openMs),
    close_time: time(market.closeMs),
    expected_expiration_time: time(market.closeMs),
    latest_expiration_time: time(market.closeMs + LATEST_EXPIRATION_MS),
    settlement_timer_seconds: terms.settlementTimerSeconds,
    status: market.status,
    yes_bid_dollars: dollars(yesBid),
    yes_bid_size_fp: contracts(market.topLots(SIDE_BID)),
    yes_ask_dollars: dollars(yesAsk),
    yes_ask_size_fp: contracts(market.topLots(SIDE_ASK)),
    no_bid_dollars: dollars(PRICE_ONE - yesAsk),
    no_ask_dollars: dollars(PRICE_ONE - yesBid),
    last_price_dollars: dollars(market.lastPrice),
    previous_yes_bid_dollars: dollars(0),
    previous_yes_ask_dollars: dollars(0),
    previous_price_dollars: dollars(market.previousPrice),
    volume_fp: contracts(market.volumeLots),
    volume_24h_fp: contracts(market.volumeLots),
    open_interest_fp: contracts(market.openInterestLots),
    notional_value_dollars: dollars(PRICE_ONE),
    result: market.result,
    can_close_early: true,
    expiration_value: market.result,
    ...(market.result === ''
      ? {}
      : { settlement_value_dollars: dollars(market.result === 'yes' ? PRICE_ONE : 0) }),
    ...(market.status === 'finalized' ? { settlement_ts: time(market.settledMs) } : {}),
    rules_primary: terms.rulesPrimary,
    rules_secondary: terms.rulesSecondary,
    price_level_structure: market.priceLevelStructure,
    price_ranges: market.priceRanges,
    exchange_index: market.exchangeIndex,
  }
}

/** Both sides as bids in their own leg's price, best last. */
export function orderbookDocument(market: Market, depth: number): object {
  return {
    yes_dollars: bids(market, SIDE_BID, depth, false),
    no_dollars: bids(market, SIDE_ASK, depth, false),
  }
}

/**
 * The levels of one side, best last.
 *
 * @param depth how many of the best; 0 for all
 * @param yesPrice whether NO levels are told in YES's price
 */
export function bids(market: Market, side: Side, depth: number, yesPrice: boolean): [string, string][] {
  const levels: [string, string][] = []
  for (const { price, microShares } of market.book.levels(side)) {
    if (depth > 0 && levels.length === depth) break
    levels.push([dollars(legPrice(side, price, yesPrice)), contracts(lotsOf(microShares))])
  }
  return levels.reverse()
}

/** The price that a side's bids are told in: NO's is the rest of the dollar, unless YES's is asked for. */
export function legPrice(side: Side, price: number, yesPrice: boolean): number {
  return side === SIDE_BID || yesPrice ? price : PRICE_ONE - price
}

export function tradeDocument(trade: Trade): object {
  return {
    trade_id: trade.id,
    ticker: trade.market.ticker,
    count_fp: contracts(trade.lots),
    yes_price_dollars: dollars(trade.price),
    no_price_dollars: dollars(PRICE_ONE - trade.price),
    taker_side: outcomeSide(trade.takerSide),
    taker_outcome_side: outcomeSide(trade.takerSide),
    taker_book_side: bookSide(trade.takerSide),
    created_time: time(trade.ms),
    is_block_trade: false,
  }
}

export function orderDocument(order: OrderView): object {
  return {
    order_id: order.id,
    user_id: order.account.id,
    client_order_id: order.clientOrderId,
    ticker: order.market.ticker,
    side: outcomeSide(order.side),
    action: 'buy',
    outcome_side: outcomeSide(order.side),
    book_side: bookSide(order.side),
    type: 'limit',
    status: order.status,
    yes_price_dollars: dollars(order.price),
    no_price_dollars: dollars(PRICE_ONE - order.price),
    fill_count_fp: contracts(order.filledLots),
    remaining_count_fp: contracts(order.remainingLots),
    initial_count_fp: contracts(order.initialLots),
    taker_fill_cost_dollars: fee(order.takerCostMicroUsd),
    maker_fill_cost_dollars: fee(order.makerCostMicroUsd),
    taker_fees_dollars: fee(order.takerFeesMicroUsd),
    maker_fees_dollars: fee(order.makerFeesMicroUsd),
    expiration_time: order.expirationMs === undefined ? null : time(order.expirationMs),
    created_time: time(order.createdMs),
    last_update_time: time(order.updatedMs),
    self_trade_prevention_type: order.selfTradePrevention,
    order_group_id: order.group?.id ?? null,
    cancel_order_on_pause: order.cancelOnPause,
    subaccount_number: 0,
    exchange_index: order.market.exchangeIndex,
  }
}

/** What creating and amending answer. Averages only where something was filled. */
export function orderAnswer(order: OrderView): object {
  return {
    order_id: order.id,
    ...(order.clientOrderId === '' ? {} : { client_order_id: order.clientOrderId }),
    fill_count: contracts(order.filledLots),
    remaining_count: contracts(order.remainingLots),
    ...(order.filledLots === 0
      ? {}
      : {
          average_fill_price: money(Math.round((order.filledMicroUsd * 100) / order.filledLots)),
          average_fee_paid: money(
            Math.round(((order.takerFeesMicroUsd + order.makerFeesMicroUsd) * 100) / order.filledLots),
          ),
        }),
    ts_ms: order.updatedMs,
  }
}

export function fillDocument({ trade, order, taker, feeMicroUsd }: Fill): object {
  return {
    fill_id: trade.id,
    trade_id: trade.id,
    order_id: order.id,
    ticker: trade.market.ticker,
    market_ticker: trade.market.ticker,
    exchange_index: trade.market.exchangeIndex,
    side: outcomeSide(order.side),
    action: 'buy',
    outcome_side: outcomeSide(order.side),
    book_side: bookSide(order.side),
    count_fp: contracts(trade.lots),
    yes_price_dollars: dollars(trade.price),
    no_price_dollars: dollars(PRICE_ONE - trade.price),
    is_taker: taker,
    created_time: time(trade.ms),
    fee_cost: fee(feeMicroUsd),
    subaccount_number: 0,
    ts: seconds(trade.ms),
  }
}

export function positionDocument(position: PositionView): object {
  return {
    ticker: position.market.ticker,
    exchange_index: position.market.exchangeIndex,
    total_traded_dollars: money(position.tradedMicroUsd),
    position_fp: contracts(position.lots),
    market_exposure_dollars: money(position.costMicroUsd),
    realized_pnl_dollars: money(position.realizedMicroUsd),
    fees_paid_dollars: money(position.feesMicroUsd),
    last_updated_ts: time(position.ms),
  }
}

/** Positions of one event, summed. */
export function eventPositionDocument(event: EventListing, positions: readonly PositionView[]): object {
  const sum = (of: (position: PositionView) => number): number =>
    positions.reduce((total, position) => total + of(position), 0)
  return {
    event_ticker: event.ticker,
    total_cost_dollars: money(sum((position) => position.tradedMicroUsd)),
    total_cost_shares_fp: contracts(sum((position) => position.volumeLots)),
    event_exposure_dollars: money(sum((position) => position.costMicroUsd)),
    realized_pnl_dollars: money(sum((position) => position.realizedMicroUsd)),
    fees_paid_dollars: money(sum((position) => position.feesMicroUsd)),
  }
}

export function settlementDocument(settlement: Settlement): object {
  const { market, yesLots, noLots, costMicroUsd, revenueMicroUsd, ms } = settlement
  return {
    ticker: market.ticker,
    exchange_index: market.exchangeIndex,
    event_ticker: market.event.ticker,
    market_result: market.result,
    yes_count_fp: contracts(yesLots),
    yes_total_cost_dollars: money(yesLots > 0 ? costMicroUsd : 0),
    no_count_fp: contracts(noLots),
    no_total_cost_dollars: money(noLots > 0 ? costMicroUsd : 0),
    revenue: cents(revenueMicroUsd),
    settled_time: time(ms),
    fee_cost: fee(0),
    value: market.result === 'yes' ? 100 : 0,
  }
}

/** Whole cents, truncated. */
export function cents(microUsd: number): number {
  return Math.trunc(microUsd / MICRO_USD_PER_CENT)
}
