import type { BookState as State } from '@tandem/colo/book/integrity.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { type Direction, kalshiBuysYes } from '@tandem/colo/detector/direction.ts'
import type { ExecutorObserver } from '@tandem/colo/executor.ts'
import type { BookListener } from '@tandem/colo/feed/intake.ts'
import { FillCell, RecordKind } from '@tandem/colo/journal/record.ts'
import type { Assembly } from '@tandem/colo/main.ts'
import { TRIPS } from '@tandem/colo/risk/halt.ts'
import {
  kalshiPurse,
  OUTCOME_COMPLEMENT,
  OUTCOME_NAMED,
  POLYMARKET_PURSE,
} from '@tandem/colo/state/ledger.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { LegEnd } from '@tandem/colo/venue/leg.ts'
import { CLOCKS_APART_MS_MAX } from '@tandem/colo/venue/skew.ts'
import { KALSHI, POLYMARKET, VENUE_NAMES } from '@tandem/colo/venue/venue.ts'
import type { Account } from '@tandem/sandbox/engine/kalshi/account.ts'
import { payPerLot } from '@tandem/sandbox/engine/kalshi/account.ts'
import type { Market as KalshiMarket } from '@tandem/sandbox/engine/kalshi/listing.ts'
import type { Occurrence } from '@tandem/sandbox/engine/kalshi/occurrence.ts'
import type { PolymarketEvent } from '@tandem/sandbox/engine/polymarket/event.ts'
import { COLLATERAL } from '@tandem/sandbox/engine/polymarket/funds.ts'
import type { Market as PolymarketMarket } from '@tandem/sandbox/engine/polymarket/market.ts'
import type { VenueName } from '@tandem/sandbox/faults.ts'
import { SHARDS, type World } from '@tandem/sandbox/world.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import type { Pair } from '@tandem/shared/mapping.ts'
import {
  MICRO_SHARES_PER_LOT,
  NS_PER_MS,
  NS_PER_S,
  PRICE_ONE,
  SIDE_ASK,
  SIDE_BID,
} from '@tandem/shared/units.ts'
import type { HttpRequest } from './http.ts'
import { Naked, type Outcome } from './naked.ts'
import type { OrderWitness } from './order-socket.ts'
import { Paths } from './paths.ts'
import { sumWithin } from './rival.ts'
import type { Scheduler } from './scheduler.ts'
import { SETTINGS } from './settings.ts'
import { SIGNER_FACTS } from './signer.ts'
import { Tops } from './tops.ts'

// Judges a simulation by a model of its own. It hears both venues' engines, every request's bytes as they leave, and the
// answers as they come back; of the executor only what it says it does. It knows the venues' true ledgers, which the
// executor never sees.

export const VIOLATIONS = {
  'money-lost': 'a venue’s money or shares do not add up: the sandbox is wrong',
  'sent-twice': 'a client order id or a signed order left twice',
  'sent-undurable': 'an order left whose hash or id was not durable yet',
  'naked-beyond-approved': 'a pair stood without its other side for more than was approved',
  'naked-too-long': 'a pair stood naked although a way out was open, for longer than it may',
  'parked-with-exit': 'a trade was given up as exposed or unknown although a way out was open',
  'absent-too-early':
    'an order on Polymarket was called absent before the venue’s own reads can be trusted on it',
  'dust-left': 'dust of several trades came to more than a pair may hold, and is not evened out',
  mismatch: 'the executor found a position that its books do not have',
  'shares-differ': 'at the end the executor’s shares are not those of the venues',
  'money-differs': 'at the end the executor’s money is not that of the venues',
  unresolved: 'at the end a trade is still open and not parked, long after the last fault',
  'entered-while-halted': 'a trade was entered after a halt, or after a breaker had tripped',
  'entered-on-wrong-clock': 'a trade was entered while our clock was too far from the venues’',
  'decided-on-dead-book': 'orders were sent on a book that was not LIVE',
  'decided-on-false-book':
    'orders were sent on prices that the venue had not had for longer than it may go unnoticed',
  'journal-differs': 'the journal does not hold what the executor said it did',
  crashed: 'the executor threw',
} as const
export type ViolationKind = keyof typeof VIOLATIONS

