import type { Ns } from '@tandem/shared/units.ts'
import { BookState, PAUSE_NS_MAX } from '../book/integrity.ts'
import { Control } from '../venue/sink.ts'
import type { Venue } from '../venue/venue.ts'
import { ConnectionState, type Loss } from './connection.ts'
import { HEARTBEAT, type HeartbeatTimes } from './heartbeat.ts'
import type { Intake, SocketListener } from './intake.ts'
import { Link, type LinkEvents } from './link.ts'
import { type Outages, OutageWatch } from './outages.ts'
import { shardsOf } from './shards.ts'
import type { SocketParts } from './socket.ts'
import { Pulse, StallVerdict, stallVerdict } from './stall.ts'
import type { Carried, Upkeep } from './upkeep.ts'

/** How often a feed looks after itself. What a read brings up is looked after at the read's end. */
const TICK_NS = 20_000_000
/** A stall is a matter of minutes. */
const VERDICT_NS = 1_000_000_000
/** A book that did not come with the others is repaired like any that is missing, and is not waited for. */
const READY_NS_MAX = 2_000_000_000
/**
 * Audits of one feed are so far apart: Polymarket's are requests, of which it takes 500 in 10 s from an address (fact
 * sheet, 6.7). Two copies of a feed make 100 at most.
 */
const AUDIT_APART_NS = 200_000_000

export interface FeedTimes extends HeartbeatTimes {
  /** How often LIVE books are held against what the venue says when it is asked. */
  readonly auditNs: number
}

/** A frozen socket that answers pings is noticed by the audit alone: after this, and the time that a message may lag. */
export const FEED_TIMES: FeedTimes = { ...HEARTBEAT, auditNs: 10_000_000_000 }

export interface FeedOptions extends SocketParts {
  readonly venue: Venue
  readonly url: string
  /** By book: what it is subscribed by. Polymarket: its tokens, the one of the book's own outcome first. */
  readonly ids: readonly (readonly string[])[]
  /** Ids that one socket may carry. */
  readonly idsPerSocket: number
  readonly intake: Intake
  /** What the upgrade carries, asked anew for each attempt. */
  readonly headers: () => Promise<Record<string, string>>
  /** Polymarket's text PING; without one, the protocol's own. */
  readonly pingText?: string
  readonly upkeep: (carried: Carried) => Upkeep
  /** Applies one frame of one socket. */
  readonly deliver: (socket: number, bytes: Uint8Array, start: number, end: number, nowNs: Ns) => void
  /** Decides: all frames of one read are delivered. */
  readonly settle: (nowNs: Ns) => void
  /** Books were changed outside of a frame: note `intake.touched`, then decide. */
  readonly changed: (nowNs: Ns) => void
  readonly random: () => number
  /** The clock gives it back at `onTick`. */
  readonly token: number
  readonly times?: FeedTimes
}

/** One socket of a feed, for a person. */
export interface SocketHealth {
  readonly state: ConnectionState
  readonly books: number
  /** Sockets that opened, the present one included. */
  readonly opens: number
  /** Why it last ended. */
  readonly loss: Loss
  readonly why: string
  /** Since the last market data. */
  readonly silenceNs: number
}

export interface FeedHealth {
  readonly sockets: readonly SocketHealth[]
  /** How many books are in each state. */
  readonly books: Readonly<Record<keyof typeof BookState, number>>
  readonly reconnects: number
  readonly outages: Outages
}

/** One socket: its link, and how it has been. */
class Side {
  readonly link: Link
  readonly books: Int32Array
  pulse = new Pulse(0)
  readonly outage: OutageWatch
  openedNs = 0
  hasSnapshot = false
  verdictNs = 0
  auditNs = 0
  audits = 0
  /** Something in the read in hand wants looking after. */
  isCalling = false

  constructor(link: Link, books: Int32Array, outage: OutageWatch) {
    this.link = link
    this.books = books
    this.outage = outage
  }
}

