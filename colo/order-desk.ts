import { assert } from '@tandem/shared/assert.ts'
import { kalshiTradeFeeCeilMicroUsd, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import {
  LOTS_ORDER_MAX,
  LOTS_PER_CONTRACT,
  type Lots,
  MICRO_SHARES_PER_LOT,
  MICRO_USD_PER_USD,
  NS_PER_MS,
  type Ns,
  type Price,
  SIDE_ASK,
  SIDE_BID,
} from '@tandem/shared/units.ts'
import type { Book } from './book/book.ts'
import type { Clock } from './clock.ts'
import type { Bundle } from './detector/bundle.ts'
import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  type Direction,
  kalshiBuysYes,
} from './detector/direction.ts'
import type { Plan } from './detector/plan.ts'
import { EXIT_NS_MAX, ExitDesk, type ExitDeskParts, type ExitSender } from './exit-desk.ts'
import { AnswerKind, CORRECTION } from './journal/record.ts'
import type { JournalRing } from './journal/ring.ts'
import { LegPlan } from './leg-plan.ts'
import { boughtOutcome, directionThatBuys } from './outcome.ts'
import type { ExitOrders } from './pool/exit-orders.ts'
import type { HeaderRing } from './pool/headers.ts'
import { type ClientOrderIds, ID_NONE } from './pool/ids.ts'
import type { OrderStore } from './pool/store.ts'
import type { RecoveredOrder } from './recovery.ts'
import type { Breakers } from './risk/breakers.ts'
import { Refusal, type Risk } from './risk/check.ts'
import { type Approved, Intent } from './risk/intent.ts'
import { type Ledger, OUTCOME_COMPLEMENT, OUTCOME_NAMED } from './state/ledger.ts'
import { OrderEvent, OrderState } from './state/order.ts'
import { DIGEST_BYTES, ORDERS_MAX, OrderKind, type Orders } from './state/orders.ts'
import type { Reconciliation } from './state/reconcile.ts'
import { TradeEvent, TradeState } from './state/trade.ts'
import { TRADES_MAX, type Trades } from './state/trades.ts'
import { TokenKind, tokenOf } from './token.ts'
import type { TradeLog } from './trade-log.ts'
import { nakedMicroUsdOf, type Unwind } from './unwind.ts'
import type { Gateway, LiveLegListener } from './venue/gateway.ts'
import type { OrderRequest as KalshiRequest } from './venue/kalshi/encode.ts'
import { KalshiError } from './venue/kalshi/error.ts'
import { LegEnd, type UnknownReason } from './venue/leg.ts'
import { OrderType, type OrderRequest as PolymarketRequest } from './venue/polymarket/encode.ts'
import { PolymarketError } from './venue/polymarket/error.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from './venue/venue.ts'

/** What is fixed about a bundle's two legs and is no detector's business. */
export interface Legs {
  /** False where the market's version or tick is none that we can serve. */
  tradable: boolean
  readonly plan: LegPlan
  /** Of ways out. */
  readonly kalshi: KalshiRequest
  /** Of entries, which Kalshi counts together; undefined while they may not be sent. */
  kalshiEntry: KalshiRequest | undefined
}

/** Who hears of orders and trades, off the path. */
export interface TradeObserver {
  /** What an order brought, or a correction of it: the cells of a Fill record. */
  leg(cells: Float64Array): void
  tradeEnded(trade: number, state: TradeState): void
  /** A trade could not be closed in time: its pair stands still until it is. */
  tradeParked(trade: number, nowNs: Ns): void
  legUnknown(trade: number, venue: Venue, reason: UnknownReason, nowNs: Ns): void
  /** What a venue told of a fill is not so after all. */
  legCorrected(bundle: number, venue: Venue, microShares: number, nowNs: Ns): void
}

export interface OrderDeskParts {
  readonly clock: Clock
  readonly bundles: readonly Bundle[]
  /** By venue. */
  readonly books: readonly [readonly Book[], readonly Book[]]
  readonly legs: readonly Legs[]
  readonly risk: Risk
  readonly breakers: Breakers
  readonly ledger: Ledger
  readonly reconciliation: Reconciliation
  readonly trades: Trades
  readonly orders: Orders
  readonly store: OrderStore
  readonly exits: ExitOrders
  readonly tokenOf: ExitDeskParts['tokenOf']
  readonly headers: HeaderRing
  readonly ids: ClientOrderIds
  readonly polymarketRequest: PolymarketRequest
  readonly gateways: readonly [Gateway, Gateway]
  /** The venue whose round trip is the longer one: its leg is written first. */
  readonly farVenue: Venue
  /** By bundle, a Lag: in plan `parallel` the venue that lags is written to first, its quote will go soonest. */
  readonly lag: Uint8Array | undefined
  readonly kalshiPrecisionMicroUsd: number
  readonly flattenLossMicroUsd: number
  readonly journal: JournalRing
  readonly log: TradeLog
  readonly observer: TradeObserver
}

/** Bytes of the longest request: a head of 600 and a body of 1,500. */
const REQUEST_BYTES_MAX = 4_096
const MS_PER_S = 1_000
/**
 * Most by which Kalshi's leg is held back: round trips a fifth of a second apart are half the globe, and what is more was
 * measured at a bad moment. Far less than what is naked may take to be closed.
 */
