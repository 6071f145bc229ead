import { assert } from '@tandem/shared/assert.ts'
import { kalshiContractFeeScaled } from '@tandem/shared/fees/kalshi.ts'
import { polymarketContractFeeScaled } from '@tandem/shared/fees/polymarket.ts'
import { legalPriceCeil, legalPriceFloor } from '@tandem/shared/ticks.ts'
import {
  complement,
  LOTS_ORDER_MAX,
  type Lots,
  MICRO_SHARES_PER_LOT,
  MICRO_USD_PER_CENT,
  MICRO_USD_PER_USD,
  NS_PER_MS,
  NS_PER_S,
  type Ns,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
  SIDE_ASK,
  SIDE_BID,
} from '@tandem/shared/units.ts'
import type { Book } from './book/book.ts'
import { BookState } from './book/integrity.ts'
import type { Ladder } from './book/ladder.ts'
import type { Clock } from './clock.ts'
import type { Bundle } from './detector/bundle.ts'
import { CostLadder } from './detector/cost-ladder.ts'
import { type Direction, kalshiBuysYes, polymarketSide, topCost } from './detector/direction.ts'
import type { JournalRing } from './journal/ring.ts'
import { boughtOutcome } from './outcome.ts'
import type { ExitOrders, ExitOrdersOwner } from './pool/exit-orders.ts'
import type { Risk } from './risk/check.ts'
import { budgetMicroUsd, costWithin, proceedsWithin } from './risk/exposure.ts'
import { ENTRY_MARGIN_NS } from './risk/tenure.ts'
import { ORDER_BUY, ORDER_SELL } from './signer/signer.ts'
import type { Ledger } from './state/ledger.ts'
import { OrderKind, type Orders } from './state/orders.ts'
import { TradeEvent, TradeState } from './state/trade.ts'
import { TRADES_MAX, type Trades } from './state/trades.ts'
import { TokenKind, tokenOf } from './token.ts'
import type { TradeLog } from './trade-log.ts'
import type { Gateway } from './venue/gateway.ts'
import {
  marketBuyMaker,
  marketBuyTakerFloor,
  notionalMicroUsd,
  sharesMicro,
} from './venue/polymarket/amounts.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from './venue/venue.ts'

// The way out of a trade whose legs ended unequal: a lot or more of the long leg is naked. Three steps, each an order that
// takes what stands there at once and is bounded in price; what the first leaves, the next takes, and after a pause it
// begins again:
//
//   Complete         buy the short side, where both sides together still cost no more than the dollar they pay
//   SellBack         sell the long side, at most `flattenLoss` a share below what it cost
//   CompleteAtLoss   buy the short side, at most `flattenLoss` a share beyond the dollar
//
// After EXIT_NS_MAX it is Parked: the pair stands still, people are told, and it is tried again, less often, for as long
// as it takes. Where a book is LIVE and shows nothing within the bound, no order is wasted on it before that.
//
// Polymarket counts dollars, whole cents of them, has minimums, and wants a signature first; Kalshi counts hundredths of
// a contract. So what cannot be done on Polymarket to the last lot is done on Kalshi.

/** How long an exposure may take to close before it is Parked. */
export const EXIT_NS_MAX = 2 * NS_PER_S
/** Pause after a round in which nothing could be done: doubled each time, up to the one of what is Parked. */
const PAUSE_NS_MIN = 50 * NS_PER_MS
const PAUSE_NS_MAX = NS_PER_S
/** An entry needs an answer and a taker delay before its way out begins. */
assert(EXIT_NS_MAX < ENTRY_MARGIN_NS, 'EXIT_ENDS_WITHIN_A_LEASE')
assert(PAUSE_NS_MIN < PAUSE_NS_MAX && PAUSE_NS_MAX < EXIT_NS_MAX, 'EXIT_TRIED_MORE_THAN_ONCE')

/** The venue takes no marketable buy of less (Polymarket fact sheet, section 9). */
const POLYMARKET_BUY_CENTS_MIN = 100

const Step = { Complete: 0, SellBack: 1, CompleteAtLoss: 2 } as const
type Step = (typeof Step)[keyof typeof Step]
const STEPS = 3

/** How orders leave; of the order desk. */
export interface ExitSender {
  /** Sends an order of the trade's bundle to Kalshi, now. @returns false when it could not. */
  sendKalshi(
    trade: number,
    kind: OrderKind,
    side: 0 | 1,
    price: number,
    limitCost: number,
    lots: number,
  ): boolean
  /** Sends the order that was signed for the trade's exit, now. @returns false when it could not. */
  sendSigned(order: number, exits: ExitOrders, place: number, costMicroUsd: number): boolean
  /** An order that was planned will not be sent. */
  dropped(order: number, nowNs: Ns): void
}

