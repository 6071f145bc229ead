import { assert } from '@tandem/shared/assert.ts'
import {
  MICRO_SHARES_PER_LOT,
  type MicroShares,
  NS_PER_MS,
  NS_PER_S,
  type Ns,
  PRICE_ONE,
  type Price,
} from '@tandem/shared/units.ts'
import type { Clock } from '../clock.ts'
import type { TokenBucket } from './buckets.ts'
import type { ConnectionEvents, OpenSocket } from './connection.ts'
import { Connections, EXIT_CONNECTIONS } from './connections.ts'
import type { LiveLegListener } from './gateway.ts'
import {
  AnswerKind,
  answerOf,
  LegEnd,
  type OrderAnswer,
  type PrivateSink,
  type ToldOrder,
  type ToldTrade,
  UNTOLD,
  UnknownReason,
} from './leg.ts'
import { Skew } from './skew.ts'
import { costCeilMicroUsd, feesMicroUsd, microSharesOf, type ToldFills, ToldOrders } from './told.ts'
import type { Venue } from './venue.ts'

// The orders of one live venue, from the write to the one report that each leg gets:
//
//   Sent --answer--> refused, or nothing filled                                      -> legDone
//        --answer--> Waiting for its fills --all told-->                              -> legDone, by the fills
//                                          --FILLS_NS_MAX, amounts in the answer-->   -> legDone, by the answer
//                                          --FILLS_NS_MAX, none-->                    -> legUnknown
//        --lost, unclear--> Doubtful --the order is told by our own id--> Waiting
//                                    --FILLS_NS_MAX, or an order has no id of ours--> -> legUnknown
//
// An answer tells dollars and shares; what the venue's ledger will show of fees stands in each fill (Kalshi) or follows
// from each fill's price (Polymarket), so the private channel is waited for, a little. It may come before the answer.

/** Legs whose end is still to be told: more than risk lets be in flight. */
const LEGS_MAX = 64
/** How long fills may take after the answer. Both venues tell them within milliseconds when all is well. */
export const FILLS_NS_MAX = 2 * NS_PER_S
/** How often REST is asked for fills that the private channel has not told. */
export const LOOK_UP_NS = 500 * NS_PER_MS
/** How long entries rest after a refusal that a pause may cure, where the venue names no time. */
const REST_NS = NS_PER_S
/** Shares in an answer may be rounded to the fifth decimal, those of its fills have six. */
const ROUNDING_MICRO_SHARES = 100
assert(ROUNDING_MICRO_SHARES < MICRO_SHARES_PER_LOT && LOOK_UP_NS < FILLS_NS_MAX, 'ORDER_ENTRY_CONSTANTS')
/** What is kept of a request: the few fields that its answer is checked against. Never a signature, never a header. */
export const KEPT_BYTES = 160

const LegState = { Free: 0, Sent: 1, Waiting: 2, Doubtful: 3 } as const
type LegState = (typeof LegState)[keyof typeof LegState]

/** What the two venues do in their own way. */
export interface OrderDialect {
  readonly venue: Venue
  /** Where in a request the fields begin that an answer is checked against. */
  readonly keptFrom: string
  /** Our own id in what was kept of a request; empty where the venue knows none. */
  clientOrderId(kept: string): string
  readAnswer(status: number, body: string, kept: string): OrderAnswer
  /** Rate tokens of one order. */
  readonly orderTokens: number
  /** A public path that costs nothing, for connections that are new or have been idle. */
  readonly warmPath: string
}

/** What main brings to a live gateway. */
export interface GatewayParts {
  /** As the Host header names it. */
  readonly host: string
  readonly connections: number
  readonly open: OpenSocket
  readonly clock: Clock
  readonly random: () => number
  readonly listener: LiveLegListener
  /** What the venue charges a taker by the schedule of the bundle's market, for fills that do not tell their fee. */
  readonly feeMicroUsd: (bundle: number, price: Price, microShares: MicroShares) => number
  /** Asks REST for an order's fills, which come back as private messages do. Must not throw. */
  readonly lookUp: (orderId: string, tradeIds: readonly string[]) => void
}

