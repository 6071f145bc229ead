import {
  type Lots,
  NS_PER_MS,
  type Ns,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
  SIDE_ASK,
  SIDE_BID,
} from '@tandem/shared/units.ts'
import type { Book } from './book/book.ts'
import { BookState } from './book/integrity.ts'
import { FEED_TIMES, Feed, type FeedHealth, type FeedOptions } from './feed/feed.ts'
import type { CopyHealth, Fronts } from './feed/fronts.ts'
import { KalshiUpkeep } from './feed/kalshi-upkeep.ts'
import { Poller } from './feed/poller.ts'
import { type FetchBooks, PolymarketUpkeep } from './feed/polymarket-upkeep.ts'
import { readRestBooks, TakenBook } from './feed/rest-book.ts'
import { TICKERS_PER_SOCKET, TOKENS_PER_SOCKET } from './feed/shards.ts'
import type { LiveAccess } from './live.ts'
import type { Assembly } from './main.ts'
import { TokenKind, tokenOf } from './token.ts'
import type { KalshiOrderBook } from './venue/kalshi/rest.ts'
import { PING } from './venue/polymarket/messages.ts'
import { PolymarketParser } from './venue/polymarket/parse.ts'
import { PolymarketChannel } from './venue/polymarket/urls.ts'
import { MS_NONE } from './venue/sink.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from './venue/venue.ts'

export interface FeedsParts
  extends Pick<FeedOptions, 'clock' | 'makeSocket' | 'afterReads' | 'ca' | 'random'> {
  readonly access: LiveAccess
  readonly assembly: Pick<Assembly, 'executor' | 'listing' | 'copies' | 'fronts' | 'polled'>
  /** What Kalshi's upgrade carries. */
  readonly kalshiHeaders: FeedOptions['headers']
  readonly polymarketBooks: FetchBooks
  readonly kalshiBooks: (tickers: readonly string[]) => Promise<readonly KalshiOrderBook[]>
  /** Whether LIVE books are held against the venues' answers as often as that may be. */
  readonly isShadowed: boolean
}

/** A venue's feed for a person: its sockets of all copies, and the books that are in front. */
export interface VenueFeedHealth extends FeedHealth {
  /** Where there are two: what each was good for. */
  readonly copies?: readonly CopyHealth[]
  /** Looks at LIVE books that found them as the venue has them, or not. */
  readonly audits: { readonly agreed: number; readonly disagreed: number }
  /** Questions by REST for books that no feed had. */
  readonly polls: { readonly asked: number; readonly failed: number }
}

/** How often is looked after what no socket tells: what a lost copy knew, and what no copy has. */
const TICK_NS = 20 * NS_PER_MS
/** How often a socket's LIVE books are audited in shadow mode. */
const SHADOW_NS = 2_000 * NS_PER_MS

/** Both venues' market data: of each as many whole feeds as there are copies of its books. */
export class Feeds {
  /** Frames handed over, by venue. */
  readonly frames = new Float64Array(VENUES)
  readonly #parts: FeedsParts
  /** By copy, then venue: a deadline's value is the place. */
  readonly #feeds: readonly Feed[]
  readonly #fronts: readonly Fronts[]
  /** By venue. */
  readonly #pollers: readonly Poller[]
  #tickNs = 0

  constructor(parts: FeedsParts) {
    this.#parts = parts
    this.#fronts = parts.assembly.fronts ?? []
    this.#feeds = parts.assembly.copies.flatMap((_, copy) => [this.#polymarket(copy), this.#kalshi(copy)])
    this.#pollers = parts.assembly.polled?.map((books, venue) => this.#newPoller(venue as Venue, books)) ?? []
  }

