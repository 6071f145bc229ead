import { Failure } from '@tandem/shared/failure.ts'
import {
  kalshiContractFeeScaled,
  kalshiTradeFeeCeilMicroUsd,
  ROLE_TAKER,
} from '@tandem/shared/fees/kalshi.ts'
import { polymarketContractFeeScaled, polymarketFeeCeilMicroUsd } from '@tandem/shared/fees/polymarket.ts'
import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import {
  complement,
  LOTS_ORDER_MAX,
  LOTS_PER_CONTRACT,
  type Lots,
  MICRO_SHARES_PER_LOT,
  MICRO_USD_PER_USD,
  type MicroShares,
  PRICE_ONE,
  type Price,
} from '@tandem/shared/units.ts'
import type { Book } from './book/book.ts'
import { BookState } from './book/integrity.ts'
import type { Ladder } from './book/ladder.ts'
import type { Bundle } from './detector/bundle.ts'
import { CostLadder } from './detector/cost-ladder.ts'
import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  type Direction,
  kalshiSide,
  polymarketSide,
} from './detector/direction.ts'
import { boughtOutcome } from './outcome.ts'
import { type Ledger, OUTCOME_COMPLEMENT, OUTCOME_NAMED } from './state/ledger.ts'
import { KALSHI, POLYMARKET, VENUE_NAMES, type Venue } from './venue/venue.ts'

// What an operator sells by hand, reckoned before anything leaves: how much, at which worst price, and what that loses.
// To sell a share is to buy its other side for what is left of the dollar, so both venues are read as what that costs:
//
//   a bid of .47 for the token that we hold   =   its other side offered at .53:   sold for 1.00 - .53

export interface UnwindWish {
  readonly bundle: number
  /** Only what this venue holds without its other side; undefined: equal parts of both. */
  readonly venue: Venue | undefined
  /** Most; undefined: all. */
  readonly lots: number | undefined
  /** Most that may be lost against what the shares cost, fees included. */
  readonly maxLossMicroUsd: number
}

/** Shares that trades of one direction bought on one venue. */
interface Holding {
  readonly venue: Venue
  readonly direction: Direction
}

export interface UnwindLeg extends Holding {
  /** Least that a share may bring, before its fee. */
  readonly limit: Price
  /** The same as the cost of its other side. */
  readonly limitCost: Price
  /** What the shares cost, fees included. */
  readonly paidMicroUsd: number
  /** What they bring by the book as it stands, after fees; and at worst, all of them at the limit. */
  readonly bringsMicroUsd: number
  readonly worstMicroUsd: number
}

/** A sale that may be sent: equal parts of two holdings that cover each other, or one venue's excess. */
export interface Unwind {
  readonly bundle: number
  /** Of each leg. */
  readonly lots: number
  /** What could be sold if the books had it. */
  readonly wantedLots: number
  /** In the order in which they are sold; Polymarket, which counts in its own way, before Kalshi. */
  readonly legs: readonly UnwindLeg[]
}

/** What the parts of the executor know, read and never changed here. */
export interface UnwindSources {
  readonly bundles: readonly Bundle[]
  /** By venue. */
  readonly books: readonly [readonly Book[], readonly Book[]]
  readonly ledger: Ledger
}

/** @throws Failure UNWIND_* that says why nothing can be sold, or why it may not */
export function planUnwind(sources: UnwindSources, wish: UnwindWish): Unwind {
  const { bundles, books } = sources
  const bundle = bundles[wish.bundle]
  const venues: readonly Venue[] = wish.venue === undefined ? [POLYMARKET, KALSHI] : [wish.venue]
  for (const venue of venues)
    if (books[venue][bundle.books[venue]].state !== BookState.Live)
      throw refusal(bundle, 'UNWIND_NOT_LIVE', `its ${VENUE_NAMES[venue]} book is not LIVE`, LOOK_AGAIN)
  const { holdings, heldLots } = heldForSale(sources, wish.bundle, wish.venue)
  if (heldLots === 0)
    throw refusal(
      bundle,
      'UNWIND_NOTHING',
      wish.venue === undefined
        ? 'it holds no shares that could be sold in equal parts'
        : `${VENUE_NAMES[wish.venue]} holds nothing without its other side`,
      'look at `tandem positions`',
    )
  const wantedLots = Math.min(wish.lots ?? heldLots, heldLots, LOTS_ORDER_MAX)
  const ladders = holdings.map((holding) => offered(sources, wish.bundle, holding, wantedLots))
  const lots = Math.min(wantedLots, ...ladders.map((ladder) => ladder.lotsBefore[ladder.count]))
  const leastLots = venues.includes(POLYMARKET) ? Math.max(bundle.polymarketMinLots, 1) : 1
  if (lots < leastLots)
    throw refusal(
      bundle,
      'UNWIND_TOO_SMALL',
      `${contracts(lots)} of ${contracts(wantedLots)} shares could be sold, and the venue takes no order below ${contracts(leastLots)}`,
      'sell more at once, or wait for deeper books',
    )
  const legs = ladders.map((ladder, at) => legOf(sources, wish.bundle, holdings[at], ladder, lots))
  const lossMicroUsd = legs.reduce((sum, leg) => sum + leg.paidMicroUsd - leg.worstMicroUsd, 0)
  if (lossMicroUsd > wish.maxLossMicroUsd)
    throw refusal(
      bundle,
      'UNWIND_LOSS',
      `it may lose ${dollars(lossMicroUsd)} dollars against what it cost, and ${dollars(wish.maxLossMicroUsd)} are allowed`,
      'allow it with --max-loss, sell less, or wait',
    )
  return { bundle: wish.bundle, lots, wantedLots, legs }
}