export interface ExitDeskParts {
  readonly clock: Clock
  readonly bundles: readonly Bundle[]
  /** By venue. */
  readonly books: readonly [readonly Book[], readonly Book[]]
  readonly trades: Trades
  readonly orders: Orders
  readonly ledger: Ledger
  readonly gateways: readonly [Gateway, Gateway]
  readonly exits: ExitOrders
  readonly sender: ExitSender
  readonly log: TradeLog
  readonly journal: Pick<JournalRing, 'hasRoomForExit'>
  readonly risk: Pick<Risk, 'tenure'>
  /** What a share may lose on its way out, its fee included. */
  readonly flattenLossMicroUsd: number
  /** By bundle and direction: the token that the trade's Polymarket leg bought; undefined while its market cannot be served. */
  readonly tokenOf: (bundle: number, direction: number) => ExitToken | undefined
  readonly onParked: (trade: number, nowNs: Ns) => void
}

/** A token as the signer and the venue know it. */
export interface ExitToken {
  readonly index: number
  readonly id: Uint8Array
  readonly tick: Price
}

export class ExitDesk implements Omit<ExitOrdersOwner, 'journalHash'> {
  readonly #parts: ExitDeskParts
  readonly #ladder = new CostLadder()
  // By trade:
  readonly #step = new Uint8Array(TRADES_MAX)
  readonly #sinceNs = new Float64Array(TRADES_MAX)
  readonly #pauseNs = new Float64Array(TRADES_MAX)
  readonly #dueNs = new Float64Array(TRADES_MAX)
  /** The order that waits for its signature, and what it may cost; -1 where none does. */
  readonly #signing = new Float64Array(TRADES_MAX).fill(-1)
  readonly #signingMicroUsd = new Float64Array(TRADES_MAX)

  constructor(parts: ExitDeskParts) {
    this.#parts = parts
  }

  /** A trade's legs have ended unequal. Until they are equal, it is this desk's. */
  begin(trade: number, nowNs: Ns): void {
    this.#parts.log.move(trade, TradeEvent.Unequal, nowNs)
    this.#step[trade] = Step.Complete
    this.#sinceNs[trade] = nowNs
    this.#pauseNs[trade] = PAUSE_NS_MIN
    this.#dueNs[trade] = 0
    this.advance(trade, 0, nowNs)
  }

  /** An order of the trade has ended, and its legs are still unequal: the next step. */
  advance(trade: number, filledMicroShares: number, nowNs: Ns): void {
    const { trades, log } = this.#parts
    if (trades.state[trade] === TradeState.Exposed && nowNs - this.#sinceNs[trade] >= EXIT_NS_MAX) {
      log.move(trade, TradeEvent.Overdue, nowNs)
      this.#parts.onParked(trade, nowNs)
    }
    if (filledMicroShares !== 0) {
      this.#step[trade] = Step.Complete
      this.#pauseNs[trade] = PAUSE_NS_MIN
    }
    const mayExit = this.#parts.journal.hasRoomForExit() && this.#parts.risk.tenure.mayExit(nowNs)
    for (; mayExit && this.#step[trade] < STEPS; this.#step[trade]++) {
      if (!this.#take(trade, this.#step[trade] as Step, nowNs)) continue
      this.#step[trade]++
      return
    }
    this.#rest(trade, nowNs)
  }

  /** The time for another round has come (the value of an Exit token). */
  due(trade: number, nowNs: Ns): void {
    const { trades } = this.#parts
    const state = trades.state[trade]
    const isOpen =
      trades.bundle[trade] !== -1 && (state === TradeState.Exposed || state === TradeState.Parked)
    // A deadline of an earlier trade in this place, or of a round that went on meanwhile.
    if (!isOpen || trades.underWay[trade] > 0 || nowNs < this.#dueNs[trade]) return
    this.#step[trade] = Step.Complete
    this.advance(trade, 0, nowNs)
  }

  #rest(trade: number, nowNs: Ns): void {
    const pauseNs = this.#pauseNs[trade]
    this.#pauseNs[trade] = Math.min(2 * pauseNs, PAUSE_NS_MAX)
    this.#dueNs[trade] = nowNs + pauseNs
    this.#parts.clock.at((nowNs + pauseNs) as Ns, tokenOf(TokenKind.Exit, trade))
  }

  /** @returns whether an order of this step is on its way. */
  #take(trade: number, step: Step, nowNs: Ns): boolean {
    const { trades, flattenLossMicroUsd } = this.#parts
    const excess = trades.excessMicroShares(trade)
    const longVenue = excess > 0 ? POLYMARKET : KALSHI
    const lossMicroUsd = step === Step.Complete ? 0 : flattenLossMicroUsd
    const budget = budgetMicroUsd(this.#paidMicroUsd(trade, longVenue), lossMicroUsd)
    const lots = Math.floor(Math.abs(excess) / MICRO_SHARES_PER_LOT)
    const sells = step === Step.SellBack
    if ((sells ? longVenue : VENUES - 1 - longVenue) === KALSHI)
      return this.#onKalshi(trade, sells, budget, lots)
    return sells
      ? this.#sellOnPolymarket(trade, budget, lots, nowNs)
      : this.#buyOnPolymarket(trade, budget, lots, nowNs)
  }

  /**
   * What a share of the long leg cost, fees included, rounded up. Where the short leg is short because a fill of it was
   * taken back, or sold by hand, there are two answers: what that fill had left of the dollar, and what is paid for what is
   * held of the pair, wherever it lies. The lower one lets us out sooner.
   */
  #paidMicroUsd(trade: number, longVenue: Venue): number {
    const { trades, ledger } = this.#parts
    const { filledMicroShares, costMicroUsd, feeMicroUsd, boughtMicroShares, boughtMicroUsd } = trades
    const long = trade * VENUES + longVenue
    const short = trade * VENUES + VENUES - 1 - longVenue
    const held = Math.max(0, filledMicroShares[long])
    const heldMicroUsd = held === 0 ? 0 : (held * boughtMicroUsd[long]) / boughtMicroShares[long]
    const lost = Math.max(0, -filledMicroShares[short])
    // For each share that was lost, what it had left of the dollar, beside what the trade's own long leg cost.
    const leftMicroUsd = lost > 0 ? lost + costMicroUsd[short] + feeMicroUsd[short] : 0
    let paid = Math.ceil(((heldMicroUsd + leftMicroUsd) * MICRO_USD_PER_USD) / (held + lost))
    if (lost === 0) return paid
    const outcome = boughtOutcome(longVenue, trades.direction[trade] as Direction)
    for (let venue = 0; venue < VENUES; venue++) {
      const average = ledger.paidMicroUsd(trades.bundle[trade], venue, outcome)
      if (average >= 0) paid = Math.min(paid, average)
    }
    return paid
  }