const OFFSET_NS_MAX = 100 * NS_PER_MS
/** Below it nothing is won: timers keep to whole milliseconds. */
const OFFSET_NS_MIN = NS_PER_MS
assert(OFFSET_NS_MIN < OFFSET_NS_MAX && OFFSET_NS_MAX < EXIT_NS_MAX, 'RELEASE_IS_SOON')
const NO_TRADE = -1
const NO_REASON = -1
/** By venue. */
const SHORT_OF_MONEY = [PolymarketError.InsufficientBalance, KalshiError.InsufficientBalance] as const
/** By venue: nobody was there any more, which is no fault of the order's. */
const NOT_FILLED = [PolymarketError.NotFilled, KalshiError.NotFilled] as const
/** More than a share is no dust: something is not as the books of account have it, and risk lets nobody in. */
const TRUE_UP_MICRO_SHARES_MAX = LOTS_PER_CONTRACT * MICRO_SHARES_PER_LOT

/** Whether Kalshi's leg has yet to leave, and when it does. */
const KalshiDue = {
  No: 0,
  /** When Polymarket's has ended. */
  AfterFirst: 1,
  /** At its release, or when Polymarket's has ended before that. */
  AtRelease: 2,
} as const

/**
 * From an approved plan to bytes on two connections, and from the answers back to the books of account. A trade whose
 * legs end unequal is the exit desk's until they are equal.
 */
export class OrderDesk implements LiveLegListener, ExitSender {
  /** Of the last `enter`: its moments, and what it used. */
  finalNs = 0
  writtenNs = 0
  trade = NO_TRADE
  counter = -1
  header = -1
  readonly exitDesk: ExitDesk
  readonly #parts: OrderDeskParts
  readonly #requests = [Buffer.alloc(REQUEST_BYTES_MAX), Buffer.alloc(REQUEST_BYTES_MAX)] as const
  readonly #exit = new Intent()
  // By trade: what Kalshi's leg was planned at, and what it waits for.
  readonly #kalshiPrice = new Int32Array(TRADES_MAX)
  readonly #kalshiSide = new Uint8Array(TRADES_MAX)
  readonly #kalshiLimitCost = new Int32Array(TRADES_MAX)
  readonly #kalshiLots = new Int32Array(TRADES_MAX)
  readonly #kalshiDue = new Uint8Array(TRADES_MAX)
  readonly #releaseNs = new Float64Array(TRADES_MAX)
  readonly #secondMicroUsd = new Float64Array(TRADES_MAX)
  /** The least that the other token may bring, where it is sold after the first; else 0. */
  readonly #otherLimit = new Int32Array(TRADES_MAX)

  constructor(parts: OrderDeskParts) {
    this.#parts = parts
    this.exitDesk = new ExitDesk({
      ...parts,
      sender: this,
      onParked: (trade, nowNs) => parts.observer.tradeParked(trade, nowNs),
    })
  }

  /** Whether both legs could leave at once. */
  free(): boolean {
    const { gateways } = this.#parts
    return gateways[POLYMARKET].free() && gateways[KALSHI].free()
  }

