import { assert } from '@tandem/shared/assert.ts'
import { POLYMARKET_FEE_STEP_MICRO_USD } from '@tandem/shared/fees/polymarket.ts'
import { MICRO_SHARES_PER_LOT, MICRO_USD_PER_CENT, NS_PER_MS, type Ns } from '@tandem/shared/units.ts'
import type { Book } from './book/book.ts'
import { BookState } from './book/integrity.ts'
import type { Ladder } from './book/ladder.ts'
import { type QuoteWriter, quotePlaceOf } from './cache/quote-board.ts'
import type { Clock } from './clock.ts'
import { breakevenLimit } from './detector/breakeven.ts'
import type { Bundle } from './detector/bundle.ts'
import type { BundleIndex } from './detector/bundle-index.ts'
import { type Direction, kalshiSide, polymarketSide, topCost } from './detector/direction.ts'
import { edgeAtTopFloorMicroUsd, grossAtTopMicroUsd } from './detector/edge.ts'
import type { Ensemble, Lag } from './detector/ensemble.ts'
import { isPlanned, PlanOutcome } from './detector/plan.ts'
import type { Planner } from './detector/planner.ts'
import type { Policy } from './detector/policy.ts'
import { SignalChange, type Signals } from './detector/signal.ts'
import { Tops } from './detector/tops.ts'
import type { Fronts } from './feed/fronts.ts'
import type { Intake } from './feed/intake.ts'
import { COMMAND_CELLS, CommandCell, JournalCommand, RecordKind } from './journal/record.ts'
import { type JournalRing, RECORDS_PER_ENTRY, RING_RECORDS, TRADES_OPEN_MAX } from './journal/ring.ts'
import { kalshiWorstMicroUsd, type Legs, type OrderDesk, type TradeObserver } from './order-desk.ts'
import { boughtOutcome } from './outcome.ts'
import { NOT_DURABLE_MAX } from './pool/capacity.ts'
import type { ExitOrders } from './pool/exit-orders.ts'
import type { HeaderRing } from './pool/headers.ts'
import type { ClientOrderIds } from './pool/ids.ts'
import { lineOf, type OrderPool, type PoolOwner, type UrgentFailure } from './pool/pool.ts'
import { TicketOwner, ticketOwner } from './pool/ticket.ts'
import type { ReconcileObserver } from './reconciler.ts'
import type { Breakers } from './risk/breakers.ts'
import { IN_FLIGHT_MAX, Refusal, type Risk } from './risk/check.ts'
import { HaltReason, TRIPS } from './risk/halt.ts'
import { Intent } from './risk/intent.ts'
import type { SignerListener, Refusal as SignerRefusal } from './signer/signer.ts'
import type { Ledger } from './state/ledger.ts'
import { TokenKind, tokenKind, tokenOf, tokenValue } from './token.ts'
import { TURN_CELLS, TurnCell, TurnOutcome } from './turn.ts'
import { type FrameSink, ParseOutcome } from './venue/sink.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from './venue/venue.ts'

