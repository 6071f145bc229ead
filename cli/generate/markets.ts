import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { PRICE_ONE } from '@tandem/shared/units.ts'
import { type Band, MadeBook } from './book.ts'
import type { KalshiMade } from './kalshi.ts'
import type { PolymarketMade } from './polymarket.ts'
import type { Random } from './random.ts'

// Made-up questions, one of each kind that matters: both polarities, every sort of tick, a market that refines its
// tick, the neg-risk exchange, the newer protocol, and the fee rates of several categories.

interface Kind {
  name: string
  polarity: 'same' | 'inverse'
  /** What the outcome is worth at the start, in 1e-4 dollar. */
  fair: number
  tick: number
  /** Polymarket refines its tick to this in the second half, when the price has come near a dollar. */
  laterTick?: number
  structure: string
  bands: readonly Band[]
  feeRate: number
  negRisk?: boolean
  version?: 'v2'
}

const flat = (step: number): Band[] => [{ start: 0, end: PRICE_ONE, step }]
const edged = (edge: number, centre: number): Band[] => [
  { start: 0, end: 1_000, step: edge },
  { start: 1_000, end: 9_000, step: centre },
  { start: 9_000, end: PRICE_ONE, step: edge },
]

const kinds: readonly Kind[] = [
  {
    name: 'home-team-wins',
    polarity: 'same',
    fair: 4_400,
    tick: 100,
    structure: 'linear_cent',
    bands: flat(100),
    feeRate: 0.05,
  },
  {
    name: 'incumbent-loses',
    polarity: 'inverse',
    fair: 5_800,
    tick: 100,
    structure: 'linear_cent',
    bands: flat(100),
    feeRate: 0.04,
  },
  {
    name: 'rates-cut-twice',
    polarity: 'same',
    fair: 700,
    tick: 10,
    structure: 'tapered_deci_cent',
    bands: edged(10, 100),
    feeRate: 0.05,
    version: 'v2',
  },
  {
    name: 'no-rain-in-june',
    polarity: 'inverse',
    fair: 3_500,
    tick: 10,
    structure: 'deci_cent',
    bands: flat(10),
    feeRate: 0.05,
  },
  {
    name: 'coin-above-90k',
    polarity: 'same',
    fair: 9_550,
    tick: 100,
    laterTick: 10,
    structure: 'tapered_deci_cent',
    bands: edged(10, 100),
    feeRate: 0.07,
  },
  {
    name: 'cup-stays-home',
    polarity: 'inverse',
    fair: 2_700,
    tick: 25,
    structure: 'center_half_edge_half_cent',
    bands: flat(50),
    feeRate: 0.05,
    negRisk: true,
  },
]

export interface MadePair {
  id: string
  inverse: boolean
  kind: Kind
  polymarket: PolymarketMade
  kalshi: KalshiMade
}

export function makePairs(count: number, random: Random): MadePair[] {
  return Array.from({ length: count }, (_, at): MadePair => {
    const kind = kinds[at % kinds.length]
    const round = Math.floor(at / kinds.length)
    const id = round === 0 ? kind.name : `${kind.name}-${round + 1}`
    return {
      id,
      inverse: kind.polarity === 'inverse',
      kind,
      polymarket: {
        yesToken: token(random),
        noToken: token(random),
        conditionId: `0x${random.hex(64)}`,
        book: new MadeBook(flat(kind.tick)),
      },
      kalshi: {
        ticker: `KXMADE-26-${id.toUpperCase()}`,
        marketId: random.hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
        book: new MadeBook(kind.bands),
      },
    }
  })
}

function token(random: Random): string {
  return BigInt(`0x7${random.hex(63)}`).toString()
}

/** The pairs file that goes with the tape, as a person would have approved it. */
export function pairsFile(pairs: readonly MadePair[], note: string, closesAtMs: number): object {
  const price = (value: number): string => decimalFromScaled(value, 4, 2)
  return {
    note,
    pairs: pairs.map(({ id, kind, polymarket, kalshi }) => ({
      id,
      polarity: kind.polarity,
      closes_at: new Date(closesAtMs).toISOString(),
      kalshi: {
        ticker: kalshi.ticker,
        price_level_structure: kind.structure,
        price_ranges: kind.bands.map(({ start, end, step }) => ({
          start: price(start),
          end: price(end),
          step: price(step),
        })),
      },
      polymarket: {
        yes_token: polymarket.yesToken,
        no_token: polymarket.noToken,
        condition_id: polymarket.conditionId,
        tick: price(kind.tick),
        min_size: '5',
        neg_risk: kind.negRisk ?? false,
        version: kind.version ?? 'v1',
      },
      fees: { polymarket: { rate: kind.feeRate, exponent: 1 } },
    })),
    fees: {
      today: {
        polymarket: { rate: 0.05, exponent: 1 },
        kalshi: { fee_type: 'quadratic', fee_multiplier: 1 },
      },
    },
  }
}