  /**
   * Makes both requests final and writes them in one go, the far leg first or that of the venue that lags; or the Polymarket leg alone, where the plan
   * lets Kalshi's wait for its end or for its release.
   *
   * @returns Refusal.None, or what was missing: nothing was sent then.
   */
  enter(approved: Approved, plan: Plan, slot: number): Refusal {
    const { clock, headers, ids, legs, trades, orders, store, risk } = this.#parts
    const { bundle, direction, polymarketCostMicroUsd, kalshiCostMicroUsd } = approved
    const { plan: legPlan, kalshiEntry } = legs[bundle]
    if (kalshiEntry === undefined) return Refusal.NoOrderGroup
    const wallMs = clock.wallMs()
    const header = headers.take(wallMs)
    if (header < 0) return Refusal.NoHeader
    const counter = ids.next()
    if (counter === ID_NONE) return Refusal.NoClientOrderId

    const offsetNs = legPlan === LegPlan.FarFirst ? this.#offsetNs() : 0
    // A leg that waits takes a header and an id of its own when it leaves: these show that there are some.
    const waits = legPlan === LegPlan.OneThenOther || offsetNs > 0
    const kalshiSide = plan.kalshiBuysYes ? SIDE_BID : SIDE_ASK
    const start = store.bodyStart(slot)
    const bodyEnd = start + store.bodyLength[slot]
    const polymarketLength = this.#writePolymarket(store.bodies, start, bodyEnd, wallMs)
    if (!waits)
      this.#writeKalshi(kalshiEntry, header, counter, kalshiSide, plan.kalshiPrice, approved.kalshiLots)
    this.finalNs = clock.nowNs()

    // Booked before the first byte leaves: an answer may be there before the second leg is written.
    const worstMicroUsd = polymarketCostMicroUsd + kalshiCostMicroUsd
    const trade = trades.begin(bundle, direction, worstMicroUsd)
    this.#kalshiPrice[trade] = plan.kalshiPrice
    this.#kalshiSide[trade] = kalshiSide
    this.#kalshiLimitCost[trade] = plan.kalshiLimitCost
    this.#kalshiLots[trade] = approved.kalshiLots
    this.#kalshiDue[trade] = KalshiDue.No
    risk.sent(bundle, worstMicroUsd)
    const polymarketOrder = this.#plan(trade, POLYMARKET, OrderKind.Entry, polymarketCostMicroUsd)
    const polymarketPlace = orders.place(polymarketOrder)
    orders.setDigest(polymarketPlace, store.digests, slot * DIGEST_BYTES)
    // Kalshi's fills are final; Polymarket's may be taken back until they are settled on the chain.
    const nakedMicroUsd = Math.max(polymarketCostMicroUsd, kalshiCostMicroUsd)
    trades.nakedMicroUsd[trade] = nakedMicroUsd
    this.#unsettled(polymarketPlace, nakedMicroUsd)
    if (waits) {
      this.#kalshiDue[trade] = offsetNs > 0 ? KalshiDue.AtRelease : KalshiDue.AfterFirst
      // Its money is held back now: it must be there when its turn comes.
      this.#reserveSecond(trade, kalshiCostMicroUsd)
      this.#sendToPolymarket(polymarketOrder, approved, polymarketLength, wallMs)
      if (offsetNs > 0) this.#releaseIn(trade, offsetNs)
    } else {
      const kalshiOrder = this.#plan(trade, KALSHI, OrderKind.Entry, kalshiCostMicroUsd)
      orders.counter[orders.place(kalshiOrder)] = counter
      const firstVenue = this.#firstVenue(bundle, legPlan)
      if (firstVenue === POLYMARKET)
        this.#sendToPolymarket(polymarketOrder, approved, polymarketLength, wallMs)
      this.#sendToKalshi(kalshiOrder, approved, kalshiEntry, wallMs)
      if (firstVenue === KALSHI) this.#sendToPolymarket(polymarketOrder, approved, polymarketLength, wallMs)
    }
    this.writtenNs = clock.nowNs()
    this.trade = trade
    this.counter = counter
    this.header = header
    return Refusal.None
  }

