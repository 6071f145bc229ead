import type { Side } from '@tandem/shared/units.ts'
import type { Account, Settlement } from './account.ts'
import type { OrderGroup } from './group.ts'
import type { Market } from './listing.ts'
import type { Fill, Order, OrderView, Trade } from './order.ts'

/** A position as it was at one moment. */
export interface PositionView {
  readonly market: Market
  readonly lots: number
  readonly costMicroUsd: number
  readonly realizedMicroUsd: number
  readonly feesMicroUsd: number
  readonly tradedMicroUsd: number
  readonly volumeLots: number
  readonly ms: number
}

/** What a market's lifecycle channel tells. Opening and closing by the clock are not told by anybody. */
export type LifecycleChange =
  | 'created'
  | 'activated'
  | 'deactivated'
  | 'close_date_updated'
  | 'determined'
  | 'settled'
  | 'price_level_structure_updated'

/** What happened at the venue, in the order in which it happened. */
export type Occurrence =
  | {
      type: 'level'
      market: Market
      side: Side
      /** Of YES, on either side. */
      price: number
      deltaLots: number
      /** The order whose placing, filling as a taker, or cancelling did it. */
      by: Order | undefined
      ms: number
    }
  | { type: 'trade'; trade: Trade }
  | { type: 'fill'; account: Account; fill: Fill }
  | { type: 'order'; account: Account; order: OrderView; ms: number }
  | { type: 'position'; account: Account; position: PositionView }
  | { type: 'balance'; account: Account; balances: readonly (readonly [number, number])[]; ms: number }
  | { type: 'settlement'; account: Account; settlement: Settlement }
  | { type: 'lifecycle'; market: Market; change: LifecycleChange; ms: number }
  | {
      type: 'group'
      account: Account
      group: OrderGroup
      change: 'created' | 'triggered' | 'reset' | 'deleted' | 'limit_updated'
      ms: number
    }