  start(): void {
    for (const feed of this.#feeds) feed.start()
  }

  async close(): Promise<void> {
    await Promise.all(this.#feeds.map((feed) => feed.close()))
  }

  onTick(place: number, nowNs: Ns): void {
    this.#feeds[place].onTick(nowNs)
    if (nowNs - this.#tickNs < TICK_NS) return
    this.#tickNs = nowNs
    for (const fronts of this.#fronts) fronts.tick(nowNs)
    for (const poller of this.#pollers) poller.tick(nowNs)
  }

  paused(pauseNs: number, nowNs: Ns): void {
    for (const feed of this.#feeds) feed.paused(pauseNs, nowNs)
  }

  health(venue: Venue): VenueFeedHealth {
    const feeds = this.#feeds.filter((_, place) => place % VENUES === venue).map((feed) => feed.health())
    const fronts = this.#fronts[venue]
    const { copies, listing } = this.#parts.assembly
    const audits = { agreed: 0, disagreed: 0 }
    for (const { intakes } of copies) {
      audits.agreed += intakes[venue].counts.agreed
      audits.disagreed += intakes[venue].counts.disagreed
    }
    const polls = { ...(this.#pollers[venue]?.counts ?? { asked: 0, failed: 0 }) }
    if (fronts === undefined) return { ...feeds[0], audits, polls }
    const books = listing.books[venue]
    const inState = Object.entries(BookState).map(([name, state]) => [
      name,
      books.filter((book) => book.state === state).length,
    ])
    return {
      sockets: feeds.flatMap(({ sockets }) => sockets),
      books: Object.fromEntries(inState),
      reconnects: feeds.reduce((sum, { reconnects }) => sum + reconnects, 0),
      outages: { ...fronts.outages },
      ...(copies.length > 1 ? { copies: fronts.health() } : {}),
      audits,
      polls,
    }
  }

  #common(copy: number, venue: Venue) {
    const { assembly, clock, makeSocket, afterReads, ca, random, isShadowed } = this.#parts
    const { executor, copies } = assembly
    return {
      clock,
      makeSocket,
      afterReads,
      ca,
      random,
      venue,
      intake: copies[copy].intakes[venue],
      deliver: (socket: number, bytes: Uint8Array, start: number, end: number, nowNs: Ns) => {
        this.frames[venue]++
        executor.apply(copy, venue, socket, bytes, start, end, nowNs)
      },
      settle: (nowNs: Ns) => void executor.settle(nowNs),
      changed: (nowNs: Ns) => executor.changed(copy, venue, nowNs),
      token: tokenOf(TokenKind.Feed, copy * VENUES + venue),
      times: isShadowed ? { ...FEED_TIMES, auditNs: SHADOW_NS } : FEED_TIMES,
    }
  }

  #newPoller(venue: Venue, books: readonly Book[]): Poller {
    const { assembly, clock, polymarketBooks, kalshiBooks } = this.#parts
    const { executor, listing } = assembly
    const ids = listing.marketIds(venue)
    const parser = new PolymarketParser(listing.polymarketSymbols())
    const fetchKalshi = async (asked: readonly number[]): Promise<TakenBook[]> =>
      (await kalshiBooks(asked.map((book) => ids[book]))).flatMap((told) => {
        const book = ids.indexOf(told.ticker)
        return book < 0 ? [] : [takenFromKalshi(book, told)]
      })
    const fetchPolymarket = async (asked: readonly number[]): Promise<TakenBook[]> =>
      readRestBooks(await polymarketBooks(asked.map((book) => ids[book])), parser)
    return new Poller({
      books,
      isWanted: (book, nowNs) => this.#fronts[venue].isWanted(book, nowNs),
      fetch: venue === KALSHI ? fetchKalshi : fetchPolymarket,
      told: (book, nowNs) => executor.polled(venue, book, nowNs),
      nowNs: () => clock.nowNs(),
    })
  }

  #polymarket(copy: number): Feed {
    const { access, assembly, clock, polymarketBooks } = this.#parts
    const { listing } = assembly
    const tokensOf = new Map(
      listing.pairs.map(({ pair: { polymarket } }) => [polymarket.yesToken, polymarket.noToken]),
    )
    return new Feed({
      ...this.#common(copy, POLYMARKET),
      url: access.polymarket.socketUrl + PolymarketChannel.Market,
      ids: listing.marketIds(POLYMARKET).map((yes) => [yes, tokensOf.get(yes) as string]),
      idsPerSocket: TOKENS_PER_SOCKET,
      headers: async () => ({}),
      pingText: PING,
      upkeep: (carried) =>
        new PolymarketUpkeep(
          carried,
          polymarketBooks,
          new PolymarketParser(listing.polymarketSymbols()),
          () => clock.nowNs(),
        ),
    })
  }

  #kalshi(copy: number): Feed {
    const { access, assembly, kalshiHeaders } = this.#parts
    return new Feed({
      ...this.#common(copy, KALSHI),
      url: access.kalshi.socketUrl,
      ids: assembly.listing.marketIds(KALSHI).map((ticker) => [ticker]),
      idsPerSocket: TICKERS_PER_SOCKET,
      headers: kalshiHeaders,
      upkeep: (carried) => new KalshiUpkeep(carried, access.kalshi.useYesPrice),
    })
  }
}

/** Who bids for NO at a price asks for YES at what is left of a dollar. */
function takenFromKalshi(book: number, { yes, no }: KalshiOrderBook): TakenBook {
  const taken = new TakenBook(book, PRICE_NONE, MS_NONE)
  for (const [price, lots] of yes) taken.add(SIDE_BID, price as Price, lots as Lots)
  for (const [price, lots] of no) taken.add(SIDE_ASK, (PRICE_ONE - price) as Price, lots as Lots)
  return taken
}
