import { NS_PER_MS, type Ns } from '@tandem/shared/units.ts'
import { BookState } from './book/integrity.ts'
import type { Executor } from './executor.ts'
import { Feed, type FeedHealth, type FeedOptions } from './feed/feed.ts'
import type { CopyHealth, Fronts } from './feed/fronts.ts'
import { KalshiUpkeep } from './feed/kalshi-upkeep.ts'
import { type FetchBooks, PolymarketUpkeep } from './feed/polymarket-upkeep.ts'
import { TICKERS_PER_SOCKET, TOKENS_PER_SOCKET } from './feed/shards.ts'
import type { LiveAccess } from './live.ts'
import type { Assembly } from './main.ts'
import { TokenKind, tokenOf } from './token.ts'
import { PING } from './venue/polymarket/messages.ts'
import { PolymarketParser } from './venue/polymarket/parse.ts'
import { PolymarketChannel } from './venue/polymarket/urls.ts'
import { KALSHI, POLYMARKET, VENUES, type Venue } from './venue/venue.ts'

export interface FeedsParts
  extends Pick<FeedOptions, 'clock' | 'makeSocket' | 'afterReads' | 'ca' | 'random'> {
  readonly access: LiveAccess
  readonly assembly: Pick<Assembly, 'executor' | 'listing' | 'copies' | 'fronts'>
  /** What Kalshi's upgrade carries. */
  readonly kalshiHeaders: FeedOptions['headers']
  readonly polymarketBooks: FetchBooks
}

/** A venue's feed for a person: its sockets of all copies, and the books that are in front. */
export interface VenueFeedHealth extends FeedHealth {
  /** Where there are two: what each was good for. */
  readonly copies?: readonly CopyHealth[]
}

/** How often a copy takes over what another that was lost knew: looked at so often. */
const TICK_NS = 20 * NS_PER_MS

/** Both venues' market data: of each as many whole feeds as there are copies of its books. */
export class Feeds {
  /** Frames handed over, by venue. */
  readonly frames = new Float64Array(VENUES)
  readonly #parts: FeedsParts
  /** By copy, then venue: a deadline's value is the place. */
  readonly #feeds: readonly Feed[]
  readonly #fronts: readonly Fronts[]
  #tickNs = 0

  constructor(parts: FeedsParts) {
    this.#parts = parts
    this.#fronts = parts.assembly.fronts ?? []
    this.#feeds = parts.assembly.copies.flatMap((_, copy) => [this.#polymarket(copy), this.#kalshi(copy)])
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
  }

  paused(pauseNs: number, nowNs: Ns): void {
    for (const feed of this.#feeds) feed.paused(pauseNs, nowNs)
  }

  health(venue: Venue): VenueFeedHealth {
    const feeds = this.#feeds.filter((_, place) => place % VENUES === venue).map((feed) => feed.health())
    const fronts = this.#fronts[venue]
    if (fronts === undefined) return feeds[0]
    const books = this.#parts.assembly.listing.books[venue]
    const inState = Object.entries(BookState).map(([name, state]) => [
      name,
      books.filter((book) => book.state === state).length,
    ])
    return {
      sockets: feeds.flatMap(({ sockets }) => sockets),
      books: Object.fromEntries(inState),
      reconnects: feeds.reduce((sum, { reconnects }) => sum + reconnects, 0),
      outages: { ...fronts.outages },
      copies: fronts.health(),
    }
  }

  #common(copy: number, venue: Venue) {
    const { access, assembly, kalshiHeaders, polymarketBooks, ...sockets } = this.#parts
    const { executor, copies }: { executor: Executor; copies: Assembly['copies'] } = assembly
    return {
      ...sockets,
      venue,
      intake: copies[copy].intakes[venue],
      deliver: (socket: number, bytes: Uint8Array, start: number, end: number, nowNs: Ns) => {
        this.frames[venue]++
        executor.apply(copy, venue, socket, bytes, start, end, nowNs)
      },
      settle: (nowNs: Ns) => void executor.settle(nowNs),
      changed: (nowNs: Ns) => executor.changed(copy, venue, nowNs),
      token: tokenOf(TokenKind.Feed, copy * VENUES + venue),
    }
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
