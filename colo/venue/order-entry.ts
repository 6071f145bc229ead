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
  type Fill,
  LegEnd,
  type Looked,
  type OrderAnswer,
  type PrivateSink,
  type ToldOrder,
  type ToldTrade,
  UNTOLD,
  UnknownReason,
} from './leg.ts'
import { RoundTrip } from './round-trip.ts'
import { Skew } from './skew.ts'
import { costCeilMicroUsd, feesMicroUsd, microSharesOf, type ToldFills, ToldOrders } from './told.ts'
import type { Venue } from './venue.ts'

// The orders of one live venue, from the write to the one report that each order gets:
//
//   Sent --answer--> refused, or nothing filled                                      -> legDone
//        --answer--> Waiting for its fills --all told-->                              -> legDone, by the fills
//                                          --FILLS_NS_MAX, amounts in the answer-->   -> legDone, by the answer
//                                          --FILLS_NS_MAX, none--> Doubtful
//        --lost, unclear--> Doubtful --it is told by our own id--> Waiting
//                                    --asked for by REST, and there--> Waiting
//                                    --asked for by REST as often as the venue's rule says, and not there--> -> legDone
//
// An answer tells dollars and shares; what the venue's ledger will show of fees stands in each fill (Kalshi) or follows
// from each fill's price (Polymarket), so the private channel is waited for, a little. It may come before the answer.
// What is told after the report, a fill that fails or one of an order that was thought absent, is a correction.

/** Legs whose end is still to be told: more than risk lets be in flight. */
const LEGS_MAX = 64
/** How long fills may take after the answer. Both venues tell them within milliseconds when all is well. */
export const FILLS_NS_MAX = 2 * NS_PER_S
/** How soon REST is asked for fills that the private channel has not told; for an order in doubt it is the first pause. */
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

/** When an order without an answer counts as absent: looked for so often, and at the end so long after the doubt began. */
export interface AbsenceRule {
  readonly looks: number
  readonly spanNs: number
  /** The longest pause between two looks. */
  readonly pauseNsMax: number
  /** How long it is looked for after that all the same: it may have been on its way, and its fills told to nobody. */
  readonly watchNs: number
}

/** What the two venues do in their own way. */
export interface OrderDialect {
  readonly venue: Venue
  /** Where in a request the fields begin that an answer is checked against. */
  readonly keptFrom: string
  /** Our own name of an order is the venue's id too, so that an answer about another order is known. */
  readonly namesOrders: boolean
  readAnswer(status: number, body: string, kept: string): OrderAnswer
  /** Rate tokens of one order. */
  readonly orderTokens: number
  readonly absence: AbsenceRule
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
  /** The bundle that an order is of. */
  readonly bundleOf: (order: number) => number
  /** In place of the venue's own span of time before an order counts as absent. */
  readonly absenceNs?: number | undefined
  /** Whether an order gives shares away: told as less of them. */
  readonly sells: (order: number) => boolean
  /** Our own name of an order: Kalshi's client order id, Polymarket's hash. */
  readonly nameOf: (order: number) => string
  /** Asks REST for an order: by the venue's id where the answer told one, else by our own name. */
  readonly lookUp: (order: number, orderId: string) => Promise<Looked>
}

/** An order that was called absent, and is looked for all the same. */
class Watched {
  readonly order: number
  readonly untilNs: number
  lookUpNs: number
  isAsked = false

  constructor(order: number, nowNs: Ns, watchNs: number) {
    this.order = order
    this.untilNs = nowNs + watchNs
    this.lookUpNs = nowNs
  }
}

class Leg {
  state: LegState = LegState.Free
  order = -1
  sinceNs = 0
  lookUpNs = 0
  /** REST is being asked. */
  isAsked = false
  /** Looks that found it gone, one after the other, with these shares filled. */
  looks = 0
  lookedMicroShares = 0
  orderId = ''
  answer: OrderAnswer = answerOf(AnswerKind.Unclear, {})
  reason: UnknownReason = UnknownReason.Unclear
  readonly kept = Buffer.alloc(KEPT_BYTES)
  keptBytes = 0

