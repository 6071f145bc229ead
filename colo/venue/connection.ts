import { assert } from '@tandem/shared/assert.ts'
import { NS_PER_MS, NS_PER_S, type Ns } from '@tandem/shared/units.ts'
import type { Clock } from '../clock.ts'
import { AnswerState, HttpAnswer } from './http-answer.ts'
import { UnknownReason } from './leg.ts'
import type { RoundTrip } from './round-trip.ts'
import type { Skew } from './skew.ts'

// One TLS connection to a venue's order entry, kept open and warm. It carries one request at a time and never a second
// before the first is answered: a venue may hold an answer for its taker delay, and whatever waits behind it waits too.
//
//   Closed -> Opening -> Warming -> Idle <-> Busy
//      ^        |           |        |        |
//      +--------+-----------+--------+--------+   closed, broken or late; opened again, slower each time it fails
//
// What a request holds is never kept here, nor told: a signed order is as good as money.

/** What a connection uses of a TLS socket. `write` has taken the bytes when it returns and nothing else waits. */
export interface OrderSocket {
  /** Bytes that have not left yet. */
  readonly writableLength: number
  setNoDelay(on: boolean): unknown
  write(bytes: Uint8Array): unknown
  destroy(): unknown
  on(event: 'session' | 'data', heard: (bytes: Buffer) => void): unknown
  on(event: 'secureConnect' | 'end' | 'close', heard: () => void): unknown
  on(event: 'error', heard: (error: NodeJS.ErrnoException) => void): unknown
}

/** A new socket on its way to the venue, its handshake not done; with a ticket of an earlier one that is shorter. */
export type OpenSocket = (session: Buffer | undefined) => OrderSocket

/** An order's answer: far beyond any that the fact sheets tell of (a taker delay takes a second at most). */
export const ANSWER_NS_MAX = 5 * NS_PER_S
const OPEN_NS_MAX = 5 * NS_PER_S
/** Pause before a connection that failed is opened again: doubled from the first to the last, then half of it random. */
const REOPEN_NS_MIN = 100 * NS_PER_MS
const REOPEN_NS_MAX = 10 * NS_PER_S
/** One that lived so long was a good one: it is opened again at once. */
const STEADY_NS = NS_PER_S
assert(REOPEN_NS_MIN < STEADY_NS && STEADY_NS < REOPEN_NS_MAX, 'CONNECTION_REOPENS_SLOWER')

const NO_LEG = -1
const OK = 200

export const ConnectionState = { Closed: 0, Opening: 1, Warming: 2, Idle: 3, Busy: 4 } as const
export type ConnectionState = (typeof ConnectionState)[keyof typeof ConnectionState]

export interface ConnectionEvents {
  /** The whole answer to a leg's request. The connection may be used again already. */
  answered(leg: number, status: number, body: string, retryAfterS: number, nowNs: Ns): void
  /** No answer will come: what became of the request is not known. */
  lost(leg: number, reason: UnknownReason, nowNs: Ns): void
}

/** What the connections of one venue share. */
export interface ConnectionParts {
  readonly open: OpenSocket
  /** A cheap public GET: sent when a connection is new, and when it has been idle. */
  readonly warmRequest: Buffer
  readonly clock: Clock
  /** 0 up to 1, for the pause before reopening. */
  readonly random: () => number
  readonly events: ConnectionEvents
  /** Hears the Date of every answer. */
  readonly skew?: Skew
  /** Hears how long each answer to `warmRequest` took. */
  readonly roundTrip?: RoundTrip
  /** The newest ticket of any of them. */
  session: Buffer | undefined
  /** Why a connection last failed: an error's code, never its text. */
  trouble: string
}

export class Connection {
  state: ConnectionState = ConnectionState.Closed
  /** When the venue was last heard on it. */
  heardNs = 0
  readonly #parts: ConnectionParts
  readonly #answer = new HttpAnswer()
  #socket: OrderSocket | undefined
  #leg = NO_LEG
  /** Since when it is in its state, and when it was opened. */
  #sinceNs = 0
  #openedNs = 0
  #failures = 0
  #reopenNs = 0

  constructor(parts: ConnectionParts) {
    this.#parts = parts
  }

  /** Whether a request could leave at once. One with unsent bytes is not free, whatever was answered. */
  get free(): boolean {
    return this.state === ConnectionState.Idle && this.#socket?.writableLength === 0
  }

  /** Sends a leg's request. The bytes are read during the call: TLS encrypts a write at once when none waits. */
  send(leg: number, request: Buffer, length: number, nowNs: Ns): void {
    assert(this.free, 'CONNECTION_NOT_FREE')
    this.#leg = leg
    this.#write(ConnectionState.Busy, request.subarray(0, length), nowNs)
  }

  /** Shows the venue that this idle connection is in use, and us that the venue is still there. */
  warm(nowNs: Ns): void {
    assert(this.free, 'CONNECTION_NOT_FREE')
    this.#write(ConnectionState.Warming, this.#parts.warmRequest, nowNs)
  }