export interface Violation {
  readonly kind: ViolationKind
  readonly atMs: number
  readonly what: string
}

/** A trade leaves less than a lot, and the dust before it was less than one. */
const DUST_MICRO_SHARES = 2 * MICRO_SHARES_PER_LOT
const DUST_MICRO_USD = DUST_MICRO_SHARES
/** What trades leave one by one; no leg is as small. */
const DUST_OF_TRADES_MAX = 20 * MICRO_SHARES_PER_LOT
/** How long a pair may stand naked while it could be closed, beside what a taker delay and a look-up take. */
const NAKED_NS_MAX = 2 * NS_PER_S
const TAKER_DELAY_NS = NS_PER_S
/** How long an order without a clear answer may stay unknown: an answer's own limit, the venue's lag, three look-ups. */
const LOOK_UP_NS: Readonly<Record<VenueName, number>> = { kalshi: 10 * NS_PER_S, polymarket: 40 * NS_PER_S }
/** Reads of Polymarket may be without an order for half a minute. */
const ABSENCE_NS_MIN = 30 * NS_PER_S
/** An exit that loses so much a share is surely within the executor's own bound. */
const EXIT_LOSS_PRICE = 300
/** After so long a trade can neither fail nor be filled late. */
const FINAL_NS_MAX = 70 * NS_PER_S
/**
 * How long a book may be false before somebody notices: frames that are lost without a trace, or a socket that is frozen
 * and answers pings, are found by the audit every 10 s, which asks one book of two.
 */
const UNNOTICED_NS_MAX = 25 * NS_PER_S
/** And when nothing hides it: the way there, and what a message may lag. */
const SEEN_NS_MAX = 2 * NS_PER_S
/** A step of our clock is looked for every 20 ms. */
const STEP_SEEN_NS_MAX = 50 * NS_PER_MS
const LOOK_NS = 10 * NS_PER_MS
const NO_TRADE = -1
const POLYMARKET_MICRO_SHARES_MIN = 5_000_000
/** Fees of both venues at their dearest, on dollars and on contracts. */
const POLYMARKET_FEE_MAX = 0.05
const KALSHI_FEE_MICRO_USD_PER_LOT_MAX = 178
const FEE_ROUNDING_MICRO_USD = 10_000
const EDGE_RATIO_MAX = 1.15
/** Half the last place of an average of a hundred contracts, for price and fee of an order that only its answer told of. */
const ROUNDING_MICRO_USD_MAX = 100
/** 404: that there is no such thing is said of orders that were carried out, too. */
const UNCLEAR = [404, 409, 425]

interface Order {
  readonly venue: VenueName
  readonly audit: PairAudit
  readonly id: string
  readonly sentNs: number
  clearNs: number
  filledMicroShares: number
  /** On Polymarket: what its dollars are to cover; they buy more where the price has become better. */
  wantedMicroShares: number
}

class PairAudit {
  readonly pair: Pair
  readonly polymarket: PolymarketMarket
  readonly kalshi: KalshiMarket
  readonly naked = new Naked()
  /** By trade: the dearer of its legs alone. */
  readonly approved: { readonly sentNs: number; readonly worstMicroUsd: number }[] = []
  /** What a purchase filled beyond what it was to cover: exposure, which is covered too, and naked if it is taken back. */
  readonly overfilled: { readonly atNs: number; readonly leftMicroUsd: number }[] = []
  /** Since when it could be closed, and is not. */
  closableNs = 0
  lookNs = 0
  /** When it last moved. */
  nakedMicroUsd = 0
  /** The executor does nothing more about it. */
  isGivenUp = false
  readonly orders: Order[] = []
  /** By venue. */
  readonly tops = [new Tops(), new Tops()] as const
  lastPolymarket: { readonly order: Order; readonly worstMicroUsd: number } | undefined
  /** An entry's leg on Kalshi that left before Polymarket's. */
  firstKalshi:
    | { readonly sentNs: number; readonly side: 0 | 1; readonly price: number; readonly lots: number }
    | undefined
  /** The trade whose order on Kalshi is held back. */
  heldTrade = NO_TRADE

