import { kalshiTradeFeeCeilMicroUsd, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import { legalPriceCeil, legalPriceFloor } from '@tandem/shared/ticks.ts'
import {
  complement,
  type Lots,
  MICRO_SHARES_PER_LOT,
  NS_PER_MS,
  type Ns,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
  SIDE_ASK,
  SIDE_BID,
} from '@tandem/shared/units.ts'
import type { Clock } from './clock.ts'
import type { Bundle } from './detector/bundle.ts'
import { type Direction, kalshiBuysYes, polymarketBuysOutcome } from './detector/direction.ts'
import type { Plan } from './detector/plan.ts'
import { FILL_CELLS, FillCell, RecordKind } from './journal/record.ts'
import type { JournalRing } from './journal/ring.ts'
import type { HeaderRing } from './pool/headers.ts'
import { type ClientOrderIds, ID_NONE } from './pool/ids.ts'
import type { OrderStore } from './pool/store.ts'
import { Refusal, type Risk } from './risk/check.ts'
import { type Approved, Intent } from './risk/intent.ts'
import { type Ledger, OUTCOME_COMPLEMENT, OUTCOME_NAMED } from './state/ledger.ts'
import { LegState, TRADES_MAX, TradeOutcome, type Trades } from './state/trades.ts'
import { TokenKind, tokenOf } from './token.ts'
import type { Gateway, LiveLegListener } from './venue/gateway.ts'
import type { OrderRequest as KalshiRequest } from './venue/kalshi/encode.ts'
import type { UnknownReason } from './venue/leg.ts'
import { OrderType, type OrderRequest as PolymarketRequest } from './venue/polymarket/encode.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from './venue/venue.ts'

/** What is fixed about a bundle's two legs and is no detector's business. */
export interface Legs {
  /** False where the market's version or tick is none that we can serve. */
  tradable: boolean
  /** The market delays takers: Polymarket goes first, and Kalshi is sized by what it filled. */
  readonly polymarketFirst: boolean
  readonly kalshi: KalshiRequest
}

/** Who hears of legs and trades, off the path. */
export interface TradeObserver {
  leg(cells: Float64Array): void
  tradeEnded(trade: number, outcome: TradeOutcome): void
  legUnknown(trade: number, venue: Venue, reason: UnknownReason, nowNs: Ns): void
  fillReverted(bundle: number, venue: Venue, microShares: number, nowNs: Ns): void
}

export interface OrderDeskParts {
  readonly clock: Clock
  readonly bundles: readonly Bundle[]
  readonly legs: readonly Legs[]
  readonly risk: Risk
  readonly ledger: Ledger
  readonly trades: Trades
  readonly store: OrderStore
  readonly headers: HeaderRing
  readonly ids: ClientOrderIds
  readonly polymarketRequest: PolymarketRequest
  readonly gateways: readonly [Gateway, Gateway]
  /** The venue whose round trip is the longer one: its leg is written first. */
  readonly farVenue: Venue
  readonly kalshiPrecisionMicroUsd: number
  /** What evening out one contract may lose beyond what it cost. */
  readonly flattenLossMicroUsd: number
  readonly journal: JournalRing
  readonly observer: TradeObserver
}

/** Bytes of the longest request: a head of 600 and a body of 1,500. */
const REQUEST_BYTES_MAX = 4_096
const MS_PER_S = 1_000
/** Orders to even one trade out, and the pause between two: what was missed at one moment may be there a little later. */
const EVEN_OUTS_MAX = 5
const EVEN_OUT_PAUSE_NS = 50 * NS_PER_MS
/** Micro-dollars of one contract in one unit of price. */
const MICRO_USD_PER_PRICE = 100

/**
 * From an approved plan to bytes on two connections, and from the answers back to the books of account.
 *
 * A trade that ends with its legs a lot or more apart is evened out at once, on Kalshi: it counts hundredths and
 * needs no order that was signed ahead. Too few there: more are bought; too many: as many of the other outcome are,
 * which the venue nets against them. A few attempts, each bounded in price; what is left then is EXPOSED, and the
 * pair stands still.
 */
export class OrderDesk implements LiveLegListener {
  /** Of the last `enter`: its moments, and what it used. */
  finalNs = 0
  writtenNs = 0
  trade = -1
  counter = -1
  header = -1
  readonly #parts: OrderDeskParts
  readonly #requests = [Buffer.alloc(REQUEST_BYTES_MAX), Buffer.alloc(REQUEST_BYTES_MAX)] as const
  readonly #lengths = new Int32Array(VENUES)
  readonly #fill = new Float64Array(FILL_CELLS)
  readonly #exit = new Intent()
  // By trade:
  /** The worst case that risk counts until all answers are there. */
  readonly #worstMicroUsd = new Float64Array(TRADES_MAX)
  readonly #kalshiPrice = new Int32Array(TRADES_MAX)
  readonly #kalshiSide = new Uint8Array(TRADES_MAX)
  readonly #kalshiLimitCost = new Int32Array(TRADES_MAX)
  /** When the next order to even out may go. */
  readonly #evenOutNs = new Float64Array(TRADES_MAX)
  /** The leg that evens out buys the other outcome than the trade's Kalshi leg did. */
  readonly #sellsBack = new Uint8Array(TRADES_MAX)

  constructor(parts: OrderDeskParts) {
    this.#parts = parts
  }

  /** Whether both legs could leave at once. */
  free(): boolean {
    const { gateways } = this.#parts
    return gateways[POLYMARKET].free() && gateways[KALSHI].free()
  }

  /**
   * Makes both requests final and writes them in one go, the far leg first; or, where the market delays takers, the
   * Polymarket leg alone.
   *
   * @returns Refusal.None, or what was missing: nothing was sent then.
   */
  enter(approved: Approved, plan: Plan, slot: number): Refusal {
    const { clock, headers, ids, legs, trades, risk, gateways, farVenue } = this.#parts
    const { polymarketFirst, kalshi: kalshiRequest } = legs[approved.bundle]
    const wallMs = clock.wallMs()
    const header = headers.take(wallMs)
    if (header < 0) return Refusal.NoHeader
    const counter = ids.next()
    if (counter === ID_NONE) return Refusal.NoClientOrderId

    const trade = trades.begin(approved.bundle, approved.direction)
    const kalshiSide = plan.kalshiBuysYes ? SIDE_BID : SIDE_ASK
    this.#kalshiPrice[trade] = plan.kalshiPrice
    this.#kalshiSide[trade] = kalshiSide
    this.#kalshiLimitCost[trade] = plan.kalshiLimitCost
    this.#lengths[POLYMARKET] = this.#writePolymarket(slot, wallMs)
    if (!polymarketFirst)
      this.#writeKalshi(kalshiRequest, header, counter, kalshiSide, plan.kalshiPrice, approved.kalshiLots)
    this.#lengths[KALSHI] = kalshiRequest.bytes
    this.finalNs = clock.nowNs()

    // Booked before the first byte leaves: an answer may be there before the second leg is written.
    this.#reserve(trade, POLYMARKET, approved.polymarketCostMicroUsd)
    this.#reserve(trade, KALSHI, approved.kalshiCostMicroUsd)
    this.#worstMicroUsd[trade] = approved.polymarketCostMicroUsd + approved.kalshiCostMicroUsd
    risk.sent(approved.bundle, this.#worstMicroUsd[trade])
    if (polymarketFirst) {
      trades.legState[trade * VENUES + KALSHI] = LegState.Planned
      gateways[POLYMARKET].send(approved, trade, this.#requests[POLYMARKET], this.#lengths[POLYMARKET])
    } else {
      const nearVenue = VENUES - 1 - farVenue
      gateways[farVenue].send(approved, trade, this.#requests[farVenue], this.#lengths[farVenue])
      gateways[nearVenue].send(approved, trade, this.#requests[nearVenue], this.#lengths[nearVenue])
    }
    this.writtenNs = clock.nowNs()
    this.trade = trade
    this.counter = counter
    this.header = header
    return Refusal.None
  }

  /** Of the gateways: a leg is final. */
  legDone(
    trade: number,
    venue: Venue,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    nowNs: Ns,
  ): void {
    const { trades } = this.#parts
    if (venue === KALSHI && this.#sellsBack[trade] === 1) {
      // A share of the other outcome takes one off what is held, and the pair of them is a dollar.
      this.#book(trade, venue, -filledMicroShares, costMicroUsd - filledMicroShares, feeMicroUsd, nowNs)
    } else {
      this.#book(trade, venue, filledMicroShares, costMicroUsd, feeMicroUsd, nowNs)
    }
    if (trades.legState[trade * VENUES + KALSHI] === LegState.Planned) this.#sendSecond(trade, nowNs)
    const outcome = trades.outcome(trade)
    if (outcome === TradeOutcome.Open) return
    if (outcome === TradeOutcome.Exposed && this.#retries(trade, nowNs)) return
    this.#end(trade, outcome, nowNs)
  }

  /** The time for another attempt to even a trade out has come (the value of an EvenOut token). */
  evenOutDue(trade: number, nowNs: Ns): void {
    const outcome = this.#parts.trades.outcome(trade)
    if (outcome === TradeOutcome.Exposed && this.#retries(trade, nowNs)) return
    this.#end(trade, outcome, nowNs)
  }

  /** @returns false when all attempts are used up, or none could help. */
  #retries(trade: number, nowNs: Ns): boolean {
    const { trades, clock } = this.#parts
    const attempts = trades.evenOuts[trade]
    if (attempts === EVEN_OUTS_MAX) return false
    // The first goes at once; a later one waits for the book to tell what the one before it did not know.
    if (attempts === 0 || nowNs >= this.#evenOutNs[trade]) {
      this.#evenOutNs[trade] = nowNs + EVEN_OUT_PAUSE_NS
      if (this.#evenOut(trade)) return true
      if (attempts === trades.evenOuts[trade]) trades.evenOuts[trade]++
    }
    clock.at(this.#evenOutNs[trade] as Ns, tokenOf(TokenKind.EvenOut, trade))
    return true
  }

  /**
   * Of the gateways: nobody knows what became of a leg. Its worst case stays reserved and the trade open, so the pair
   * stands still until a person has looked it up.
   */
  legUnknown(trade: number, venue: Venue, reason: UnknownReason, nowNs: Ns): void {
    this.#parts.risk.block(this.#parts.trades.bundle[trade])
    this.#parts.observer.legUnknown(trade, venue, reason, nowNs)
  }

  /** Of the gateways: shares that were booked are not there after all. What they covered is naked: the pair stands still. */
  fillReverted(bundle: number, venue: Venue, microShares: number, nowNs: Ns): void {
    this.#parts.risk.block(bundle)
    this.#parts.observer.fillReverted(bundle, venue, microShares, nowNs)
  }

  #writePolymarket(slot: number, wallMs: number): number {
    const { store, polymarketRequest } = this.#parts
    const start = store.bodyStart(slot)
    const end = start + store.bodyLength[slot]
    const second = Math.floor(wallMs / MS_PER_S)
    return polymarketRequest.write(
      this.#requests[POLYMARKET],
      store.bodies,
      start,
      end,
      OrderType.FAK,
      second,
    )
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

  /** The delayed leg is final: Kalshi takes what it filled, at the price that was planned. */
  #sendSecond(trade: number, nowNs: Ns): void {
    const { trades } = this.#parts
    const lots = Math.floor(trades.filledMicroShares[trade * VENUES + POLYMARKET] / MICRO_SHARES_PER_LOT)
    const sent =
      lots > 0 &&
      this.#sendKalshi(
        trade,
        this.#kalshiSide[trade] as 0 | 1,
        this.#kalshiPrice[trade],
        this.#kalshiLimitCost[trade],
        lots,
      )
    if (sent) return
    trades.legState[trade * VENUES + KALSHI] = LegState.Sent
    this.#book(trade, KALSHI, 0, 0, 0, nowNs)
  }

  /** @returns whether an order that may even the legs out is on its way. */
  #evenOut(trade: number): boolean {
    const { trades, bundles, flattenLossMicroUsd } = this.#parts
    const bundle = bundles[trades.bundle[trade]]
    const excess = trades.excessMicroShares(trade)
    const longVenue = excess > 0 ? POLYMARKET : KALSHI
    const cell = trade * VENUES + longVenue
    const paidMicroUsd = trades.costMicroUsd[cell] + trades.feeMicroUsd[cell]
    // What a share of the long leg cost, rounded up to a price; the other outcome may cost what is left of a dollar.
    const paidPrice = Math.ceil((paidMicroUsd * PRICE_ONE) / trades.filledMicroShares[cell])
    const costMax = PRICE_ONE - paidPrice + Math.floor(flattenLossMicroUsd / MICRO_USD_PER_PRICE)
    const legBuysYes = kalshiBuysYes(trades.direction[trade] as Direction, bundle.inverse)
    const buysYes = longVenue === POLYMARKET ? legBuysYes : !legBuysYes
    const price = kalshiLimit(bundle, buysYes, costMax)
    if (price === PRICE_NONE) return false
    this.#sellsBack[trade] = longVenue === KALSHI ? 1 : 0
    const lots = Math.floor(Math.abs(excess) / MICRO_SHARES_PER_LOT)
    const limitCost = buysYes ? price : complement(price)
    if (!this.#sendKalshi(trade, buysYes ? SIDE_BID : SIDE_ASK, price, limitCost, lots)) return false
    trades.evenOuts[trade]++
    return true
  }

  /** One more Kalshi order of a trade that is under way. @returns false when it could not be sent. */
  #sendKalshi(trade: number, side: 0 | 1, price: number, limitCost: number, lots: number): boolean {
    const { clock, bundles, legs, trades, risk, headers, ids, gateways, kalshiPrecisionMicroUsd } =
      this.#parts
    const bundle = trades.bundle[trade]
    if (!gateways[KALSHI].freeForExit()) return false
    const header = headers.take(clock.wallMs())
    const counter = header < 0 ? ID_NONE : ids.next()
    if (counter === ID_NONE) return false

    const exit = this.#exit
    exit.bundle = bundle
    exit.direction = trades.direction[trade]
    exit.kalshiLots = lots
    exit.kalshiCostMicroUsd = kalshiWorstMicroUsd(
      bundles[bundle],
      limitCost as Price,
      lots,
      kalshiPrecisionMicroUsd,
    )
    const request = legs[bundle].kalshi
    this.#writeKalshi(request, header, counter, side, price, lots)
    this.#reserve(trade, KALSHI, exit.kalshiCostMicroUsd)
    trades.legState[trade * VENUES + KALSHI] = LegState.Sent
    gateways[KALSHI].send(risk.approveExit(exit), trade, this.#requests[KALSHI], request.bytes)
    return true
  }

  /** A leg's answer into the trade, the books of account and the journal. */
  #book(
    trade: number,
    venue: Venue,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    nowNs: Ns,
  ): void {
    const { trades, ledger, journal, observer } = this.#parts
    const bundle = trades.bundle[trade]
    const bought = boughtOutcome(venue, trades.direction[trade] as Direction)
    const cell = trade * VENUES + venue
    ledger.settle(
      venue,
      bundle,
      bought,
      trades.reservedMicroUsd[cell],
      filledMicroShares,
      costMicroUsd + feeMicroUsd,
    )
    trades.reservedMicroUsd[cell] = 0
    trades.legDone(trade, venue, filledMicroShares, costMicroUsd, feeMicroUsd)
    const fill = this.#fill
    fill[FillCell.atNs] = nowNs
    fill[FillCell.trade] = trade
    fill[FillCell.venue] = venue
    fill[FillCell.bundle] = bundle
    fill[FillCell.outcome] = bought
    fill[FillCell.filledMicroShares] = filledMicroShares
    fill[FillCell.costMicroUsd] = costMicroUsd
    fill[FillCell.feeMicroUsd] = feeMicroUsd
    journal.appendCells(RecordKind.Fill, fill, FILL_CELLS)
    observer.leg(fill)
  }

  #end(trade: number, outcome: TradeOutcome, nowNs: Ns): void {
    const { trades, risk, observer } = this.#parts
    risk.settled(trades.bundle[trade], this.#worstMicroUsd[trade], trades.spentMicroUsd(trade), nowNs)
    this.#sellsBack[trade] = 0
    observer.tradeEnded(trade, outcome)
    trades.close(trade)
  }

  /** What was reserved for the leg before gives way to this. */
  #reserve(trade: number, venue: Venue, microUsd: number): void {
    const { trades, ledger } = this.#parts
    const cell = trade * VENUES + venue
    ledger.reserve(venue, microUsd - trades.reservedMicroUsd[cell])
    trades.reservedMicroUsd[cell] = microUsd
  }
}

/** The outcome that a leg bought: the two venues always buy opposite ones. */
export function boughtOutcome(venue: Venue, direction: Direction): number {
  const isOutcome = polymarketBuysOutcome(direction) === (venue === POLYMARKET)
  return isOutcome ? OUTCOME_NAMED : OUTCOME_COMPLEMENT
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

/** The legal YES price at which a share of the wanted outcome costs at most `costMax`; PRICE_NONE when there is none. */
function kalshiLimit(bundle: Bundle, buysYes: boolean, costMax: number): Price {
  const ticks = bundle.ticks[KALSHI]
  const capped = Math.min(costMax, PRICE_ONE - 1) as Price
  if (capped <= 0) return PRICE_NONE
  if (buysYes) return legalPriceFloor(ticks, capped)
  return legalPriceCeil(ticks, complement(capped))
}
