import { assert } from '@tandem/shared/assert.ts'
import { NS_PER_MS, NS_PER_S, type Price } from '@tandem/shared/units.ts'
import {
  LANE_REFILL,
  LANE_URGENT,
  type Lane,
  ORDER_BUY,
  type Refusal,
  type Signer,
} from '../signer/signer.ts'
import { marketBuyMaker, marketBuyTakerFloor } from '../venue/polymarket/amounts.ts'
import type { OrderBody } from '../venue/polymarket/encode.ts'
import {
  NOT_DURABLE_MAX,
  OUTSTANDING_MAX,
  RESERVED_FOR_URGENT,
  reservedForHot,
  slotsFor,
  TAKEN_MAX,
  URGENT_MAX,
} from './capacity.ts'
import { OrderGrid } from './grid.ts'
import { HitRate, PoolMiss } from './miss.ts'
import { PendingHashes } from './pending.ts'
import { Refill } from './refill.ts'
import { SlotSet } from './slot-set.ts'
import { OrderStock } from './stock.ts'
import { CELL_NONE, OrderStore, SlotState } from './store.ts'
import { type LineMarket, TARGET_LIMITS_MAX, type TargetBands } from './targets.ts'
import { TICKET_SLOTS, TicketOwner, ticketIndex, ticketOf } from './ticket.ts'

/** Of each line: its wanted limits, and a few that its touch just left. */
export const ROWS = TARGET_LIMITS_MAX + 8

/**
 * An order is dated back so far: our wall clock may run ahead of the venue's, and a timestamp in its future is the one
 * thing about timestamps that the venue is likely to mind (Polymarket fact sheet, section 8.6).
 */
const BACKDATE_MS = 1_000

/**
 * The last part of an order's life, in which it is replaced: 20 s of the default 120. Half a core signs the largest
 * pool in 12 s, so that even orders that were all made at once are replaced in time.
 */
const REFRESH_PART = 1 / 6
/** A bit more than BENCHMARKS.md, `sign`, measured. */
const SIGNATURE_NS = 91_000
assert(TICKET_SLOTS * 2 * SIGNATURE_NS <= 120 * NS_PER_S * REFRESH_PART, 'POOL_REFRESH_OUTLASTS_REFILL')
/** Every line is looked at so many times within that part. */
const SWEEPS_PER_REFRESH = 10
const SWEEP_NS_MAX = 1_000 * NS_PER_MS

/** An answer of the signer that takes longer never comes: it would be half a million signatures late. */
const ANSWER_LOST_NS = 5_000 * NS_PER_MS

/** A slot's `cell` while an approved decision waits for its order. */
const CELL_URGENT = -2

/**
 * Salts count up from a random start. With 16 digits from the first to the last they make bodies of one length, and
 * below 2^53 they are exact. Polymarket fact sheet, section 8.6.
 */
export const SALT_MIN = 1_000_000_000_000_000
export const SALT_MAX = 8_000_000_000_000_000

/** Why `requestNow` did not ask the signer; below every ticket. */
export const UrgentRefusal = {
  UnknownLine: -1,
  Disabled: -2,
  /** As many decisions as may wait are waiting, or no slot is free. */
  Full: -3,
  /** The signer takes no more at the moment. */
  SignerBusy: -4,
} as const
export type UrgentRefusal = (typeof UrgentRefusal)[keyof typeof UrgentRefusal]

/** What happened to an order that a decision waits for, and that will not come. */
export const UrgentFailure = {
  /** The signer refused it. */
  Refused: 1,
  /** The signer did not answer, or is gone. */
  Lost: 2,
  /** The journal has no room for its hash. */
  JournalFull: 3,
  /** Its line was closed, or opened anew with other ticks, since. */
  Closed: 4,
  /** It was older than an order may be before its hash was durable. */
  Expired: 5,
} as const
export type UrgentFailure = (typeof UrgentFailure)[keyof typeof UrgentFailure]

export interface PoolOwner {
  /** Appends an order's hash to the journal: its position, rising, or a negative number when there is no room. */
  journalHash(digest: Uint8Array): number
  /** The order of a `requestNow` is usable. To have it, `takeUrgent(slot)` now; otherwise it joins the others. */
  urgentReady(ticket: number, slot: number): void
  urgentFailed(ticket: number, failure: UrgentFailure): void
}

export interface PoolOptions {
  readonly lines: number
  /** Rising. */
  readonly sizesCents: readonly number[]
  readonly bands: TargetBands
  readonly lifeMs: number
  /** Random, SALT_MIN..SALT_MAX. */
  readonly saltStart: number
  readonly signer: Pick<Signer, 'order'>
  readonly body: OrderBody
  readonly owner: PoolOwner
}