class Leg {
  state: LegState = LegState.Free
  trade = -1
  bundle = -1
  sinceNs = 0
  lookUpNs = 0
  orderId = ''
  answer: OrderAnswer = answerOf(AnswerKind.Unclear, {})
  reason: UnknownReason = UnknownReason.Unclear
  readonly kept = Buffer.alloc(KEPT_BYTES)
  keptBytes = 0

  get keptText(): string {
    return this.kept.toString('latin1', 0, this.keptBytes)
  }
}

export class OrderEntry implements ConnectionEvents, PrivateSink {
  /** False while the private channel is down: REST is asked at once then. */
  privateIsLive = true
  /** For counters; nothing here decides by them. */
  readonly counts = {
    sent: 0,
    refused: 0,
    unknown: 0,
    /** Legs that ended without all of their fills told. */
    byAnswer: 0,
    /** Fills told after their leg had ended. */
    late: 0,
    reverted: 0,
    /** Times the venue said that we send too much. */
    limited: 0,
  }
  /** Our clock against the venue's. */
  readonly skew = new Skew()
  readonly #dialect: OrderDialect
  readonly #parts: GatewayParts
  readonly #bucket: TokenBucket
  readonly #keptFrom: Buffer
  readonly #connections: Connections
  readonly #legs = Array.from({ length: LEGS_MAX }, () => new Leg())
  readonly #told = new ToldOrders()
  #restsUntilNs = 0

