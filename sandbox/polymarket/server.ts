import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
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
import { type Request, type Routes, readRequest, routeOf } from './request.ts'
import { Trading } from './trading.ts'
import { UserChannel } from './user-channel.ts'

export interface PolymarketServerParts {
  readonly venue: PolymarketVenue
  readonly faults: Faults
  readonly timings: Timings
  readonly random: Random
  /** Of the certificate, in PEM. */
  readonly key: string
  readonly cert: string
  /** 137 or 80002. Default 137. */
  readonly chainId?: number
  /** What API keys derive from. */
  readonly root: string
  nowMs(): number
}

/** How often delays, settlements, late frames and faults are looked after. */
const TICK_MS = 5
/** Sockets that say nothing are dropped after one or two minutes, users report. */
const SILENT_MS = 120_000
const KEEP_ALIVE_MS = 65_000
const LATE_ANSWER_MS = 2_000
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
  readonly raw: Socket
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
  readonly #upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly #open = new Set<Open>()
  #upgraded = 0
  #ticking: NodeJS.Timeout | undefined

  constructor(parts: PolymarketServerParts) {
    const { venue, faults, key, cert, chainId = 137 } = parts
    this.#parts = parts
    this.keys = new ApiKeys(chainId, parts.root)
    const trading = new Trading({ ...parts, chainId, keys: this.keys, limits: this.#limits })
    this.#routes = { ...publicRoutes({ venue, faults, nowMs: parts.nowMs }), ...trading.routes }
    this.#market = new MarketChannel(parts)
    this.#user = new UserChannel({ ...parts, keys: this.keys })
    this.#server = createServer({ key, cert, keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, response) => {
      readRequest(incoming, () => parts.timings.now()).then((request) => {
        if (request === undefined) incoming.socket.destroy()
        else return this.#answer(request, response)
      }, this.#fatal)
    })
    this.#server.on('upgrade', (incoming, socket, head) => {
      const path = new URL(incoming.url ?? '/', 'https://localhost').pathname
      if (path !== '/ws/market' && path !== '/ws/user') return refuseUpgrade(socket, '404 Not Found')
      const storm = faults.has('storm', 'polymarket')
      if (storm && this.#upgraded++ % 2 === 1) return refuseUpgrade(socket, '503 Service Unavailable')
      this.#upgrades.handleUpgrade(incoming, socket, head, (webSocket) => {
        this.#opened(webSocket, incoming.socket, path)
      })
    })
  }

  /** Listens on loopback, on a port of the kernel's choice. */
  async listen(): Promise<{ restUrl: string; socketUrl: string }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    this.#ticking = setInterval(() => this.#tick(), TICK_MS)
    const { port } = this.#server.address() as AddressInfo
    return { restUrl: `https://localhost:${port}`, socketUrl: `wss://localhost:${port}` }
  }

  /** Tells the subscribers of both channels. What the venue emits goes here. */
  publish(event: PolymarketEvent): void {
    this.#market.publish(event)
    this.#user.publish(event)
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking)
    for (const { socket } of this.#open) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: Request, response: ServerResponse): Promise<void> {
    const { faults, nowMs } = this.#parts
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
        await new Promise((resolve) => setTimeout(resolve, LATE_ANSWER_MS))
      }
    }
    const body = JSON.stringify(answer.body)
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      ...answer.headers,
    })
    response.end(body)
  }

  #opened(socket: WebSocket, raw: Socket, path: '/ws/market' | '/ws/user'): void {
    const { faults, timings, nowMs } = this.#parts
    const write = (text: string): void => {
      if (socket.readyState === socket.OPEN) socket.send(text)
    }
    const outlet = new Outlet({ venue: 'polymarket', faults, timings, nowMs, write })
    const open: Open = { socket, raw, outlet, openedMs: nowMs(), heardMs: nowMs() }
    this.#open.add(open)
    const member =
      path === '/ws/market' ? this.#market.join(outlet) : this.#user.join(outlet, () => socket.close(1008))
    socket.on('message', (data) => {
      open.heardMs = nowMs()
      if (!faults.has('half-open', 'polymarket')) member.receive(data.toString())
    })
    // What breaks a socket also closes it.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#open.delete(open)
      member.leave()
    })
  }

  #tick(): void {
    const { venue, faults, random } = this.#parts
    const nowMs = this.#parts.nowMs()
    venue.tick(nowMs)
    this.#market.tick(nowMs)
    this.#user.tick(nowMs)
    const storm = faults.has('storm', 'polymarket')
    const reset = faults.strikes('reset', 'polymarket')
    for (const { socket, raw, outlet, openedMs, heardMs } of this.#open) {
      outlet.flush()
      if (reset) raw.resetAndDestroy()
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

  /** A handler threw: a fault of ours, which must not look like the venue's. */
  readonly #fatal = (error: unknown): void => {
    queueMicrotask(() => {
      throw error
    })
  }
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
