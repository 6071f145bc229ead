import type { PolymarketEvent } from '../engine/polymarket/event.ts'
import type { Market } from '../engine/polymarket/market.ts'
import type { PolymarketVenue } from '../engine/polymarket/venue.ts'
import type { Random } from '../engine/random.ts'
import type { Faults } from '../faults.ts'
import type { Outlet } from '../outlet.ts'
import {
  bookMessage,
  lastTradeMessage,
  newMarketMessage,
  priceChangeMessage,
  resolvedMessage,
  tickMessage,
  topMessage,
} from './frames.ts'
import { fields, parseJson } from './payload.ts'

// `/ws/market`: Polymarket fact sheet, section 3. Nothing is acknowledged.

/** How far the rest of a burst falls behind its first change, under the fault `top-ahead`. */
const BEHIND_MS = 100
/** How often the changes of a burst come in one frame instead of one each. */
const ARRAY_CHANCE = 0.3

export interface MarketChannelParts {
  readonly venue: PolymarketVenue
  readonly faults: Faults
  readonly random: Random
  nowMs(): number
}

interface Subscriber {
  readonly outlet: Outlet
  readonly tokens: Set<string>
  /** Asked for `custom_feature_enabled`. */
  custom: boolean
}

/** What goes out as one text frame, and who gets it: subscribers of any of the tokens, or all with the custom features. */
interface Frame {
  readonly text: string
  readonly market: string
  /** What a reader finds it by: its hash, or its timestamp where it has none. */
  readonly key: string
  readonly tokens: readonly string[] | 'everybody'
  readonly custom: boolean
}

export class MarketChannel {
  readonly #parts: MarketChannelParts
  readonly #byToken = new Map<string, Set<Subscriber>>()
  readonly #subscribers = new Set<Subscriber>()
  /** Tops of custom subscribers' tokens as last told. */
  readonly #tops = new Map<Market, string>()
  readonly #behind = new Map<Market, { readonly dueMs: number; readonly frames: Frame[] }>()

  constructor(parts: MarketChannelParts) {
    this.#parts = parts
  }

  /** A new socket. Returns what takes its messages and what takes its end. */
  join(outlet: Outlet): { receive(text: string): void; leave(): void } {
    const subscriber: Subscriber = { outlet, tokens: new Set(), custom: false }
    this.#subscribers.add(subscriber)
    return {
      receive: (text) => {
        if (text === 'PING') outlet.send('PONG')
        else this.#receive(subscriber, fields(parseJson(text)) ?? {})
      },
      leave: () => {
        this.#subscribers.delete(subscriber)
        for (const token of subscriber.tokens) this.#byToken.get(token)?.delete(subscriber)
      },
    }
  }