/** The most that stands naked while one leg is sold and the other is not: at what it cost, or at what the sold one left of the dollar. */
export function nakedMicroUsdOf({ lots, legs }: Unwind): number {
  const worsts = legs.flatMap(({ paidMicroUsd, worstMicroUsd }) => [
    paidMicroUsd,
    (lots * MICRO_USD_PER_USD) / LOTS_PER_CONTRACT - worstMicroUsd,
  ])
  return Math.max(...worsts)
}

const LOOK_AGAIN = 'look at `tandem status`, and try again when it is'

const EITHER_WAY = [BUY_POLYMARKET_SELL_KALSHI, BUY_KALSHI_SELL_POLYMARKET] as const

/** What is to be sold: of a pair that was bought both ways the larger part, and what is left in another sale. */
export function heldForSale(
  { ledger }: Pick<UnwindSources, 'ledger'>,
  bundle: number,
  venue: Venue | undefined,
): { holdings: readonly Holding[]; heldLots: number } {
  const on = (holding: Holding): number =>
    ledger.heldMicroShares(bundle, holding.venue, boughtOutcome(holding.venue, holding.direction))
  const of = (holdings: readonly Holding[], microSharesMax: number) => {
    const microShares = Math.min(microSharesMax, ...holdings.map(on))
    return { holdings, heldLots: Math.max(Math.floor(microShares / MICRO_SHARES_PER_LOT), 0) }
  }
  if (venue !== undefined) {
    const excess = ledger.excessMicroShares(bundle, OUTCOME_NAMED)
    const outcome = excess > 0 ? OUTCOME_NAMED : OUTCOME_COMPLEMENT
    const direction = EITHER_WAY.find((way) => boughtOutcome(venue, way) === outcome) as Direction
    return of([{ venue, direction }], Math.abs(excess))
  }
  return [
    ...EITHER_WAY.map((direction): Holding[] => [
      { venue: POLYMARKET, direction },
      { venue: KALSHI, direction },
    ]),
    // Kalshi nets the two outcomes, Polymarket keeps both.
    EITHER_WAY.map((direction): Holding => ({ venue: POLYMARKET, direction })),
  ]
    .map((holdings) => of(holdings, Number.POSITIVE_INFINITY))
    .reduce((most, next) => (next.heldLots > most.heldLots ? next : most))
}

/** Where the other side of the held shares is offered. */
export function soldInto(
  { bundles, books }: Pick<UnwindSources, 'bundles' | 'books'>,
  bundleIndex: number,
  { venue, direction }: Holding,
): Ladder {
  const bundle = bundles[bundleIndex]
  const book = books[venue][bundle.books[venue]]
  const opposite = (1 - direction) as Direction
  return venue === POLYMARKET ? polymarketSide(book, opposite) : kalshiSide(book, opposite, bundle.inverse)
}

/** What that costs, as deep as is wanted. */
function offered(sources: UnwindSources, bundle: number, holding: Holding, lots: number): CostLadder {
  const ladder = new CostLadder()
  ladder.fill(soldInto(sources, bundle, holding), (PRICE_ONE - 1) as Price, lots as Lots)
  return ladder
}

function legOf(
  { bundles, ledger }: UnwindSources,
  bundleIndex: number,
  { venue, direction }: Holding,
  ladder: CostLadder,
  lots: number,
): UnwindLeg {
  const bundle = bundles[bundleIndex]
  let left = lots
  let bringsMicroUsd = 0
  let limitCost = 0 as Price
  for (let level = 0; level < ladder.count && left > 0; level++) {
    const taken = Math.min(ladder.lots[level], left)
    limitCost = ladder.cost[level] as Price
    bringsMicroUsd += taken * complement(limitCost) - feeMicroUsd(bundle, venue, limitCost, taken)
    left -= taken
  }
  // A level of the venue's own book: a legal price.
  const limit = complement(limitCost)
  const outcome = boughtOutcome(venue, direction)
  const paid = Math.max(ledger.paidMicroUsd(bundleIndex, venue, outcome), 0)
  return {
    venue,
    direction,
    limit,
    limitCost,
    paidMicroUsd: Math.ceil((paid * lots) / LOTS_PER_CONTRACT),
    bringsMicroUsd,
    worstMicroUsd: lots * limit - worstFeeMicroUsd(bundle, venue, limitCost, lots),
  }
}

/** Of a fill; the fee of a price is that of its complement too. */
export function feeMicroUsd(bundle: Bundle, venue: Venue, cost: Price, lots: number): number {
  return venue === POLYMARKET
    ? polymarketFeeCeilMicroUsd(bundle.polymarketFees, cost, (lots * MICRO_SHARES_PER_LOT) as MicroShares)
    : kalshiTradeFeeCeilMicroUsd(bundle.kalshiFees, ROLE_TAKER, cost, lots as Lots)
}

/** No fill above the limit brings less after its fee. Without each fill's own rounding, below a cent for the whole order. */
function worstFeeMicroUsd(bundle: Bundle, venue: Venue, cost: Price, lots: number): number {
  const perContractScaled =
    venue === POLYMARKET
      ? polymarketContractFeeScaled(bundle.polymarketFees, cost)
      : kalshiContractFeeScaled(bundle.kalshiFees, cost)
  return Math.ceil((perContractScaled * lots) / (SCALED_PER_MICRO_USD * LOTS_PER_CONTRACT))
}

function refusal(bundle: Bundle, code: string, what: string, todo: string): Failure {
  return new Failure({ code, what, where: bundle.id, todo, retry: true })
}

function contracts(lots: number): string {
  return (lots / LOTS_PER_CONTRACT).toFixed(2)
}

function dollars(microUsd: number): string {
  return (microUsd / 1e6).toFixed(2)
}