  #firstVenue(bundle: number, legPlan: LegPlan): Venue {
    const { lag, farVenue } = this.#parts
    const lagging = legPlan === LegPlan.Parallel ? lag?.[bundle] : undefined
    return lagging === POLYMARKET || lagging === KALSHI ? lagging : farVenue
  }

  /**
   * Sells what is held, as a trade of its own: the first leg, and of the second what the first sold. Where there is one leg
   * alone, what a venue has too much, the other side counts as sold already. What ends unequal is the exit desk's.
   *
   * @returns false when nothing could be sent: nothing has changed then
   */
  unwind(unwind: Unwind, nowNs: Ns): boolean {
    const { bundle, lots, legs } = unwind
    const { bundles, trades, risk } = this.#parts
    const [first, second] = legs
    const { direction } = first
    const trade = trades.begin(bundle, direction, 0)
    if (trade === NO_TRADE) return false
    risk.sent(bundle, 0)
    trades.nakedMicroUsd[trade] = nakedMicroUsdOf(unwind)
    const paidMicroUsd = legs.reduce((sum, leg) => sum + leg.paidMicroUsd, 0)
    trades.soldPairMicroUsd[trade] = (paidMicroUsd * LOTS_PER_CONTRACT) / lots
    const kalshi = legs.find(({ venue }) => venue === KALSHI)
    this.#kalshiDue[trade] = kalshi === undefined ? KalshiDue.No : KalshiDue.AfterFirst
    this.#secondMicroUsd[trade] = 0
    if (kalshi !== undefined) {
      const buysYes = !kalshiBuysYes(direction, bundles[bundle].inverse)
      this.#kalshiSide[trade] = buysYes ? SIDE_BID : SIDE_ASK
      this.#kalshiPrice[trade] = buysYes ? kalshi.limitCost : kalshi.limit
      this.#kalshiLimitCost[trade] = kalshi.limitCost
    }
    this.#otherLimit[trade] = second?.venue === POLYMARKET ? second.limit : 0
    const other = (1 - first.venue) as Venue
    const soldMicroShares = second === undefined ? -lots * MICRO_SHARES_PER_LOT : 0
    trades.book(trade, other, soldMicroShares, 0, 0)
    const isSent =
      first.venue === KALSHI
        ? this.#sendSecond(trade)
        : this.exitDesk.sellToken(trade, direction, first.limit, lots, nowNs)
    if (isSent) return true
    trades.book(trade, other, -soldMicroShares, 0, 0)
    this.#kalshiDue[trade] = KalshiDue.No
    this.#otherLimit[trade] = 0
    this.#settle(trade, 0, nowNs)
    return false
  }

  /**
   * Kalshi's leg has been held back for as long as it arrives sooner (the value of a Release token). Whatever was heard
   * meanwhile, the other one is out: it leaves.
   */
  release(trade: number, nowNs: Ns): void {
    // A deadline of an earlier trade in this place, or of one whose far leg ended before it.
    if (this.#kalshiDue[trade] !== KalshiDue.AtRelease || nowNs < this.#releaseNs[trade]) return
    this.#sendDue(trade, OrderKind.Entry, this.#kalshiLots[trade])
  }

  // ---- of the gateways -------------------------------------------------------------------------------------------

  legDone(
    order: number,
    venue: Venue,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    nowNs: Ns,
    end: LegEnd,
    refusal: number,
  ): void {
    const { orders, ledger, breakers } = this.#parts
    const place = orders.place(order)
    if (orders.kind[place] === OrderKind.Entry)
      breakers.orderEnded(end === LegEnd.Refused && refusal !== NOT_FILLED[venue])
    if (end === LegEnd.Refused && refusal === SHORT_OF_MONEY[venue]) ledger.doubt(orders.bundle[place], venue)
    const isNothing = end === LegEnd.Refused || end === LegEnd.Absent
    orders.move(place, isNothing ? OrderEvent.Refuse : OrderEvent.Fill)
    ledger.reserve(orders.bundle[place], venue, -orders.reservedMicroUsd[place])
    orders.reservedMicroUsd[place] = 0
    this.#unsettled(place, mayRevertMicroUsd(venue, filledMicroShares, costMicroUsd + feeMicroUsd))
    this.#book(order, place, filledMicroShares, costMicroUsd, feeMicroUsd, end, refusal, nowNs)
    this.#ended(orders.trade[place], filledMicroShares, nowNs)
  }

  legTaken(order: number): void {
    const { orders, log, clock } = this.#parts
    const place = orders.place(order)
    orders.move(place, OrderEvent.Take)
    log.answer(order, place, AnswerKind.Taken, NO_REASON, clock.nowNs())
  }

  legUnknown(order: number, venue: Venue, reason: UnknownReason, nowNs: Ns): void {
    const { orders, log, observer } = this.#parts
    const place = orders.place(order)
    orders.move(place, OrderEvent.Doubt)
    log.answer(order, place, AnswerKind.Unknown, reason, nowNs)
    observer.legUnknown(orders.trade[place], venue, reason, nowNs)
  }

  legSettled(order: number): void {
    const { orders, log, clock } = this.#parts
    const place = orders.place(order)
    if (place === -1 || orders.state[place] !== OrderState.Filled) return
    orders.move(place, OrderEvent.Confirm)
    this.#unsettled(place, 0)
    log.answer(order, place, AnswerKind.Settled, NO_REASON, clock.nowNs())
  }

  /**
   * Into the trade while it is open. After its end what has changed is a trade of its own: naked until it is covered
   * again, or sold.
   */
  legCorrected(
    order: number,
    venue: Venue,
    microShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    nowNs: Ns,
  ): void {
    const { orders, trades, observer } = this.#parts
    const place = orders.place(order)
    // So old that nothing is known of it but its number: reconciliation will find what it changed.
    if (place === -1) return
    // A sale is told as shares that went: less of it is more of them. Kalshi tells its own as purchases.
    const sells = venue === POLYMARKET && orders.kind[place] === OrderKind.SellBack
    const isRevert = sells ? microShares > 0 : microShares < 0
    if (microShares !== 0) orders.move(place, isRevert ? OrderEvent.Revert : OrderEvent.Fill)
    const paidMicroUsd = costMicroUsd + feeMicroUsd
    const beforeMicroUsd = orders.unsettledMicroUsd[place]
    // What may be naked is so now, and is counted as what it is: exposure.
    if (isRevert)
      this.#unsettled(place, beforeMicroUsd - mayRevertMicroUsd(venue, -microShares, -paidMicroUsd))
    else if (orders.state[place] === OrderState.Filled)
      this.#unsettled(place, beforeMicroUsd + mayRevertMicroUsd(venue, microShares, paidMicroUsd))
    const bundle = orders.bundle[place]
    if (orders.trade[place] === NO_TRADE && Math.abs(microShares) >= MICRO_SHARES_PER_LOT)
      orders.trade[place] = this.#tradeOfCorrection(bundle, orders.direction[place])
    const trade = orders.trade[place]
    this.#book(order, place, microShares, costMicroUsd, feeMicroUsd, CORRECTION, 0, nowNs)
    observer.legCorrected(bundle, venue, microShares, nowNs)
    if (trade !== NO_TRADE && trades.underWay[trade] === 0) this.#settle(trade, microShares, nowNs)
  }

  /** An open trade of the same kind takes it in; else it is one of its own. */
  #tradeOfCorrection(bundle: number, direction: number): number {
    const { trades, risk } = this.#parts
    const open = trades.find(bundle, direction)
    if (open !== NO_TRADE) return open
    const trade = trades.begin(bundle, direction, 0)
    if (trade === NO_TRADE) risk.block(bundle)
    else risk.sent(bundle, 0)
    return trade
  }

  // ---- of the exit desk ------------------------------------------------------------------------------------------

  /** @param request a way out's, which names no group, unless it says otherwise */
  sendKalshi(
    trade: number,
    kind: OrderKind,
    side: 0 | 1,
    price: number,
    limitCost: number,
    lots: number,
    request: KalshiRequest = this.#parts.legs[this.#parts.trades.bundle[trade]].kalshi,
  ): boolean {
    const { clock, bundles, trades, orders, headers, ids, risk, gateways, kalshiPrecisionMicroUsd } =
      this.#parts
    if (!risk.tenure.mayExit(clock.nowNs()) || !gateways[KALSHI].freeForExit()) return false
    const wallMs = clock.wallMs()
    const header = headers.take(wallMs)
    const counter = header < 0 ? ID_NONE : ids.next()
    if (counter === ID_NONE) return false

    const bundle = trades.bundle[trade]
    const exit = this.#exitOf(trade, lots)
    exit.kalshiCostMicroUsd = kalshiWorstMicroUsd(
      bundles[bundle],
      limitCost as Price,
      lots,
      kalshiPrecisionMicroUsd,
    )
    this.#writeKalshi(request, header, counter, side, price, lots)
    const order = this.#plan(trade, KALSHI, kind, exit.kalshiCostMicroUsd)
    orders.counter[orders.place(order)] = counter
    this.#sendToKalshi(order, risk.approveExit(exit), request, wallMs)
    return true
  }

  sendSigned(order: number, exits: ExitOrders, place: number, costMicroUsd: number): boolean {
    const { clock, orders, ledger, risk } = this.#parts
    const at = orders.place(order)
    const wallMs = clock.wallMs()
    const start = exits.bodyStart(place)
    const length = this.#writePolymarket(exits.bodies, start, start + exits.bodyLength[place], wallMs)
    orders.setDigest(at, exits.digests, exits.digestStart(place))
    const exit = this.#exitOf(orders.trade[at], 0)
    exit.polymarketCostMicroUsd = costMicroUsd
    ledger.reserve(orders.bundle[at], POLYMARKET, costMicroUsd)
    orders.reservedMicroUsd[at] = costMicroUsd
    this.#sendToPolymarket(order, risk.approveExit(exit), length, wallMs)
    return true
  }

  dropped(order: number, nowNs: Ns): void {
    const { orders } = this.#parts
    const place = orders.place(order)
    orders.move(place, OrderEvent.Refuse)
    this.#ended(orders.trade[place], 0, nowNs)
  }

  // ---- of the reconciler -----------------------------------------------------------------------------------------

  /** A venue has paid what was held of the bundle there: Kalshi by itself, Polymarket when somebody redeemed it. */
  paid(bundle: number, venue: Venue, paysNamedMicroUsd: number, nowNs: Ns): void {
    const { ledger, reconciliation, log } = this.#parts
    for (const outcome of [OUTCOME_NAMED, OUTCOME_COMPLEMENT]) {
      const held = ledger.heldMicroShares(bundle, venue, outcome)
      if (held <= 0) continue
      const pays = outcome === OUTCOME_NAMED ? paysNamedMicroUsd : MICRO_USD_PER_USD - paysNamedMicroUsd
      const paidMicroUsd = Math.round((held * pays) / MICRO_USD_PER_USD)
      ledger.settle(venue, bundle, outcome, -held, -paidMicroUsd)
      log.settlement(bundle, venue, outcome, held, paidMicroUsd, nowNs)
    }
    reconciliation.touched(bundle, venue, nowNs)
  }

  /** Kalshi's market of the bundle has its outcome: nothing is entered any more, and what is open ends as it is. */
  over(bundle: number, nowNs: Ns): void {
    const { trades, risk } = this.#parts
    risk.over(bundle)
    for (const trade of trades.of(bundle)) if (trades.underWay[trade] === 0) this.#settle(trade, 0, nowNs)
  }

  /** Whether an order may bring or cost something now; a trade that is parked alone does not. */
  isUnderWay(): boolean {
    return this.#parts.trades.underWay.some((orders) => orders > 0)
  }

  /** Since when, by Polymarket's clock, it may have taken matches back or settled them untold; Infinity for none. */
  unsettledSinceMs(): number {
    const { orders } = this.#parts
    let sinceMs = Number.POSITIVE_INFINITY
    for (let place = 0; place < ORDERS_MAX; place++)
      if (orders.venue[place] === POLYMARKET && orders.state[place] === OrderState.Filled)
        sinceMs = Math.min(sinceMs, orders.sentMs[place])
    return sinceMs
  }

  /**
   * Both venues show what our books have, long after the last of it: what was not told to be settled is, and what is naked
   * without a trade that closes it is so in truth.
   */
  shown(bundle: number): void {
    const { clock, orders, ledger, risk, trades } = this.#parts
    // Each round asks for every pair: only where there is something to be found it is looked for.
    for (let place = 0; risk.isUnsettled(bundle) && place < ORDERS_MAX; place++)
      if (orders.bundle[place] === bundle && orders.unsettledMicroUsd[place] > 0) this.#unsettled(place, 0)
    if (risk.isOver(bundle) || risk.isOpen(bundle) || trades.open + VENUES > TRADES_MAX) return
    if (Math.abs(ledger.excessMicroShares(bundle, OUTCOME_NAMED)) > TRUE_UP_MICRO_SHARES_MAX)
      this.cover(bundle, clock.nowNs())
  }

  // ---- of a restart ----------------------------------------------------------------------------------------------

  /**
   * A trade of a pair of which a run before this one has left something: held open until `cover`, since more may be found.
   *
   * @returns its number; the same one for the same direction
   */
  restore(bundle: number, direction: Direction): number {
    const { trades, risk } = this.#parts
    const known = trades.find(bundle, direction)
    if (known !== NO_TRADE) return known
    const trade = trades.begin(bundle, direction, 0)
    assert(trade !== NO_TRADE, 'TRADES_HAVE_ROOM_FOR_WHAT_IS_LEFT')
    risk.sent(bundle, 0)
    trades.underWay[trade]++
    return trade
  }

  /** An order that a run before this one may have sent joins a restored trade, and is looked up. */
  resume(trade: number, { venue, kind, sentMs, worstMicroUsd, name }: RecoveredOrder): number {
    const { clock, orders, log } = this.#parts
    const order = this.#plan(trade, venue, kind, worstMicroUsd)
    const place = orders.place(order)
    orders.move(place, OrderEvent.Send)
    orders.sentMs[place] = sentMs
    const bytes = venue === KALSHI ? Buffer.from(name, 'latin1') : Buffer.from(name.slice(2), 'hex')
    if (venue === POLYMARKET) orders.setDigest(place, bytes, 0)
    log.send(order, place, bytes, 0, bytes.length, clock.nowNs())
    return order
  }

  /**
   * All that may have been left of a pair is in the books of account: what is over of it is closed like any exposure, by
   * one trade for each venue that holds some of it, since there it can be sold.
   */
  cover(bundle: number, nowNs: Ns): void {
    const { trades, ledger, risk } = this.#parts
    for (const trade of trades.of(bundle)) trades.clear(trade)
    const excess = ledger.excessMicroShares(bundle, OUTCOME_NAMED)
    const outcome = excess > 0 ? OUTCOME_NAMED : OUTCOME_COMPLEMENT
    // Of what one venue has paid already, the other's leg waits for its own market.
    let left = risk.isOver(bundle) ? 0 : Math.abs(excess)
    for (const venue of [POLYMARKET, KALSHI] as const) {
      const over = Math.min(left, ledger.heldMicroShares(bundle, venue, outcome))
      if (over < MICRO_SHARES_PER_LOT) continue
      left -= over
      const paid = ledger.paidMicroUsd(bundle, venue, outcome)
      const trade = this.restore(bundle, directionThatBuys(venue, outcome))
      trades.book(trade, venue, over, Math.ceil((over * paid) / MICRO_USD_PER_USD), 0)
    }
    for (const trade of trades.of(bundle)) this.#ended(trade, 0, nowNs)
  }

  // ---- orders ----------------------------------------------------------------------------------------------------

  /** A new order of an open trade, its worst case held back. */
  #plan(trade: number, venue: Venue, kind: OrderKind, costMicroUsd: number): number {
    const { trades, orders, ledger } = this.#parts
    const order = orders.plan(trade, trades.bundle[trade], trades.direction[trade], venue, kind)
    orders.reservedMicroUsd[orders.place(order)] = costMicroUsd
    ledger.reserve(trades.bundle[trade], venue, costMicroUsd)
    trades.underWay[trade]++
    return order
  }

  #sendToPolymarket(order: number, approved: Approved, length: number, wallMs: number): void {
    const { orders } = this.#parts
    const start = orders.digestStart(orders.place(order))
    this.#send(order, approved, length, wallMs, orders.digests, start, start + DIGEST_BYTES)
  }

  #sendToKalshi(
    order: number,
    approved: Approved,
    { bytes, idStart, idEnd }: KalshiRequest,
    wallMs: number,
  ): void {
    this.#send(order, approved, bytes, wallMs, this.#requests[KALSHI], idStart, idEnd)
  }

  /** @param names where our own name of the order stands, from `start` up to `end` */
  #send(
    order: number,
    approved: Approved,
    length: number,
    wallMs: number,
    names: Uint8Array,
    start: number,
    end: number,
  ): void {
    const { clock, orders, gateways, reconciliation, log } = this.#parts
    const place = orders.place(order)
    const venue = orders.venue[place] as Venue
    const nowNs = clock.nowNs()
    orders.move(place, OrderEvent.Send)
    orders.sentMs[place] = gateways[venue].venueMs(wallMs, nowNs)
    reconciliation.touched(orders.bundle[place], venue, nowNs)
    log.send(order, place, names, start, end, nowNs)
    gateways[venue].send(approved, order, this.#requests[venue], length)
  }

  #exitOf(trade: number, lots: number): Intent {
    const { trades } = this.#parts
    const exit = this.#exit
    exit.bundle = trades.bundle[trade]
    exit.direction = trades.direction[trade]
    exit.kalshiLots = lots
    exit.kalshiCostMicroUsd = 0
    exit.polymarketCostMicroUsd = 0
    return exit
  }

  #writePolymarket(bodies: Uint8Array, start: number, end: number, wallMs: number): number {
    const second = Math.floor(wallMs / MS_PER_S)
    const request = this.#requests[POLYMARKET]
    return this.#parts.polymarketRequest.write(request, bodies, start, end, OrderType.FAK, second)
  }

  #writeKalshi(
    request: KalshiRequest,
    header: number,
    counter: number,
    side: 0 | 1,
    price: number,
    lots: number,
  ): void {
    const { headers } = this.#parts
    request.write(
      this.#requests[KALSHI],
      headers.timestampMs(header),
      headers.signatures,
      headers.signatureStart(header),
      counter,
      side,
      price,
      lots,
    )
  }

  // ---- trades ----------------------------------------------------------------------------------------------------

  /** What would be naked if what the order brought were taken back. */
  #unsettled(place: number, microUsd: number): void {
    const { orders, risk } = this.#parts
    const atLeast = Math.max(0, microUsd)
    risk.unsettled(orders.bundle[place], atLeast - orders.unsettledMicroUsd[place])
    orders.unsettledMicroUsd[place] = atLeast
  }

  /** An order of the trade has ended. */
  #ended(trade: number, filledMicroShares: number, nowNs: Ns): void {
    const { trades } = this.#parts
    trades.underWay[trade]--
    if (trades.underWay[trade] > 0) return
    if (this.#kalshiDue[trade] !== KalshiDue.No && this.#sendSecond(trade)) return
    if (this.#otherLimit[trade] > 0 && this.#sellOther(trade, nowNs)) return
    this.#settle(trade, filledMicroShares, nowNs)
  }

  /** None of the trade's orders is under way: is it over? */
  #settle(trade: number, filledMicroShares: number, nowNs: Ns): void {
    const { trades, risk, breakers, log } = this.#parts
    const isEntering = trades.state[trade] === TradeState.Entering
    if (risk.isOver(trades.bundle[trade])) {
      log.move(trade, TradeEvent.Settle, nowNs)
      this.#end(trade, nowNs)
      return
    }
    const isEven = trades.isEven(trade)
    // What a venue's corrections began, and a sale by hand, was approved at nothing.
    if (isEntering && trades.worstMicroUsd[trade] > 0) breakers.entryEnded(!isEven)
    if (!isEven) {
      if (isEntering) this.exitDesk.begin(trade, nowNs)
      else this.exitDesk.advance(trade, filledMicroShares, nowNs)
      return
    }
    if (isEntering && trades.isEmpty(trade)) log.move(trade, TradeEvent.Empty, nowNs)
    else if (trades.hasSold[trade] === 1) log.move(trade, TradeEvent.SoldBack, nowNs)
    else log.move(trade, isEntering ? TradeEvent.Equal : TradeEvent.Completed, nowNs)
    this.#end(trade, nowNs)
  }

  /** The first leg is final: Kalshi buys, or sells, as much as it did, at the price that was planned. */
  #sendSecond(trade: number): boolean {
    const { trades } = this.#parts
    const filled = trades.filledMicroShares[trade * VENUES + POLYMARKET]
    const lots = Math.floor(Math.abs(filled) / MICRO_SHARES_PER_LOT)
    const kind = filled < 0 ? OrderKind.SellBack : OrderKind.Entry
    return this.#sendDue(trade, kind, Math.min(lots, LOTS_ORDER_MAX))
  }

  /** Kalshi's leg waits no longer. @returns whether it is on its way; without it, what the other filled is exposure */
  #sendDue(trade: number, kind: OrderKind, lots: number): boolean {
    const { trades, ledger, legs } = this.#parts
    const bundle = trades.bundle[trade]
    const { kalshi, kalshiEntry } = legs[bundle]
    // What is sized before the other has ended may turn out to be naked: the group counts it as it does an entry that
    // leaves at once. Without one it leaves all the same, since the other leg is out.
    const isCounted = this.#kalshiDue[trade] === KalshiDue.AtRelease && kalshiEntry !== undefined
    this.#kalshiDue[trade] = KalshiDue.No
    ledger.reserve(bundle, KALSHI, -this.#secondMicroUsd[trade])
    if (lots === 0) return false
    return this.sendKalshi(
      trade,
      kind,
      this.#kalshiSide[trade] as 0 | 1,
      this.#kalshiPrice[trade],
      this.#kalshiLimitCost[trade],
      lots,
      isCounted ? kalshiEntry : kalshi,
    )
  }

  /**
   * By how much Kalshi's leg would arrive before Polymarket's. Where Kalshi is the farther one, or nobody knows, both leave
   * at once: Polymarket's order is signed, and is kept nowhere but in the pool.
   */
  #offsetNs(): number {
    const { gateways } = this.#parts
    const offsetNs = (gateways[POLYMARKET].rttNs() - gateways[KALSHI].rttNs()) / 2
    return offsetNs >= OFFSET_NS_MIN ? Math.round(Math.min(offsetNs, OFFSET_NS_MAX)) : 0
  }

  #releaseIn(trade: number, offsetNs: number): void {
    const { clock } = this.#parts
    const releaseNs = (clock.nowNs() + offsetNs) as Ns
    this.#releaseNs[trade] = releaseNs
    clock.at(releaseNs, tokenOf(TokenKind.Release, trade))
  }

  /** The first token is sold: as many of the other. */
  #sellOther(trade: number, nowNs: Ns): boolean {
    const { trades } = this.#parts
    const limit = this.#otherLimit[trade] as Price
    this.#otherLimit[trade] = 0
    const lots = Math.floor(-trades.filledMicroShares[trade * VENUES + POLYMARKET] / MICRO_SHARES_PER_LOT)
    const opposite = (1 - trades.direction[trade]) as Direction
    return lots > 0 && this.exitDesk.sellToken(trade, opposite, limit, lots, nowNs)
  }

  #reserveSecond(trade: number, microUsd: number): void {
    const { trades, ledger } = this.#parts
    this.#secondMicroUsd[trade] = microUsd
    ledger.reserve(trades.bundle[trade], KALSHI, microUsd)
  }

  /** What an order brought, or a correction of it, into the trade, the books of account and the journal. */
  #book(
    order: number,
    place: number,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    end: number,
    refusal: number,
    nowNs: Ns,
  ): void {
    const { orders, trades, ledger, reconciliation, log, observer } = this.#parts
    const trade = orders.trade[place]
    const venue = orders.venue[place] as Venue
    const bundle = orders.bundle[place]
    const bought = boughtOutcome(venue, orders.direction[place] as Direction)
    // On Kalshi what sells is a purchase of the other outcome: each takes one off what is held, and the two are a dollar.
    const nets = venue === KALSHI && orders.kind[place] === OrderKind.SellBack
    const outcome = nets ? OUTCOME_COMPLEMENT - bought : bought
    ledger.settle(venue, bundle, outcome, filledMicroShares, costMicroUsd + feeMicroUsd)
    reconciliation.touched(bundle, venue, nowNs)
    if (trade !== NO_TRADE) {
      // A share of the other outcome counts on the trade's other side, wherever it lies.
      const side = orders.direction[place] === trades.direction[trade] ? venue : ((1 - venue) as Venue)
      if (nets) trades.book(trade, side, -filledMicroShares, costMicroUsd - filledMicroShares, feeMicroUsd)
      else trades.book(trade, side, filledMicroShares, costMicroUsd, feeMicroUsd)
      if (orders.kind[place] === OrderKind.SellBack && filledMicroShares !== 0) trades.hasSold[trade] = 1
    }
    log.fill(order, place, outcome, filledMicroShares, costMicroUsd, feeMicroUsd, end, refusal, nowNs)
    observer.leg(log.fillCells)
  }

  #end(trade: number, nowNs: Ns): void {
    const { trades, orders, risk, breakers, observer } = this.#parts
    breakers.tradeEnded(trades.netMicroUsd(trade), nowNs)
    risk.settled(trades.bundle[trade], trades.worstMicroUsd[trade], trades.spentMicroUsd(trade), nowNs)
    observer.tradeEnded(trade, trades.state[trade] as TradeState)
    const bundle = trades.bundle[trade]
    orders.tradeEnded(trade)
    trades.close(trade)
    this.#trueUp(bundle, nowNs)
  }

  /**
   * Dust adds up where trades in a row leave it on the same side. When it is a lot, Kalshi, which counts hundredths, makes
   * up for it: a trade of its own, of at most a share. It is worth no bound on its price but the dollar.
   */
  #trueUp(bundle: number, nowNs: Ns): void {
    const { trades, ledger, risk } = this.#parts
    const excess = ledger.excessMicroShares(bundle, OUTCOME_NAMED)
    const microShares = Math.abs(excess)
    if (risk.isOver(bundle) || risk.isOpen(bundle)) return
    if (microShares < MICRO_SHARES_PER_LOT || microShares > TRUE_UP_MICRO_SHARES_MAX) return
    const direction = excess > 0 ? BUY_POLYMARKET_SELL_KALSHI : BUY_KALSHI_SELL_POLYMARKET
    const trade = trades.begin(bundle, direction, 0)
    if (trade === NO_TRADE) return
    risk.sent(bundle, 0)
    trades.book(trade, POLYMARKET, microShares, 0, 0)
    this.exitDesk.begin(trade, nowNs)
  }
}

/**
 * What a Kalshi order costs at worst: all lots at the limit, and a micro-dollar a lot, since no fill is smaller and
 * each rounds its fee up by less than one.
 */
export function kalshiWorstMicroUsd(
  bundle: Bundle,
  limitCost: Price,
  lots: number,
  precisionMicroUsd: number,
): number {
  const feeMicroUsd = kalshiTradeFeeCeilMicroUsd(bundle.kalshiFees, ROLE_TAKER, limitCost, lots as Lots)
  return lots * (limitCost + 1) + feeMicroUsd + precisionMicroUsd
}

/**
 * What stands naked if a fill does not hold after all: of shares that were bought what they left of the dollar, as what
 * covers them cost no less; shares that were sold are there again, at what they brought. Kalshi takes nothing back.
 */
function mayRevertMicroUsd(venue: Venue, filledMicroShares: number, paidMicroUsd: number): number {
  if (venue === KALSHI) return 0
  return filledMicroShares > 0 ? filledMicroShares - paidMicroUsd : -paidMicroUsd
}
