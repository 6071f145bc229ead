import type { PolymarketEvent } from '../engine/polymarket/event.ts'
import type { Random } from '../engine/random.ts'
import type { Outlet } from '../outlet.ts'
import { orderMessage, tradeMessage } from './frames.ts'
import type { ApiKeys } from './keys.ts'
import { fields, parseJson } from './payload.ts'

// `/ws/user`: Polymarket fact sheet, section 4. Nothing is acknowledged, and nothing is sent again.

/** A fill may be told before or after the answer to its order: half of the messages wait up to so long. */
const LATE_MOST_MS = 20
const LATE_CHANCE = 0.5

export interface UserChannelParts {
  readonly keys: ApiKeys
  readonly random: Random
  nowMs(): number
}

interface Subscriber {
  readonly outlet: Outlet
  /** The API key, once it subscribed. */
  owner: string | undefined
  /** Condition ids; undefined for all. */
  markets: Set<string> | undefined
  readonly late: { readonly text: string; readonly dueMs: number }[]
}

export class UserChannel {
  readonly #parts: UserChannelParts
  readonly #subscribers = new Set<Subscriber>()

  constructor(parts: UserChannelParts) {
    this.#parts = parts
  }

  /** A new socket. @param refuse ends it; what the venue does on bad credentials is not documented. */
  join(outlet: Outlet, refuse: () => void): { receive(text: string): void; leave(): void } {
    const subscriber: Subscriber = { outlet, owner: undefined, markets: undefined, late: [] }
    this.#subscribers.add(subscriber)
    return {
      receive: (text) => {
        if (text === 'PING') outlet.send('PONG')
        else if (!this.#receive(subscriber, fields(parseJson(text)) ?? {})) refuse()
      },
      leave: () => this.#subscribers.delete(subscriber),
    }
  }

  publish(event: PolymarketEvent): void {
    if (event.kind !== 'order' && event.kind !== 'trade') return
    const { market } = event.kind === 'order' ? event.order : event.trade.taker
    const nowMs = this.#parts.nowMs()
    for (const subscriber of this.#subscribers) {
      const { owner, markets } = subscriber
      if (owner === undefined || markets?.has(market.terms.conditionId) === false) continue
      if (event.kind === 'order') {
        if (event.order.owner === owner) this.#send(subscriber, orderMessage(event, nowMs), nowMs)
      } else {
        const { taker, makers } = event.trade
        const isParty = taker.owner === owner || makers.some(({ order }) => order.owner === owner)
        if (isParty) this.#send(subscriber, tradeMessage(event.trade, owner, nowMs), nowMs)
      }
    }
  }

  /** Sends what is due of what waits. */
  tick(nowMs: number): void {
    for (const { outlet, late } of this.#subscribers) {
      while (late.length > 0 && late[0].dueMs <= nowMs) outlet.send(late.shift()!.text)
    }
  }

  #send({ outlet, late }: Subscriber, message: object, nowMs: number): void {
    const { random } = this.#parts
    const text = JSON.stringify(message)
    const waits = random.chance(LATE_CHANCE) ? random.below(LATE_MOST_MS) : 0
    if (waits === 0 && late.length === 0) outlet.send(text)
    else late.push({ text, dueMs: Math.max(nowMs + waits, late.at(-1)?.dueMs ?? 0) })
  }

  #receive(subscriber: Subscriber, message: Readonly<Record<string, unknown>>): boolean {
    const markets = Array.isArray(message.markets) ? message.markets.map(String) : []
    if (message.operation === 'subscribe') {
      for (const market of markets) subscriber.markets?.add(market)
      return subscriber.owner !== undefined
    }
    if (message.operation === 'unsubscribe') {
      for (const market of markets) subscriber.markets?.delete(market)
      return subscriber.owner !== undefined
    }
    const auth = fields(message.auth)
    const key = this.#parts.keys.checkSecret(auth?.apiKey, auth?.secret, auth?.passphrase)
    if (message.type !== 'user' || key === undefined) return false
    subscriber.owner = key.apiKey
    subscriber.markets = markets.length === 0 ? undefined : new Set(markets)
    return true
  }
}