  /** Opens it when it is time, and gives up what takes too long. */
  tick(nowNs: Ns): void {
    const { state } = this
    if (state === ConnectionState.Closed) {
      if (nowNs >= this.#reopenNs) this.#open(nowNs)
    } else if (state !== ConnectionState.Idle) {
      const limit = state === ConnectionState.Opening ? OPEN_NS_MAX : ANSWER_NS_MAX
      if (nowNs - this.#sinceNs >= limit) this.#drop(UnknownReason.Timeout, 'TIMEOUT', nowNs)
    }
  }

  /** Closes it for good. A request under way is told lost. */
  close(nowNs: Ns): void {
    this.#reopenNs = Number.POSITIVE_INFINITY
    if (this.state !== ConnectionState.Closed) this.#drop(UnknownReason.Lost, '', nowNs)
  }

  #open(nowNs: Ns): void {
    const { clock } = this.#parts
    const socket = this.#parts.open(this.#parts.session)
    this.#socket = socket
    this.#openedNs = nowNs
    this.#enter(ConnectionState.Opening, nowNs)
    // A socket that was given up may still speak: nobody listens.
    const heard = (handler: (nowNs: Ns) => void): void => {
      if (this.#socket === socket) handler(clock.nowNs())
    }
    socket.setNoDelay(true)
    socket.on('session', (session) => {
      this.#parts.session = session
    })
    socket.on('secureConnect', () => heard((at) => this.#opened(at)))
    socket.on('data', (bytes: Buffer) => heard((at) => this.#read(bytes, at)))
    socket.on('end', () => heard((at) => this.#ended(at)))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      heard((at) => this.#drop(UnknownReason.Lost, error.code ?? 'ERROR', at)),
    )
    socket.on('close', () => heard((at) => this.#drop(UnknownReason.Lost, 'CLOSED', at)))
  }

  #opened(nowNs: Ns): void {
    this.#write(ConnectionState.Warming, this.#parts.warmRequest, nowNs)
  }

  #write(state: ConnectionState, request: Buffer, nowNs: Ns): void {
    this.#answer.reset()
    this.#enter(state, nowNs)
    this.#socket?.write(request)
  }

  #read(bytes: Buffer, nowNs: Ns): void {
    this.heardNs = nowNs
    if (this.state !== ConnectionState.Busy && this.state !== ConnectionState.Warming) {
      // An answer that belongs to nothing: the next one would not be known from it.
      this.#drop(UnknownReason.Broken, 'UNASKED', nowNs)
      return
    }
    const state = this.#answer.feed(bytes)
    if (state === AnswerState.Broken) this.#drop(UnknownReason.Broken, 'BROKEN', nowNs)
    else if (state === AnswerState.Done) this.#finish(nowNs)
  }

  #ended(nowNs: Ns): void {
    const isAsked = this.state === ConnectionState.Busy || this.state === ConnectionState.Warming
    if (isAsked && this.#answer.end() === AnswerState.Done) this.#finish(nowNs)
    else this.#drop(UnknownReason.Lost, 'ENDED', nowNs)
  }

  #finish(nowNs: Ns): void {
    const { status, body, keepAlive, retryAfterS, dateMs } = this.#answer
    const tookNs = nowNs - this.#sinceNs
    this.#parts.skew?.told(dateMs, tookNs, nowNs)
    // A refusal may come from somebody on the way, who is nearer than the venue.
    if (this.state === ConnectionState.Warming && status === OK) this.#parts.roundTrip?.told(tookNs)
    const leg = this.#leg
    this.#leg = NO_LEG
    if (keepAlive) this.#enter(ConnectionState.Idle, nowNs)
    else this.#drop(UnknownReason.Lost, 'CLOSED', nowNs)
    // Last, since whoever hears it may send the next request at once.
    if (leg !== NO_LEG) this.#parts.events.answered(leg, status, body, retryAfterS, nowNs)
  }

  #drop(reason: UnknownReason, trouble: string, nowNs: Ns): void {
    const { random, events } = this.#parts
    const leg = this.#leg
    const isSteady = this.heardNs - this.#openedNs >= STEADY_NS
    this.#failures = isSteady ? 0 : this.#failures + 1
    const pauseNs = isSteady ? 0 : Math.min(REOPEN_NS_MIN * 2 ** (this.#failures - 1), REOPEN_NS_MAX)
    if (Number.isFinite(this.#reopenNs)) this.#reopenNs = nowNs + pauseNs * (1 - random() / 2)
    if (trouble !== '') this.#parts.trouble = trouble
    this.#leg = NO_LEG
    this.#socket?.destroy()
    this.#socket = undefined
    this.#enter(ConnectionState.Closed, nowNs)
    if (leg !== NO_LEG) events.lost(leg, reason, nowNs)
  }

  #enter(state: ConnectionState, nowNs: Ns): void {
    this.state = state
    this.#sinceNs = nowNs
  }
}
