import type { KalshiOrderFees } from '@tandem/shared/fees/kalshi.ts'
import type { Side } from '@tandem/shared/units.ts'
import type { Account } from './account.ts'
import type { OrderGroup } from './group.ts'
import type { Market } from './listing.ts'

export type TimeInForce = 'fill_or_kill' | 'good_till_canceled' | 'immediate_or_cancel'
export type SelfTradePrevention = 'taker_at_cross' | 'maker'
export type OrderStatus = 'resting' | 'canceled' | 'executed'
/** Why an order last changed, where it was not simply placed or cancelled by its owner. */
export type UpdateReason =
  | 'Decrease'
  | 'Amend'
  | 'SelfTradeCancel'
  | 'ExpiryCancel'
  | 'CloseCancel'
  | 'HaltCancel'
  | 'Trade'
  | 'PostOnlyCrossCancel'
  | 'ReduceOnlyCancel'

/** A request for an order, read from its strings already. */
export interface OrderTerms {
  readonly ticker: string
  /** SIDE_BID buys YES, SIDE_ASK buys NO (or sells YES: the venue nets). */
  readonly side: Side
  /** Of YES, in 1e-4 dollar. */
  readonly price: number
  readonly lots: number
  readonly timeInForce: TimeInForce
  readonly selfTradePrevention: SelfTradePrevention
  readonly clientOrderId: string
  readonly expirationMs: number | undefined
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly cancelOnPause: boolean
  readonly orderGroupId: string | undefined
  /** undefined: wherever the ticker is traded. */
  readonly exchangeIndex: number | undefined
}

export interface Order {
  readonly id: string
  readonly account: Account
  readonly market: Market
  readonly side: Side
  clientOrderId: string
  price: number
  /** Filled and remaining; what it was placed or amended for. */
  initialLots: number
  filledLots: number
  remainingLots: number
  status: OrderStatus
  reason: UpdateReason | undefined
  readonly selfTradePrevention: SelfTradePrevention
  readonly expirationMs: number | undefined
  readonly postOnly: boolean
  readonly cancelOnPause: boolean
  readonly group: OrderGroup | undefined
  readonly createdMs: number
  updatedMs: number
  /** Sum over its fills of the YES price times the lots. */
  filledMicroUsd: number
  takerCostMicroUsd: number
  makerCostMicroUsd: number
  takerFeesMicroUsd: number
  makerFeesMicroUsd: number
  /** Made with the first fill: its rounding is remembered over all of them. */
  fees: KalshiOrderFees | undefined
}

/** An order as it was at one moment. */
export type OrderView = Readonly<Order>

/** What everybody hears of a fill. */
export interface Trade {
  readonly id: string
  readonly market: Market
  readonly price: number
  readonly lots: number
  readonly takerSide: Side
  readonly ms: number
}

/** What one of its two sides hears. */
export interface Fill {
  readonly trade: Trade
  readonly order: OrderView
  readonly taker: boolean
  readonly feeMicroUsd: number
  /** Signed: above 0 is YES. */
  readonly positionLots: number
}
