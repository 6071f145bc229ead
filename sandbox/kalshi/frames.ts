import { SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import type { Account } from '../engine/kalshi/account.ts'
import type { Market } from '../engine/kalshi/listing.ts'
import type { Occurrence, PositionView } from '../engine/kalshi/occurrence.ts'
import type { Fill, OrderView, Trade } from '../engine/kalshi/order.ts'
import {
  bids,
  bookSide,
  contracts,
  dollars,
  fee,
  legPrice,
  money,
  outcomeSide,
  seconds,
  time,
} from './documents.ts'

// The `msg` of every frame, as the Kalshi fact sheet's section 3.6 has it; fields in the order of recorded frames.

type Of<Type extends Occurrence['type']> = Extract<Occurrence, { type: Type }>

const MICRO_USD_PER_USD = 1_000_000

/** A side without levels has no key. */
export function snapshotMessage(market: Market, yesPrice: boolean): object {
  const yes = bids(market, SIDE_BID, 0, yesPrice)
  const no = bids(market, SIDE_ASK, 0, yesPrice)
  return {
    market_ticker: market.ticker,
    market_id: market.id,
    ...(yes.length === 0 ? {} : { yes_dollars_fp: yes }),
    ...(no.length === 0 ? {} : { no_dollars_fp: no }),
  }
}

/** @param reader an account hears which of its orders did it */
export function deltaMessage(
  { market, side, price, deltaLots, by, ms }: Of<'level'>,
  yesPrice: boolean,
  reader: Account,
): object {
  return {
    market_ticker: market.ticker,
    market_id: market.id,
    price_dollars: dollars(legPrice(side, price, yesPrice)),
    delta_fp: contracts(deltaLots),
    side: outcomeSide(side),
    ...(by?.account === reader ? { client_order_id: by.clientOrderId, subaccount: 0 } : {}),
    ts: time(ms),
    ts_ms: ms,
  }
}

export function tickerMessage(market: Market, ms: number): object {
  return {
    market_id: market.id,
    market_ticker: market.ticker,
    price_dollars: dollars(market.lastPrice),
    yes_bid_dollars: dollars(market.yesBid),
    yes_ask_dollars: dollars(market.yesAsk),
    volume_fp: contracts(market.volumeLots),
    open_interest_fp: contracts(market.openInterestLots),
    dollar_volume: Math.floor(market.volumeMicroUsd / MICRO_USD_PER_USD),
    dollar_open_interest: Math.floor(market.openInterestLots / 100),
    yes_bid_size_fp: contracts(market.topLots(SIDE_BID)),
    yes_ask_size_fp: contracts(market.topLots(SIDE_ASK)),
    last_trade_size_fp: contracts(market.lastTradeLots),
    ts: seconds(ms),
    ts_ms: ms,
    time: time(ms),
  }
}

export function tradeMessage(trade: Trade): object {
  return {
    trade_id: trade.id,
    market_ticker: trade.market.ticker,
    yes_price_dollars: dollars(trade.price),
    no_price_dollars: dollars(10_000 - trade.price),
    count_fp: contracts(trade.lots),
    taker_side: outcomeSide(trade.takerSide),
    taker_outcome_side: outcomeSide(trade.takerSide),
    taker_book_side: bookSide(trade.takerSide),
    is_block_trade: false,
    ts: seconds(trade.ms),
    ts_ms: trade.ms,
  }
}

export function fillMessage({ trade, order, taker, feeMicroUsd, positionLots }: Fill): object {
  const side = outcomeSide(order.side)
  return {
    trade_id: trade.id,
    order_id: order.id,
    ...(order.clientOrderId === '' ? {} : { client_order_id: order.clientOrderId }),
    market_ticker: trade.market.ticker,
    exchange_index: trade.market.exchangeIndex,
    is_taker: taker,
    side,
    ts: seconds(trade.ms),
    ts_ms: trade.ms,
    yes_price_dollars: dollars(trade.price),
    count_fp: contracts(trade.lots),
    fee_cost: fee(feeMicroUsd),
    action: 'buy',
    post_position_fp: contracts(positionLots),
    purchased_side: side,
    outcome_side: side,
    book_side: bookSide(order.side),
    subaccount: 0,
  }
}

/** Here a market is called `ticker`. */
export function userOrderMessage(order: OrderView): object {
  const side = outcomeSide(order.side)
  return {
    order_id: order.id,
    user_id: order.account.id,
    ticker: order.market.ticker,
    exchange_index: order.market.exchangeIndex,
    status: order.status,
    side,
    is_yes: side === 'yes',
    outcome_side: side,
    book_side: bookSide(order.side),
    yes_price_dollars: dollars(order.price),
    fill_count_fp: contracts(order.filledLots),
    remaining_count_fp: contracts(order.remainingLots),
    initial_count_fp: contracts(order.initialLots),
    taker_fill_cost_dollars: fee(order.takerCostMicroUsd),
    maker_fill_cost_dollars: fee(order.makerCostMicroUsd),
    taker_fees_dollars: fee(order.takerFeesMicroUsd),
    maker_fees_dollars: fee(order.makerFeesMicroUsd),
    client_order_id: order.clientOrderId,
    ...(order.group === undefined ? {} : { order_group_id: order.group.id }),
    self_trade_prevention_type: order.selfTradePrevention,
    created_time: time(order.createdMs),
    created_ts_ms: order.createdMs,
    last_updated_ts_ms: order.updatedMs,
    ...(order.reason === undefined ? {} : { last_update_reason: order.reason }),
    ...(order.expirationMs === undefined
      ? {}
      : { expiration_time: time(order.expirationMs), expiration_ts_ms: order.expirationMs }),
    subaccount_number: 0,
  }
}

export function positionMessage(account: Account, position: PositionView): object {
  return {
    user_id: account.id,
    market_ticker: position.market.ticker,
    position_fp: contracts(position.lots),
    position_cost_dollars: money(position.costMicroUsd),
    realized_pnl_dollars: money(position.realizedMicroUsd),
    fees_paid_dollars: money(position.feesMicroUsd),
    position_fee_cost_dollars: money(position.feesMicroUsd),
    volume_fp: contracts(position.volumeLots),
  }
}

export function groupMessage({ group, change, ms }: Of<'group'>): object {
  const limited = change === 'created' || change === 'limit_updated'
  return {
    event_type: change,
    order_group_id: group.id,
    ...(limited ? { contracts_limit_fp: contracts(group.limitLots) } : {}),
    ts_ms: ms,
  }
}

/** Here all times are in seconds. */
export function lifecycleMessage({ market, change }: Of<'lifecycle'>): object {
  const head = { market_ticker: market.ticker, event_type: change }
  switch (change) {
    case 'created':
      return {
        ...head,
        exchange_index: market.exchangeIndex,
        open_ts: seconds(market.terms.openMs),
        close_ts: seconds(market.closeMs),
        additional_metadata: {
          name: market.terms.yesSubTitle,
          title: market.event.title,
          yes_sub_title: market.terms.yesSubTitle,
          no_sub_title: market.terms.noSubTitle,
          rules_primary: market.terms.rulesPrimary,
          rules_secondary: market.terms.rulesSecondary,
          can_close_early: true,
          event_ticker: market.event.ticker,
          expected_expiration_ts: seconds(market.closeMs),
        },
        price_level_structure: market.priceLevelStructure,
      }
    case 'activated':
    case 'deactivated':
      return { ...head, is_deactivated: change === 'deactivated' }
    case 'close_date_updated':
      return { ...head, close_ts: seconds(market.closeMs) }
    case 'determined':
      return {
        ...head,
        result: market.result,
        settlement_value: dollars(market.result === 'yes' ? 10_000 : 0),
        determination_ts: seconds(market.determinedMs),
      }
    case 'settled':
      return { ...head, settled_ts: seconds(market.settledMs) }
    case 'price_level_structure_updated':
      return { ...head, price_level_structure: market.priceLevelStructure, price_ranges: market.priceRanges }
  }
}