/** A venue's codec: reads one frame and tells the sink. Negative outcomes are ParseOutcome's. */
export interface Parser {
  parse(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number
}

/** Who watches, off the path: a report, counters, a terminal. Called after the fact; must not throw. */
export interface ExecutorObserver extends TradeObserver, ReconcileObserver {
  turn(cells: Float64Array): void
  /** @param isPolled it is seen on a book that no feed has: nobody trades on it */
  signal(
    bundle: number,
    direction: Direction,
    change: SignalChange,
    grossMicroUsd: number,
    nowNs: Ns,
    isPolled: boolean,
  ): void
  /** A pair's fair value was computed anew, or is no more known: detector/ensemble.ts says what each is. */
  fair(bundle: number, fairPrice: number, lag: Lag, sureness: number, nowNs: Ns): void
  badFrame(venue: Venue, outcome: number): void
  /** Entries were stopped or allowed again. @param halts the reasons that stand now: bits of HaltReason */
  halted(halts: number, nowNs: Ns): void
}

/** One whole copy of both venues' books, and what fills it. By venue. */
export interface Copy {
  readonly parsers: readonly [Parser, Parser]
  readonly intakes: readonly [Intake, Intake]
}

export interface ExecutorParts {
  readonly clock: Clock
  readonly copies: readonly Copy[]
  /** By venue, what is decided on: the books of the one copy, or those that are in front. */
  readonly books: readonly [readonly Book[], readonly Book[]]
  /** By venue, where there is more than one copy, or a book may be polled. */
  readonly fronts: readonly Fronts[] | undefined
  readonly bundles: readonly Bundle[]
  readonly legs: readonly Legs[]
  readonly index: BundleIndex
  /** By bundle. */
  readonly policies: readonly Policy[]
  readonly planner: Planner
  readonly signals: Signals
  readonly ensemble: Ensemble
  readonly risk: Risk
  readonly breakers: Breakers
  readonly ledger: Ledger
  readonly desk: OrderDesk
  readonly pool: OrderPool
  readonly exits: ExitOrders
  readonly sizesCents: readonly number[]
  readonly headers: HeaderRing
  readonly ids: ClientOrderIds
  readonly journal: JournalRing
  /** Sign an order now when the pool has none that fits; else let the edge pass. */
  readonly signMisses: boolean
  /** Decide again on a touch that still shows what was taken from it. Only for measuring on paper. */
  readonly retake: boolean
  /** Where the newest of every book is left for the mirror; undefined where there is none. */
  readonly quotes: QuoteWriter | undefined
  readonly observer: ExecutorObserver
}

/** How often the pool and the ids look after their stock. */
const POOL_TICK_NS = 2 * NS_PER_MS
/** Headers are stamped tens of milliseconds apart, so that is how often they need a look while none is taken. */
const HEADERS_TICK_NS = 20 * NS_PER_MS
assert(TRADES_OPEN_MAX >= 2 * IN_FLIGHT_MAX, 'JOURNAL_RESERVES_FOR_EVERY_TRADE')
/** Hashes on their way to the disk never crowd out Turns. */
assert(NOT_DURABLE_MAX * 8 <= RING_RECORDS, 'JOURNAL_HASHES_ARE_AN_EIGHTH')
/** Fills of one order that the worst case allows for: each may round its fee up by a step. */
const POLYMARKET_FILLS_MAX = 1_000
const DIRECTIONS = 2
const NO_TICKET = -1
const NO_SLOT = -1

/**
 * The pipeline and all of its control flow. A frame comes in as bytes and both orders go out as bytes, in one call
 * and without waiting for anything; what each stage is, its own folder says.
 */
export class Executor implements PoolOwner, SignerListener {
  readonly #parts: ExecutorParts
  readonly #turn = new Float64Array(TURN_CELLS)
  readonly #command = new Float64Array(COMMAND_CELLS)
  readonly #intent = new Intent()
  /** Bundles that a frame touched since the last decision. */
  readonly #polymarketBooks: number
  readonly #touched: Int32Array
  readonly #isTouched: Uint8Array
  #touchedCount = 0
  /** By venue. */
  readonly #tops: readonly [Tops, Tops]
  /** By bundle: at both tops, as they were last noted, nothing is to be had. That is so whatever else changes. */
  readonly #isQuiet: Uint8Array
  /** By line: the ticket of the order that is being signed for it, or NO_TICKET. */
  readonly #urgentTicket: Int32Array
  #headersDueNs = 0
  /** Of the ring, when it was last looked at. */
  #headersTaken = 0
  /** The first stock is signed: before it every decision would miss. */
  #isStocked = false
  /** By line and venue: the touch that the line's last trade took from; 0 where there was none. */
  readonly #takenPrice: Int32Array
  readonly #takenLots: Int32Array

