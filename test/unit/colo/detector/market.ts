import { Book } from '@tandem/colo/book/book.ts'
import type { Bundle } from '@tandem/colo/detector/bundle.ts'
import { checkedPolicy, type Policy } from '@tandem/colo/detector/policy.ts'
import { type KalshiFeeSchedule, kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { type PolymarketFeeSchedule, polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { KALSHI_TICKS, POLYMARKET_TICKS, type TickStructure } from '@tandem/shared/ticks.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'

/** [price in 1e-4 dollar, lots], in any order. */
export type Levels = readonly (readonly [number, number])[]

export function book(unit: number, bids: Levels, asks: Levels): Book {
  const made = new Book(unit as Price)
  for (const [price, lots] of bids) made.bids.set(price as Price, lots as Lots)
  for (const [price, lots] of asks) made.asks.set(price as Price, lots as Lots)
  return made
}

export const CENTS = POLYMARKET_TICKS.get(100)!

interface BundleParts {
  inverse?: boolean
  polymarketTicks?: TickStructure
  kalshiTicks?: TickStructure
  polymarketFees?: PolymarketFeeSchedule
  kalshiFees?: KalshiFeeSchedule
  minLots?: number
  books?: readonly [number, number]
}

/** A pair of cent markets, Polymarket at 4 %, Kalshi's usual fee, five shares at least; `parts` replace. */
export function bundle(parts: BundleParts = {}): Bundle {
  return {
    id: 'pair',
    books: parts.books ?? [0, 0],
    inverse: parts.inverse ?? false,
    ticks: [parts.polymarketTicks ?? CENTS, parts.kalshiTicks ?? KALSHI_TICKS.get('linear_cent')!],
    polymarketFees: parts.polymarketFees ?? polymarketFeeSchedule({ rate: 0.04, exponent: 1 }, 'test'),
    kalshiFees: parts.kalshiFees ?? kalshiFeeSchedule({ feeType: 'quadratic', feeMultiplier: 1 }, 'test'),
    polymarketMinLots: (parts.minLots ?? 500) as Lots,
  }
}

export function policy(parts: Partial<Record<keyof Policy, number>> = {}): Policy {
  return checkedPolicy({
    minEdgeMicroUsd: parts.minEdgeMicroUsd ?? 5_000,
    maxLots: (parts.maxLots ?? 50_000) as Lots,
    maxOverfillPpm: parts.maxOverfillPpm ?? 30_000,
    kalshiPrecisionMicroUsd: parts.kalshiPrecisionMicroUsd ?? 100,
  })
}
