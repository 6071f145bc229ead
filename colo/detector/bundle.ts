import type { KalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import type { PolymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import type { TickStructure } from '@tandem/shared/ticks.ts'
import type { Lots } from '@tandem/shared/units.ts'

/**
 * A set of legs that together pay one dollar whatever happens; so far always a pair, one leg a venue. Plain data, made
 * once; `books` and `ticks` are by venue (venue.ts).
 */
export interface Bundle {
  readonly id: string
  /** Book indexes, as the venues' Symbols count them. */
  readonly books: readonly [number, number]
  /** Kalshi's YES is the complement of the outcome that the mapping names. */
  readonly inverse: boolean
  /** Which prices an order may have; replaced when a venue changes a market's. */
  readonly ticks: [TickStructure, TickStructure]
  readonly polymarketFees: PolymarketFeeSchedule
  readonly kalshiFees: KalshiFeeSchedule
  /** The smallest order that Polymarket takes, in shares (`min_order_size`). */
  readonly polymarketMinLots: Lots
}
