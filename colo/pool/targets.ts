import { assert } from '@tandem/shared/assert.ts'
import { finestStep, legalPriceCeil, legalPriceFloor, type TickStructure } from '@tandem/shared/ticks.ts'
import { type Lots, PRICE_NONE, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import { breakevenLimit } from '../detector/breakeven.ts'
import type { Bundle } from '../detector/bundle.ts'
import { type Direction, kalshiBuysYes } from '../detector/direction.ts'
import { KALSHI, POLYMARKET } from '../venue/venue.ts'

// Which limits a line needs. A line is one direction of one bundle: the Polymarket token that it buys, against what
// the other outcome costs on Kalshi. Both are costs of one share, so a small number is good on either side.
//
// A plan ends at a worst Polymarket level `w` and a worst Kalshi level `k`, and is good when w <= breakEven(k). Any
// order with a limit in [w, breakEven(k)] serves it, so the break-even limits of all Kalshi levels serve every plan,
// wherever Polymarket's levels are:
//
//   kalshi cost   .49    .50    .51    .52                    breakEven falls as the Kalshi cost rises
//   break-even    .47    .46    .45    .44
//   plan: w = .45, k = .50        [.45 .46]      the .46 fits, and so does the .45
//   plan: w = .44, k = .52        [.44]          only the .44 does
//
// They are also the fewest that do: a plan whose w equals breakEven(k) has no other limit. What bounds the set is how
// far the touches can move before the next plan is signed: no k better than Kalshi's touch by more than a few ticks,
// no w better than Polymarket's touch by more than the band. For a jump of one venue beyond that, a few limits more.

/** Most limits that one line wants. With both venues at ticks of 0.001 a line about to cross needs some 35. */
export const TARGET_LIMITS_MAX = 64
assert(TARGET_LIMITS_MAX <= 0xff, 'POOL_WANTED_COUNT_FITS_UINT8')

/**
 * Most Kalshi levels looked at for one line. Where Kalshi's ticks are finer than Polymarket's, many have the same
 * break-even limit: ticks of 0.0001 through six cents.
 */
const KALSHI_LEVELS_MAX = 600

/** Lines within so many hot bands of crossing may cross by a single jump. */
const NEAR_BANDS = 4

/** What bounds a line's wanted set; from the settings. */
export interface TargetBands {
  /** How near to crossing a line must be to be hot, and how far below its touch Polymarket may fall meanwhile. */
  readonly hotBand: Price
  /** How many ticks Kalshi's touch may improve meanwhile. */
  readonly kalshiTicks: number
  /** How many limits a line that is not hot holds. */
  readonly baseLevels: number
}

/** What is fixed about a line until a venue changes its ticks or fees. */
export interface LineMarket {
  readonly polymarketTick: Price
  readonly polymarketMinLots: Lots
  /** The costs that are legal on Kalshi: its structure, turned around where the line buys NO. */
  readonly kalshiCostTicks: TickStructure
  /** The greatest legal Polymarket limit that still nets the minimum against a Kalshi cost, or PRICE_NONE. */
  breakEven(kalshiCost: Price): Price
}

/** @param minEdgeMicroUsd what the planner demands of every pair of levels, per contract */
export function lineMarket(bundle: Bundle, direction: Direction, minEdgeMicroUsd: number): LineMarket {
  const { polymarketFees, kalshiFees, ticks } = bundle
  const polymarketTicks = ticks[POLYMARKET]
  const isYes = kalshiBuysYes(direction, bundle.inverse)
  return {
    polymarketTick: finestStep(polymarketTicks),
    polymarketMinLots: bundle.polymarketMinLots,
    kalshiCostTicks: isYes ? ticks[KALSHI] : complementTicks(ticks[KALSHI]),
    breakEven: (cost) => breakevenLimit(polymarketFees, polymarketTicks, kalshiFees, cost, minEdgeMicroUsd),
  }
}

/** A line's wanted set, filled in by `planTargets`: one object, used for every line. */
export class Targets {
  /** Most wanted first. */
  readonly limits = new Int16Array(TARGET_LIMITS_MAX)
  count = 0
  /** Within the hot band of crossing: the limits are break-even limits. Else they are ticks around the touch. */
  hot = false
  /** Polymarket's touch less the break-even limit of Kalshi's: at or below 0 the books cross. */
  distance = 0
  /** Not all break-even limits fitted: a plan deep in the book may miss. */
  thinned = false
}

/**
 * Fills in what a line wants at these touches (costs; PRICE_NONE for an empty side).
 *
 * @returns how much it matters, small first: every hot line before every other, then by distance to crossing.
 */
export function planTargets(
  targets: Targets,
  market: LineMarket,
  bands: TargetBands,
  polymarketTouch: Price,
  kalshiTouch: Price,
): number {
  targets.count = 0
  targets.hot = false
  targets.thinned = false
  if (polymarketTouch === PRICE_NONE) {
    targets.distance = PRICE_ONE
    return 2 * PRICE_ONE
  }
  const breakEven = kalshiTouch === PRICE_NONE ? PRICE_NONE : market.breakEven(kalshiTouch)
  targets.distance = polymarketTouch - Math.max(breakEven, 0)
  if (breakEven !== PRICE_NONE && targets.distance <= bands.hotBand) {
    targets.hot = true
    addBreakEvenLimits(targets, market, bands, polymarketTouch, kalshiTouch)
    addJumpLimits(targets, market, polymarketTouch)
    return targets.distance
  }
  addLimitsAround(
    targets,
    market.polymarketTick,
    polymarketTouch,
    Math.min(bands.baseLevels, TARGET_LIMITS_MAX - 1),
  )
  // Should Polymarket jump to crossing at once, Kalshi standing still, this is the limit that every plan may have.
  if (breakEven !== PRICE_NONE && targets.distance <= NEAR_BANDS * bands.hotBand) addLimit(targets, breakEven)
  return PRICE_ONE + targets.distance
}

/** Kalshi's touch first, then outwards by turns: better levels to the edge of the band, worse ones while they matter. */
function addBreakEvenLimits(
  targets: Targets,
  market: LineMarket,
  bands: TargetBands,
  polymarketTouch: Price,
  kalshiTouch: Price,
): void {
  const lowest = Math.max(polymarketTouch - bands.hotBand, 1)
  let better = legalPriceFloor(market.kalshiCostTicks, (kalshiTouch - 1) as Price)
  let betterLeft = bands.kalshiTicks
  let worse = kalshiTouch
  for (let looked = 0; looked < KALSHI_LEVELS_MAX; looked++) {
    if (worse !== PRICE_NONE) {
      const limit = market.breakEven(worse)
      if (limit >= lowest) addLimit(targets, limit)
      // A break-even limit only falls from here on: no level beyond can matter.
      worse = limit >= lowest ? legalPriceCeil(market.kalshiCostTicks, (worse + 1) as Price) : PRICE_NONE
    }
    if (betterLeft > 0 && better !== PRICE_NONE) {
      const limit = market.breakEven(better)
      if (limit >= lowest) addLimit(targets, limit)
      better = legalPriceFloor(market.kalshiCostTicks, (better - 1) as Price)
      betterLeft--
    }
    if (worse === PRICE_NONE && (betterLeft === 0 || better === PRICE_NONE)) return
  }
  targets.thinned = true
}

/**
 * Should Kalshi jump further than the band, Polymarket standing still, the break-even limits are all too low; the
 * touch itself and the tick behind it serve every plan that ends there.
 */
function addJumpLimits(targets: Targets, { polymarketTick }: LineMarket, polymarketTouch: Price): void {
  const touch = Math.ceil(polymarketTouch / polymarketTick) * polymarketTick
  for (const limit of [touch, touch + polymarketTick]) if (limit < PRICE_ONE) addLimit(targets, limit)
}

/** Every plan whose worst level is one of these ticks is served: its worst level is itself a limit that fits. */
function addLimitsAround(targets: Targets, tick: Price, touch: Price, levels: number): void {
  let above = Math.ceil(touch / tick) * tick
  let below = above - tick
  while (targets.count < levels) {
    const isAboveLegal = above < PRICE_ONE
    if (isAboveLegal) addLimit(targets, above)
    above += tick
    if (below > 0 && targets.count < levels) addLimit(targets, below)
    else if (!isAboveLegal) return
    below -= tick
  }
}

function addLimit(targets: Targets, limit: number): void {
  for (let at = 0; at < targets.count; at++) if (targets.limits[at] === limit) return
  if (targets.count === TARGET_LIMITS_MAX) {
    targets.thinned = true
    return
  }
  targets.limits[targets.count++] = limit
}

/** The lowest limit of a wanted set that is not empty. */
export function lowestLimit({ limits, count }: Targets): number {
  let lowest = limits[0]
  for (let at = 1; at < count; at++) if (limits[at] < lowest) lowest = limits[at]
  return lowest
}

/** The same legal prices seen from the other outcome: what NO costs when YES has these prices. */
function complementTicks(structure: TickStructure): TickStructure {
  const bands = structure.bands.map(({ start, end, step }) => ({
    start: (PRICE_ONE - end) as Price,
    end: (PRICE_ONE - start) as Price,
    step,
  }))
  return { bands: bands.reverse() }
}