  constructor(dialect: OrderDialect, parts: GatewayParts, bucket: TokenBucket) {
    this.#dialect = dialect
    this.#parts = parts
    this.#bucket = bucket
    this.#keptFrom = Buffer.from(dialect.keptFrom)
    this.#connections = new Connections(parts.connections, {
      open: parts.open,
      warmRequest: Buffer.from(
        `GET ${dialect.warmPath} HTTP/1.1\r\nHost: ${parts.host}\r\nUser-Agent: tandem\r\nAccept: application/json\r\n\r\n`,
      ),
      clock: parts.clock,
      random: parts.random,
      events: this,
      skew: this.skew,
      session: undefined,
      trouble: '',
    })
  }

  free(): boolean {
    const nowNs = this.#parts.clock.nowNs()
    return (
      this.#connections.freeCount() > EXIT_CONNECTIONS &&
      this.#bucket.hasForEntry(this.#dialect.orderTokens, nowNs) &&
      nowNs >= this.#restsUntilNs &&
      this.#freeLeg() !== -1
    )
  }

  freeForExit(): boolean {
    return (
      this.#connections.freeCount() > 0 &&
      this.#bucket.hasForExit(this.#dialect.orderTokens, this.#parts.clock.nowNs()) &&
      this.#freeLeg() !== -1
    )
  }

  /** A leg's request, whole and final. Its bytes are read during the call and not kept. */
  write(trade: number, bundle: number, request: Buffer, length: number): void {
    const place = this.#freeLeg()
    assert(place !== -1, 'ORDER_ENTRY_LEGS_FULL')
    const nowNs = this.#parts.clock.nowNs()
    this.#connections.send(place, request, length, nowNs)
    // The bytes are on their way: from here on time is not the order's.
    this.#bucket.take(this.#dialect.orderTokens, nowNs)
    this.counts.sent++
    const leg = this.#legs[place]
    leg.state = LegState.Sent
    leg.trade = trade
    leg.bundle = bundle
    leg.orderId = ''
    const from = request.indexOf(this.#keptFrom)
    leg.keptBytes = from === -1 ? 0 : request.copy(leg.kept, 0, from, Math.min(length, from + KEPT_BYTES))
  }

  /** The account's own limits, once the venue has told them. */
  limit(tokensPerS: number, capacity: number): void {
    this.#bucket.retune(tokensPerS, capacity, this.#parts.clock.nowNs())
  }

  /** To be called every few tens of milliseconds: everything here that waits, waits in steps of it. */
  tick(nowNs: Ns): void {
    this.#connections.tick(nowNs)
    for (const leg of this.#legs) {
      if (leg.state !== LegState.Waiting && leg.state !== LegState.Doubtful) continue
      if (nowNs - leg.sinceNs >= FILLS_NS_MAX) this.#giveUpWaiting(leg, nowNs)
      else if (leg.state === LegState.Waiting && nowNs >= leg.lookUpNs) this.#lookUp(leg, nowNs)
    }
  }

  /** Closes every connection. Legs without an answer are told unknown. */
  close(nowNs: Ns): void {
    this.#connections.close(nowNs)
  }

  /** Legs whose end has not been told yet. */
  get open(): number {
    return this.#legs.filter(({ state }) => state !== LegState.Free).length
  }

  health(): ReturnType<Connections['health']> {
    return this.#connections.health()
  }

  // ---- answers -------------------------------------------------------------------------------------------------

  answered(place: number, status: number, body: string, retryAfterS: number, nowNs: Ns): void {
    const leg = this.#legs[place]
    const answer = this.#dialect.readAnswer(status, body, leg.keptText)
    leg.answer = answer
    leg.orderId = answer.orderId
    if (status === 429) {
      this.counts.limited++
      this.#bucket.drain(nowNs)
    }
    if (answer.later) this.#restsUntilNs = nowNs + (retryAfterS > 0 ? retryAfterS * NS_PER_S : REST_NS)
    switch (answer.kind) {
      case AnswerKind.Refused:
        this.counts.refused++
        this.#end(leg, 0, 0, 0, nowNs, LegEnd.Refused)
        break
      case AnswerKind.Unclear:
        this.#doubt(leg, UnknownReason.Unclear, nowNs)
        break
      default:
        if (answer.microShares === 0) this.#end(leg, 0, 0, 0, nowNs, LegEnd.Fills)
        else this.#wait(leg, nowNs)
    }
  }

  lost(place: number, reason: UnknownReason, nowNs: Ns): void {
    const leg = this.#legs[place]
    leg.answer = answerOf(AnswerKind.Unclear, {})
    this.#doubt(leg, reason, nowNs)
  }

  #doubt(leg: Leg, reason: UnknownReason, nowNs: Ns): void {
    leg.state = LegState.Doubtful
    leg.reason = reason
    leg.sinceNs = nowNs
    const id = this.#dialect.clientOrderId(leg.keptText)
    if (id === '') this.#endUnknown(leg, reason, nowNs)
    else this.#resolve(leg, this.#told.find(id), nowNs)
  }

  #wait(leg: Leg, nowNs: Ns): void {
    leg.state = LegState.Waiting
    leg.reason = UnknownReason.Untold
    leg.sinceNs = nowNs
    leg.lookUpNs = nowNs + (this.privateIsLive ? LOOK_UP_NS : 0)
    this.#complete(leg, this.#told.find(leg.orderId), nowNs)
  }

  #lookUp(leg: Leg, nowNs: Ns): void {
    leg.lookUpNs = nowNs + LOOK_UP_NS
    this.#parts.lookUp(leg.orderId, leg.answer.tradeIds)
  }

  // ---- what the private channel tells ----------------------------------------------------------------------------

  trade(told: ToldTrade): void {
    const order = this.#told.of(told.orderId, told.clientOrderId)
    const known = order.trades.get(told.tradeId)
    if (known !== undefined && known.failed === told.failed) return
    order.trades.set(told.tradeId, told)
    const nowNs = this.#parts.clock.nowNs()
    if (order.bundle === -1) {
      this.#look(order, told.clientOrderId, nowNs)
      return
    }
    if (known === undefined) this.counts.late++
    if (!told.failed) return
    this.counts.reverted++
    this.#parts.listener.fillReverted(order.bundle, this.#dialect.venue, microSharesOf(told.fills), nowNs)
  }

  order(told: ToldOrder): void {
    if (!told.ended) return
    const order = this.#told.of(told.orderId, told.clientOrderId)
    order.ended = told
    if (order.bundle === -1) this.#look(order, told.clientOrderId, this.#parts.clock.nowNs())
  }

  /** Looks whether a leg has waited for this. */
  #look(order: ToldFills, clientOrderId: string, nowNs: Ns): void {
    for (const leg of this.#legs) {
      const isWaiting = leg.state === LegState.Waiting && leg.orderId === order.orderId
      const isDoubtful = leg.state === LegState.Doubtful && clientOrderId !== ''
      if (isWaiting) this.#complete(leg, order, nowNs)
      else if (isDoubtful && this.#dialect.clientOrderId(leg.keptText) === clientOrderId)
        this.#resolve(leg, order, nowNs)
    }
  }

  /** An order without an answer that can be trusted is settled once the venue tells how it ended. */
  #resolve(leg: Leg, order: ToldFills | undefined, nowNs: Ns): void {
    if (order?.ended === undefined) return
    leg.orderId = order.orderId
    leg.answer = answerOf(AnswerKind.Taken, { orderId: order.orderId })
    this.#wait(leg, nowNs)
  }

  #complete(leg: Leg, order: ToldFills | undefined, nowNs: Ns): void {
    if (order === undefined) return
    if (order.hasFailed) {
      this.#endUnknown(leg, UnknownReason.Reverted, nowNs)
      return
    }
    const { microShares, costMicroUsd, exact, tradeIds } = leg.answer
    const { fills } = order
    const toldMicroShares = microSharesOf(fills)
    const filled = microShares === UNTOLD ? (order.ended?.filledMicroShares ?? UNTOLD) : microShares
    const isWhole =
      tradeIds.length > 0
        ? tradeIds.every((id) => order.trades.has(id))
        : filled !== UNTOLD && Math.abs(filled - toldMicroShares) <= ROUNDING_MICRO_SHARES
    if (!isWhole) return
    this.#end(
      leg,
      microShares === UNTOLD ? toldMicroShares : microShares,
      exact ? costMicroUsd : costCeilMicroUsd(fills),
      feesMicroUsd(fills, (price, shares) => this.#parts.feeMicroUsd(leg.bundle, price, shares)),
      nowNs,
      LegEnd.Fills,
    )
  }

  #giveUpWaiting(leg: Leg, nowNs: Ns): void {
    const { microShares, costMicroUsd } = leg.answer
    if (leg.state === LegState.Doubtful || microShares === UNTOLD || costMicroUsd === UNTOLD) {
      this.#endUnknown(leg, leg.reason, nowNs)
      return
    }
    this.counts.byAnswer++
    // p(1-p) is largest in the middle, so one fill at the average price pays no less than several around it.
    const price = Math.round((costMicroUsd * PRICE_ONE) / microShares) as Price
    const fee =
      leg.answer.feeMicroUsd === UNTOLD
        ? this.#parts.feeMicroUsd(leg.bundle, price, microShares as MicroShares)
        : leg.answer.feeMicroUsd
    this.#end(leg, microShares, costMicroUsd, fee, nowNs, LegEnd.Answer)
  }

  // ---- the one report of each leg ----------------------------------------------------------------------------------

  #end(leg: Leg, microShares: number, costMicroUsd: number, fee: number, nowNs: Ns, end: LegEnd): void {
    const { trade, answer } = leg
    this.#release(leg)
    const sign = answer.sells && microShares > 0 ? -1 : 1
    const refusal = end === LegEnd.Refused ? answer.error : 0
    this.#parts.listener.legDone(
      trade,
      this.#dialect.venue,
      sign * microShares,
      sign * costMicroUsd,
      fee,
      nowNs,
      end,
      refusal,
    )
  }

  #endUnknown(leg: Leg, reason: UnknownReason, nowNs: Ns): void {
    const { trade } = leg
    this.counts.unknown++
    this.#release(leg)
    this.#parts.listener.legUnknown(trade, this.#dialect.venue, reason, nowNs)
  }

  /** Before the listener hears: it may send the next order at once. */
  #release(leg: Leg): void {
    leg.state = LegState.Free
    if (leg.orderId !== '') this.#told.of(leg.orderId).bundle = leg.bundle
  }

  #freeLeg(): number {
    for (let place = 0; place < LEGS_MAX; place++) if (this.#legs[place].state === LegState.Free) return place
    return -1
  }
}
