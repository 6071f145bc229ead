import { Book } from '@tandem/colo/book/book.ts'
import type { Bundle } from '@tandem/colo/detector/bundle.ts'
import {
  checkedPolicy,
  OVERFILL_PPM_MAX,
  overfillPpmFloor,
  type Policy,
  PPM,
} from '@tandem/colo/detector/policy.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { KALSHI_PRECISION_DIRECT_MICRO_USD, kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { checked } from '@tandem/shared/schema.ts'
import {
  finestStep,
  isLegalPrice,
  KALSHI_TICKS,
  POLYMARKET_TICKS,
  type TickStructure,
  ticksFromPriceRanges,
} from '@tandem/shared/ticks.ts'
import {
  LOTS_DUST,
  LOTS_MAX,
  LOTS_ORDER_MAX,
  type Lots,
  MICRO_SHARES_PER_LOT,
  MICRO_USD_PER_USD,
  PRICE_ONE,
  type Price,
} from '@tandem/shared/units.ts'
import { z } from 'zod'

// What `tandem explain` is asked: one pair's books, fees and rules, as a person would write them down.

/** One pair at one moment, in the executor's own terms. */
export interface Question {
  readonly bundle: Bundle
  readonly polymarketBook: Book
  readonly kalshiBook: Book
  readonly policy: Policy
}

/** A decimal text, or a JSON number, as an integer scaled by 10^places. */
function decimal(places: number, min: number, max: number, what: string) {
  return z.union([z.string(), z.number()], `expected ${what}`).transform((value, context) => {
    const scaled = scaledFromDecimal(String(value), places)
    if (scaled !== undefined && scaled >= min && scaled <= max) return scaled
    context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is not ${what}` })
    return z.NEVER
  })
}

const LegalPrice = decimal(4, 1, PRICE_ONE - 1, 'a price between 0 and 1 dollar with at most 4 decimals')
const Size = decimal(6, 0, LOTS_MAX * MICRO_SHARES_PER_LOT, 'a size of 0 or more with at most 6 decimals')
const Levels = z.array(z.tuple([LegalPrice, Size], 'expected [price, size]'))
const Amount = decimal(2, 0, LOTS_ORDER_MAX, 'a number of 0 to 1000000 with at most 2 decimals')
const Rate = z.union([z.number(), z.string()], 'expected a number')

const PolymarketTicks = decimal(4, 1, PRICE_ONE, 'a tick').transform((tick, context) => {
  const ticks = POLYMARKET_TICKS.get(tick)
  if (ticks !== undefined) return ticks
  const known = [...POLYMARKET_TICKS.keys()].map((one) => one / PRICE_ONE).join(', ')
  context.addIssue({
    code: 'custom',
    message: `Polymarket has no tick of ${tick / PRICE_ONE}, only ${known}`,
  })
  return z.NEVER
})

const KalshiTicks = z
  .array(z.object({ start: z.string(), end: z.string(), step: z.string() }))
  .transform((ranges, context) => {
    const ticks = ticksFromPriceRanges(ranges)
    if (ticks !== undefined) return ticks
    const message = 'the ranges must rise from 0 to 1 dollar without a gap, each a whole number of steps'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
/** Where a question does not say: any multiple of 0.0001 dollar. */
const KALSHI_TICKS_DEFAULT = KALSHI_TICKS.get('center_centi_edge_centi_cent')!

const Asked = z.object({
  polarity: z.enum(['same', 'inverse']),
  polymarket: z.object({
    bids: Levels,
    asks: Levels,
    tick: PolymarketTicks,
    min_size: Amount,
    fee: z.object({ rate: Rate, exponent: z.number() }),
  }),
  kalshi: z.object({
    bids: Levels,
    asks: Levels,
    fee: z.object({ fee_type: z.string(), fee_multiplier: Rate }),
    price_ranges: KalshiTicks.default(KALSHI_TICKS_DEFAULT),
    balance_precision_micro_usd: z
      .int()
      .min(0)
      .max(MICRO_USD_PER_USD)
      .default(KALSHI_PRECISION_DIRECT_MICRO_USD),
  }),
  min_edge_micro_usd: z.int().min(0).max(MICRO_USD_PER_USD),
  max_contracts: Amount,
  max_overfill: z
    .number()
    .min(0)
    .max(OVERFILL_PPM_MAX / PPM)
    .default(0.03),
})

/** Reads a parsed question. Throws a Failure that names the key and `where` it stands. */
export function readQuestion(value: unknown, where: string): Question {
  const asked = checked(Asked.superRefine(refuseIllegalPrices), value, { code: 'QUESTION_BAD', where })
  const { polymarket, kalshi } = asked
  return {
    bundle: {
      id: where,
      books: [0, 0],
      inverse: asked.polarity === 'inverse',
      ticks: [polymarket.tick, kalshi.price_ranges],
      polymarketFees: polymarketFeeSchedule(polymarket.fee, `${where}, polymarket.fee`),
      kalshiFees: kalshiFeeSchedule(
        { feeType: kalshi.fee.fee_type, feeMultiplier: kalshi.fee.fee_multiplier },
        `${where}, kalshi.fee`,
      ),
      polymarketMinLots: polymarket.min_size as Lots,
    },
    polymarketBook: bookOf(polymarket, polymarket.tick),
    kalshiBook: bookOf(kalshi, kalshi.price_ranges),
    policy: checkedPolicy({
      minEdgeMicroUsd: asked.min_edge_micro_usd,
      maxLots: asked.max_contracts as Lots,
      maxOverfillPpm: overfillPpmFloor(asked.max_overfill),
      kalshiPrecisionMicroUsd: kalshi.balance_precision_micro_usd,
    }),
  }
}

type Asked = z.output<typeof Asked>

function refuseIllegalPrices(asked: Asked, context: z.RefinementCtx): void {
  const ticks = { polymarket: asked.polymarket.tick, kalshi: asked.kalshi.price_ranges }
  for (const venue of ['polymarket', 'kalshi'] as const) {
    for (const side of ['bids', 'asks'] as const) {
      const seen = new Set<number>()
      asked[venue][side].forEach(([price], at) => {
        const refuse = (message: string): void =>
          context.addIssue({ code: 'custom', path: [venue, side, at, 0], message })
        if (!isLegalPrice(ticks[venue], price as Price)) {
          refuse(`${price / PRICE_ONE} is off the market's ticks`)
        }
        if (seen.has(price)) refuse(`${price / PRICE_ONE} is named twice`)
        seen.add(price)
      })
    }
  }
}

function bookOf(sides: Pick<Asked['kalshi'], 'bids' | 'asks'>, ticks: TickStructure): Book {
  const book = new Book(finestStep(ticks))
  for (const side of ['bids', 'asks'] as const) {
    for (const [price, microShares] of sides[side]) {
      const lots = Math.floor(microShares / MICRO_SHARES_PER_LOT)
      book[side].set(price as Price, (lots === 0 && microShares > 0 ? LOTS_DUST : lots) as Lots)
    }
  }
  return book
}
