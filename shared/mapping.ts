import { z } from 'zod'
import { scaledFromDecimal } from './decimal.ts'
import { Failure } from './failure.ts'
import { LEG_PLAN_NAMES } from './leg-plan.ts'
import { checkedTolerant } from './schema.ts'
import { LOTS_ORDER_MAX, type Lots, PRICE_ONE, type Price } from './units.ts'

// Which market on Polymarket asks the same question as which market on Kalshi. A person approves a mapping; the file
// holds what they approved, and what the venues said of the two markets: ticks, minimums, delays, fees.
//
//   polarity "same"      yes_token pays when Kalshi's YES pays
//   polarity "inverse"   yes_token pays when Kalshi's NO pays
//
// The outcome of a pair is the one that yes_token names.

/** A decimal as the venues write it ("0.01", ".01"), or a JSON number, as an integer scaled by 10^places. */
function decimal<Unit extends number>(places: number, min: number, max: number) {
  return z.union([z.string(), z.number()]).transform((value, context): Unit => {
    const scaled = scaledFromDecimal(String(value), places)
    if (scaled !== undefined && scaled >= min && scaled <= max) return scaled as Unit
    context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is no number in range` })
    return z.NEVER
  })
}
const price = (min: number) => decimal<Price>(4, min, PRICE_ONE)

/** A token id: an unsigned 256-bit integer in decimal. */
const Token = z
  .string()
  .regex(/^[1-9]\d{0,77}$/, 'a token id is a decimal integer, written as a string')
  .refine((text) => BigInt(text) < 1n << 256n, 'a token id has at most 256 bits')

const PolymarketFees = z
  .strictObject({ rate: z.number().min(0).max(1), exponent: z.number().min(0).max(4) })
  .describe('Taker fee per share: rate x (p x (1 - p))^exponent.')

const KalshiFees = z
  .strictObject({
    fee_type: z.enum(['quadratic', 'quadratic_with_maker_fees', 'quadratic_with_combo_maker_fees']),
    fee_multiplier: z.number().min(0).max(10),
  })
  .transform((fees) => ({ feeType: fees.fee_type, feeMultiplier: fees.fee_multiplier }))

const Fees = z.strictObject({ polymarket: PolymarketFees, kalshi: KalshiFees })
export type Fees = z.output<typeof Fees>

const KalshiMarket = z
  .strictObject({
    note: z.string().optional(),
    ticker: z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'a ticker has letters, digits, dots and dashes'),
    event_ticker: z.string().optional(),
    exchange_index: z.int().min(0).max(63).default(0),
    price_level_structure: z.string().optional(),
    price_ranges: z
      .array(z.strictObject({ start: price(0), end: price(1), step: price(1) }))
      .min(1)
      .optional(),
  })
  .transform((market) => ({
    ticker: market.ticker,
    eventTicker: market.event_ticker,
    exchangeIndex: market.exchange_index,
    priceLevelStructure: market.price_level_structure,
    priceRanges: market.price_ranges,
  }))

const PolymarketMarket = z
  .strictObject({
    note: z.string().optional(),
    yes_token: Token,
    no_token: Token,
    /** The venue's name of the market: its resolution is asked for by it. */
    condition_id: z.string().optional(),
    tick: price(1).optional(),
    min_size: decimal<Lots>(2, 0, LOTS_ORDER_MAX).default(500 as Lots),
    neg_risk: z.boolean().default(false),
    version: z.enum(['v1', 'v2']).default('v1'),
    taker_delay_ms: z.int().min(0).max(60_000).default(0),
  })
  .transform((market) => ({
    yesToken: market.yes_token,
    noToken: market.no_token,
    conditionId: market.condition_id,
    tick: market.tick,
    minSizeLots: market.min_size,
    negRisk: market.neg_risk,
    /** Of the protocol: "v1" signs with domain version "2", "v2" with "3". */
    version: market.version,
    takerDelayMs: market.taker_delay_ms,
  }))

function msOf(moment: string | undefined): number | undefined {
  return moment === undefined ? undefined : Date.parse(moment)
}

const Pair = z
  .strictObject({
    note: z.string().optional(),
    id: z.string().min(1).max(100),
    polarity: z.enum(['same', 'inverse']),
    kalshi: KalshiMarket,
    polymarket: PolymarketMarket,
    closes_at: z.iso.datetime({ offset: true }).optional(),
    /** When both venues are expected to have paid; without it, when they close. */
    resolves_at: z.iso.datetime({ offset: true }).optional(),
    /** How likely the two markets settle apart, as whoever approved the pair sees it. */
    divergence_chance: z.number().min(0).max(1).optional(),
    /** In place of the settings' plan. */
    leg_plan: z.enum(LEG_PLAN_NAMES).optional(),
    fees: z.strictObject({ polymarket: PolymarketFees.optional(), kalshi: KalshiFees.optional() }).optional(),
  })
  .transform((pair) => ({
    id: pair.id,
    polarity: pair.polarity,
    kalshi: pair.kalshi,
    polymarket: pair.polymarket,
    closesAtMs: msOf(pair.closes_at),
    resolvesAtMs: msOf(pair.resolves_at ?? pair.closes_at),
    divergenceChance: pair.divergence_chance,
    legPlan: pair.leg_plan,
    fees: pair.fees,
  }))
export type Pair = z.output<typeof Pair>

const Mapping = z
  .strictObject({
    note: z.string().optional(),
    pairs: z.array(Pair).min(1).superRefine(refuseContradictions),
    fees: z.record(z.string(), Fees).default({}),
  })
  .transform(({ pairs, fees }) => ({ pairs, fees }))
export type Mapping = z.output<typeof Mapping>

/**
 * One market has one book, and a book the prices of one outcome: pairs that share a market must name the same outcome
 * and agree on what the venue said of it.
 */
function refuseContradictions(pairs: readonly Pair[], context: z.RefinementCtx): void {
  const refuse = (at: number, message: string): void =>
    context.addIssue({ code: 'custom', path: [at], message })
  const ids = new Set<string>()
  const markets = new Map<string, string>()
  pairs.forEach((pair, at) => {
    const { yesToken, noToken } = pair.polymarket
    if (ids.has(pair.id)) refuse(at, `the id ${pair.id} is taken by a pair before it`)
    ids.add(pair.id)
    if (yesToken === noToken) refuse(at, 'yes_token and no_token are the same')
    for (const [key, market] of [
      [yesToken, JSON.stringify(['yes', pair.polymarket])],
      [noToken, JSON.stringify(['no', pair.polymarket])],
      [pair.kalshi.ticker, JSON.stringify(pair.kalshi)],
    ]) {
      const before = markets.get(key)
      if (before !== undefined && before !== market) {
        refuse(at, `${pair.id} says other things of ${key} than a pair before it (turn its polarity instead)`)
      }
      markets.set(key, market)
    }
  })
}

/**
 * Reads a parsed pairs file. `ignored` names keys that we do not know, for the caller to tell or to refuse.
 * Throws a Failure that names the key which is wrong.
 */
export function readMapping(value: unknown, where: string): { mapping: Mapping; ignored: string[] } {
  const { data, ignored } = checkedTolerant(Mapping, value, { code: 'MAPPING_BAD', where })
  return { mapping: data, ignored }
}

/**
 * The fees of one pair: its own where the file gives them, else those of the set called `name`. Without a name the
 * file's only set is meant. Throws a Failure where that leaves a venue without fees: no fee is a claim, never a default.
 */
export function feesOf(mapping: Mapping, pair: Pair, name: string | undefined, where: string): Fees {
  const names = Object.keys(mapping.fees)
  const set = mapping.fees[name ?? (names.length === 1 ? names[0] : '')]
  const polymarket = pair.fees?.polymarket ?? set?.polymarket
  const kalshi = pair.fees?.kalshi ?? set?.kalshi
  if ((name === undefined || set !== undefined) && polymarket !== undefined && kalshi !== undefined) {
    return { polymarket, kalshi }
  }
  throw new Failure({
    code: 'FEES_UNKNOWN',
    what: name === undefined ? `no fees are given for ${pair.id}` : `there are no fees called ${name}`,
    where,
    todo: names.length === 0 ? 'add them to the file' : `name one of: ${names.join(', ')}`,
  })
}
