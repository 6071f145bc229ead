import type { PolymarketEvent } from '../engine/polymarket/event.ts'
import type { PolymarketVenue } from '../engine/polymarket/venue.ts'
import type { Random } from '../engine/random.ts'
import type { Faults } from '../faults.ts'
import { Outlet } from '../outlet.ts'
import type { Peer, PeerEvents } from '../peer.ts'
import type { Timings } from '../timings.ts'
import { type Answer, NOT_FOUND, RATE_LIMITED } from './errors.ts'
import { ApiKeys } from './keys.ts'
import { Limits } from './limits.ts'
import { MarketChannel } from './market-channel.ts'
import { publicRoutes } from './public.ts'
import { type Request, type Routes, routeOf } from './request.ts'
import { ORDER_SIGNATURES, type OrderSignatures } from './signature.ts'
import { Trading } from './trading.ts'
import { UserChannel } from './user-channel.ts'

export interface PolymarketFrontParts {
  readonly venue: PolymarketVenue
  readonly faults: Faults
  readonly timings: Timings
  readonly random: Random
  /** 137 or 80002. Default 137. */
  readonly chainId?: number
  /** What API keys derive from. */
  readonly root: string
  /** How orders' signatures are read; without it as the venue does. */
  readonly signatures?: OrderSignatures
  nowMs(): number
}

const CHANNEL_PATHS = ['/ws/market', '/ws/user'] as const
export type ChannelPath = (typeof CHANNEL_PATHS)[number]

/** Sockets that say nothing are dropped after one or two minutes, users report. */
const SILENT_MS = 120_000
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
  readonly peer: Peer
  readonly outlet: Outlet
  readonly openedMs: number
  heardMs: number
}

/** The venue without its sockets: requests and frames come in and go out as texts, at the caller's pace. */
export class PolymarketFront {
  readonly keys: ApiKeys
  readonly #parts: PolymarketFrontParts
  readonly #routes: Routes
  readonly #limits = new Limits()
  readonly #market: MarketChannel
  readonly #user: UserChannel
  readonly #open = new Set<Open>()
  #upgraded = 0
  readonly #late: { readonly answer: () => void; readonly dueMs: number }[] = []

  constructor(parts: PolymarketFrontParts) {
    const { venue, faults, chainId = 137, signatures = ORDER_SIGNATURES } = parts
    this.#parts = parts
    this.keys = new ApiKeys(chainId, parts.root)
    const trading = new Trading({ ...parts, chainId, signatures, keys: this.keys, limits: this.#limits })
    this.#routes = { ...publicRoutes({ venue, faults, nowMs: parts.nowMs }), ...trading.routes }
    this.#market = new MarketChannel(parts)
    this.#user = new UserChannel({ ...parts, keys: this.keys })
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
    for (const { peer, outlet, openedMs, heardMs } of this.#open) {
      outlet.flush()
      if (reset) peer.terminate()
      else if (nowMs - heardMs > SILENT_MS || (storm && nowMs - openedMs > STORM_MS)) peer.close(1001)
    }
    if (faults.strikes('tick-change', 'polymarket')) {
      const coarse = [...venue.markets.values()].filter(({ tick }) => FINER.has(tick))
      if (coarse.length > 0) {
        const market = random.pick(coarse)
        venue.changeTick(market, FINER.get(market.tick)!)
      }
    }
  }

  /**
   * Answers a request, now or later.
   *
   * @param reply takes the answer, once; undefined when the connection breaks instead
   */
  async receive(request: Request, reply: (answer: Answer | undefined) => void): Promise<void> {
    const { faults, nowMs } = this.#parts
    const route = routeOf(this.#routes, request)
    let answer: Answer = NOT_FOUND
    if (route !== undefined) {
      const allowed = this.#limits.allows(request.address, route, nowMs())
      answer = allowed ? await this.#routes[route](request) : RATE_LIMITED
    }
    if (route === 'POST /order' || route === 'POST /orders') {
      if (faults.strikes('lost-answer', 'polymarket')) return reply(undefined)
      if (faults.strikes('late-answer', 'polymarket')) {
        this.#late.push({ answer: () => reply(answer), dueMs: nowMs() + LATE_ANSWER_MS })
        return
      }
    }
    reply(answer)
  }

  /** Why a WebSocket is not given, or undefined when it is. */
  refusesUpgrade(path: string): string | undefined {
    if (!isChannelPath(path)) return '404 Not Found'
    const storm = this.#parts.faults.has('storm', 'polymarket')
    return storm && this.#upgraded++ % 2 === 1 ? '503 Service Unavailable' : undefined
  }

  /** A WebSocket of a channel stands. */
  open(peer: Peer, path: ChannelPath): PeerEvents {
    const { faults, timings, nowMs } = this.#parts
    const write = (text: string): void => peer.send(text)
    const outlet = new Outlet({ venue: 'polymarket', faults, timings, nowMs, write })
    const open: Open = { peer, outlet, openedMs: nowMs(), heardMs: nowMs() }
    this.#open.add(open)
    const member =
      path === '/ws/market' ? this.#market.join(outlet) : this.#user.join(outlet, () => peer.close(1008))
    const hears = (): boolean => !faults.has('half-open', 'polymarket')
    return {
      message: (text) => {
        open.heardMs = nowMs()
        if (hears()) member.receive(text)
      },
      pinged: hears,
      closed: () => {
        this.#open.delete(open)
        member.leave()
      },
    }
  }

  /** Breaks every WebSocket. */
  close(): void {
    for (const { peer } of this.#open) peer.terminate()
  }
}

function isChannelPath(path: string): path is ChannelPath {
  return (CHANNEL_PATHS as readonly string[]).includes(path)
}
