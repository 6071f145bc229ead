import { kalshiContractFeeScaled } from '@tandem/shared/fees/kalshi.ts'
import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import { PRICE_ONE, type Price, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import type { Desk } from './desk.ts'
import type { Market as KalshiMarket } from './kalshi/listing.ts'
import type { Market as PolymarketMarket } from './polymarket/market.ts'
import { HALF_SPREAD, Quoter } from './quoter.ts'
import type { Random } from './random.ts'

// The other traders. Every pair of markets has one fair price, which walks; market makers on both venues quote around
// it. Now and then it jumps, and one venue follows only seconds later:
//
//   leader     bid ..  ask                        bid ..  ask
//   laggard    bid ..  ask         jump           bid ..  ask  <- stays
//                                                 ^ above the laggard's ask by fees and some cents: an edge
//
// Jumps are upwards or downwards and either venue lags, so that edges open in both directions. In an edge the laggard's
// makers take each small step too, but later: who reads the one must not find the other gone by the same step. Whoever
// takes from a quote in an edge ends it: makers that are picked off look at their prices.

/** One pair's markets, as the flow sees them: prices of the pair's outcome. */
export interface FlowPair {
  readonly polymarket: PolymarketMarket
  readonly kalshi: KalshiMarket
  readonly desks: readonly [Desk, Desk]
  /** What the outcome is worth at the start, in 1e-4 dollar. */
  readonly fair: number
}

/** A touch moves more often than once a second. */
const MOVE_MS = [250, 600] as const
const MOVE = 100
/** How long after the leader the laggard takes a step. */
const FOLLOW_MS = 120
/** How long an edge stays open, and how long it is quiet between two of one pair. */
const OPEN_MS = [2_300, 2_900] as const
const QUIET_MS = [300, 700] as const
const FIRST_EDGE_MS = [300, 2_500] as const
const TRADE_MS = [1_000, 4_000] as const
const TRADE_LOTS = [100, 3_000] as const
/** How soon makers whose quotes were taken in an edge correct them. */
const REACT_MS = [150, 400] as const
/** What an edge leaves after the fees of both venues, in 1e-4 dollar a contract. */
const NET = [250, 450] as const
/** The walk stays around where it began, and away from 0 and 1 dollar. */
const LEASH = 1_200
const LOWEST = 1_800
const HIGHEST = PRICE_ONE - LOWEST
/** More pairs than these share what so many do: each moves less often, so that one process can be the venue of thousands. */
const LIVELY_PAIRS = 50
/** In a steady flow, the part of the changes that are a move of the price: each brings a dozen of levels with it. */
const STEADY_MOVES = 0.02
const MICRO_USD_PER_PRICE = 100

interface Edge {
  /** Place of the venue whose quotes stay behind. */
  readonly laggard: 0 | 1
  closeMs: number
  hit: boolean
  /** What the laggard's middle is short of the leader's step, and when it takes it. */
  owed: number
  followMs: number
}

class PairFlow {
  readonly pair: FlowPair
  readonly quoters: readonly [Quoter, Quoter]
  readonly base: number
  /** What each venue's makers believe. */
  readonly middles: [number, number]
  edge: Edge | undefined
  moveMs: number
  edgeMs: number
  tradeMs: number

  /** @param later how many times the longest wait for its first of everything is put off */
  constructor(pair: FlowPair, random: Random, nowMs: number, later: number) {
    this.pair = pair
    this.quoters = [new Quoter(pair.desks[0], random), new Quoter(pair.desks[1], random)]
    this.base = pair.fair
    this.middles = [pair.fair, pair.fair]
    this.moveMs = nowMs + later * MOVE_MS[1]
    this.edgeMs = nowMs + within(random, FIRST_EDGE_MS) + later * FIRST_EDGE_MS[1]
    this.tradeMs = nowMs + within(random, TRADE_MS) + later * TRADE_MS[1]
  }

  quote(random: Random): void {
    const first = random.below(2)
    for (const at of [first, 1 - first]) this.quoters[at].quoteAround(this.middles[at])
  }

  /** Whether quotes of either venue were taken from since the last look. */
  looks(): boolean {
    const hits = this.quoters.map((quoter) => quoter.look())
    return hits.includes(true)
  }
}

export class Flow {
  readonly #random: Random
  readonly #pairs: readonly PairFlow[]
  /** Further changes in the depth, a second, over all markets; of a steady flow all there are. */
  stirsPerSecond: number
  readonly #calm: number
  readonly #isSteady: boolean
  #stirsDue = 0
  #tickedMs: number

  /**
   * @param calm how many times slower than usual prices move and edges open
   * @param isSteady nothing happens but what `stirsPerSecond` says, however many markets there are: no edge, no trade;
   *   one change a tick, and what a tick came too late for is left out
   */
  constructor(
    pairs: readonly FlowPair[],
    random: Random,
    nowMs: number,
    stirsPerSecond = 0,
    calm = 1,
    isSteady = false,
  ) {
    this.#random = random
    const crowd = Math.max(1, pairs.length / LIVELY_PAIRS)
    this.#calm = calm * crowd
    this.#isSteady = isSteady
    this.#pairs = pairs.map(
      (pair, at) => new PairFlow(pair, random, nowMs, ((crowd - 1) * at) / pairs.length),
    )
    this.stirsPerSecond = stirsPerSecond
    this.#tickedMs = nowMs
    for (const pair of this.#pairs) pair.quote(random)
  }

  tick(nowMs: number): void {
    if (!this.#isSteady) for (const flow of this.#pairs) this.#advance(flow, nowMs)
    this.#stirsDue += ((nowMs - this.#tickedMs) * this.stirsPerSecond) / 1_000
    this.#tickedMs = nowMs
    if (this.#isSteady) this.#stirsDue = Math.min(this.#stirsDue, 1)
    for (; this.#stirsDue >= 1; this.#stirsDue--) {
      const flow = this.#random.pick(this.#pairs)
      if (this.#isSteady && this.#random.chance(STEADY_MOVES)) this.#move(flow, nowMs)
      else this.#random.pick(flow.quoters).stir()
    }
  }

  #advance(flow: PairFlow, nowMs: number): void {
    const { edge } = flow
    if (edge === undefined) {
      if (nowMs >= flow.edgeMs) this.#open(flow, nowMs)
      else if (nowMs >= flow.tradeMs) this.#trade(flow, nowMs)
    } else if (nowMs >= edge.closeMs) this.#close(flow, edge, nowMs)
    else if (!edge.hit && flow.looks()) {
      edge.hit = true
      edge.closeMs = Math.min(edge.closeMs, nowMs + within(this.#random, REACT_MS))
    }
    // Who was picked off puts nothing up at those prices again.
    if (flow.edge?.hit === true) return
    if (flow.edge !== undefined && nowMs >= flow.edge.followMs) this.#follow(flow, flow.edge)
    if (nowMs >= flow.moveMs) this.#move(flow, nowMs)
  }

  #follow(flow: PairFlow, edge: Edge): void {
    if (edge.owed === 0) return
    flow.middles[edge.laggard] += edge.owed
    edge.owed = 0
    flow.quote(this.#random)
  }

  /** Both venues' makers move together, but for those that lag behind in an edge. */
  #move(flow: PairFlow, nowMs: number): void {
    const { base, middles, edge } = flow
    const leader = edge?.laggard === 0 ? 1 : 0
    const step = this.#random.chance(0.5 + pull(middles[leader], base) / 2) ? MOVE : -MOVE
    for (const at of [0, 1] as const) if (at !== edge?.laggard) middles[at] += step
    if (edge !== undefined) {
      edge.owed += step
      edge.followMs = nowMs + FOLLOW_MS
    }
    flow.quote(this.#random)
    flow.moveMs = nowMs + within(this.#random, MOVE_MS) * this.#calm
  }

  #open(flow: PairFlow, nowMs: number): void {
    const { pair, middles } = flow
    const fair = middles[0]
    // Whole steps: a middle off the grid would be rounded away from the edge on both venues.
    const jump = Math.ceil((2 * HALF_SPREAD + fees(pair, fair) + within(this.#random, NET)) / MOVE) * MOVE
    const laggard = this.#random.below(2) as 0 | 1
    const upwards = this.#random.chance(0.5)
    const fits = upwards ? fair + jump <= HIGHEST : fair - jump >= LOWEST
    const leader = laggard === 0 ? 1 : 0
    middles[leader] = upwards === fits ? fair + jump : fair - jump
    flow.quote(this.#random)
    flow.looks()
    flow.edge = {
      laggard,
      closeMs: nowMs + within(this.#random, OPEN_MS),
      hit: false,
      owed: 0,
      followMs: nowMs,
    }
  }

  #close(flow: PairFlow, { laggard }: Edge, nowMs: number): void {
    flow.middles[laggard] = flow.middles[laggard === 0 ? 1 : 0]
    flow.edge = undefined
    flow.quote(this.#random)
    flow.edgeMs = nowMs + within(this.#random, QUIET_MS) * this.#calm
  }

  /** Somebody takes a little at the touch of one venue. */
  #trade(flow: PairFlow, nowMs: number): void {
    const at = this.#random.below(2)
    const side = this.#random.pick([SIDE_BID, SIDE_ASK] as const)
    const reach = side === SIDE_BID ? 2 * HALF_SPREAD : -2 * HALF_SPREAD
    const desk = flow.pair.desks[at]
    // The limit is legal for a seller too: it only has to reach the touch.
    if (desk.open())
      desk.take(side, desk.legal(side, flow.middles[at] + reach), within(this.#random, TRADE_LOTS))
    flow.tradeMs = nowMs + within(this.#random, TRADE_MS) * this.#calm
  }
}

/** -1..1: how strongly the walk is drawn upwards. */
function pull(middle: number, base: number): number {
  if (middle <= LOWEST) return 1
  if (middle >= HIGHEST) return -1
  return Math.max(-1, Math.min(1, (base - middle) / LEASH))
}

/** The fees of both venues' takers on one contract, in 1e-4 dollar, rounded up. */
function fees({ polymarket, kalshi }: FlowPair, price: number): number {
  const { rate, exponent } = polymarket.terms.fee
  const spread = price * (PRICE_ONE - price)
  const kalshiMicroUsd = kalshiContractFeeScaled(kalshi.fees, price as Price) / SCALED_PER_MICRO_USD
  const polymarketPrice = rate * PRICE_ONE * (spread / PRICE_ONE ** 2) ** exponent
  return Math.ceil(kalshiMicroUsd / MICRO_USD_PER_PRICE + polymarketPrice)
}

function within(random: Random, [low, high]: readonly [number, number]): number {
  return random.between(low, high)
}