  constructor(parts: ExecutorParts) {
    this.#parts = parts
    this.#touched = new Int32Array(parts.bundles.length)
    this.#polymarketBooks = parts.books[POLYMARKET].length
    this.#isTouched = new Uint8Array(parts.bundles.length)
    this.#isQuiet = new Uint8Array(parts.bundles.length)
    this.#tops = [new Tops(parts.books[POLYMARKET].length), new Tops(parts.books[KALSHI].length)]
    const lines = parts.bundles.length * DIRECTIONS
    this.#urgentTicket = new Int32Array(lines).fill(NO_TICKET)
    this.#takenPrice = new Int32Array(lines * VENUES)
    this.#takenLots = new Int32Array(lines * VENUES)
  }

  /** Starts the stock-keeping. After it the executor lives on onFrame, onTick and the signer's answers. */
  start(): void {
    this.#stockUp(this.#parts.clock.nowNs())
  }

  /** One frame that came alone: applied and decided on. */
  onFrame(venue: Venue, bytes: Uint8Array, start: number, end: number, nowNs: Ns): TurnOutcome {
    this.apply(0, venue, 0, bytes, start, end, nowNs)
    return this.settle(nowNs)
  }

  /** Applies one frame of one of a venue's sockets, bytes[start, end), to the books of the copy that it belongs to. */
  apply(
    copy: number,
    venue: Venue,
    socket: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    nowNs: Ns,
  ): void {
    const { clock, copies, observer } = this.#parts
    const { parsers, intakes } = copies[copy]
    const intake = intakes[venue]
    intake.begin(nowNs, clock.wallMs(), socket)
    const read = parsers[venue].parse(bytes, start, end, intake)
    if (read < 0) {
      observer.badFrame(venue, read)
      // A frame of a type that we do not know carries no level that we would know of; a broken one may have.
      if (read !== ParseOutcome.UnknownType) intake.lost()
    }
    intake.end()
    this.#noteTouched(copy, intake, nowNs)
  }

  /** Books were changed by something else than a frame: a snapshot by REST, a loss. Those that the intake lists. */
  changed(copy: number, venue: Venue, nowNs: Ns): void {
    this.#noteTouched(copy, this.#parts.copies[copy].intakes[venue], nowNs)
    this.settle(nowNs)
  }

  /** A book was filled by REST. It is shown, and refused as anything that is not LIVE. */
  polled(venue: Venue, book: number, nowNs: Ns): void {
    if (this.#parts.fronts?.[venue].polled(book, nowNs) !== true) return
    this.#noteBook(venue, book)
    this.settle(nowNs)
  }

  /** Decides on every bundle that was touched since the last time: after all frames of one read. */
  settle(nowNs: Ns): TurnOutcome {
    let last: TurnOutcome = TurnOutcome.Quiet
    for (let i = 0; i < this.#touchedCount; i++) {
      const bundle = this.#touched[i]
      this.#isTouched[bundle] = 0
      this.#value(bundle, nowNs)
      let isQuiet = 1
      for (let direction = 0; direction < DIRECTIONS; direction++) {
        this.#touch(bundle, direction as Direction, nowNs)
        const outcome = this.#decide(bundle, direction as Direction, nowNs, NO_SLOT)
        if (outcome === TurnOutcome.Quiet) continue
        isQuiet = 0
        last = outcome
      }
      this.#isQuiet[bundle] = isQuiet
    }
    this.#touchedCount = 0
    return last
  }

  /** A deadline of the clock has come. */
  onTick(nowNs: Ns, token: number): void {
    switch (tokenKind(token)) {
      case TokenKind.Pool:
        this.#stockUp(nowNs)
        break
      case TokenKind.PolymarketDoubt:
        this.#doubtDue(POLYMARKET, tokenValue(token), nowNs)
        break
      case TokenKind.KalshiDoubt:
        this.#doubtDue(KALSHI, tokenValue(token), nowNs)
        break
      case TokenKind.PolymarketClose:
        this.#closeDue(POLYMARKET, tokenValue(token), nowNs)
        break
      case TokenKind.KalshiClose:
        this.#closeDue(KALSHI, tokenValue(token), nowNs)
        break
      case TokenKind.Exit:
        this.#parts.desk.exitDesk.due(tokenValue(token), nowNs)
        break
      case TokenKind.Release:
        this.#parts.desk.release(tokenValue(token), nowNs)
        break
    }
  }

  /** Stops new entries for reasons more, bits of HaltReason. What is in flight goes on. */
  halt(reasons: number): void {
    this.#setHalts(this.#parts.risk.halts | reasons, JournalCommand.Halt, reasons)
  }

  /** Takes reasons back: entries are allowed again when none is left. */
  resume(reasons: number): void {
    const { risk, breakers } = this.#parts
    const taken = risk.halts & reasons
    if ((taken & TRIPS) !== 0) breakers.reset()
    this.#setHalts(risk.halts & ~taken, JournalCommand.Resume, taken)
  }

  #setHalts(halts: number, told: number, reasons: number): void {
    const { risk, journal, observer, clock } = this.#parts
    if (halts === risk.halts) return
    risk.halts = halts
    const nowNs = clock.nowNs()
    const command = this.#command
    command[CommandCell.atNs] = nowNs
    command[CommandCell.command] = told
    command[CommandCell.reasons] = reasons
    journal.appendCells(RecordKind.Command, command, COMMAND_CELLS)
    observer.halted(halts, nowNs)
  }