  /** Another order takes the place: a question about the one before may still be out, and is not its own. */
  begin(order: number): void {
    this.order = order
    this.orderId = ''
    this.keptBytes = 0
    this.isAsked = false
    this.looks = 0
    this.lookedMicroShares = 0
  }

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
    absent: 0,
    /** Reports that were put right afterwards. */
    corrected: 0,
    /** Times the venue said that we send too much. */
    limited: 0,
  }
  /** Our clock against the venue's. */
  readonly skew = new Skew()
  readonly #roundTrip = new RoundTrip()
  readonly #dialect: OrderDialect
  readonly #parts: GatewayParts
  readonly #bucket: TokenBucket
  readonly #keptFrom: Buffer
  readonly #connections: Connections
  readonly #legs = Array.from({ length: LEGS_MAX }, () => new Leg())
  readonly #absent: Watched[] = []
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
      roundTrip: this.#roundTrip,
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

  venueMs(wallMs: number, nowNs: number): number {
    return this.skew.venueMs(wallMs, nowNs)
  }

  rttNs(): number {
    return this.#roundTrip.ns
  }

  /** An order's request, whole and final. Its bytes are read during the call and not kept. */
  write(order: number, request: Buffer, length: number): void {
    const place = this.#freeLeg()
    assert(place !== -1, 'ORDER_ENTRY_LEGS_FULL')
    const nowNs = this.#parts.clock.nowNs()
    this.#connections.send(place, request, length, nowNs)
    // The bytes are on their way: from here on time is not the order's.
    this.#bucket.take(this.#dialect.orderTokens, nowNs)
    this.counts.sent++
    const leg = this.#legs[place]
    leg.begin(order)
    leg.state = LegState.Sent
    const from = request.indexOf(this.#keptFrom)
    leg.keptBytes = from === -1 ? 0 : request.copy(leg.kept, 0, from, Math.min(length, from + KEPT_BYTES))
  }

  /** An order that a run before this one sent, and whose end nobody knows: looked up as any other in doubt. */
  resume(order: number): void {
    const place = this.#freeLeg()
    assert(place !== -1, 'ORDER_ENTRY_LEGS_FULL')
    const leg = this.#legs[place]
    leg.begin(order)
    leg.answer = answerOf(AnswerKind.Unclear, {})
    this.#doubt(leg, UnknownReason.Restart, this.#parts.clock.nowNs())
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
      const isLate = leg.state === LegState.Waiting && nowNs - leg.sinceNs >= FILLS_NS_MAX
      if (isLate) this.#giveUpWaiting(leg, nowNs)
      else if (nowNs >= leg.lookUpNs && !leg.isAsked) void this.#lookUp(leg, nowNs)
    }
    for (const watched of this.#absent)
      if (nowNs >= watched.lookUpNs && !watched.isAsked) void this.#watch(watched, nowNs)
    // In the order in which they were called absent.
    while (this.#absent.length > 0 && nowNs >= this.#absent[0].untilNs) this.#absent.shift()
  }

  /** Closes every connection. Orders without an answer are told unknown. */
  close(nowNs: Ns): void {
    this.#connections.close(nowNs)
  }

  /** Orders whose end has not been told yet. */
  get open(): number {
    return this.#legs.filter(({ state }) => state !== LegState.Free).length
  }

  health(): ReturnType<Connections['health']> {
    return this.#connections.health()
  }

  // ---- answers -------------------------------------------------------------------------------------------------

  answered(place: number, status: number, body: string, retryAfterS: number, nowNs: Ns): void {
    const leg = this.#legs[place]
    const answer = this.#ours(leg, this.#dialect.readAnswer(status, body, leg.keptText))
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

  /** An answer that names another order says nothing of ours. */
  #ours(leg: Leg, answer: OrderAnswer): OrderAnswer {
    const { namesOrders } = this.#dialect
    const isOurs = !namesOrders || answer.orderId === '' || answer.orderId === this.#parts.nameOf(leg.order)
    return isOurs ? answer : answerOf(AnswerKind.Unclear, { error: answer.error })
  }

  #doubt(leg: Leg, reason: UnknownReason, nowNs: Ns): void {
    leg.state = LegState.Doubtful
    leg.reason = reason
    leg.sinceNs = nowNs
    leg.lookUpNs = nowNs + LOOK_UP_NS
    this.counts.unknown++
    this.#parts.listener.legUnknown(leg.order, this.#dialect.venue, reason, nowNs)
    this.#resolve(leg, this.#told.find(this.#parts.nameOf(leg.order)), nowNs)
  }

  #wait(leg: Leg, nowNs: Ns): void {
    leg.state = LegState.Waiting
    leg.reason = UnknownReason.Untold
    leg.sinceNs = nowNs
    leg.lookUpNs = nowNs + (this.privateIsLive ? LOOK_UP_NS : 0)
    this.#parts.listener.legTaken(leg.order)
    this.#complete(leg, this.#told.find(leg.orderId), nowNs)
  }

  /** Once; what comes back is told as the private channel would. What cannot be learned is asked again. */
  async #lookUp(leg: Leg, nowNs: Ns): Promise<void> {
    const { order } = leg
    const { spanNs, pauseNsMax } = this.#dialect.absence
    const pauseNs = Math.min(Math.max(LOOK_UP_NS, nowNs - leg.sinceNs), pauseNsMax)
    // From there on it may be called absent: its pair stands naked until then, and no longer than it must.
    const absentNs = leg.sinceNs + (this.#parts.absenceNs ?? spanNs)
    leg.lookUpNs =
      nowNs < absentNs
        ? Math.min(nowNs + pauseNs, Math.max(nowNs + LOOK_UP_NS, absentNs))
        : nowNs + Math.min(pauseNs, REST_NS)
    leg.isAsked = true
    const looked = await this.#parts.lookUp(order, leg.orderId).catch(() => undefined)
    // The leg's place may be another order's by now.
    if (leg.order === order) leg.isAsked = false
    if (looked === undefined) return
    for (const trade of looked.trades) this.trade(trade)
    if (looked.order !== undefined) this.order(looked.order)
    if (leg.order === order && leg.state === LegState.Doubtful) this.#looked(leg, looked.isGone)
  }

  /** An order in doubt that REST did not show to have ended: after so many looks that agree it has, by what was told. */
  #looked(leg: Leg, isGone: boolean): void {
    const { looks, spanNs, watchNs } = this.#dialect.absence
    const nowNs = this.#parts.clock.nowNs()
    const told = this.#told.find(this.#parts.nameOf(leg.order))
    const microShares = microSharesOf(told?.fills ?? [])
    const isAsBefore = isGone && microShares === leg.lookedMicroShares
    leg.looks = isAsBefore ? leg.looks + 1 : Number(isGone)
    leg.lookedMicroShares = microShares
    if (leg.looks < looks || nowNs - leg.sinceNs < (this.#parts.absenceNs ?? spanNs)) return
    if (told !== undefined && microShares > 0) {
      leg.answer = answerOf(AnswerKind.Taken, { orderId: told.orderId, tradeIds: [...told.trades.keys()] })
      leg.orderId = told.orderId
      this.#complete(leg, told, nowNs)
      return
    }
    this.counts.absent++
    this.#absent.push(new Watched(leg.order, nowNs, watchNs))
    this.#end(leg, 0, 0, 0, nowNs, LegEnd.Absent)
  }

  /** An order that was called absent: has it appeared? */
  async #watch(watched: Watched, nowNs: Ns): Promise<void> {
    const { order } = watched
    watched.lookUpNs = nowNs + this.#dialect.absence.pauseNsMax
    watched.isAsked = true
    const looked = await this.#parts.lookUp(order, '').catch(() => undefined)
    watched.isAsked = false
    const clientOrderId = this.#parts.nameOf(order)
    for (const trade of looked?.trades ?? []) this.trade({ ...trade, clientOrderId })
  }

  // ---- what the private channel tells ----------------------------------------------------------------------------

  trade(told: ToldTrade): void {
    const order = this.#told.of(told.orderId, told.clientOrderId)
    const known = order.trades.get(told.tradeId)
    if (known?.failed === told.failed && known.settled === told.settled) return
    order.trades.set(told.tradeId, told)
    const nowNs = this.#parts.clock.nowNs()
    if (order.order === -1) this.#look(order, told.clientOrderId, nowNs)
    else this.#correct(order, nowNs)
  }

  order(told: ToldOrder): void {
    if (!told.ended) return
    const order = this.#told.of(told.orderId, told.clientOrderId)
    order.ended = told
    if (order.order === -1) this.#look(order, told.clientOrderId, this.#parts.clock.nowNs())
  }

  /** Looks whether an order of ours has waited for this. */
  #look(told: ToldFills, clientOrderId: string, nowNs: Ns): void {
    for (const leg of this.#legs) {
      if (leg.state === LegState.Waiting && leg.orderId === told.orderId) this.#complete(leg, told, nowNs)
      else if (leg.state === LegState.Doubtful) {
        const name = this.#parts.nameOf(leg.order)
        if (name === told.orderId || name === clientOrderId) this.#resolve(leg, told, nowNs)
      }
    }
  }

  /** An order without an answer that can be trusted is settled once the venue tells how it ended. */
  #resolve(leg: Leg, told: ToldFills | undefined, nowNs: Ns): void {
    if (told?.ended === undefined) return
    leg.orderId = told.orderId
    leg.answer = answerOf(AnswerKind.Taken, { orderId: told.orderId, tradeIds: told.ended.tradeIds })
    this.#wait(leg, nowNs)
  }

  #complete(leg: Leg, told: ToldFills | undefined, nowNs: Ns): void {
    if (told === undefined) return
    const { microShares, costMicroUsd, exact, tradeIds } = leg.answer
    const { fills, failedFills } = told
    const failedMicroShares = microSharesOf(failedFills)
    const toldMicroShares = microSharesOf(fills) + failedMicroShares
    const filled = microShares === UNTOLD ? (told.ended?.filledMicroShares ?? UNTOLD) : microShares
    const isWhole =
      tradeIds.length > 0
        ? tradeIds.every((id) => told.trades.has(id))
        : filled !== UNTOLD && Math.abs(filled - toldMicroShares) <= ROUNDING_MICRO_SHARES
    if (!isWhole) return
    // The answer's own amounts are the finer ones, as long as all of them hold.
    const isAsAnswered = microShares !== UNTOLD && failedMicroShares === 0
    this.#end(
      leg,
      isAsAnswered ? microShares : microSharesOf(fills),
      isAsAnswered && exact ? costMicroUsd : costCeilMicroUsd(fills),
      this.#feesMicroUsd(this.#parts.bundleOf(leg.order), fills),
      nowNs,
      LegEnd.Fills,
    )
  }

  #feesMicroUsd(bundle: number, fills: readonly Fill[]): number {
    return feesMicroUsd(fills, (price, shares) => this.#parts.feeMicroUsd(bundle, price, shares))
  }

  /** What is told of an order after its end was reported: is it still so? */
  #correct(told: ToldFills, nowNs: Ns): void {
    const { fills, failedFills } = told
    const microShares = microSharesOf(fills)
    const failedMicroShares = microSharesOf(failedFills)
    // Less than was reported, and nothing failed: the rest is still to be told.
    const isWhole = microShares + failedMicroShares >= told.microShares - ROUNDING_MICRO_SHARES
    const isSame = Math.abs(microShares - told.microShares) <= ROUNDING_MICRO_SHARES
    const costMicroUsd = isSame && told.isCostExact ? told.costMicroUsd : costCeilMicroUsd(fills)
    if (isWhole && !(isSame && told.isExact)) this.#report(told, microShares, costMicroUsd, nowNs)
    if (!told.isSettled && isWhole && failedMicroShares === 0 && told.allSettled) {
      told.isSettled = true
      this.#parts.listener.legSettled(told.order)
    }
  }

  #report(told: ToldFills, microShares: number, costMicroUsd: number, nowNs: Ns): void {
    const feeMicroUsd = this.#feesMicroUsd(told.bundle, told.fills)
    const shares = told.sign * (microShares - told.microShares)
    const cost = told.sign * (costMicroUsd - told.costMicroUsd)
    const fee = feeMicroUsd - told.feeMicroUsd
    told.microShares = microShares
    told.costMicroUsd = costMicroUsd
    told.feeMicroUsd = feeMicroUsd
    told.isExact = true
    this.counts.corrected++
    this.#parts.listener.legCorrected(told.order, this.#dialect.venue, shares, cost, fee, nowNs)
  }

  #giveUpWaiting(leg: Leg, nowNs: Ns): void {
    const { microShares, costMicroUsd } = leg.answer
    if (microShares === UNTOLD || costMicroUsd === UNTOLD) {
      this.#doubt(leg, UnknownReason.Untold, nowNs)
      return
    }
    this.counts.byAnswer++
    // p(1-p) is largest in the middle, so one fill at the average price pays no less than several around it.
    const price = Math.round((costMicroUsd * PRICE_ONE) / microShares) as Price
    const fee =
      leg.answer.feeMicroUsd === UNTOLD
        ? this.#parts.feeMicroUsd(this.#parts.bundleOf(leg.order), price, microShares as MicroShares)
        : leg.answer.feeMicroUsd
    this.#end(leg, microShares, costMicroUsd, fee, nowNs, LegEnd.Answer)
  }

  // ---- the one report of each order --------------------------------------------------------------------------------

  #end(leg: Leg, microShares: number, costMicroUsd: number, fee: number, nowNs: Ns, end: LegEnd): void {
    const { order, answer } = leg
    const sign = this.#parts.sells(order) ? -1 : 1
    const refusal = end === LegEnd.Refused ? answer.error : 0
    const told = this.#remember(leg, sign, microShares, costMicroUsd, fee, end)
    // Before the listener hears: it may send the next order at once.
    leg.state = LegState.Free
    this.#parts.listener.legDone(
      order,
      this.#dialect.venue,
      // Not -0, which is another number to whoever compares.
      sign * microShares + 0,
      sign * costMicroUsd + 0,
      fee,
      nowNs,
      end,
      refusal,
    )
    // Of what was reported as nothing, something may have been told meanwhile; and what was told may be settled already.
    if (told.trades.size > 0) this.#correct(told, nowNs)
  }

  /** Keeps what was reported, under every name that the venue may tell more of it by. */
  #remember(
    leg: Leg,
    sign: number,
    microShares: number,
    costMicroUsd: number,
    fee: number,
    end: LegEnd,
  ): ToldFills {
    const name = this.#parts.nameOf(leg.order)
    const told = this.#told.of(leg.orderId === '' ? name : leg.orderId, name)
    told.order = leg.order
    told.bundle = this.#parts.bundleOf(leg.order)
    told.sign = sign
    told.microShares = microShares
    told.costMicroUsd = costMicroUsd
    told.feeMicroUsd = fee
    told.isExact = end === LegEnd.Fills
    told.isCostExact = leg.answer.exact
    return told
  }

  #freeLeg(): number {
    for (let place = 0; place < LEGS_MAX; place++) if (this.#legs[place].state === LegState.Free) return place
    return -1
  }
}