  publish(event: PolymarketEvent): void {
    switch (event.kind) {
      case 'market':
        this.#publishBurst(event)
        break
      case 'tick':
        for (const outcome of [0, 1] as const) {
          const message = tickMessage(event, outcome, this.#parts.nowMs())
          this.#queue(event.market, [frameOf([message], [event.market.terms.tokens[outcome]])])
        }
        break
      case 'created':
        this.#queue(event.market, [
          frameOf([newMarketMessage(event.market, this.#parts.nowMs())], 'everybody', true),
        ])
        break
      case 'resolved':
        this.#queue(event.market, [
          frameOf([resolvedMessage(event, this.#parts.nowMs())], event.market.terms.tokens, true),
        ])
        break
      default:
    }
  }

  /** Sends what is due of what fell behind. */
  tick(nowMs: number): void {
    for (const [market, { dueMs, frames }] of this.#behind) {
      if (dueMs > nowMs) continue
      this.#behind.delete(market)
      for (const frame of frames) this.#send(frame)
    }
  }

  #receive(subscriber: Subscriber, message: Readonly<Record<string, unknown>>): void {
    const tokens = Array.isArray(message.assets_ids) ? message.assets_ids.map(String) : undefined
    if (tokens === undefined) return
    if (message.operation === 'unsubscribe') {
      for (const token of tokens) {
        subscriber.tokens.delete(token)
        this.#byToken.get(token)?.delete(subscriber)
      }
      return
    }
    if (message.operation !== 'subscribe' && message.type !== 'market') return
    if (message.custom_feature_enabled === true) subscriber.custom = true
    const { venue, faults, nowMs } = this.#parts
    const dump: object[] = []
    for (const token of tokens) {
      const found = venue.find(token)
      if (found === undefined) continue
      subscriber.tokens.add(token)
      const others = this.#byToken.get(token) ?? new Set()
      this.#byToken.set(token, others.add(subscriber))
      const ghost = faults.has('ghost-book', 'polymarket')
      dump.push(bookMessage(...found, nowMs(), { onSubscribe: true, ghost }))
    }
    if (message.initial_dump === false || dump.length === 0) return
    const { text, market, key } = frameOf(dump, tokens)
    subscriber.outlet.sendMarket(text, market, key)
  }

  #publishBurst({ market, changes, prints }: Extract<PolymarketEvent, { kind: 'market' }>): void {
    const { random, faults } = this.#parts
    const { tokens } = market.terms
    if (!tokens.some((token) => this.#byToken.get(token)?.size)) return
    const nowMs = this.#parts.nowMs()
    const trades = prints.map((print) =>
      frameOf([lastTradeMessage(market, print, nowMs)], [tokens[print.outcome]]),
    )
    const messages = changes.map((change) => priceChangeMessage(market, change, nowMs, random))
    const together = messages.length > 1 && random.chance(ARRAY_CHANCE)
    const levels = together
      ? [frameOf(messages, tokens, false, true)]
      : messages.map((message) => frameOf([message], tokens, false, false))
    const books = ([0, 1] as const)
      .filter(() => prints.length > 0)
      .map((outcome) =>
        frameOf(
          [bookMessage(market, outcome, nowMs, { onSubscribe: false, ghost: false })],
          [tokens[outcome]],
        ),
      )
    const frames = [...trades, ...levels, ...this.#topFrames(market, nowMs), ...books]
    const first = trades.length + 1
    if (levels.length > 1 && faults.strikes('top-ahead', 'polymarket')) {
      this.#queue(market, frames.slice(0, first))
      this.#behind.set(market, { dueMs: nowMs + BEHIND_MS, frames: frames.slice(first) })
    } else this.#queue(market, frames)
  }

  #topFrames(market: Market, nowMs: number): Frame[] {
    const messages = ([0, 1] as const).map((outcome) => topMessage(market, outcome, nowMs))
    const { best_bid, best_ask } = messages[0] as { best_bid: string; best_ask: string }
    const top = `${best_bid} ${best_ask}`
    if (this.#tops.get(market) === top) return []
    this.#tops.set(market, top)
    return messages.map((message, outcome) => frameOf([message], [market.terms.tokens[outcome]], true))
  }

  /** Nothing of a market may overtake what fell behind. */
  #queue(market: Market, frames: readonly Frame[]): void {
    const behind = this.#behind.get(market)
    if (behind !== undefined) behind.frames.push(...frames)
    else for (const frame of frames) this.#send(frame)
  }

  #send({ text, market, key, tokens, custom }: Frame): void {
    const readers =
      tokens === 'everybody'
        ? this.#subscribers
        : new Set(tokens.flatMap((token) => [...(this.#byToken.get(token) ?? [])]))
    for (const reader of readers) {
      if (!custom || reader.custom) reader.outlet.sendMarket(text, market, key)
    }
  }
}

/** One message is an object or an array of one; more are an array. A dump is always an array. */
function frameOf(
  messages: readonly object[],
  tokens: readonly string[] | 'everybody',
  custom = false,
  asArray = messages.length > 1 || 'bids' in messages[0],
): Frame {
  const first = messages[0] as {
    market: string
    timestamp: string
    hash?: string
    price_changes?: readonly { hash: string }[]
  }
  return {
    text: JSON.stringify(asArray ? messages : messages[0]),
    market: first.market,
    key: first.price_changes?.[0].hash ?? first.hash ?? first.timestamp,
    tokens,
    custom,
  }
}