  constructor(pair: Pair, world: World) {
    this.pair = pair
    this.polymarket = (
      world.polymarket.find(pair.polymarket.yesToken) as readonly [PolymarketMarket, 0 | 1]
    )[0]
    this.kalshi = world.kalshi.markets.get(pair.kalshi.ticker) as KalshiMarket
  }

  /** The outcome of the pair that Kalshi's YES is. */
  get yesOutcome(): Outcome {
    return this.pair.polarity === 'same' ? 0 : 1
  }

  get isNaked(): boolean {
    return Math.abs(this.naked.microShares) >= DUST_MICRO_SHARES
  }
}

export class Auditor implements OrderWitness {
  readonly violations: Violation[] = []
  readonly paths = new Paths()
  attempts = 0
  isHalted = false
  #isTripped = false
  /** How far our wall clock is off, and since when. */
  #clockOffMs = 0
  #clockOffNs = 0
  readonly #scheduler: Scheduler
  #world: World | undefined
  #account: Account | undefined
  #assembly: Assembly | undefined
  #pairs: readonly PairAudit[] = []
  readonly #byToken = new Map<string, readonly [PairAudit, Outcome]>()
  readonly #byTicker = new Map<string, PairAudit>()
  readonly #byRequest = new Map<HttpRequest, Order>()
  readonly #orders = new Map<string, Order>()
  /** By trade: since when its last order on Polymarket has been without an answer. */
  readonly #unknownNs = new Map<number, number>()
  readonly #forbiddenNs: Record<VenueName, number> = { polymarket: 0, kalshi: 0 }
  readonly #blindNs: Record<VenueName, number> = { polymarket: 0, kalshi: 0 }
  /** What all accounts have of a venue's money, less what was withdrawn. */
  readonly #sumMicroUsd: Record<VenueName, number> = { polymarket: 0, kalshi: 0 }
  /** Since the last look a ledger changed. */
  #isMoved = false
  readonly #durableHashes = new Set<string>()
  #durableCounters = 0
  readonly #said: string[] = []
  readonly #written: string[] = []

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** Everything is made, and nothing has happened. */
  begin(world: World, account: Account, pairs: readonly Pair[], assembly: Assembly): void {
    this.#world = world
    this.#account = account
    this.#assembly = assembly
    this.#pairs = pairs.map((pair) => new PairAudit(pair, world))
    for (const audit of this.#pairs) {
      this.#byToken.set(audit.pair.polymarket.yesToken, [audit, 0])
      this.#byToken.set(audit.pair.polymarket.noToken, [audit, 1])
      this.#byTicker.set(audit.pair.kalshi.ticker, audit)
      for (const market of [audit.polymarket, audit.kalshi]) this.#noteTop(market)
    }
    for (const venue of ['polymarket', 'kalshi'] as const) this.#sumMicroUsd[venue] = this.#sumOf(venue)
  }

  /** Until then nobody can be expected to trade there. */
  forbid(venue: VenueName, untilNs: number): void {
    this.#forbiddenNs[venue] = Math.max(this.#forbiddenNs[venue], untilNs)
  }

  /** Until then what we see of its books may be false. */
  blind(venue: VenueName, untilNs: number): void {
    this.#blindNs[venue] = Math.max(this.#blindNs[venue], untilNs)
  }

  /** Our wall clock was stepped. */
  clockStepped(stepMs: number): void {
    this.#clockOffMs += stepMs
    this.#clockOffNs = this.#scheduler.nowNs
  }

  withdrawn(venue: VenueName, microUsd: number): void {
    this.#sumMicroUsd[venue] -= microUsd
  }

  // ---- what leaves us and comes back -----------------------------------------------------------------------------

