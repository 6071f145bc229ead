import type { Side } from '@tandem/shared/units.ts'
import type { OrderType } from './amounts.ts'
import type { Market, OrderSide, Outcome } from './market.ts'
import type { Goal } from './tally.ts'

/** What a client posted, its form and signature checked. */
export interface OrderTerms {
  /** The digest that was signed. */
  readonly id: string
  /** Address whose money and tokens it is about, in lower case. */
  readonly account: string
  /** The API key. */
  readonly owner: string
  readonly tokenId: string
  readonly side: OrderSide
  readonly makerAmount: number
  readonly takerAmount: number
  readonly type: OrderType
  /** Seconds; 0 for none. Not signed. */
  readonly expiration: number
  readonly postOnly: boolean
}

export type OrderStatus = 'LIVE' | 'MATCHED' | 'DELAYED' | 'CANCELED' | 'INVALID' | 'CANCELED_MARKET_RESOLVED'

export interface Order {
  readonly id: string
  readonly account: string
  readonly owner: string
  readonly market: Market
  readonly outcome: Outcome
  readonly side: OrderSide
  readonly type: OrderType
  readonly postOnly: boolean
  readonly expiration: number
  readonly createdMs: number
  /** Of its own token; `bookPrice` and `bookSide` are the same in the book's terms. */
  readonly price: number
  readonly bookPrice: number
  readonly bookSide: Side
  /** Shares, or dollars for what buys at once. */
  readonly goal: Goal
  status: OrderStatus
  filledMicroShares: number
  readonly trades: string[]
}

/** What buys at once spends dollars; everything else counts shares. */
export function goalOf(type: OrderType, side: OrderSide, microShares: number, microUsd: number): Goal {
  return side === 'BUY' && (type === 'FAK' || type === 'FOK') ? { microUsd } : { microShares }
}

export function isImmediate(order: { readonly type: OrderType }): boolean {
  return order.type === 'FAK' || order.type === 'FOK'
}