  /** Whether our wall clock is too far from a venue's for new entries. */
  judgeClock(isSkewed: boolean): void {
    this.#parts.risk.isClockSkewed = isSkewed
  }

  // ---- the pipeline --------------------------------------------------------------------------------------------

  /** A book of the copy behind is changed and no more: what it tells was decided on when the other told it. */
  #noteTouched(copy: number, intake: Intake, nowNs: Ns): void {
    const fronts = this.#parts.fronts?.[intake.venue]
    for (let i = 0; i < intake.touchedCount; i++) {
      const book = intake.touched[i]
      if (fronts === undefined || fronts.heard(copy, book, nowNs)) this.#noteBook(intake.venue, book)
    }
  }

  #noteBook(venue: Venue, book: number): void {
    const { index, quotes, clock, books } = this.#parts
    quotes?.write(quotePlaceOf(venue, book, this.#polymarketBooks), books[venue][book], clock.wallMs())
    const isMoved = this.#tops[venue].note(book, books[venue][book])
    const end = index.end(venue, book)
    for (let at = index.start(venue, book); at < end; at++) {
      const bundle = index.bundles[at]
      if (this.#isTouched[bundle] === 1 || (!isMoved && this.#isQuiet[bundle] === 1)) continue
      this.#isTouched[bundle] = 1
      this.#touched[this.#touchedCount++] = bundle
    }
  }

  /** Tells the pool where both touches are, and people of a spread that is wide before fees. */
  #touch(bundleIndex: number, direction: Direction, nowNs: Ns): void {
    const { bundles, books, pool, signals, observer } = this.#parts
    const bundle = bundles[bundleIndex]
    const polymarket = books[POLYMARKET][bundle.books[POLYMARKET]]
    const kalshi = books[KALSHI][bundle.books[KALSHI]]
    const polymarketCost = topCost(polymarketSide(polymarket, direction))
    const kalshiCost = topCost(kalshiSide(kalshi, direction, bundle.inverse))
    pool.touch(lineOf(bundleIndex, direction), polymarketCost, kalshiCost, nowNs)
    const grossMicroUsd = grossAtTopMicroUsd(bundle, polymarket, kalshi, direction)
    const change = signals.look(bundleIndex, direction, grossMicroUsd)
    if (change === SignalChange.None) return
    const isPolled = polymarket.state === BookState.Polled || kalshi.state === BookState.Polled
    observer.signal(bundleIndex, direction, change, grossMicroUsd, nowNs, isPolled)
  }

  /** Keeps the fair value current, before a decision that may order its legs by it. */
  #value(bundleIndex: number, nowNs: Ns): void {
    const { bundles, books, ensemble, observer } = this.#parts
    const { books: at } = bundles[bundleIndex]
    const polymarket = books[POLYMARKET][at[POLYMARKET]]
    if (!ensemble.look(bundleIndex, polymarket, books[KALSHI][at[KALSHI]], nowNs)) return
    const { fairPrice, lag, sureness } = ensemble
    observer.fair(bundleIndex, fairPrice[bundleIndex], lag[bundleIndex] as Lag, sureness[bundleIndex], nowNs)
  }