  /**
   * On Kalshi, buying the other side and selling one's own is one thing: a share of the side that pays a dollar with what
   * is held.
   */
  #onKalshi(trade: number, sells: boolean, budget: number, lots: number): boolean {
    const { bundles, books, trades, gateways, sender } = this.#parts
    const bundle = bundles[trades.bundle[trade]]
    if (!gateways[KALSHI].freeForExit()) return false
    const costMax = costWithin(budget, (price) => kalshiContractFeeScaled(bundle.kalshiFees, price))
    const legBuysYes = kalshiBuysYes(trades.direction[trade] as Direction, bundle.inverse)
    const buysYes = legBuysYes !== sells
    const price = kalshiLimit(bundle, buysYes, costMax)
    if (price === PRICE_NONE) return false
    const limitCost = buysYes ? price : complement(price)
    const book = books[KALSHI][bundle.books[KALSHI]]
    if (!this.#mayBring(trade, book, buysYes ? book.asks : book.bids, limitCost)) return false
    const kind = sells ? OrderKind.SellBack : OrderKind.Complete
    const side = buysYes ? SIDE_BID : SIDE_ASK
    return sender.sendKalshi(trade, kind, side, price, limitCost, Math.min(lots, LOTS_ORDER_MAX))
  }

  /**
   * Whether an order may find something: a book that is not LIVE says nothing, one that is shows whether its touch is
   * within the bound. But for what is Parked it is tried: a socket may be frozen and not be found out yet.
   */
  #mayBring(trade: number, book: Book, side: Ladder, costMax: number): boolean {
    const { trades } = this.#parts
    if (book.state !== BookState.Live || trades.state[trade] === TradeState.Parked) return true
    const cost = topCost(side)
    return cost !== PRICE_NONE && cost <= costMax
  }

  /** Dollars that buy the wanted shares by the book, and what is left over on Kalshi afterwards. */
  #buyOnPolymarket(trade: number, budget: number, lots: number, nowNs: Ns): boolean {
    const { bundles, books, trades } = this.#parts
    const direction = trades.direction[trade] as Direction
    const bundle = bundles[trades.bundle[trade]]
    const costMax = costWithin(budget, (price) => polymarketContractFeeScaled(bundle.polymarketFees, price))
    const limit = legalPriceFloor(bundle.ticks[POLYMARKET], costMax)
    if (limit === PRICE_NONE || limit <= 0 || lots < bundle.polymarketMinLots) return false
    const book = books[POLYMARKET][bundle.books[POLYMARKET]]
    // Dollars without a book to reckon them by could buy far more shares than are wanted.
    if (book.state !== BookState.Live) return false
    this.#ladder.fill(polymarketSide(book, direction), limit, lots as Lots)
    const costMicroUsd = this.#ladder.costBeforeMicroUsd[this.#ladder.count]
    const cents = Math.floor(costMicroUsd / MICRO_USD_PER_CENT)
    const isEnough = this.#ladder.lotsBefore[this.#ladder.count] >= bundle.polymarketMinLots
    if (!isEnough || cents < POLYMARKET_BUY_CENTS_MIN) return false
    const token = this.#parts.tokenOf(trades.bundle[trade], direction)
    if (token === undefined) return false
    const worstMicroUsd = cents * (MICRO_USD_PER_CENT + bundle.polymarketFees.rateUnits)
    const taker = marketBuyTakerFloor(cents, limit, token.tick)
    return this.#sign(
      trade,
      direction,
      OrderKind.Complete,
      token,
      ORDER_BUY,
      marketBuyMaker(cents),
      taker,
      worstMicroUsd,
      nowNs,
    )
  }

  #sellOnPolymarket(trade: number, budget: number, lots: number, nowNs: Ns): boolean {
    const { bundles, books, trades } = this.#parts
    const direction = trades.direction[trade] as Direction
    const bundle = bundles[trades.bundle[trade]]
    const least = proceedsWithin(budget, (price) => polymarketContractFeeScaled(bundle.polymarketFees, price))
    const limit = legalPriceCeil(bundle.ticks[POLYMARKET], least)
    if (limit === PRICE_NONE || limit >= PRICE_ONE || lots < bundle.polymarketMinLots) return false
    const book = books[POLYMARKET][bundle.books[POLYMARKET]]
    // Who sells the token to the best bid gets what is left of the dollar by buying its other side there.
    const bids = polymarketSide(book, (1 - direction) as Direction)
    if (!this.#mayBring(trade, book, bids, complement(limit))) return false
    return this.sellToken(trade, direction, limit, Math.min(lots, LOTS_ORDER_MAX), nowNs)
  }

  /**
   * Sells shares of the token that Polymarket legs of a direction buy, at `limit` or more, once its order is signed.
   *
   * @returns false when nothing was asked for
   */
  sellToken(trade: number, direction: Direction, limit: Price, lots: number, nowNs: Ns): boolean {
    const { trades } = this.#parts
    const token = this.#parts.tokenOf(trades.bundle[trade], direction)
    if (token === undefined) return false
    return this.#sign(
      trade,
      direction,
      OrderKind.SellBack,
      token,
      ORDER_SELL,
      sharesMicro(lots as Lots),
      notionalMicroUsd(limit, lots as Lots),
      0,
      nowNs,
    )
  }

  #sign(
    trade: number,
    direction: Direction,
    kind: OrderKind,
    token: ExitToken,
    side: 0 | 1,
    makerAmount: number,
    takerAmount: number,
    worstMicroUsd: number,
    nowNs: Ns,
  ): boolean {
    const { trades, orders, exits, gateways, clock } = this.#parts
    if (!gateways[POLYMARKET].freeForExit()) return false
    const wallMs = clock.wallMs()
    if (!exits.request(trade, token.index, token.id, side, makerAmount, takerAmount, nowNs, wallMs))
      return false
    this.#signing[trade] = orders.plan(trade, trades.bundle[trade], direction, POLYMARKET, kind)
    this.#signingMicroUsd[trade] = worstMicroUsd
    trades.underWay[trade]++
    return true
  }

  // ---- of the signed exits, whose places are trades -------------------------------------------------------------

  exitReady(trade: number, nowNs: number): void {
    const { exits, sender, gateways, risk } = this.#parts
    const order = this.#signing[trade]
    this.#signing[trade] = -1
    const isSent =
      risk.tenure.mayExit(nowNs) &&
      gateways[POLYMARKET].freeForExit() &&
      sender.sendSigned(order, exits, trade, this.#signingMicroUsd[trade])
    if (!isSent) sender.dropped(order, nowNs as Ns)
  }

  exitFailed(trade: number, nowNs: number): void {
    const order = this.#signing[trade]
    this.#signing[trade] = -1
    this.#parts.sender.dropped(order, nowNs as Ns)
  }
}

/** The legal YES price at which a share of the wanted outcome costs at most `costMax`; PRICE_NONE when there is none. */
function kalshiLimit(bundle: Bundle, buysYes: boolean, costMax: number): Price {
  const ticks = bundle.ticks[KALSHI]
  const capped = Math.min(costMax, PRICE_ONE - 1) as Price
  if (capped <= 0) return PRICE_NONE
  if (buysYes) return legalPriceFloor(ticks, capped)
  return legalPriceCeil(ticks, complement(capped))
}
