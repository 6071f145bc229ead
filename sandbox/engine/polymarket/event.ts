import type { LevelChange, Market, OrderSide, Outcome } from './market.ts'
import type { Order } from './order.ts'
import type { Refusal } from './refusal.ts'
import type { Trade } from './trade.ts'

/** A trade as everybody sees it, in the taker's terms. */
export interface Print {
  readonly outcome: Outcome
  readonly side: OrderSide
  readonly price: number
  readonly microShares: number
}

/** What the venue tells the world, in the order in which it happened. Orders and trades are copies as of then. */
export type PolymarketEvent =
  /** Everything that one burst did to a market: its book is already as after the burst. */
  | {
      readonly kind: 'market'
      readonly market: Market
      readonly changes: readonly LevelChange[]
      readonly prints: readonly Print[]
    }
  | { readonly kind: 'created'; readonly market: Market }
  | { readonly kind: 'tick'; readonly market: Market; readonly oldTick: number; readonly newTick: number }
  | { readonly kind: 'resolved'; readonly market: Market; readonly winner: Outcome }
  | {
      readonly kind: 'order'
      readonly order: Order
      readonly type: 'PLACEMENT' | 'UPDATE' | 'CANCELLATION'
      /** Why it was killed. */
      readonly why?: Refusal
    }
  /** Once per status of the trade; for the taker and for each maker. */
  | { readonly kind: 'trade'; readonly trade: Trade }