  /**
   * One decision: from two books to two orders, or to a named reason why not.
   *
   * @param urgentSlot an order that was signed for this line on demand, or NO_SLOT
   */
  #decide(bundleIndex: number, direction: Direction, nowNs: Ns, urgentSlot: number): TurnOutcome {
    const { bundles, books, legs, policies, planner, risk, journal, pool, desk } = this.#parts
    const bundle = bundles[bundleIndex]
    const policy = policies[bundleIndex]
    const polymarket = books[POLYMARKET][bundle.books[POLYMARKET]]
    const kalshi = books[KALSHI][bundle.books[KALSHI]]
    const edgeMicroUsd = edgeAtTopFloorMicroUsd(bundle, polymarket, kalshi, direction)
    if (edgeMicroUsd < policy.minEdgeMicroUsd) return TurnOutcome.Quiet

    this.#beginTurn(bundleIndex, direction, nowNs, polymarket, kalshi)
    if (polymarket.state !== BookState.Live || kalshi.state !== BookState.Live)
      return this.#endTurn(TurnOutcome.NotLive, 0)
    if (!legs[bundleIndex].tradable) return this.#endTurn(TurnOutcome.Refused, Refusal.NotTradable)
    if (!this.#isStocked) return this.#endTurn(TurnOutcome.Refused, Refusal.NotStocked)
    const rest = risk.restOf(bundleIndex, nowNs)
    if (rest !== Refusal.None) return this.#endTurn(TurnOutcome.Refused, rest)
    if (!this.#parts.retake && this.#showsWhatWasTaken(bundleIndex, direction, polymarket, kalshi))
      return this.#endTurn(TurnOutcome.Refused, Refusal.NotShown)
    if (urgentSlot === NO_SLOT && this.#urgentTicket[lineOf(bundleIndex, direction)] !== NO_TICKET)
      return this.#endTurn(TurnOutcome.Signing, 0)

    const planned = planner.find(bundle, polymarket, kalshi, direction, policy)
    if (!isPlanned(planned)) return this.#endTurn(TurnOutcome.NotPlanned, planned)
    if (!this.#fitToSizes(urgentSlot)) return this.#endTurn(TurnOutcome.NotPlanned, PlanOutcome.BelowSizes)

    const intent = this.#intentOf(bundleIndex, bundle)
    const approved = risk.check(intent, nowNs, journal.hasRoom(RECORDS_PER_ENTRY))
    if (approved === undefined) return this.#endTurn(TurnOutcome.Refused, risk.refusal)
    if (!desk.free()) return this.#endTurn(TurnOutcome.Refused, Refusal.NoConnection)

    const slot = this.#takeOrder(bundleIndex, bundle, direction, urgentSlot, nowNs)
    if (slot < 0) return this.#missed(bundleIndex, direction, slot, nowNs)
    const unsent = desk.enter(approved, planner.plan, slot)
    pool.release(slot)
    if (unsent !== Refusal.None) return this.#endTurn(TurnOutcome.Refused, unsent)
    this.#noteSent(slot)
    return this.#endTurn(TurnOutcome.Sent, 0)
  }

  /**
   * The pool holds a few dollar sizes: the plan becomes that of the largest size that still is one.
   *
   * @returns false when none is.
   */
  #fitToSizes(urgentSlot: number): boolean {
    const { planner, pool, sizesCents } = this.#parts
    const bestCents = planner.plan.polymarketCents
    if (urgentSlot !== NO_SLOT) {
      const cents = pool.store.cents[urgentSlot]
      if (cents <= bestCents && isPlanned(planner.planForCents(cents))) return true
    }
    for (let size = sizesCents.length - 1; size >= 0; size--) {
      if (sizesCents[size] <= bestCents && isPlanned(planner.planForCents(sizesCents[size]))) return true
    }
    return false
  }

  /** What the plan costs at worst on either venue. */
  #intentOf(bundleIndex: number, bundle: Bundle): Intent {
    const { plan } = this.#parts.planner
    const intent = this.#intent
    intent.bundle = bundleIndex
    intent.direction = plan.direction
    intent.kalshiLots = this.#lotsWithDust(bundleIndex)
    // p(1-p) is at most p: no fill of these dollars, at whatever price, has a fee above the rate times the dollars.
    intent.polymarketCostMicroUsd =
      plan.polymarketCents * (MICRO_USD_PER_CENT + bundle.polymarketFees.rateUnits) +
      POLYMARKET_FILLS_MAX * POLYMARKET_FEE_STEP_MICRO_USD
    intent.kalshiCostMicroUsd = kalshiWorstMicroUsd(
      bundle,
      plan.kalshiLimitCost,
      intent.kalshiLots,
      this.#parts.policies[bundleIndex].kalshiPrecisionMicroUsd,
    )
    intent.expectedMicroShares = plan.expectedMicroShares
    intent.overfillMicroShares = plan.overfillBandMicroShares

    const turn = this.#turn
    turn[TurnCell.polymarketCents] = plan.polymarketCents
    turn[TurnCell.polymarketLimitPrice] = plan.polymarketLimit
    turn[TurnCell.expectedMicroShares] = plan.expectedMicroShares
    turn[TurnCell.kalshiPrice] = plan.kalshiPrice
    turn[TurnCell.kalshiLots] = intent.kalshiLots
    turn[TurnCell.edgeMicroUsd] = plan.netEdgeMicroUsd
    return intent
  }

  /**
   * The Kalshi lots that cover the plan's shares and the dust of the trades before: less than a lot each time, it
   * would add up. Less than a lot of it, so that the legs stay within one of each other; where it is Kalshi's side that
   * is over, this trade's own dust makes up for it.
   */
  #lotsWithDust(bundleIndex: number): number {
    const { planner, ledger } = this.#parts
    const { direction, expectedMicroShares } = planner.plan
    const dust = ledger.excessMicroShares(bundleIndex, boughtOutcome(POLYMARKET, direction))
    const taken = Math.min(Math.max(dust, 0), MICRO_SHARES_PER_LOT - 1)
    return Math.floor((expectedMicroShares + taken) / MICRO_SHARES_PER_LOT)
  }

