import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { type Price, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import type { Peer, WsVenue } from './ws-venue.ts'

// What the two venues say on their sockets, and every way in which a test can make them say it wrongly.

const PRICE_ONE = 10_000
const price = (value: number): string => decimalFromScaled(value, 4, 2)
const size = (lots: number): string => decimalFromScaled(lots, 2, 2)

/** One market as the venue has it, and every state that it was ever in. */
export class Truth {
  readonly sides: readonly [Map<number, number>, Map<number, number>] = [new Map(), new Map()]
  readonly history = new Set<string>()

  constructor(bid: number, ask: number) {
    this.set(SIDE_BID, bid, 10_000)
    this.set(SIDE_ASK, ask, 10_000)
  }

  set(side: Side, at: number, lots: number): void {
    if (lots === 0) this.sides[side].delete(at)
    else this.sides[side].set(at, lots)
    this.history.add(this.text())
  }

  lotsAt(side: Side, at: number): number {
    return this.sides[side].get(at) ?? 0
  }

  get bid(): number {
    return Math.max(0, ...this.sides[SIDE_BID].keys())
  }

  get ask(): number {
    return Math.min(PRICE_ONE, ...this.sides[SIDE_ASK].keys())
  }

  text(): string {
    return bookText(this.sides[SIDE_BID], this.sides[SIDE_ASK])
  }
}

export function bookText(
  bids: Iterable<readonly [number, number]>,
  asks: Iterable<readonly [number, number]>,
): string {
  const side = (levels: Iterable<readonly [number, number]>) =>
    [...levels]
      .sort(([a], [b]) => a - b)
      .map(([at, lots]) => `${at}x${lots}`)
      .join(' ')
  return `${side(bids)} | ${side(asks)}`
}

/** A change of one market: what a flow or a test does to it. */
export interface Change {
  readonly book: number
  readonly side: Side
  readonly price: number
  /** The level's new size. */
  readonly lots: number
}

export interface Script {
  readonly truths: readonly Truth[]
  /** Makes the change and says so, to whom it concerns. */
  change(...changes: readonly Change[]): void
  /** Makes the change and says nothing. */
  hide(change: Change): void
}

export class PolymarketScript implements Script {
  readonly truths: readonly Truth[]
  readonly ids: readonly (readonly string[])[]
  /** How far its timestamps lie behind. */
  lagMs = 0
  /** Answers pings and says nothing else. */
  isFrozen = false
  /** REST answers 0.01/0.99 so many times. */
  ghosts = 0
  restAsked = 0
  readonly #carried = new Map<Peer, Set<string>>()

  constructor(venue: WsVenue, books: number) {
    this.truths = Array.from({ length: books }, () => new Truth(4_700, 4_900))
    this.ids = this.truths.map((_, book) => [`1${book}`, `2${book}`])
    venue.onPeer = (peer) => {
      peer.onText = (text) => this.#take(peer, text)
    }
    venue.onRequest = (body, response) => {
      this.restAsked++
      const asked = (JSON.parse(body) as { token_id: string }[]).map(({ token_id }) => token_id)
      const isGhost = this.ghosts > 0 && this.ghosts-- > 0
      response.end(JSON.stringify(asked.map((token) => this.#book(token, isGhost))))
    }
  }

  /** `frames` of one write, to everybody who carries the first change's market. */
  change(...changes: readonly Change[]): void {
    const texts = changes.map((change) => {
      this.hide(change)
      return this.changeText(change)
    })
    this.say(changes[0].book, ...texts)
  }

  hide({ book, side, price: at, lots }: Change): void {
    this.truths[book].set(side, at, lots)
  }

  say(book: number, ...texts: readonly string[]): void {
    if (this.isFrozen) return
    for (const [peer, tokens] of this.#carried)
      if (!peer.isFrozen && tokens.has(this.ids[book][0])) peer.send(...texts)
  }

  /** The two mirrored entries, with the top as it is now unless another is claimed. */
  changeText(
    { book, side, price: at, lots }: Change,
    bid = this.truths[book].bid,
    ask = this.truths[book].ask,
  ): string {
    const [yes, no] = this.ids[book]
    const hash = '0'.repeat(40)
    const sides = ['BUY', 'SELL'] as const
    return JSON.stringify({
      event_type: 'price_change',
      market: '0xc0',
      price_changes: [
        {
          asset_id: yes,
          price: price(at),
          size: size(lots),
          side: sides[side],
          hash,
          best_bid: price(bid),
          best_ask: price(ask),
        },
        {
          asset_id: no,
          price: price(PRICE_ONE - at),
          size: size(lots),
          side: sides[1 - side],
          hash,
          best_bid: price(PRICE_ONE - ask),
          best_ask: price(PRICE_ONE - bid),
        },
      ],
      timestamp: String(Date.now() - this.lagMs),
    })
  }

  #take(peer: Peer, text: string): void {
    if (text === 'PING') {
      peer.send('PONG')
      return
    }
    const { assets_ids: tokens } = JSON.parse(text) as { assets_ids: string[] }
    this.#carried.set(peer, new Set(tokens))
    if (!this.isFrozen && !peer.isFrozen)
      peer.send(JSON.stringify(tokens.map((token) => ({ event_type: 'book', ...this.#book(token) }))))
  }

  #book(token: string, isGhost = false) {
    const book = Number(token.slice(1))
    const isNo = token.startsWith('2')
    const truth = isGhost ? new Truth(100, 9_900) : this.truths[book]
    const levels = (side: Side) => {
      const seen = isNo ? ((1 - side) as Side) : side
      const told = [...truth.sides[seen]].map(([at, lots]) => ({
        price: price(isNo ? PRICE_ONE - at : at),
        size: size(lots),
      }))
      // The best price comes last.
      return told.sort((a, b) => (side === SIDE_BID ? 1 : -1) * (Number(a.price) - Number(b.price)))
    }
    return {
      market: '0xc0',
      asset_id: token,
      timestamp: String(Date.now() - this.lagMs),
      hash: '0'.repeat(40),
      bids: levels(SIDE_BID),
      asks: levels(SIDE_ASK),
      tick_size: '0.01',
    }
  }
}

interface KalshiSession {
  sid: number
  seq: number
  tickers: Set<string>
}

export class KalshiScript implements Script {
  readonly truths: readonly Truth[]
  readonly ids: readonly (readonly string[])[]
  lagMs = 0
  /** Commands are taken and not answered; nothing is said. */
  isFrozen = false
  /** Deltas are not said, and take no number. */
  isDeaf = false
  snapshotsAsked = 0
  subscribes = 0
  readonly #sessions = new Map<Peer, KalshiSession>()
  #sids = 0

  constructor(venue: WsVenue, books: number) {
    this.truths = Array.from({ length: books }, () => new Truth(4_700, 4_900))
    this.ids = this.truths.map((_, book) => [`KXTEST-${book}`])
    venue.onPeer = (peer) => {
      peer.onText = (text) => {
        if (!this.isFrozen && !peer.isFrozen) this.#take(peer, JSON.parse(text))
      }
    }
  }

  /** In one write to each peer. */
  change(...changes: readonly Change[]): void {
    const texts = new Map<Peer, string[]>()
    for (const change of changes) {
      for (const [peer, session] of this.#sessions) {
        if (!session.tickers.has(this.ids[change.book][0])) continue
        if (this.isFrozen || this.isDeaf || peer.isFrozen) continue
        texts.set(peer, [...(texts.get(peer) ?? []), this.deltaText(session, change)])
      }
      this.hide(change)
    }
    for (const [peer, said] of texts) peer.send(...said)
  }

  hide({ book, side, price: at, lots }: Change): void {
    this.truths[book].set(side, at, lots)
  }

  /** Takes numbers that nobody is told. */
  skip(numbers: number): void {
    for (const session of this.#sessions.values()) session.seq += numbers
  }

  /** The text is sent twice. */
  repeat(change: Change): void {
    for (const [peer, session] of this.#sessions) {
      const text = this.deltaText(session, change)
      peer.send(text, text)
    }
    this.hide(change)
  }

  /** Ends the subscription, as for one that reads too slowly. */
  overflow(): void {
    for (const [peer, session] of this.#sessions) {
      peer.send(
        `{"type":"error","sid":${session.sid},"seq":${++session.seq},"msg":{"code":25,"msg":"Subscription buffer overflow"}}\n`,
      )
      session.tickers.clear()
    }
  }

  sendAll(text: string): void {
    for (const peer of this.#sessions.keys()) peer.send(text)
  }

  deltaText(session: KalshiSession, { book, side, price: at, lots }: Change): string {
    const delta = lots - this.truths[book].lotsAt(side, at)
    const ms = Date.now() - this.lagMs
    return `${JSON.stringify({
      type: 'orderbook_delta',
      sid: session.sid,
      seq: ++session.seq,
      msg: {
        market_ticker: this.ids[book][0],
        market_id: 'm',
        price_dollars: decimalFromScaled(side === SIDE_ASK ? PRICE_ONE - at : at, 4, 4),
        delta_fp: size(delta),
        side: side === SIDE_BID ? 'yes' : 'no',
        ts: 'x',
        ts_ms: ms,
      },
    })}\n`
  }

  #take(
    peer: Peer,
    command: {
      id: number
      cmd: string
      params: { market_tickers?: string[]; sids?: number[]; action?: string }
    },
  ): void {
    const { id, cmd, params } = command
    const tickers = params.market_tickers ?? []
    const session = this.#sessions.get(peer)
    if (cmd === 'subscribe') {
      this.subscribes++
      const session = { sid: ++this.#sids, seq: 0, tickers: new Set(tickers) }
      this.#sessions.set(peer, session)
      peer.send(
        JSON.stringify({ id, type: 'subscribed', msg: { channel: 'orderbook_delta', sid: session.sid } }),
        ...this.#snapshots(session, tickers),
      )
    } else if (session === undefined) return
    else if (cmd === 'unsubscribe') {
      session.tickers.clear()
      peer.send(JSON.stringify({ id, sid: session.sid, seq: ++session.seq, type: 'unsubscribed' }))
    } else if (params.action === 'get_snapshot') {
      this.snapshotsAsked++
      peer.send(...this.#snapshots(session, tickers, id))
    } else if (params.action === 'add_markets') {
      const added = tickers.filter((ticker) => !session.tickers.has(ticker))
      for (const ticker of added) session.tickers.add(ticker)
      peer.send(
        JSON.stringify({
          id,
          sid: session.sid,
          seq: ++session.seq,
          type: 'ok',
          msg: { market_tickers: [...session.tickers] },
        }),
        ...this.#snapshots(session, added),
      )
    }
  }

  #snapshots(session: KalshiSession, tickers: readonly string[], id?: number): string[] {
    return tickers
      .map((ticker) => this.ids.findIndex(([own]) => own === ticker))
      .filter((book) => book >= 0)
      .map((book) => {
        const [bids, asks] = this.truths[book].sides
        const levels = (side: Map<number, number>, isNo: boolean) =>
          [...side]
            .map(([at, lots]) => [decimalFromScaled(isNo ? PRICE_ONE - at : at, 4, 4), size(lots)])
            .sort(([a], [b]) => Number(a) - Number(b))
        return `${JSON.stringify({
          ...(id === undefined ? {} : { id }),
          type: 'orderbook_snapshot',
          sid: session.sid,
          seq: ++session.seq,
          msg: {
            market_ticker: this.ids[book][0],
            market_id: 'm',
            ...(bids.size > 0 ? { yes_dollars_fp: levels(bids, false) } : {}),
            ...(asks.size > 0 ? { no_dollars_fp: levels(asks, true) } : {}),
          },
        })}\n`
      })
  }
}

export function changeOf(book: number, side: Side, at: number, lots: number): Change {
  return { book, side, price: at as Price, lots }
}
