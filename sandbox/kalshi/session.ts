import { SIDE_BID } from '@tandem/shared/units.ts'
import type { Account } from '../engine/kalshi/account.ts'
import type { Market } from '../engine/kalshi/listing.ts'
import type { Occurrence } from '../engine/kalshi/occurrence.ts'
import type { KalshiVenue } from '../engine/kalshi/venue.ts'
import type { Random } from '../engine/random.ts'
import type { Outlet } from '../outlet.ts'
import {
  deltaMessage,
  fillMessage,
  groupMessage,
  lifecycleMessage,
  positionMessage,
  snapshotMessage,
  tickerMessage,
  tradeMessage,
  userOrderMessage,
} from './frames.ts'

// One WebSocket of one account: Kalshi fact sheet, section 3. Commands in, frames out.
//
// A connection has one subscription per channel. Its `seq` counts every numbered message on it, acknowledgements
// included, over all of its markets; nothing is numbered on channels of fills, orders, positions and tickers.

interface Channel {
  readonly numbered: boolean
  /** Whether it must name markets, may, or cannot. */
  readonly markets: 'required' | 'optional' | 'none'
}

const CHANNELS = {
  orderbook_delta: { numbered: true, markets: 'required' },
  ticker: { numbered: false, markets: 'optional' },
  trade: { numbered: true, markets: 'optional' },
  fill: { numbered: false, markets: 'optional' },
  user_orders: { numbered: false, markets: 'optional' },
  market_positions: { numbered: false, markets: 'optional' },
  market_lifecycle_v2: { numbered: true, markets: 'none' },
  order_group_updates: { numbered: true, markets: 'none' },
} as const satisfies Record<string, Channel>
type ChannelName = keyof typeof CHANNELS

const ERRORS = {
  1: 'Unable to process message',
  2: 'Params required',
  3: 'Channels required',
  4: 'Subscription IDs required',
  5: 'Unknown command',
  7: 'Unknown subscription ID',
  8: 'Unknown channel name',
  11: 'Invalid parameter',
  12: 'Exactly one subscription ID is required',
  13: 'Unsupported action',
  14: 'Market Ticker required',
  15: 'Action required',
  25: 'Subscription buffer overflow',
} as const
type ErrorCode = keyof typeof ERRORS

/** Some text frames end in a newline. */
const NEWLINE_CHANCE = 0.25

class Subscription {
  readonly sid: number
  readonly channel: ChannelName
  /** Whether it was made without naming markets. */
  readonly all: boolean
  readonly tickers: Set<string>
  readonly yesPrice: boolean
  readonly quietAcks: boolean
  seq = 0

  constructor(
    sid: number,
    channel: ChannelName,
    tickers: readonly string[],
    params: Record<string, unknown>,
  ) {
    this.sid = sid
    this.channel = channel
    this.all = tickers.length === 0 || CHANNELS[channel].markets === 'none'
    this.tickers = new Set(tickers)
    this.yesPrice = params.use_yes_price === true
    this.quietAcks = params.skip_ticker_ack === true
  }

  /** What a numbered message carries beside its type. */
  next(): { sid: number; seq?: number } {
    if (!CHANNELS[this.channel].numbered) return { sid: this.sid }
    this.seq += 1
    return { sid: this.sid, seq: this.seq }
  }

  covers(ticker: string): boolean {
    return this.all || this.tickers.has(ticker)
  }
}

/** A command that cannot be carried out, and whose subscription it was about. */
class Refused extends Error {
  readonly code: ErrorCode
  readonly subscription: Subscription | undefined

  constructor(code: ErrorCode, subscription?: Subscription) {
    super(ERRORS[code])
    this.code = code
    this.subscription = subscription
  }
}

interface Command {
  readonly id?: number
  readonly cmd?: unknown
  readonly params?: Record<string, unknown>
}

export interface SessionParts {
  readonly venue: KalshiVenue
  readonly account: Account
  readonly random: Random
  readonly outlet: Outlet
  nowMs(): number
}

export class Session {
  readonly #parts: SessionParts
  readonly #subscriptions = new Map<ChannelName, Subscription>()
  #nextSid = 1

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  /** One text frame of the client. */
  command(text: string): void {
    let command: Command = {}
    try {
      command = readCommand(text)
      this.#obey(command)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.#refuse(command.id, error)
    }
  }