/** How the pool's work goes, beside hits and misses. */
export interface PoolCounters {
  requested: number
  signed: number
  urgent: number
  refused: number
  /** Answers that never came, or came for a slot that had moved on. */
  lost: number
  late: number
  journalFull: number
  /** Ticks in which a wish found no free slot. */
  full: number
}

/**
 * Polymarket orders signed before the edge exists.
 *
 * A line is one direction of one bundle (`lineOf`): the token that it buys, and what the other leg costs. `take` is on
 * the hot path; everything else, planning and asking the signer included, happens in `tick`, between frames.
 *
 * Time comes as arguments: `nowNs` is our monotonic clock, `wallMs` the wall clock in milliseconds.
 */
export class OrderPool {
  readonly store: OrderStore
  readonly hitRate = new HitRate()
  readonly counters: PoolCounters = {
    requested: 0,
    signed: 0,
    urgent: 0,
    refused: 0,
    lost: 0,
    late: 0,
    journalFull: 0,
    full: 0,
  }
  readonly #options: PoolOptions
  readonly #grid: OrderGrid
  readonly #stock: OrderStock
  readonly #refill: Refill
  /** Refill that the signer was asked for, wished for still or not. */
  readonly #requests: SlotSet
  /** Orders that decisions wait for, with the signer or on their way to the disk. */
  readonly #urgent: SlotSet
  readonly #pending: PendingHashes
  readonly #lines: number
  readonly #tokens: Int32Array
  readonly #tokenIds: Uint8Array[]
  readonly #ticks: Int32Array
  readonly #isKnown: Uint8Array
  /** Counts openings and closings: an order of an earlier one is worth nothing. */
  readonly #epoch: Uint32Array
  /** By slot: its line's epoch when it was asked for. */
  readonly #epochOfSlot: Uint32Array
  readonly #lifeNs: number
  readonly #sweepNs: number
  readonly #reservedForHot: number
  #salt: number
  #takenCount = 0
  #sweptNs = 0
  #sweepNext = 0

  constructor(options: PoolOptions) {
    const { lines, sizesCents, bands, lifeMs, saltStart, body } = options
    assert(saltStart >= SALT_MIN && saltStart <= SALT_MAX, 'POOL_SALT_RANGE')
    assert(
      sizesCents.every((cents, at) => at === 0 || cents > sizesCents[at - 1]),
      'POOL_SIZES_RISE',
    )
    assert(lifeMs > BACKDATE_MS, 'POOL_LIFE_BEYOND_BACKDATE')
    const slots = slotsFor(lines, bands.baseLevels, sizesCents.length)
    this.#options = options
    this.#lines = lines
    this.#salt = saltStart
    // Counted from the signed timestamp, which lies before the request.
    this.#lifeNs = (lifeMs - BACKDATE_MS) * NS_PER_MS
    const refreshNs = this.#lifeNs * REFRESH_PART
    this.#sweepNs = Math.min(refreshNs / SWEEPS_PER_REFRESH, SWEEP_NS_MAX)
    this.#reservedForHot = reservedForHot(lines, sizesCents.length)
    this.store = new OrderStore(slots, body.bytesMax)
    this.#grid = new OrderGrid(lines, ROWS, sizesCents.length)
    this.#stock = new OrderStock(this.store, this.#grid, refreshNs)
    this.#refill = new Refill(this.#stock, lines, sizesCents, bands)
    this.#requests = new SlotSet(OUTSTANDING_MAX, slots)
    this.#urgent = new SlotSet(URGENT_MAX, slots)
    // Between two ticks everything that was asked may be answered.
    this.#pending = new PendingHashes(NOT_DURABLE_MAX + OUTSTANDING_MAX + URGENT_MAX)
    this.#tokens = new Int32Array(lines)
    this.#tokenIds = new Array(lines)
    this.#ticks = new Int32Array(lines)
    this.#isKnown = new Uint8Array(lines)
    this.#epoch = new Uint32Array(lines)
    this.#epochOfSlot = new Uint32Array(slots)
  }

