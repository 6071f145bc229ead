import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { PolymarketEvent } from '../engine/polymarket/event.ts'
import type { PolymarketVenue } from '../engine/polymarket/venue.ts'
import type { Random } from '../engine/random.ts'
import type { Faults } from '../faults.ts'
import { Outlet } from '../outlet.ts'
import type { Timings } from '../timings.ts'
import { type Answer, NOT_FOUND, RATE_LIMITED } from './errors.ts'
import { ApiKeys } from './keys.ts'
import { Limits } from './limits.ts'
import { MarketChannel } from './market-channel.ts'
import { publicRoutes } from './public.ts'
import { type Routes, readRequest, routeOf } from './request.ts'
import { Trading } from './trading.ts'
import { UserChannel } from './user-channel.ts'

export interface PolymarketServerParts {
  readonly venue: PolymarketVenue
  readonly faults: Faults
  readonly timings: Timings
  readonly random: Random
  /** In PEM. */
  readonly certificate: { readonly key: string; readonly cert: string }
  /** 137 or 80002. Default 137. */
  readonly chainId?: number
  /** What API keys derive from. */
  readonly root: string
  nowMs(): number
}

/** Sockets that say nothing are dropped after one or two minutes, users report. */
const SILENT_MS = 120_000
/** Longer than a client keeps an idle connection. */
const KEEP_ALIVE_MS = 120_000
const LATE_ANSWER_MS = 2_000
/** How long a socket lives under the fault `storm`. */
const STORM_MS = 500
/** The next finer tick, for the fault `tick-change`. */
const FINER: ReadonlyMap<number, number> = new Map([
  [1_000, 100],
  [100, 10],
  [50, 10],
  [25, 1],
  [10, 1],
])

interface Open {
  readonly socket: WebSocket
  readonly outlet: Outlet
  readonly openedMs: number
  heardMs: number
}

/** Polymarket on loopback: REST and both channels behind one TLS port. */
export class PolymarketServer {
  readonly keys: ApiKeys
  readonly #parts: PolymarketServerParts
  readonly #routes: Routes
  readonly #limits = new Limits()
  readonly #market: MarketChannel
  readonly #user: UserChannel
  readonly #server: Server
  readonly #upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false, autoPong: false })
  readonly #open = new Set<Open>()
  #upgraded = 0
  readonly #late: { readonly answer: () => void; readonly dueMs: number }[] = []

  constructor(parts: PolymarketServerParts) {
    const { venue, faults, certificate, chainId = 137 } = parts
    this.#parts = parts
    this.keys = new ApiKeys(chainId, parts.root)
    const trading = new Trading({ ...parts, chainId, keys: this.keys, limits: this.#limits })
    this.#routes = { ...publicRoutes({ venue, faults, nowMs: parts.nowMs }), ...trading.routes }
    this.#market = new MarketChannel(parts)
    this.#user = new UserChannel({ ...parts, keys: this.keys })
    this.#server = createServer({ ...certificate, keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, response) => {
      // What throws here is a fault of ours: it ends the process, and must not look like an answer of the venue.
      void this.#receive(incoming, response)
    })
    this.#server.on('upgrade', (incoming, socket, head) => {
      const path = new URL(incoming.url ?? '/', 'https://localhost').pathname
      if (path !== '/ws/market' && path !== '/ws/user') return refuseUpgrade(socket, '404 Not Found')
      const storm = faults.has('storm', 'polymarket')
      if (storm && this.#upgraded++ % 2 === 1) return refuseUpgrade(socket, '503 Service Unavailable')
      this.#upgrades.handleUpgrade(incoming, socket, head, (webSocket) => {
        this.#opened(webSocket, path)
      })
    })
  }

  /** Listens on loopback. Returns the port. */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  /** What the venue emits. */
  hear(event: PolymarketEvent): void {
    this.#market.publish(event)
    this.#user.publish(event)
  }

  /** Lets time pass for what was held back, and for faults that strike sockets; the venue has its own `tick`. */
  tick(nowMs: number): void {
    const { venue, faults, random } = this.#parts
    this.#market.tick(nowMs)
    this.#user.tick(nowMs)
    while (this.#late.length > 0 && this.#late[0].dueMs <= nowMs) this.#late.shift()!.answer()
    const storm = faults.has('storm', 'polymarket')
    const reset = this.#open.size > 0 && faults.strikes('reset', 'polymarket')
    for (const { socket, outlet, openedMs, heardMs } of this.#open) {
      outlet.flush()
      if (reset) socket.terminate()
      else if (nowMs - heardMs > SILENT_MS || (storm && nowMs - openedMs > STORM_MS)) socket.close(1001)
    }
    if (faults.strikes('tick-change', 'polymarket')) {
      const coarse = [...venue.markets.values()].filter(({ tick }) => FINER.has(tick))
      if (coarse.length > 0) {
        const market = random.pick(coarse)
        venue.changeTick(market, FINER.get(market.tick)!)
      }
    }
  }

  async close(): Promise<void> {
    for (const { socket } of this.#open) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { faults, timings, nowMs } = this.#parts
    const request = await readRequest(incoming, () => timings.now())
    if (request === undefined) {
      incoming.socket.destroy()
      return
    }
    const route = routeOf(this.#routes, request)
    let answer: Answer = NOT_FOUND
    if (route !== undefined) {
      const allowed = this.#limits.allows(request.address, route, nowMs())
      answer = allowed ? await this.#routes[route](request) : RATE_LIMITED
    }
    if (route === 'POST /order' || route === 'POST /orders') {
      if (faults.strikes('lost-answer', 'polymarket')) {
        response.socket?.destroy()
        return
      }
      if (faults.strikes('late-answer', 'polymarket')) {
        this.#late.push({ answer: () => write(response, answer), dueMs: nowMs() + LATE_ANSWER_MS })
        return
      }
    }
    write(response, answer)
  }

  #opened(socket: WebSocket, path: '/ws/market' | '/ws/user'): void {
    const { faults, timings, nowMs } = this.#parts
    const write = (text: string): void => {
      if (socket.readyState === socket.OPEN) socket.send(text)
    }
    const outlet = new Outlet({ venue: 'polymarket', faults, timings, nowMs, write })
    const open: Open = { socket, outlet, openedMs: nowMs(), heardMs: nowMs() }
    this.#open.add(open)
    const member =
      path === '/ws/market' ? this.#market.join(outlet) : this.#user.join(outlet, () => socket.close(1008))
    socket.on('message', (data) => {
      open.heardMs = nowMs()
      if (!faults.has('half-open', 'polymarket')) member.receive(data.toString())
    })
    socket.on('ping', (data) => {
      if (!faults.has('half-open', 'polymarket')) socket.pong(data)
    })
    // What breaks a socket also closes it.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#open.delete(open)
      member.leave()
    })
  }
}

function write(response: ServerResponse, answer: Answer): void {
  const body = JSON.stringify(answer.body)
  response.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...answer.headers,
  })
  response.end(body)
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
