import type { Account } from '../engine/kalshi/account.ts'
import type { Occurrence } from '../engine/kalshi/occurrence.ts'
import type { KalshiVenue } from '../engine/kalshi/venue.ts'
import type { Random } from '../engine/random.ts'
import type { FaultName, Faults } from '../faults.ts'
import { Outlet } from '../outlet.ts'
import type { Peer, PeerEvents } from '../peer.ts'
import type { Timings } from '../timings.ts'
import { type ApiKey, ApiKeys, type Headers, type Verify } from './auth.ts'
import { type Answer, NOT_FOUND, TOO_MANY_REQUESTS, UNAVAILABLE } from './errors.ts'
import type { Tier } from './limits.ts'
import { Portfolios } from './portfolio.ts'
import { Rest, type RestRequest, ROOT } from './rest.ts'
import { Session } from './session.ts'

const SOCKET_PATH = '/trade-api/ws/v2'
const ORDERS_PATH = `${ROOT}/portfolio/events/orders`
const PING_MS = 10_000
const PING_BODY = 'heartbeat'
/** A reader that is this far behind loses its subscription. */
const BUFFERED_MAX = 16 * 1024 * 1024
const LATE_ANSWER_MS = 2_000
const STALE_READS_MS = 2_000
/** How long a socket lives under the fault `storm`. */
const STORM_MS = 500

export interface KalshiFrontParts {
  readonly venue: KalshiVenue
  readonly random: Random
  readonly faults: Faults
  readonly timings: Timings
  readonly tier: Tier
  /** How long portfolio reads lag behind the engine. */
  readonly readLagMs: number
  /** How signatures are checked; without it as the venue does. */
  readonly verify?: Verify
  nowMs(): number
}

interface Connection {
  readonly peer: Peer
  readonly session: Session
  readonly outlet: Outlet
  readonly openedMs: number
  pingedMs: number
}

/** The venue without its sockets: requests and frames come in and go out as texts, at the caller's pace. */
export class KalshiFront {
  readonly keys: ApiKeys
  readonly #parts: KalshiFrontParts
  readonly #portfolios: Portfolios
  readonly #rest: Rest
  readonly #connections = new Set<Connection>()
  /** Private frames that go out after the answer to the order that caused them; undefined when they go at once. */
  #held: Occurrence[] | undefined
  #upgradesSeen = 0
  readonly #late: { answer: () => void; dueMs: number }[] = []

  constructor(parts: KalshiFrontParts) {
    this.#parts = parts
    this.keys = new ApiKeys(parts.verify)
    this.#portfolios = new Portfolios(parts.readLagMs)
    this.#rest = new Rest({ ...parts, keys: this.keys, portfolios: this.#portfolios })
  }

  /** What the venue emits. */
  hear(occurrence: Occurrence): void {
    this.#portfolios.hear(occurrence, this.#parts.nowMs())
    if (this.#held !== undefined && 'account' in occurrence) this.#held.push(occurrence)
    else for (const { session } of this.#connections) session.hear(occurrence)
  }

  /** Lets time pass: pings, what was held back, faults that strike sockets. */
  tick(nowMs: number): void {
    const { faults } = this.#parts
    this.#portfolios.lagMs = faults.has('stale-reads', 'kalshi') ? STALE_READS_MS : this.#parts.readLagMs
    this.#portfolios.asOfMs(nowMs)
    while (this.#late.length > 0 && this.#late[0].dueMs <= nowMs) this.#late.shift()!.answer()
    const reset = this.#connections.size > 0 && faults.strikes('reset', 'kalshi')
    const overflow = this.#connections.size > 0 && faults.strikes('overflow', 'kalshi')
    for (const connection of this.#connections) {
      const { peer, session, outlet, openedMs } = connection
      outlet.flush()
      if (reset) peer.terminate()
      if (overflow || peer.bufferedAmount > BUFFERED_MAX) session.overflow()
      if (faults.has('storm', 'kalshi') && openedMs + STORM_MS <= nowMs) peer.close(1001)
      if (connection.pingedMs + PING_MS > nowMs || faults.has('half-open', 'kalshi')) continue
      connection.pingedMs = nowMs
      peer.ping(PING_BODY)
    }
  }

  /**
   * Answers a request, now or later.
   *
   * @param readNs by `timings.now`, when its last byte was there
   * @param reply takes the answer, once; undefined when the connection breaks instead
   */
  receive(request: RestRequest, readNs: number, reply: (answer: Answer | undefined) => void): void {
    const { faults, random, timings, nowMs } = this.#parts
    const isOrder = request.method === 'POST' && request.url.split('?', 1)[0] === ORDERS_PATH
    const strikes = (fault: FaultName): boolean => isOrder && faults.strikes(fault, 'kalshi')
    if (strikes('server-error')) reply(UNAVAILABLE)
    else if (strikes('rate-limit')) reply(TOO_MANY_REQUESTS)
    else {
      this.#held = random.chance(0.5) ? [] : undefined
      const answer = this.#rest.handle(request)
      if (isOrder && answer.status === 201) {
        const { ticker, client_order_id } = JSON.parse(request.body)
        timings.orderRead('kalshi', ticker, client_order_id ?? '', readNs)
      }
      if (strikes('lost-answer')) reply(undefined)
      else if (strikes('late-answer'))
        this.#late.push({ answer: () => reply(answer), dueMs: nowMs() + LATE_ANSWER_MS })
      else reply(answer)
      this.#release()
    }
  }

  /** Who asks for a WebSocket; even public channels need a signed handshake. */
  admit(url: string, headers: Headers): ApiKey | { refusal: Answer } {
    const { faults, nowMs } = this.#parts
    const [path] = url.split('?', 1)
    this.#upgradesSeen += 1
    if (faults.has('storm', 'kalshi') && this.#upgradesSeen % 2 === 0) return { refusal: UNAVAILABLE }
    return path === SOCKET_PATH ? this.keys.check(headers, 'GET', path, nowMs()) : { refusal: NOT_FOUND }
  }

  /** A WebSocket of an account stands. */
  open(peer: Peer, account: Account): PeerEvents {
    const { venue, random, faults, timings, nowMs } = this.#parts
    const outlet = new Outlet({ venue: 'kalshi', faults, timings, nowMs, write: (text) => peer.send(text) })
    const session = new Session({ venue, account, random, outlet, nowMs })
    const connection = { peer, session, outlet, openedMs: nowMs(), pingedMs: nowMs() }
    this.#connections.add(connection)
    const hears = (): boolean => !faults.has('half-open', 'kalshi')
    return {
      message: (text) => {
        if (hears()) session.command(text)
      },
      pinged: hears,
      closed: () => this.#connections.delete(connection),
    }
  }

  /** Breaks every WebSocket. */
  close(): void {
    for (const { peer } of this.#connections) peer.terminate()
  }

  #release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const occurrence of held) for (const { session } of this.#connections) session.hear(occurrence)
  }
}
