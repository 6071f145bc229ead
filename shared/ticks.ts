import { assert } from './assert.ts'
import { scaledFromDecimal } from './decimal.ts'
import { PRICE_NONE, PRICE_ONE, type Price } from './units.ts'

// Which prices an order may have. Both venues refuse 0 and 1 dollar, so the legal prices run from the first step
// above 0 to the last below 1: for Polymarket's one step everywhere that is [tick, 1 - tick].

interface TickBand {
  readonly start: Price
  readonly end: Price
  readonly step: Price
}

/**
 * A market's legal prices: bands that rise without a gap from 0 to 1 dollar, each `start`, `start + step`, ... `end`.
 * A market may get another structure while it trades.
 */
export interface TickStructure {
  readonly bands: readonly TickBand[]
}

/**
 * Reads Kalshi's `price_ranges`, the only authority on a market's prices, as the venue writes them.
 *
 * @returns what `ticksFromBands` returns of them.
 */
export function ticksFromPriceRanges(
  ranges: readonly { readonly start: string; readonly end: string; readonly step: string }[],
): TickStructure | undefined {
  const price = (text: string) => scaledFromDecimal(text, 4) ?? Number.NaN
  return ticksFromBands(ranges.map(({ start, end, step }) => [price(start), price(end), price(step)]))
}

/**
 * Builds a structure from [start, end, step] in Price units.
 *
 * @returns undefined when they do not cover 0..1 dollar in rising order with whole steps: a structure that we do
 *   not understand must stop trading in its market, not the process.
 */
export function ticksFromBands(
  bands: readonly (readonly [number, number, number])[],
): TickStructure | undefined {
  let reached = 0
  for (const [start, end, step] of bands) {
    if (
      start !== reached ||
      !(end > start && step > 0 && Number.isInteger(step) && (end - start) % step === 0)
    )
      return undefined
    reached = end
  }
  if (reached !== PRICE_ONE) return undefined
  return { bands: bands.map(([start, end, step]) => ({ start, end, step }) as TickBand) }
}

function ticks(...bands: [number, number, number][]): TickStructure {
  const structure = ticksFromBands(bands)
  assert(structure !== undefined, 'TICKS_COVER_A_DOLLAR')
  return structure
}

const everywhere = (step: number) => ticks([0, PRICE_ONE, step])
/** Kalshi's edges are 0..0.10 and 0.90..1 unless a label says otherwise. */
const edged = (edge: number, center: number) =>
  ticks([0, 1_000, edge], [1_000, 9_000, center], [9_000, PRICE_ONE, edge])

/**
 * Kalshi's `price_level_structure` labels: Kalshi fact sheet, section 6. For markets recorded without their
 * `price_ranges`. `banded_centi_cent` is missing, since its bands are not published.
 */
export const KALSHI_TICKS: ReadonlyMap<string, TickStructure> = new Map([
  ['linear_cent', everywhere(100)],
  ['deci_cent', everywhere(10)],
  ['tapered_deci_cent', edged(10, 100)],
  ['center_whole_edge_half_cent', edged(50, 100)],
  ['center_whole_edge_quint_cent', edged(20, 100)],
  ['center_half_edge_half_cent', everywhere(50)],
  ['center_half_edge_quint_cent', edged(20, 50)],
  ['center_half_edge_deci_cent', edged(10, 50)],
  ['center_quint_edge_quint_cent', everywhere(20)],
  ['center_quint_edge_deci_cent', edged(10, 20)],
  ['center_centi_edge_centi_cent', everywhere(1)],
  ['center_deci_edge_centi_cent', ticks([0, 100, 1], [100, 9_900, 10], [9_900, PRICE_ONE, 1])],
])

/** Polymarket's ticks, by the tick in Price units: Polymarket fact sheet, section 9. Another tick: no trade. */
export const POLYMARKET_TICKS: ReadonlyMap<number, TickStructure> = new Map(
  [1_000, 100, 50, 25, 10, 1].map((tick) => [tick, everywhere(tick)]),
)

export function isLegalPrice(structure: TickStructure, price: Price): boolean {
  return price > 0 && price < PRICE_ONE && legalPriceFloor(structure, price) === price
}

/** The greatest legal price at or below `price`, or PRICE_NONE. A buyer's limit rounded so never pays more. */
export function legalPriceFloor(structure: TickStructure, price: Price): Price {
  const below = Math.min(price, PRICE_ONE - 1)
  if (below <= 0) return PRICE_NONE
  const { start, step } = bandAt(structure, below)
  const legal = start + Math.floor((below - start) / step) * step
  return legal > 0 ? (legal as Price) : PRICE_NONE
}

/** The least legal price at or above `price`, or PRICE_NONE. A seller's limit rounded so never takes less. */
export function legalPriceCeil(structure: TickStructure, price: Price): Price {
  const above = Math.max(price, 1)
  if (above >= PRICE_ONE) return PRICE_NONE
  const { start, step } = bandAt(structure, above)
  const legal = start + Math.ceil((above - start) / step) * step
  return legal < PRICE_ONE ? (legal as Price) : PRICE_NONE
}

/**
 * The unit of a book's slots: the largest of which every legal price is a multiple. That is not always the smallest
 * step: steps of 0.002 at the edges and of 0.005 between them (0.105!) need slots of 0.001.
 */
export function finestStep(structure: TickStructure): Price {
  let unit = PRICE_ONE
  for (const { start, step } of structure.bands) unit = commonStep(commonStep(unit, start), step)
  return unit
}

/** The largest step of which both prices are multiples; 0 counts as a multiple of everything. */
export function commonStep(a: Price, b: Price): Price {
  return b === 0 ? a : commonStep(b, (a % b) as Price)
}

/** The band of a price strictly between 0 and 1 dollar. Where two bands meet, either gives the same answer. */
function bandAt(structure: TickStructure, price: number): TickBand {
  const { bands } = structure
  let i = 0
  while (price > bands[i].end) i++
  return bands[i]
}