  /**
   * Serves a line from now on, or starts it anew: after a change of ticks or fees the orders it holds are thrown away.
   *
   * @param token its index with the signer
   * @param tokenId decimal, in ASCII
   */
  openLine(line: number, token: number, tokenId: Uint8Array, market: LineMarket): void {
    assert(line >= 0 && line < this.#lines, 'POOL_LINE_RANGE')
    this.#isKnown[line] = 1
    this.#epoch[line]++
    this.#tokens[line] = token
    this.#tokenIds[line] = tokenId
    this.#ticks[line] = market.polymarketTick
    this.#refill.open(line, market)
  }

  /** Throws the line's orders away and makes no more until it is opened again. */
  closeLine(line: number): void {
    this.#epoch[line]++
    this.#refill.close(line)
  }

  /** What one share costs at the top of each venue, for this line; PRICE_NONE for an empty side. After every change. */
  touch(line: number, polymarketCost: Price, kalshiCost: Price, nowNs: number): void {
    this.#refill.touch(line, polymarketCost, kalshiCost, nowNs)
  }

  /**
   * Hands out the order with the lowest limit in limitAtLeast..limitAtMost that spends exactly `cents`. Call it once
   * for an approved decision: it counts the hit rate. The slot is the caller's until `release`.
   *
   * @returns a slot (0 or more) or a PoolMiss
   */
  take(line: number, limitAtLeast: Price, limitAtMost: Price, cents: number, nowNs: number): number {
    const outcome = this.#find(line, limitAtLeast, limitAtMost, cents, nowNs)
    if (outcome >= 0) {
      this.#handOut(outcome)
      this.#refill.need(line)
    }
    this.hitRate.count(outcome, nowNs - this.#refill.movedNs(line))
    return outcome
  }

  /** Gives a taken slot back, its request's bytes being final or the decision dropped. The order is gone for good. */
  release(slot: number): void {
    assert(this.store.state[slot] === SlotState.Taken, 'POOL_RELEASED_NOT_TAKEN')
    this.#takenCount--
    this.store.free(slot)
  }

  /**
   * Has an order signed before all that are signed ahead, for a decision that missed. `urgentReady` or `urgentFailed`
   * tells of it under the returned ticket.
   *
   * @param limit legal at the line's tick
   * @returns a ticket (0 or more) or an UrgentRefusal
   */
  requestNow(line: number, limit: Price, cents: number, nowNs: number, wallMs: number): number {
    if (!this.#isServed(line)) return UrgentRefusal.UnknownLine
    if (!this.#refill.isOpen(line)) return UrgentRefusal.Disabled
    if (this.#urgent.count === URGENT_MAX || this.store.freeCount === 0) return UrgentRefusal.Full
    const slot = this.#request(LANE_URGENT, line, limit, cents, nowNs, wallMs)
    if (slot < 0) return UrgentRefusal.SignerBusy
    this.store.cell[slot] = CELL_URGENT
    this.#urgent.add(slot)
    this.counters.urgent++
    return this.#ticketOf(slot)
  }

  /** From within `urgentReady`: the order is the caller's until `release`. */
  takeUrgent(slot: number): void {
    assert(this.store.cell[slot] === CELL_URGENT, 'POOL_TAKEN_NOT_URGENT')
    this.#handOut(slot)
  }

  /** Plans what moved, throws out what is too old, and asks the signer for what is wanted most. Between frames. */
  tick(nowNs: number, wallMs: number): void {
    this.#loseBefore(nowNs - ANSWER_LOST_NS)
    this.#refill.plan()
    this.#sweep(nowNs)
    this.#ask(nowNs, wallMs)
  }

  /** Of the signer's listener. */
  orderSigned(ticket: number, digest: Uint8Array, signature: Uint8Array): void {
    const slot = this.#answered(ticket)
    if (slot < 0) return
    const { store } = this
    if (store.cell[slot] === CELL_NONE) {
      store.free(slot)
      return
    }
    if (this.#isOutdated(slot)) {
      this.#giveUp(slot, UrgentFailure.Closed)
      return
    }
    this.#writeBody(slot, digest, signature)
    store.move(slot, SlotState.Signed)
    this.counters.signed++
    const position = this.#options.owner.journalHash(digest)
    if (position >= 0) {
      this.#pending.add(position, ticket)
      return
    }
    this.counters.journalFull++
    this.#giveUp(slot, UrgentFailure.JournalFull)
  }

  /** Of the signer's listener, for tickets of orders. */
  refused(ticket: number, _refusal: Refusal): void {
    const slot = this.#answered(ticket)
    if (slot < 0) return
    this.counters.refused++
    this.#giveUp(slot, UrgentFailure.Refused)
  }

  /** Of the signer's listener: nothing that was asked will be answered. */
  closed(): void {
    this.#loseBefore(Number.POSITIVE_INFINITY)
  }

  /** @param durable how many records of the journal are durable: every position below it */
  onDurable(durable: number, nowNs: number): void {
    for (;;) {
      const ticket = this.#pending.takeBelow(durable)
      if (ticket < 0) return
      const slot = ticketIndex(ticket)
      // Thrown away while its hash was on its way.
      if (this.#ticketOf(slot) !== ticket || this.store.state[slot] !== SlotState.Signed) continue
      this.store.move(slot, SlotState.Usable)
      if (this.store.cell[slot] === CELL_URGENT) this.#offer(slot, ticket, nowNs)
      else this.#stock.promote(this.store.cell[slot], nowNs)
    }
  }

  /** Plans that wanted more limits than a line has rows: a plan deep in such a book may miss. */
  get thinnedPlans(): number {
    return this.#refill.thinned
  }

  /** Orders asked of the signer and not answered yet. */
  get outstanding(): number {
    return this.#requests.count
  }

  #find(line: number, limitAtLeast: number, limitAtMost: number, cents: number, nowNs: number): number {
    if (!this.#isServed(line)) return PoolMiss.UnknownLine
    if (!this.#refill.isOpen(line)) return PoolMiss.Disabled
    const size = this.#sizeOf(cents)
    if (size < 0 || size < this.#refill.firstSize(line)) return PoolMiss.NoSize
    return this.#stock.find(line, limitAtLeast, limitAtMost, size, nowNs)
  }

  #isServed(line: number): boolean {
    return line >= 0 && line < this.#lines && this.#isKnown[line] === 1
  }

  #sizeOf(cents: number): number {
    const { sizesCents } = this.#options
    for (let size = 0; size < sizesCents.length; size++) if (sizesCents[size] === cents) return size
    return -1
  }

  #handOut(slot: number): void {
    assert(this.store.bodyLength[slot] > 0, 'POOL_HANDS_OUT_SIGNED')
    assert(this.#takenCount < TAKEN_MAX, 'POOL_TAKEN_RELEASED')
    this.#takenCount++
    this.#leave(slot)
    this.store.move(slot, SlotState.Taken)
  }

  /** Out of the grid, or from among the orders that are waited for. */
  #leave(slot: number): void {
    if (this.store.cell[slot] === CELL_URGENT) this.#urgent.remove(slot)
    this.#stock.remove(slot)
  }

  /** To the decision that waits for it; if that one has no use for it, to the stock if there is a place. */
  #offer(slot: number, ticket: number, nowNs: number): void {
    const { store } = this
    if (this.#isOutdated(slot) || nowNs >= store.expiryNs[slot]) {
      this.#giveUp(slot, this.#isOutdated(slot) ? UrgentFailure.Closed : UrgentFailure.Expired)
      return
    }
    this.#options.owner.urgentReady(ticket, slot)
    if (this.#ticketOf(slot) !== ticket || store.cell[slot] !== CELL_URGENT) return
    this.#leave(slot)
    const row = this.#grid.rowOf(store.line[slot], store.limit[slot])
    const size = this.#sizeOf(store.cents[slot])
    const cell = row >= 0 && size >= 0 ? this.#grid.cellOf(row, size) : -1
    if (cell >= 0 && this.#grid.hasRoom(cell)) this.#stock.put(cell, slot)
    else store.free(slot)
  }

  #ask(nowNs: number, wallMs: number): void {
    const { store } = this
    while (this.#requests.count < OUTSTANDING_MAX && this.#pending.count < NOT_DURABLE_MAX) {
      const cell = this.#refill.wish(nowNs)
      if (cell < 0) return
      const row = this.#grid.rowOfCell(cell)
      const line = Math.floor(row / this.#grid.rows)
      if (store.freeCount <= this.#reservedFor(line)) {
        this.counters.full++
        return
      }
      const cents = this.#options.sizesCents[cell - row * this.#grid.sizes]
      const slot = this.#request(LANE_REFILL, line, this.#grid.limit[row], cents, nowNs, wallMs)
      if (slot < 0) return
      this.#requests.add(slot)
      this.#stock.put(cell, slot)
    }
  }

  #reservedFor(line: number): number {
    return this.#refill.isHot(line) ? RESERVED_FOR_URGENT : RESERVED_FOR_URGENT + this.#reservedForHot
  }

  /** @returns the slot, Requested and not in the grid, or -1 when the signer takes no more */
  #request(lane: Lane, line: number, limit: number, cents: number, nowNs: number, wallMs: number): number {
    const { store } = this
    const tick = this.#ticks[line]
    assert(limit % tick === 0, 'POOL_LIMIT_ON_TICK')
    const taker = marketBuyTakerFloor(cents, limit as Price, tick as Price)
    const slot = store.allocate()
    const salt = this.#salt + 1
    const timestampMs = wallMs - BACKDATE_MS
    const asked = this.#options.signer.order(
      lane,
      this.#ticketOf(slot),
      this.#tokens[line],
      ORDER_BUY,
      marketBuyMaker(cents),
      taker,
      salt,
      timestampMs,
    )
    if (!asked) {
      store.free(slot)
      return -1
    }
    this.#salt = salt
    store.line[slot] = line
    store.limit[slot] = limit
    store.cents[slot] = cents
    store.takerAmount[slot] = taker
    store.salt[slot] = salt
    store.timestampMs[slot] = timestampMs
    store.requestedNs[slot] = nowNs
    store.expiryNs[slot] = nowNs + this.#lifeNs
    this.#epochOfSlot[slot] = this.#epoch[line]
    this.counters.requested++
    return slot
  }

  #ticketOf(slot: number): number {
    return ticketOf(TicketOwner.Pool, slot, this.store.generation[slot])
  }

  /** The slot that waited for this answer, or -1. */
  #answered(ticket: number): number {
    const slot = ticketIndex(ticket)
    const isAwaited =
      slot < this.store.slots &&
      this.store.state[slot] === SlotState.Requested &&
      this.#ticketOf(slot) === ticket
    if (!isAwaited) {
      this.counters.late++
      return -1
    }
    if (this.store.cell[slot] !== CELL_URGENT) this.#requests.remove(slot)
    return slot
  }

  /** Its line was closed or opened anew meanwhile: it may have been signed for another tick. */
  #isOutdated(slot: number): boolean {
    return this.#epochOfSlot[slot] !== this.#epoch[this.store.line[slot]]
  }