/** One venue's books over as many sockets as they need: connected, alive, subscribed, whole. */
export class Feed implements LinkEvents, SocketListener {
  readonly #options: FeedOptions
  readonly #times: FeedTimes
  readonly #sides: readonly Side[]
  readonly #upkeep: Upkeep
  /** By book. */
  readonly #pulses: Pulse[]
  readonly #outages: Outages = { count: 0, lastNs: 0, worstNs: 0 }
  #nowNs = 0 as Ns
  #isTicking = false
  #closed: (() => void) | undefined

  constructor(options: FeedOptions) {
    const { ids, idsPerSocket, intake, clock, random, changed, pingText } = options
    const times = options.times ?? FEED_TIMES
    const shards = shardsOf(ids.length, Math.max(1, ...ids.map((of) => of.length)), idsPerSocket)
    const nowNs = clock.nowNs()
    this.#options = options
    this.#times = { ...times, auditNs: Math.max(times.auditNs, shards.sockets * AUDIT_APART_NS) }
    this.#sides = shards.books.map(
      (books, index) =>
        new Side(
          new Link(index, { ...options, pingText, heartbeat: times }, this),
          books,
          new OutageWatch(this.#outages, nowNs),
        ),
    )
    this.#pulses = ids.map(() => new Pulse(nowNs))
    this.#upkeep = options.upkeep({
      intake,
      ids,
      links: this.#sides.map(({ link }) => link),
      books: shards.books,
      random,
      silenceNs: (socket, at) => this.#sides[socket].pulse.silenceNs(at),
      changed,
    })
    intake.assign(shards.socketOf, shards.sockets)
    intake.sockets = this
  }

  start(): void {
    for (const { link } of this.#sides) link.start()
    this.#tickNext(this.#options.clock.nowNs())
  }

  /** Says goodbye on every socket; fulfilled when all are gone. */
  close(): Promise<void> {
    for (const { link } of this.#sides) link.stop()
    return new Promise((resolve) => {
      this.#closed = resolve
      this.#tickNext(this.#options.clock.nowNs())
    })
  }

  /** The clock has come to the time that was asked for. */
  onTick(nowNs: Ns): void {
    this.#isTicking = false
    for (const side of this.#sides) {
      side.link.look(nowNs)
      if (side.link.isOpen) this.#look(side, nowNs)
      else side.outage.note(true, nowNs)
    }
    if (this.#closed !== undefined && this.#sides.every(({ link }) => link.isOver)) this.#closed()
    else this.#tickNext(nowNs)
  }

  /** Our loop stood still for `pauseNs`: what came meanwhile is unread. */
  paused(pauseNs: number, nowNs: Ns): void {
    if (pauseNs <= PAUSE_NS_MAX) return
    for (const { link } of this.#sides) if (link.isOpen) this.#doubt(link.index, pauseNs, nowNs)
  }

  health(): FeedHealth {
    const { intake, clock } = this.#options
    const nowNs = clock.nowNs()
    const counts = new Int32Array(Object.keys(BookState).length)
    for (const { state } of intake.books) counts[state]++
    const books = Object.fromEntries(
      Object.entries(BookState).map(([name, state]) => [name, counts[state]]),
    ) as Record<keyof typeof BookState, number>
    return {
      sockets: this.#sides.map(({ link, books: carried, pulse }) => ({
        state: link.state,
        books: carried.length,
        opens: link.opens,
        loss: link.loss,
        why: link.why,
        silenceNs: pulse.silenceNs(nowNs),
      })),
      books,
      reconnects: this.#sides.reduce((sum, { link }) => sum + Math.max(0, link.opens - 1), 0),
      outages: { ...this.#outages },
    }
  }

  // ---- of the links ----------------------------------------------------------------------------------------------

  subscribe(link: Link, nowNs: Ns): void {
    const side = this.#sides[link.index]
    side.pulse = new Pulse(nowNs)
    for (const book of side.books) this.#pulses[book] = new Pulse(nowNs)
    side.openedNs = nowNs
    side.hasSnapshot = false
    side.auditNs = nowNs
    this.#upkeep.subscribe(link.index, nowNs)
  }

  message(link: Link, bytes: Uint8Array, nowNs: Ns): void {
    const { deliver, intake } = this.#options
    this.#nowNs = nowNs
    deliver(link.index, bytes, 0, bytes.length, nowNs)
    if (!intake.isData) return
    this.#sides[link.index].pulse.beat(nowNs)
    for (let i = 0; i < intake.touchedCount; i++) this.#pulses[intake.touched[i]].beat(nowNs)
  }

  readEnded(link: Link, nowNs: Ns): void {
    this.#options.settle(nowNs)
    const side = this.#sides[link.index]
    if (!side.isCalling) return
    side.isCalling = false
    if (link.isOpen) this.#look(side, this.#options.clock.nowNs())
  }

  late(link: Link, nowNs: Ns): void {
    this.#doubt(link.index, this.#times.lateNs, nowNs)
  }

  lost(link: Link, nowNs: Ns): void {
    this.#sides[link.index].outage.note(true, nowNs)
    this.#options.intake.disconnected(link.index, nowNs)
    this.#upkeep.lost(link.index)
  }

  // ---- of the intake, in the middle of a frame -------------------------------------------------------------------

  controlled(socket: number, kind: Control, a: number, b: number): void {
    this.#upkeep.controlled(socket, kind, a, b)
    if (kind > Control.Pong && kind <= Control.Refused) this.#sides[socket].isCalling = true
  }

  snapshotTaken(socket: number, book: number, commandId: number): void {
    const side = this.#sides[socket]
    side.hasSnapshot = true
    if (side.outage.isDown) side.isCalling = true
    this.#upkeep.snapshotTaken(socket, book, commandId, this.#nowNs)
  }

  gapFound(socket: number): void {
    this.#sides[socket].isCalling = true
    this.#upkeep.gapFound(socket)
  }

  contradicted(socket: number): void {
    this.#upkeep.contradicted(socket)
  }

  // ---- looking after ---------------------------------------------------------------------------------------------

  #look(side: Side, nowNs: Ns): void {
    const { index } = side.link
    this.#upkeep.look(index, nowNs)
    if (!side.link.isOpen) return
    this.#noteOutage(side, nowNs)
    const { Subscribing, Live } = ConnectionState
    if (side.link.state === Subscribing) {
      const isEnough = side.hasSnapshot && nowNs - side.openedNs > READY_NS_MAX
      if (!side.outage.isDown || isEnough) side.link.ready(nowNs)
    }
    if (side.link.state !== Live || nowNs - side.verdictNs < VERDICT_NS) return
    side.verdictNs = nowNs
    const canary = this.#canary(side)
    const verdict = stallVerdict(side.pulse, this.#pulses[canary], nowNs)
    if (verdict === StallVerdict.Stalled) this.#upkeep.revive(index, nowNs)
    else if (verdict === StallVerdict.Compare || nowNs - side.auditNs >= this.#times.auditNs) {
      side.auditNs = nowNs
      // In turn the one that should have most to tell, and one of the others.
      const next = side.audits++ % 2 === 0 ? canary : side.books[(side.audits >> 1) % side.books.length]
      this.#upkeep.audit(index, next, nowNs)
    }
  }

  #noteOutage(side: Side, nowNs: Ns): void {
    side.outage.note(this.#options.intake.missing(side.link.index) > 0, nowNs)
  }

  /** The book that speaks most often: parts of a feed can freeze, and its silence tells first. */
  #canary(side: Side): number {
    const { intake } = this.#options
    let canary = side.books[0]
    let gapNs = Number.POSITIVE_INFINITY
    for (const book of side.books) {
      const meanGapNs = this.#pulses[book].meanGapNs()
      if (meanGapNs === 0 || meanGapNs >= gapNs || intake.books[book].state === BookState.Closed) continue
      canary = book
      gapNs = meanGapNs
    }
    return canary
  }

  #doubt(socket: number, pauseNs: number, nowNs: Ns): void {
    this.#options.intake.paused(socket, pauseNs, nowNs)
    this.#upkeep.prove(socket, nowNs)
  }

  #tickNext(nowNs: Ns): void {
    if (this.#isTicking) return
    this.#isTicking = true
    const { clock, token } = this.#options
    clock.at((nowNs + TICK_NS) as Ns, token)
  }
}