  /** Tells its client what it subscribed to. */
  hear(occurrence: Occurrence): void {
    const { account } = this.#parts
    switch (occurrence.type) {
      case 'level': {
        const { market, side, price, ms } = occurrence
        this.#each('orderbook_delta', market, (subscription) =>
          this.#number(
            subscription,
            'orderbook_delta',
            deltaMessage(occurrence, subscription.yesPrice, account),
            market.ticker,
          ),
        )
        const top = side === SIDE_BID ? price >= market.yesBid : price <= market.yesAsk
        if (top) this.#each('ticker', market, (subscription) => this.#tick(subscription, market, ms))
        return
      }
      case 'trade': {
        const { trade } = occurrence
        this.#each('trade', trade.market, (subscription) =>
          this.#number(subscription, 'trade', tradeMessage(trade), trade.market.ticker),
        )
        return
      }
      case 'lifecycle':
        this.#each('market_lifecycle_v2', occurrence.market, (subscription) =>
          this.#private(subscription, 'market_lifecycle_v2', lifecycleMessage(occurrence)),
        )
        return
    }
    if (occurrence.account !== account) return
    switch (occurrence.type) {
      case 'fill': {
        const { fill } = occurrence
        this.#each('fill', fill.trade.market, (subscription) =>
          this.#private(subscription, 'fill', fillMessage(fill)),
        )
        return
      }
      case 'order': {
        const { order } = occurrence
        this.#each('user_orders', order.market, (subscription) =>
          this.#private(subscription, 'user_order', userOrderMessage(order)),
        )
        return
      }
      case 'position': {
        const { position } = occurrence
        this.#each('market_positions', position.market, (subscription) =>
          this.#private(subscription, 'market_position', positionMessage(account, position)),
        )
        return
      }
      case 'group': {
        const subscription = this.#subscriptions.get('order_group_updates')
        if (subscription !== undefined)
          this.#private(subscription, 'order_group_updates', groupMessage(occurrence))
      }
    }
  }

  /** Ends the subscription to books as for a reader that is too slow: it must subscribe again. */
  overflow(): void {
    const subscription = this.#subscriptions.get('orderbook_delta')
    if (subscription === undefined) return
    this.#refuse(undefined, new Refused(25, subscription))
    this.#subscriptions.delete('orderbook_delta')
  }

  // ---- commands ------------------------------------------------------------------------------------------------

  #obey(command: Command): void {
    switch (command.cmd) {
      case 'subscribe':
        this.#subscribe(command.id, paramsOf(command))
        break
      case 'unsubscribe':
        this.#unsubscribe(command.id, paramsOf(command))
        break
      case 'list_subscriptions':
        this.#send({
          id: command.id,
          type: 'ok',
          msg: [...this.#subscriptions.values()].map(({ channel, sid }) => ({ channel, sid })),
        })
        break
      case 'update_subscription':
        this.#update(command.id, paramsOf(command))
        break
      default:
        throw new Refused(5)
    }
  }

  #subscribe(id: number | undefined, params: Record<string, unknown>): void {
    const channels = params.channels
    if (!Array.isArray(channels) || channels.length === 0) throw new Refused(3)
    if (!channels.every(isChannel)) throw new Refused(8)
    const tickers = this.#tickersOf(params, channels)
    for (const channel of channels) {
      if (CHANNELS[channel].markets === 'required' && tickers.length === 0) throw new Refused(14)
    }
    for (const channel of channels) {
      let subscription = this.#subscriptions.get(channel)
      let added = tickers
      if (subscription === undefined) {
        subscription = new Subscription(this.#nextSid++, channel, tickers, params)
        this.#subscriptions.set(channel, subscription)
        this.#send({ id, type: 'subscribed', msg: { channel, sid: subscription.sid } })
      } else {
        // A second subscription to a channel joins the first.
        added = this.#add(subscription, tickers)
        this.#acknowledge(id, subscription)
      }
      this.#greet(subscription, added, params.send_initial_snapshot === true)
    }
  }

  #unsubscribe(id: number | undefined, params: Record<string, unknown>): void {
    const sids = params.sids
    if (!Array.isArray(sids) || sids.length === 0) throw new Refused(4)
    const subscriptions = sids.map((sid) => this.#bySid(sid))
    for (const subscription of subscriptions) {
      const { sid, seq } = subscription.next()
      this.#send({ id, sid, ...(seq === undefined ? {} : { seq }), type: 'unsubscribed' })
      this.#subscriptions.delete(subscription.channel)
    }
  }

  #update(id: number | undefined, params: Record<string, unknown>): void {
    const sids = params.sid === undefined ? params.sids : [params.sid]
    if (!Array.isArray(sids) || sids.length !== 1 || (params.sid !== undefined && params.sids !== undefined))
      throw new Refused(12)
    const subscription = this.#bySid(sids[0])
    const { action } = params
    if (action === undefined) throw new Refused(15, subscription)
    if (action === 'get_snapshot') {
      if (subscription.channel !== 'orderbook_delta') throw new Refused(13, subscription)
      // The other ways to name markets are for subscribing only.
      if (!isTickers(params.market_tickers)) throw new Refused(14, subscription)
      for (const ticker of params.market_tickers) this.#snapshot(subscription, ticker, id)
      return
    }
    if (action !== 'add_markets' && action !== 'delete_markets') throw new Refused(13, subscription)
    const tickers = this.#tickersOf(params, [subscription.channel])
    if (tickers.length === 0) throw new Refused(14, subscription)
    if (action === 'add_markets') {
      const added = this.#add(subscription, tickers)
      this.#acknowledge(id, subscription)
      this.#greet(subscription, added, params.send_initial_snapshot === true)
    } else {
      for (const ticker of tickers) subscription.tickers.delete(ticker)
      this.#acknowledge(id, subscription)
    }
  }

  /** Markets of a command by ticker or, on the ticker channel alone, by id. */
  #tickersOf(params: Record<string, unknown>, channels: readonly ChannelName[]): string[] {
    const { market_ticker, market_tickers, market_id, market_ids } = params
    const given = [market_ticker, market_tickers, market_id, market_ids].filter(
      (value) => value !== undefined,
    )
    if (given.length === 0) return []
    if (given.length > 1) throw new Refused(11)
    const named = typeof given[0] === 'string' ? [given[0]] : given[0]
    if (!isTickers(named)) throw new Refused(11)
    if (market_id === undefined && market_ids === undefined) return named
    if (channels.some((channel) => channel !== 'ticker')) throw new Refused(11)
    const byId = new Map([...this.#parts.venue.markets.values()].map(({ id, ticker }) => [id, ticker]))
    return named.flatMap((marketId) => byId.get(marketId) ?? [])
  }

  #bySid(sid: unknown): Subscription {
    for (const subscription of this.#subscriptions.values()) if (subscription.sid === sid) return subscription
    throw new Refused(7)
  }

  /** Returns those that were not there before. */
  #add(subscription: Subscription, tickers: readonly string[]): string[] {
    const added = tickers.filter((ticker) => !subscription.tickers.has(ticker))
    for (const ticker of added) subscription.tickers.add(ticker)
    return added
  }

  #greet(subscription: Subscription, tickers: readonly string[], initial: boolean): void {
    if (subscription.channel === 'orderbook_delta')
      for (const ticker of tickers) this.#snapshot(subscription, ticker, undefined)
    if (subscription.channel !== 'ticker' || !initial) return
    for (const ticker of tickers) {
      const market = this.#parts.venue.markets.get(ticker)
      if (market !== undefined) this.#tick(subscription, market, this.#parts.nowMs())
    }
  }

  // ---- frames --------------------------------------------------------------------------------------------------

  #each(channel: ChannelName, market: Market, tell: (subscription: Subscription) => void): void {
    const subscription = this.#subscriptions.get(channel)
    if (subscription?.covers(market.ticker) === true) tell(subscription)
  }

  /** An unknown ticker is subscribed to without a word: it may be listed later. */
  #snapshot(subscription: Subscription, ticker: string, id: number | undefined): void {
    const market = this.#parts.venue.markets.get(ticker)
    if (market === undefined) return
    const message = snapshotMessage(market, subscription.yesPrice)
    this.#number(subscription, 'orderbook_snapshot', message, ticker, id)
  }

  #tick(subscription: Subscription, market: Market, ms: number): void {
    const text = this.#text({ type: 'ticker', sid: subscription.sid, msg: tickerMessage(market, ms) })
    this.#parts.outlet.sendMarket(text, market.ticker, `${subscription.sid}`)
  }

  #number(subscription: Subscription, type: string, msg: object, ticker: string, id?: number): void {
    const { sid, seq } = subscription.next()
    const text = this.#text({ type, ...(id === undefined ? {} : { id }), sid, seq, msg })
    this.#parts.outlet.sendMarket(text, ticker, `${sid}/${seq}`)
  }

  #private(subscription: Subscription, type: string, msg: object): void {
    this.#send({ type, ...subscription.next(), msg })
  }

  #acknowledge(id: number | undefined, subscription: Subscription): void {
    const msg = subscription.quietAcks ? {} : { market_tickers: [...subscription.tickers].sort() }
    this.#send({ type: 'ok', id, ...subscription.next(), msg })
  }

  #refuse(id: number | undefined, { code, subscription }: Refused): void {
    this.#send({
      ...(id === undefined ? {} : { id }),
      ...(subscription === undefined ? {} : subscription.next()),
      type: 'error',
      msg: { code, msg: ERRORS[code] },
    })
  }

  #send(frame: object): void {
    this.#parts.outlet.send(this.#text(frame))
  }

  #text(frame: object): string {
    const text = JSON.stringify(frame)
    return this.#parts.random.chance(NEWLINE_CHANCE) ? `${text}\n` : text
  }
}

/** @throws Refused 1 for what is no command */
function readCommand(text: string): Command {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new Refused(1)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Refused(1)
  const { id, ...rest } = parsed as Record<string, unknown>
  if (id !== undefined && !(Number.isSafeInteger(id) && (id as number) >= 0)) throw new Refused(1)
  // 0 stands for no id.
  return id === undefined || id === 0 ? rest : { ...rest, id: id as number }
}

function paramsOf({ params }: Command): Record<string, unknown> {
  if (typeof params !== 'object' || params === null) throw new Refused(2)
  return params
}

function isChannel(name: unknown): name is ChannelName {
  return typeof name === 'string' && Object.hasOwn(CHANNELS, name)
}

function isTickers(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
}
