import type { Ns } from '@tandem/shared/units.ts'
import { Action, Connection, ConnectionState, Loss } from './connection.ts'
import { Heartbeat, type HeartbeatTimes, HeartbeatVerdict } from './heartbeat.ts'
import { FeedSocket, type SocketParts } from './socket.ts'

/** The answer to a text ping, a frame of its own. */
const PONG = Buffer.from('PONG')

export interface LinkParts extends SocketParts {
  readonly url: string
  /** What the upgrade carries, asked anew for each attempt: signed headers are good for seconds. */
  readonly headers: () => Promise<Record<string, string>>
  /** 0 to 1: spreads the attempts of many sockets. */
  readonly random: () => number
  readonly heartbeat: HeartbeatTimes
  /** Polymarket answers a text of its own; without one, the protocol's ping. */
  readonly pingText: string | undefined
}

export interface LinkEvents {
  /** The socket stands: say what is wanted. */
  subscribe(link: Link, nowNs: Ns): void
  message(link: Link, bytes: Uint8Array, nowNs: Ns): void
  readEnded(link: Link, nowNs: Ns): void
  /** A ping has no answer yet, for longer than is usual. */
  late(link: Link, nowNs: Ns): void
  /** The socket is gone; the link itself comes back unless it was refused or stopped. */
  lost(link: Link, nowNs: Ns): void
}

/** One connection that is to stand: made, kept alive, made again. What is said on it is its owner's business. */
export class Link {
  readonly index: number
  /** What the last loss was about, for a person. */
  why = ''
  /** Sockets that opened. */
  opens = 0
  readonly #parts: LinkParts
  readonly #events: LinkEvents
  readonly #connection = new Connection()
  readonly #heartbeat: Heartbeat
  #socket: FeedSocket | undefined
  #isOpened = false
  /** Of the attempt under way: its headers may come when it is given up already. */
  #attempt = 0

  constructor(index: number, parts: LinkParts, events: LinkEvents) {
    this.index = index
    this.#parts = parts
    this.#events = events
    this.#heartbeat = new Heartbeat(parts.heartbeat)
  }

  get state(): ConnectionState {
    return this.#connection.state
  }

  get loss(): Loss {
    return this.#connection.loss
  }

  start(): void {
    this.#act(this.#connection.start(this.#nowNs()))
  }

  /** Says goodbye and does not come back. */
  stop(): void {
    this.#act(this.#connection.stop(this.#nowNs()))
  }

  /** What was wanted has begun to come. */
  ready(nowNs: Ns): void {
    this.#connection.ready(nowNs)
  }

  /** Makes the connection anew: what its owner hears on it, or does not, is a loss. */
  renew(loss: Loss, why: string): void {
    this.#lost(loss, why)
  }

  /** Time has passed. */
  look(nowNs: Ns): void {
    this.#act(this.#connection.due(nowNs, this.#parts.random()))
    if (!this.isOpen) return
    const verdict = this.#heartbeat.look(nowNs)
    if (verdict === HeartbeatVerdict.Ping) this.ping(nowNs)
    else if (verdict === HeartbeatVerdict.Late) this.#events.late(this, nowNs)
    else if (verdict === HeartbeatVerdict.Dead) this.#lost(Loss.Silent, 'no answer to pings')
  }

  /** Neither up nor coming up by itself. */
  get isOver(): boolean {
    return this.state === ConnectionState.Idle || this.state === ConnectionState.Refused
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && this.#isOpened
  }

  send(text: string): void {
    this.#socket?.send(text)
  }

  /** @returns the ping's number: it is answered when `answers` is as much. */
  ping(nowNs: Ns): number {
    const { pingText } = this.#parts
    if (pingText === undefined) this.#socket?.ping()
    else this.#socket?.send(pingText)
    return this.#heartbeat.sent(nowNs)
  }

  /** Pings that are answered: answers come in order. */
  get answers(): number {
    return this.#heartbeat.answers
  }

  #act(action: Action): void {
    switch (action) {
      case Action.Connect:
        this.#connect()
        break
      case Action.Subscribe:
        this.#isOpened = true
        this.opens++
        this.#heartbeat.reset(this.#nowNs())
        this.#events.subscribe(this, this.#nowNs())
        break
      case Action.Close:
        this.#socket?.close()
        break
      case Action.Drop:
        this.#drop()
        break
    }
  }

  #connect(): void {
    const attempt = ++this.#attempt
    const isCurrent = () => attempt === this.#attempt
    const { url, headers } = this.#parts
    headers()
      .then((made) => {
        if (isCurrent()) this.#socket = new FeedSocket(url, made, this.#parts, this.#socketEvents)
      })
      .catch((error: unknown) => {
        if (isCurrent()) this.#lost(Loss.Failed, String(error))
      })
  }

  #lost(loss: Loss, why: string): void {
    this.why = why
    this.#act(this.#connection.lost(loss, this.#nowNs(), this.#parts.random()))
  }

  #drop(): void {
    this.#attempt++
    this.#socket?.drop()
    this.#socket = undefined
    this.#isOpened = false
    this.#events.lost(this, this.#nowNs())
  }

  #nowNs(): Ns {
    return this.#parts.clock.nowNs()
  }

  readonly #socketEvents = {
    opened: () => this.#act(this.#connection.opened(this.#nowNs())),
    message: (bytes: Uint8Array, nowNs: Ns) => {
      if (bytes.length === PONG.length && PONG.equals(bytes)) this.#heartbeat.answered(nowNs)
      this.#events.message(this, bytes, nowNs)
    },
    readEnded: (nowNs: Ns) => this.#events.readEnded(this, nowNs),
    ponged: () => {
      if (this.#parts.pingText === undefined) this.#heartbeat.answered(this.#nowNs())
    },
    closed: (loss: Loss, why: string) => this.#lost(loss, why),
  }
}
