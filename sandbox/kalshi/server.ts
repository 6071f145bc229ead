import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { Account } from '../engine/kalshi/account.ts'
import type { Occurrence } from '../engine/kalshi/occurrence.ts'
import type { KalshiVenue } from '../engine/kalshi/venue.ts'
import type { Random } from '../engine/random.ts'
import type { FaultName, Faults } from '../faults.ts'
import { Outlet } from '../outlet.ts'
import type { Timings } from '../timings.ts'
import { type ApiKey, ApiKeys } from './auth.ts'
import { type Answer, NOT_FOUND, TOO_MANY_REQUESTS, UNAVAILABLE } from './errors.ts'
import type { Tier } from './limits.ts'
import { Portfolios } from './portfolio.ts'
import { Rest, ROOT } from './rest.ts'
import { Session } from './session.ts'

const SOCKET_PATH = '/trade-api/ws/v2'
const ORDERS_PATH = `${ROOT}/portfolio/events/orders`
const PING_MS = 10_000
const PING_BODY = 'heartbeat'
/** A reader that is this far behind loses its subscription. */
const BUFFERED_MAX = 16 * 1024 * 1024
/** Longer than a client keeps an idle connection. */
const KEEP_ALIVE_MS = 120_000
const LATE_ANSWER_MS = 2_000
const STALE_READS_MS = 2_000
/** How long a socket lives under the fault `storm`. */
const STORM_MS = 500

export interface KalshiServerParts {
  readonly venue: KalshiVenue
  readonly random: Random
  readonly faults: Faults
  readonly timings: Timings
  readonly tier: Tier
  /** How long portfolio reads lag behind the engine. */
  readonly readLagMs: number
  readonly certificate: { readonly key: string; readonly cert: string }
  nowMs(): number
}

interface Connection {
  readonly account: Account
  readonly socket: WebSocket
  readonly session: Session
  readonly outlet: Outlet
  readonly openedMs: number
  pingedMs: number
}

/** The venue behind TLS: REST and the WebSocket on one port. */
export class KalshiServer {
  readonly keys = new ApiKeys()
  readonly #parts: KalshiServerParts
  readonly #portfolios: Portfolios
  readonly #rest: Rest
  readonly #server: Server
  readonly #upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false, autoPong: false })
  readonly #connections = new Set<Connection>()
  /** Private frames that go out after the answer to the order that caused them; undefined when they go at once. */
  #held: Occurrence[] | undefined
  #upgradesSeen = 0
  readonly #late: { answer: () => void; dueMs: number }[] = []

  constructor(parts: KalshiServerParts) {
    this.#parts = parts
    this.#portfolios = new Portfolios(parts.readLagMs)
    this.#rest = new Rest({ ...parts, keys: this.keys, portfolios: this.#portfolios })
    this.#server = createServer(parts.certificate, (request, response) => this.#receive(request, response))
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Listens on loopback. Returns the port. */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const { socket } of this.#connections) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
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
      const { socket, session, outlet, openedMs } = connection
      outlet.flush()
      if (reset) socket.terminate()
      if (overflow || socket.bufferedAmount > BUFFERED_MAX) session.overflow()
      if (faults.has('storm', 'kalshi') && openedMs + STORM_MS <= nowMs) socket.close(1001)
      if (connection.pingedMs + PING_MS > nowMs || faults.has('half-open', 'kalshi')) continue
      connection.pingedMs = nowMs
      if (socket.readyState === WebSocket.OPEN) socket.ping(PING_BODY)
    }
  }

  // ---- REST ----------------------------------------------------------------------------------------------------

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const readNs = this.#parts.timings.now()
      this.#answer(request, response, Buffer.concat(chunks).toString(), readNs)
    })
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string, readNs: number): void {
    const { faults, random, timings, nowMs } = this.#parts
    const { method = '', url = '', headers } = request
    const isOrder = method === 'POST' && url.split('?', 1)[0] === ORDERS_PATH
    const strikes = (fault: FaultName): boolean => isOrder && faults.strikes(fault, 'kalshi')
    if (strikes('server-error')) write(response, UNAVAILABLE)
    else if (strikes('rate-limit')) write(response, TOO_MANY_REQUESTS)
    else {
      this.#held = random.chance(0.5) ? [] : undefined
      const answer = this.#rest.handle({ method, url, headers, body })
      if (isOrder && answer.status === 201) {
        const { ticker, client_order_id } = JSON.parse(body)
        timings.orderRead('kalshi', ticker, client_order_id ?? '', readNs)
      }
      if (strikes('lost-answer')) request.socket.destroy()
      else if (strikes('late-answer'))
        this.#late.push({ answer: () => write(response, answer), dueMs: nowMs() + LATE_ANSWER_MS })
      else write(response, answer)
      this.#release()
    }
  }

  #release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const occurrence of held) for (const { session } of this.#connections) session.hear(occurrence)
  }

  // ---- WebSocket -----------------------------------------------------------------------------------------------

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const key = this.#admit(request)
    if ('refusal' in key) refuseUpgrade(socket, key.refusal)
    else this.#upgrades.handleUpgrade(request, socket, head, (accepted) => this.#open(accepted, key.account))
  }

  /** Even public channels need a signed handshake. */
  #admit({ url = '', headers }: IncomingMessage): ApiKey | { refusal: Answer } {
    const { faults, nowMs } = this.#parts
    const [path] = url.split('?', 1)
    this.#upgradesSeen += 1
    if (faults.has('storm', 'kalshi') && this.#upgradesSeen % 2 === 0) return { refusal: UNAVAILABLE }
    return path === SOCKET_PATH ? this.keys.check(headers, 'GET', path, nowMs()) : { refusal: NOT_FOUND }
  }

  #open(socket: WebSocket, account: Account): void {
    const { venue, random, faults, timings, nowMs } = this.#parts
    const outlet = new Outlet({
      venue: 'kalshi',
      faults,
      timings,
      nowMs,
      write: (text) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text)
      },
    })
    const session = new Session({ venue, account, random, outlet, nowMs })
    const connection = { account, socket, session, outlet, openedMs: nowMs(), pingedMs: nowMs() }
    this.#connections.add(connection)
    const hears = (): boolean => !faults.has('half-open', 'kalshi')
    socket.on('message', (data) => hears() && session.command(data.toString()))
    socket.on('ping', () => hears() && socket.pong())
    socket.on('close', () => this.#connections.delete(connection))
    // A broken frame or connection ends in `close`; there is nobody to tell.
    socket.on('error', () => socket.terminate())
  }
}

function write(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) {
    response.writeHead(status).end()
    return
  }
  const text = JSON.stringify(body)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}

function refuseUpgrade(socket: Duplex, { status, body }: Answer): void {
  const text = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  )
}