  #writeBody(slot: number, digest: Uint8Array, signature: Uint8Array): void {
    const { store } = this
    const line = store.line[slot]
    const start = store.bodyStart(slot)
    const end = this.#options.body.write(
      store.bodies,
      start,
      this.#tokenIds[line],
      ORDER_BUY,
      marketBuyMaker(store.cents[slot]),
      store.takerAmount[slot],
      store.salt[slot],
      store.timestampMs[slot],
      signature,
    )
    assert(end - start <= store.bodyBytes, 'POOL_BODY_FITS_SLOT')
    store.bodyLength[slot] = end - start
    store.setDigest(slot, digest)
  }

  /** There will be no order in this slot. Its line waits for the next sweep. */
  #giveUp(slot: number, failure: UrgentFailure): void {
    const { store } = this
    const ticket = this.#ticketOf(slot)
    const isUrgent = store.cell[slot] === CELL_URGENT
    const line = store.line[slot]
    this.#leave(slot)
    store.free(slot)
    if (isUrgent) this.#options.owner.urgentFailed(ticket, failure)
    else this.#refill.pause(line)
  }

  /** Stops waiting for what was asked before a time and is not answered. */
  #loseBefore(timeNs: number): void {
    const { state, requestedNs } = this.store
    for (let place = this.#requests.count - 1; place >= 0; place--) {
      const slot = this.#requests.at(place)
      if (requestedNs[slot] >= timeNs) continue
      this.#requests.remove(slot)
      this.#lose(slot)
    }
    for (let place = this.#urgent.count - 1; place >= 0; place--) {
      const slot = this.#urgent.at(place)
      if (state[slot] === SlotState.Requested && requestedNs[slot] < timeNs) this.#lose(slot)
    }
  }

  #lose(slot: number): void {
    this.counters.lost++
    this.#giveUp(slot, UrgentFailure.Lost)
  }

  /** Looks at as many lines as belong to the time that passed: all of them once in #sweepNs. */
  #sweep(nowNs: number): void {
    const passed = Math.min((nowNs - this.#sweptNs) / this.#sweepNs, 1)
    const lines = Math.floor(passed * this.#lines)
    if (lines === 0) return
    this.#sweptNs = nowNs
    const isScarce = this.store.freeCount <= this.#reservedForHot + RESERVED_FOR_URGENT
    for (let swept = 0; swept < lines; swept++) {
      this.#refill.sweep(this.#sweepNext, nowNs, isScarce)
      this.#sweepNext = (this.#sweepNext + 1) % this.#lines
    }
  }
}

/** A bundle has a line for each of its two directions. */
export function lineOf(bundle: number, direction: number): number {
  return 2 * bundle + direction
}