  left(venue: VenueName, request: HttpRequest): void {
    if (request.method !== 'POST') return
    const { nowNs } = this.#scheduler
    const body = JSON.parse(request.body)
    const { order } = body
    const audit = venue === 'kalshi' ? this.#byTicker.get(body.ticker) : this.#byToken.get(order.tokenId)?.[0]
    const id =
      venue === 'kalshi' ? body.client_order_id : `0x${BigInt(order.salt).toString(16).padStart(64, '0')}`
    if (audit === undefined) return
    if (this.#orders.has(id)) this.#violated('sent-twice', `${venue} ${id}`)
    const sent: Order = {
      venue,
      audit,
      id,
      sentNs: nowNs,
      clearNs: Number.POSITIVE_INFINITY,
      filledMicroShares: 0,
      wantedMicroShares: Math.abs(audit.naked.microShares),
    }
    this.#orders.set(id, sent)
    this.#byRequest.set(request, sent)
    audit.orders.push(sent)
    if (venue === 'polymarket') {
      if (!this.#durableHashes.has(id)) this.#violated('sent-undurable', `polymarket ${id}`)
      const dollars = Number(order.side === 'BUY' ? order.makerAmount : order.takerAmount)
      // A held pair is sold before its resolution, this side first: what covers it is naked until it is sold too.
      if (order.side === 'SELL' && !audit.isNaked) {
        if (this.isHalted || this.#isTripped)
          this.#violated('entered-while-halted', `${audit.pair.id}, a sale`)
        audit.approved.push({ sentNs: nowNs, worstMicroUsd: Number(order.makerAmount) - dollars })
      }
      audit.lastPolymarket = {
        order: sent,
        worstMicroUsd: dollars * (1 + POLYMARKET_FEE_MAX) + FEE_ROUNDING_MICRO_USD,
      }
      const first = audit.firstKalshi
      if (first?.sentNs === nowNs)
        this.#entered(audit, audit.lastPolymarket, first.side, first.price, first.lots)
      return
    }
    const counter = Number(/\d+$/.exec(id)?.[0])
    if (!(counter < this.#durableCounters)) this.#violated('sent-undurable', `kalshi ${id}`)
    // Ways out name no group.
    if (audit.heldTrade !== NO_TRADE && body.order_group_id !== undefined) {
      this.paths.followed(audit.heldTrade, 'kalshi', id)
      audit.heldTrade = NO_TRADE
    }
    // Legs of an entry that leave in one turn of the loop. Whatever leaves alone is a way out, or was entered at its Turn.
    const side = body.side === 'bid' ? SIDE_BID : SIDE_ASK
    const price = scaledFromDecimal(body.price, 4) as number
    const lots = scaledFromDecimal(body.count.trim(), 2) as number
    if (audit.lastPolymarket?.order.sentNs === nowNs)
      this.#entered(audit, audit.lastPolymarket, side, price, lots)
    else if (body.order_group_id !== undefined) audit.firstKalshi = { sentNs: nowNs, side, price, lots }
  }

  /** An entry was sent: all of it, or its first leg. What may be naked of it is so from here on. */
  #entered(
    audit: PairAudit,
    { order, worstMicroUsd }: NonNullable<PairAudit['lastPolymarket']>,
    side: 0 | 1,
    price: number,
    lots: number,
  ): void {
    const { nowNs } = this.#scheduler
    if (this.isHalted || this.#isTripped) this.#violated('entered-while-halted', audit.pair.id)
    if (Math.abs(this.#clockOffMs) > CLOCKS_APART_MS_MAX && nowNs - this.#clockOffNs > STEP_SEEN_NS_MAX)
      this.#violated('entered-on-wrong-clock', `${audit.pair.id}: ${this.#clockOffMs} ms off`)
    order.wantedMicroShares = lots * MICRO_SHARES_PER_LOT
    const pay = payPerLot(side, price)
    const kalshiMicroUsd = lots * (pay + KALSHI_FEE_MICRO_USD_PER_LOT_MAX) + FEE_ROUNDING_MICRO_USD
    audit.approved.push({ sentNs: nowNs, worstMicroUsd: Math.max(worstMicroUsd, kalshiMicroUsd) })
  }

  answered(_venue: VenueName, request: HttpRequest, status: number): void {
    const order = this.#byRequest.get(request)
    if (order === undefined || status >= 500 || UNCLEAR.includes(status)) return
    order.clearNs = this.#scheduler.nowNs
  }

  // ---- what the venues do ----------------------------------------------------------------------------------------

  polymarket(event: PolymarketEvent): void {
    if (event.kind === 'market') this.#noteTop(event.market)
    if (event.kind !== 'trade') return
    const { taker, status, microShares, costMicroUsd, feeMicroUsd } = event.trade
    if (taker.account !== SIGNER_FACTS.owner.toLowerCase()) return
    const [audit, outcome] = this.#byToken.get(taker.market.terms.tokens[taker.outcome]) ?? []
    if (audit === undefined || outcome === undefined) return
    const isBuy = taker.side === 'BUY'
    if (status === 'MATCHED') {
      this.#filled(taker.id, microShares, microShares - costMicroUsd - feeMicroUsd)
      if (isBuy) audit.naked.buy(outcome, microShares, costMicroUsd + feeMicroUsd)
      else audit.naked.lose(outcome, microShares, costMicroUsd - feeMicroUsd)
    } else if (status === 'FAILED') {
      this.paths.reverted()
      if (isBuy) audit.naked.lose(outcome, microShares, costMicroUsd + feeMicroUsd)
      else audit.naked.buy(outcome, microShares, costMicroUsd - feeMicroUsd)
    } else return
    this.#moved(audit)
  }

  kalshi(occurrence: Occurrence): void {
    if (occurrence.type === 'level') this.#noteTop(occurrence.market)
    if (occurrence.type !== 'fill' || occurrence.account !== this.#account) return
    const { trade, order, feeMicroUsd } = occurrence.fill
    const audit = this.#byTicker.get(trade.market.ticker)
    if (audit === undefined) return
    const microShares = trade.lots * MICRO_SHARES_PER_LOT
    const outcome = order.side === SIDE_BID ? audit.yesOutcome : ((1 - audit.yesOutcome) as Outcome)
    this.#filled(order.clientOrderId, microShares, 0)
    audit.naked.buy(outcome, microShares, trade.lots * payPerLot(order.side, trade.price) + feeMicroUsd)
    this.#moved(audit)
  }

  #noteTop(market: PolymarketMarket | KalshiMarket): void {
    const { nowNs } = this.#scheduler
    for (const audit of this.#pairs) {
      const venue = audit.polymarket === market ? POLYMARKET : KALSHI
      if (venue === KALSHI && audit.kalshi !== market) continue
      audit.tops[venue].note(market.book.best(SIDE_BID), market.book.best(SIDE_ASK), nowNs)
    }
  }

  /** @param leftMicroUsd what the shares left of the dollar */
  #filled(id: string, microShares: number, leftMicroUsd: number): void {
    const order = this.#orders.get(id)
    if (order === undefined) return
    if (this.paths.isBookedAbsent(id)) this.paths.appeared()
    const before = Math.max(order.filledMicroShares, order.wantedMicroShares)
    order.filledMicroShares += microShares
    const over = order.filledMicroShares - before
    if (over <= 0) return
    const { nowNs } = this.#scheduler
    order.audit.overfilled.push({ atNs: nowNs, leftMicroUsd: (leftMicroUsd * over) / microShares })
  }

  #moved(audit: PairAudit): void {
    this.#isMoved = true
    const { naked, pair } = audit
    const { nowNs } = this.#scheduler
    // Each was approved with what of the trades before it could still be taken back.
    const entriesMicroUsd = audit.approved
      .filter(({ sentNs }) => nowNs - sentNs <= FINAL_NS_MAX)
      .reduce((sum, { worstMicroUsd }) => Math.min(sum + worstMicroUsd, SETTINGS.limits.nakedMicroUsd), 0)
    const approvedMicroUsd = audit.overfilled
      .filter(({ atNs }) => nowNs - atNs <= FINAL_NS_MAX)
      .reduce((sum, { leftMicroUsd }) => sum + leftMicroUsd, entriesMicroUsd)
    if (!audit.isNaked) {
      audit.isGivenUp = false
      audit.nakedMicroUsd = 0
      return
    }
    // What is being closed late was approved once: it only shrinks.
    const isGrowing = naked.costMicroUsd > audit.nakedMicroUsd
    audit.nakedMicroUsd = naked.costMicroUsd
    // What a lost share left of the dollar is more than its other side cost, by the edge.
    if (isGrowing && naked.costMicroUsd > approvedMicroUsd * EDGE_RATIO_MAX + DUST_MICRO_USD)
      this.#violated(
        'naked-beyond-approved',
        `${pair.id}: ${Math.round(naked.costMicroUsd)} micro-dollars of ${Math.round(approvedMicroUsd)}`,
      )
  }

  // ---- what the executor says ------------------------------------------------------------------------------------

  readonly observer: ExecutorObserver & BookListener = {
    turn: (cells) => this.#turn(cells),
    signal() {},
    fair() {},
    badFrame() {},
    halted: (halts) => {
      const isTripped = (halts & TRIPS) !== 0
      if (isTripped && !this.#isTripped) this.paths.tripped()
      this.#isTripped = isTripped
    },
    leg: (cells) => {
      this.#said.push(cells.join())
      this.paths.leg(cells)
      this.#absent(cells)
    },
    tradeEnded: (trade, state) => this.paths.ended(trade, state),
    tradeParked: (trade) => {
      this.paths.parked()
      this.#pairs[(this.#assembly as Assembly).trades.bundle[trade]].isGivenUp = true
    },
    legUnknown: (trade, venue) => {
      this.paths.unknown(trade, venue)
      if (venue === POLYMARKET) this.#unknownNs.set(trade, this.#scheduler.nowNs)
    },
    legCorrected() {},
    mismatch: (bundle, venue, ours, told) =>
      this.#violated('mismatch', `${this.#pairs[bundle].pair.id} ${VENUE_NAMES[venue]}: ${ours} and ${told}`),
    moneyMoved: () => this.paths.moneyMoved(),
    resolved() {},
    diverged: () => this.paths.diverged(),
    bookMoved() {},
    tickTold() {},
  }

  #absent(cells: Float64Array): void {
    const trade = cells[FillCell.trade]
    if (cells[FillCell.venue] !== POLYMARKET || cells[FillCell.end] !== LegEnd.Absent) return
    const sinceNs = this.#unknownNs.get(trade) ?? Number.POSITIVE_INFINITY
    const ageNs = this.#scheduler.nowNs - sinceNs
    if (ageNs < ABSENCE_NS_MIN)
      this.#violated('absent-too-early', `trade ${trade}: after ${ageNs / NS_PER_S} s`)
  }

  #turn(cells: Float64Array): void {
    this.#said.push(cells.join())
    if (cells[TurnCell.outcome] === TurnOutcome.Refused) this.paths.refused()
    if (cells[TurnCell.outcome] !== TurnOutcome.Sent) return
    this.attempts++
    const bundle = cells[TurnCell.bundle]
    const audit = this.#pairs[bundle]
    const { nowNs } = this.#scheduler
    const ids = audit.orders
      .filter(({ sentNs }) => sentNs === nowNs)
      .map(({ venue, id }) => [venue, id] as const)
    this.paths.began(cells[TurnCell.trade], bundle, ids)
    const { listing } = this.#assembly as Assembly
    const isHeld = !ids.some(([venue]) => venue === 'kalshi')
    audit.heldTrade = isHeld ? cells[TurnCell.trade] : NO_TRADE
    if (isHeld && audit.lastPolymarket !== undefined) {
      const buysYes = kalshiBuysYes(cells[TurnCell.direction] as Direction, listing.bundles[bundle].inverse)
      const side = buysYes ? SIDE_BID : SIDE_ASK
      const { kalshiPrice, kalshiLots } = TurnCell
      this.#entered(audit, audit.lastPolymarket, side, cells[kalshiPrice], cells[kalshiLots])
    }
    listing.bundles[bundle].books.forEach((book, venue) => {
      const state: State = listing.books[venue][book].state
      const name = VENUE_NAMES[venue] as VenueName
      const sinceNs = nowNs - (this.#blindNs[name] >= nowNs ? UNNOTICED_NS_MAX : SEEN_NS_MAX)
      if (!audit.tops[venue].had(listing.books[venue][book], sinceNs))
        this.#violated('decided-on-false-book', `${audit.pair.id} ${name}`)
      if (state !== BookState.Live)
        this.#violated('decided-on-dead-book', `${audit.pair.id} ${VENUE_NAMES[venue]}`)
    })
  }

  /** A record of the journal is durable. */
  record(kind: RecordKind, payload: Uint8Array): void {
    const cells = (): Float64Array => new Float64Array(payload.slice().buffer)
    if (kind === RecordKind.OrderHash) this.#durableHashes.add(`0x${Buffer.from(payload).toString('hex')}`)
    else if (kind === RecordKind.IdBlock) {
      const [first, count] = cells()
      this.#durableCounters = Math.max(this.#durableCounters, first + count)
    } else if (kind === RecordKind.Turn || kind === RecordKind.Fill) this.#written.push(cells().join())
  }

  crashed(error: unknown): void {
    this.#violated(
      'crashed',
      error instanceof Error ? (error.stack ?? error.message).slice(0, 400) : String(error),
    )
  }

  // ---- looks -----------------------------------------------------------------------------------------------------

  /** After every step. */
  look(): void {
    if (this.#isMoved) {
      this.#isMoved = false
      this.#lookAtMoney()
    }
    for (const audit of this.#pairs) {
      if (audit.isNaked) this.#lookAt(audit)
      else audit.closableNs = 0
    }
  }

  #lookAt(audit: PairAudit): void {
    const { nowNs } = this.#scheduler
    if (audit.closableNs !== 0 && nowNs < audit.lookNs) return
    audit.lookNs = nowNs + LOOK_NS
    const isWaiting = audit.orders.findLast(
      ({ venue, sentNs, clearNs }) => Math.min(clearNs, sentNs + LOOK_UP_NS[venue]) >= nowNs,
    )
    if (audit.closableNs === 0 || isWaiting !== undefined || !this.#canClose(audit)) {
      audit.closableNs = nowNs
      return
    }
    if (nowNs - audit.closableNs <= NAKED_NS_MAX + TAKER_DELAY_NS) return
    const { microShares, costMicroUsd } = audit.naked
    const kind = audit.isGivenUp ? 'parked-with-exit' : 'naked-too-long'
    this.#violated(
      Math.abs(microShares) < DUST_OF_TRADES_MAX ? 'dust-left' : kind,
      `${audit.pair.id}: ${microShares} micro-shares for ${Math.round(costMicroUsd)} micro-dollars`,
    )
  }

  /** Whether somebody would sell the other side of all that is naked, at a price that loses little. */
  #canClose({ naked, polymarket, kalshi, yesOutcome }: PairAudit): boolean {
    const { nowNs } = this.#scheduler
    const wanted = Math.abs(naked.microShares)
    const paidPrice = (naked.costMicroUsd / wanted) * PRICE_ONE
    const costMax = PRICE_ONE - paidPrice + EXIT_LOSS_PRICE
    const short: Outcome = naked.microShares > 0 ? 1 : 0
    const isThere = (levels: Parameters<typeof sumWithin>[0], isFirst: boolean): boolean =>
      sumWithin(levels, isFirst ? SIDE_BID : SIDE_ASK, isFirst ? costMax : PRICE_ONE - costMax) >= wanted
    if (this.#forbiddenNs.kalshi < nowNs && kalshi.status === 'active') {
      const buysYes = short === yesOutcome
      if (isThere(kalshi.book.levels(buysYes ? SIDE_ASK : SIDE_BID), buysYes)) return true
    }
    if (this.#forbiddenNs.polymarket >= nowNs || polymarket.closed || wanted < POLYMARKET_MICRO_SHARES_MIN)
      return false
    return isThere(polymarket.book.levels(short === 0 ? SIDE_ASK : SIDE_BID), short === 0)
  }

  #lookAtMoney(): void {
    for (const venue of ['polymarket', 'kalshi'] as const) {
      const sum = this.#sumOf(venue)
      if (sum !== this.#sumMicroUsd[venue])
        this.#violated('money-lost', `${venue}: ${sum} micro-dollars instead of ${this.#sumMicroUsd[venue]}`)
    }
    const { ledger } = (this.#world as World).polymarket
    for (const { polymarket } of this.#pairs) {
      const [yes, no] = polymarket.terms.tokens.map((token) => ledger.total(token))
      if (yes !== no) this.#violated('money-lost', `polymarket: ${yes} of one outcome and ${no} of the other`)
    }
  }

  #sumOf(venue: VenueName): number {
    const { kalshi, polymarket } = this.#world as World
    if (venue === 'polymarket') return polymarket.ledger.total(COLLATERAL)
    let sum = kalshi.feesMicroUsd
    for (const { cashMicroUsd, holdings } of kalshi.accounts.values()) {
      for (const microUsd of cashMicroUsd.values()) sum += microUsd
      // Each YES has a NO: the pair of them is a dollar.
      for (const { lots } of holdings.values()) sum += Math.max(lots, 0) * PRICE_ONE
    }
    return sum
  }

  /** Everything has had the time to end. */
  end(): void {
    const { ledger, trades } = this.#assembly as Assembly
    const { kalshi, polymarket } = this.#world as World
    this.paths.end((id) => this.#orders.get(id)?.filledMicroShares ?? 0)
    // One that is parked goes on trying: while a way out was open it is another violation.
    const unresolved = trades.bundle.filter(
      (bundle, at) => bundle !== -1 && trades.state[at] !== TradeState.Parked,
    )
    if (unresolved.length > 0) this.#violated('unresolved', `${unresolved.length} trades`)
    const owner = SIGNER_FACTS.owner.toLowerCase()
    this.#pairs.forEach((audit, bundle) => {
      const { pair } = audit
      const held = (venue: number, outcome: number) => ledger.heldMicroShares(bundle, venue, outcome)
      const wrong = [
        [pair.polymarket.yesToken, OUTCOME_NAMED] as const,
        [pair.polymarket.noToken, OUTCOME_COMPLEMENT] as const,
      ].flatMap(([token, outcome]) => {
        const truth = polymarket.ledger.balance(owner, token)
        const ours = held(POLYMARKET, outcome)
        return truth === ours ? [] : [`polymarket ${ours} instead of ${truth}`]
      })
      // Kalshi nets the two outcomes.
      const net = held(KALSHI, OUTCOME_NAMED) - held(KALSHI, OUTCOME_COMPLEMENT)
      const lots = this.#account?.holdings.get(audit.kalshi)?.lots ?? 0
      const truth = lots * MICRO_SHARES_PER_LOT * (audit.yesOutcome === 0 ? 1 : -1)
      if (net !== truth) wrong.push(`kalshi ${net} instead of ${truth}`)
      for (const what of wrong) this.#violated('shares-differ', `${pair.id}: ${what}`)
    })
    let cash = 0
    for (const microUsd of kalshi.accounts.get('simulated')?.cashMicroUsd.values() ?? []) cash += microUsd
    const truths = [polymarket.ledger.balance(owner, COLLATERAL), cash]
    const kalshiMicroUsd = SHARDS.reduce((sum, shard) => sum + ledger.balanceMicroUsd[kalshiPurse(shard)], 0)
    truths.forEach((truth, venue) => {
      const ours = venue === KALSHI ? kalshiMicroUsd : ledger.balanceMicroUsd[POLYMARKET_PURSE]
      // What was looked up is booked by its fills, and what was only answered by its averages, each rounded up: until all
      // is quiet it may be a hair too much.
      const isHair = ours < truth && truth - ours <= ROUNDING_MICRO_USD_MAX
      if (Math.round(ours) !== truth && !isHair)
        this.#violated('money-differs', `${VENUE_NAMES[venue]}: ${ours} instead of ${truth} micro-dollars`)
    })
    const count = Math.min(this.#written.length, this.#said.length)
    if (this.#written.some((text, at) => text !== this.#said[at]))
      this.#violated('journal-differs', `among the first ${count} records`)
  }

  /** Each kind once for each thing it is about: the first says all. */
  #violated(kind: ViolationKind, what: string): void {
    const about = what.split(':', 1)[0]
    if (this.violations.some((known) => known.kind === kind && known.what.startsWith(about))) return
    this.violations.push({ kind, atMs: Math.floor(this.#scheduler.nowNs / NS_PER_MS), what })
  }
}