  /** @returns a slot whose order the plan's dollars and limits allow, or the pool's miss */
  #takeOrder(
    bundleIndex: number,
    bundle: Bundle,
    direction: Direction,
    urgentSlot: number,
    nowNs: Ns,
  ): number {
    const { planner, policies, pool } = this.#parts
    const { plan } = planner
    // A looser limit than the plan's costs nothing on these books, and is safe up to what still nets the minimum.
    const limitAtMost = breakevenLimit(
      bundle.polymarketFees,
      bundle.ticks[POLYMARKET],
      bundle.kalshiFees,
      plan.kalshiLimitCost,
      policies[bundleIndex].minEdgeMicroUsd,
    )
    if (urgentSlot !== NO_SLOT) {
      const { cents, limit } = pool.store
      const fits = cents[urgentSlot] === plan.polymarketCents
      if (fits && limit[urgentSlot] >= plan.polymarketLimit && limit[urgentSlot] <= limitAtMost) {
        pool.takeUrgent(urgentSlot)
        return urgentSlot
      }
    }
    const line = lineOf(bundleIndex, direction)
    return pool.take(line, plan.polymarketLimit, limitAtMost, plan.polymarketCents, nowNs)
  }

  #missed(bundleIndex: number, direction: Direction, miss: number, nowNs: Ns): TurnOutcome {
    const { clock, pool, planner, signMisses } = this.#parts
    if (!signMisses) return this.#endTurn(TurnOutcome.Missed, miss)
    const line = lineOf(bundleIndex, direction)
    const { polymarketLimit, polymarketCents } = planner.plan
    const ticket = pool.requestNow(line, polymarketLimit, polymarketCents, nowNs, clock.wallMs())
    if (ticket < 0) return this.#endTurn(TurnOutcome.Missed, miss)
    this.#urgentTicket[line] = ticket
    return this.#endTurn(TurnOutcome.Signing, miss)
  }

  /** Notes what was used, and remembers both touches that this trade is taking from. */
  #noteSent(slot: number): void {
    const { bundles, desk } = this.#parts
    const shown = this.#parts.books
    const turn = this.#turn
    turn[TurnCell.t1Ns] = desk.finalNs
    turn[TurnCell.t2Ns] = desk.writtenNs
    turn[TurnCell.poolSlot] = slot
    turn[TurnCell.clientOrderId] = desk.counter
    turn[TurnCell.headerIndex] = desk.header
    turn[TurnCell.trade] = desk.trade
    const { bundle: bundleIndex } = this.#intent
    const direction = this.#intent.direction as Direction
    const { books, inverse } = bundles[bundleIndex]
    const polymarket = polymarketSide(shown[POLYMARKET][books[POLYMARKET]], direction)
    const kalshi = kalshiSide(shown[KALSHI][books[KALSHI]], direction, inverse)
    const at = lineOf(bundleIndex, direction) * VENUES
    this.#takenPrice[at + POLYMARKET] = polymarket.bestPrice()
    this.#takenLots[at + POLYMARKET] = polymarket.lots[polymarket.best]
    this.#takenPrice[at + KALSHI] = kalshi.bestPrice()
    this.#takenLots[at + KALSHI] = kalshi.lots[kalshi.best]
  }

  /**
   * Whether a touch that the last trade took from still shows what it showed then. Either the venue has not told of
   * our fill yet, or what stands there is not to be had: in both cases the edge is not known to be there again.
   */
  #showsWhatWasTaken(bundleIndex: number, direction: Direction, polymarket: Book, kalshi: Book): boolean {
    const at = lineOf(bundleIndex, direction) * VENUES
    const { inverse } = this.#parts.bundles[bundleIndex]
    return (
      this.#isAsTaken(at + POLYMARKET, polymarketSide(polymarket, direction)) ||
      this.#isAsTaken(at + KALSHI, kalshiSide(kalshi, direction, inverse))
    )
  }

  #isAsTaken(at: number, side: Ladder): boolean {
    return side.bestPrice() === this.#takenPrice[at] && side.lots[side.best] === this.#takenLots[at]
  }

  #beginTurn(bundleIndex: number, direction: Direction, nowNs: Ns, polymarket: Book, kalshi: Book): void {
    const { inverse } = this.#parts.bundles[bundleIndex]
    const turn = this.#turn
    turn.fill(-1)
    turn[TurnCell.t0Ns] = nowNs
    turn[TurnCell.bundle] = bundleIndex
    turn[TurnCell.direction] = direction
    turn[TurnCell.polymarketEpoch] = polymarket.epoch
    turn[TurnCell.kalshiEpoch] = kalshi.epoch
    turn[TurnCell.polymarketCostPrice] = topCost(polymarketSide(polymarket, direction))
    turn[TurnCell.kalshiCostPrice] = topCost(kalshiSide(kalshi, direction, inverse))
  }

  #endTurn(outcome: TurnOutcome, reason: number): TurnOutcome {
    const turn = this.#turn
    turn[TurnCell.outcome] = outcome
    turn[TurnCell.reason] = reason
    const { journal } = this.#parts
    if (outcome === TurnOutcome.Sent) journal.appendCells(RecordKind.Turn, turn, TURN_CELLS)
    else journal.noteCells(RecordKind.Turn, turn, TURN_CELLS)
    this.#parts.observer.turn(turn)
    return outcome
  }

  // ---- answers and time ----------------------------------------------------------------------------------------

  /** Of the pool. */
  journalHash(digest: Uint8Array): number {
    return this.#parts.journal.offerBytes(RecordKind.OrderHash, digest)
  }

  /** Of the pool: the order that a decision missed is there. The books have moved on, so it is decided anew. */
  urgentReady(_ticket: number, slot: number): void {
    const { clock, pool } = this.#parts
    const line = pool.store.line[slot]
    this.#urgentTicket[line] = NO_TICKET
    this.#decide(line >> 1, (line & 1) as Direction, clock.nowNs(), slot)
  }

  /** Of the pool. */
  urgentFailed(ticket: number, _failure: UrgentFailure): void {
    const line = this.#urgentTicket.indexOf(ticket)
    if (line >= 0) this.#urgentTicket[line] = NO_TICKET
  }

  /** Of the signer. */
  orderSigned(ticket: number, digest: Uint8Array, signature: Uint8Array): void {
    const { clock, exits, pool } = this.#parts
    if (ticketOwner(ticket) === TicketOwner.Exit) exits.orderSigned(ticket, digest, signature, clock.nowNs())
    else pool.orderSigned(ticket, digest, signature)
    // Until its hash is durable the order cannot be used.
    this.#parts.journal.wake()
  }

  /** Of the signer. */
  headerSigned(ticket: number, signature: Uint8Array): void {
    this.#parts.headers.headerSigned(ticket, signature)
  }

  /** Of the signer. */
  refused(ticket: number, refusal: SignerRefusal): void {
    const { clock, exits, headers, pool } = this.#parts
    const owner = ticketOwner(ticket)
    if (owner === TicketOwner.Header) headers.refused(ticket)
    else if (owner === TicketOwner.Exit) exits.refused(ticket, clock.nowNs())
    else pool.refused(ticket, refusal)
  }

  /** Of the signer: it is gone. Nothing can be unwound without it, so nothing new is begun. */
  closed(): void {
    this.halt(HaltReason.Signer)
    this.#parts.pool.closed()
    this.#parts.headers.closed()
  }

  /** Learns what has become durable, and asks for what is missing: between frames, every POOL_TICK_NS. */
  #stockUp(nowNs: Ns): void {
    const { clock, journal, pool, exits, headers, ids } = this.#parts
    const { durable } = journal
    pool.onDurable(durable, nowNs)
    exits.onDurable(durable, nowNs)
    exits.tick(nowNs)
    ids.onDurable(durable)
    ids.replenish()
    pool.tick(nowNs, clock.wallMs())
    // Once: from then on the stock follows the touches, and an order that is missing is a miss.
    this.#isStocked ||= pool.counters.signed > 0 && pool.outstanding === 0 && ids.left > 0
    // Few may be with the signer at a time: by the slow look alone a row of trades outruns the ring.
    if (nowNs >= this.#headersDueNs || headers.taken !== this.#headersTaken) {
      headers.tick(clock.wallMs())
      this.#headersTaken = headers.taken
      this.#headersDueNs = nowNs + HEADERS_TICK_NS
    }
    clock.at((nowNs + POOL_TICK_NS) as Ns, tokenOf(TokenKind.Pool, 0))
  }

  #doubtDue(venue: Venue, value: number, nowNs: Ns): void {
    const intake = this.#intakeOf(venue, value)
    intake.begin(nowNs, this.#parts.clock.wallMs())
    intake.doubtDue(value % intake.books.length)
    intake.end()
  }

  #closeDue(venue: Venue, value: number, nowNs: Ns): void {
    const intake = this.#intakeOf(venue, value)
    intake.begin(nowNs, this.#parts.clock.wallMs())
    intake.closeDue(value % intake.books.length)
    intake.end()
  }

  /** @param value of a book's deadline: those of a second copy come after those of the first */
  #intakeOf(venue: Venue, value: number): Intake {
    const { copies, books } = this.#parts
    return copies[Math.floor(value / books[venue].length)].intakes[venue]
  }
}
