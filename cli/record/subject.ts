import { shardsOf } from '@tandem/colo/feed/shards.ts'
import { subscribeBooks } from '@tandem/colo/venue/kalshi/messages.ts'
import { KalshiHost, KalshiPath } from '@tandem/colo/venue/kalshi/urls.ts'
import { PING, subscribe, TOKENS_PER_SOCKET_MAX } from '@tandem/colo/venue/polymarket/messages.ts'
import { PolymarketChannel, PolymarketHost } from '@tandem/colo/venue/polymarket/urls.ts'
import type { VenueName } from './line.ts'

/** What one socket is to be connected to, and what is said on it. */
export interface Subject {
  readonly venue: VenueName
  /** Of the venue's, from 0. */
  readonly socket: number
  readonly url: string
  readonly ids: readonly string[]
  /** The first thing said. */
  readonly subscription: string
  readonly headers: () => Promise<Record<string, string>>
  /** What the venue answers with PONG; undefined for the protocol's ping. */
  readonly pingText: string | undefined
}

/** A gap on one connection spoils the books of all its tickers: design of the feeds. */
const TICKERS_PER_SOCKET_MAX = 50
const TOKENS_PER_MARKET = 2
/** What `replay` reads: it cannot ask what the connection was told. */
const USE_YES_PRICE = false
const USER_AGENT = { 'user-agent': 'tandem-record' }

/**
 * @param markets each by both of its tokens, or one of them
 * @param url without a path, the venue's own is meant
 */
export function polymarketSubjects(
  markets: readonly (readonly string[])[],
  url: string = PolymarketHost.Socket,
): Subject[] {
  return spread(markets, TOKENS_PER_MARKET, TOKENS_PER_SOCKET_MAX).map((ids, socket) => ({
    venue: 'polymarket',
    socket,
    url: withPath(url, PolymarketChannel.Market),
    ids,
    subscription: subscribe(ids),
    headers: async () => USER_AGENT,
    pingText: PING,
  }))
}

/** @param headers the signed headers of one upgrade, asked anew for each */
export function kalshiSubjects(
  tickers: readonly string[],
  headers: Subject['headers'],
  url: string = KalshiHost.Socket,
): Subject[] {
  const markets = tickers.map((ticker) => [ticker])
  return spread(markets, 1, TICKERS_PER_SOCKET_MAX).map((ids, socket) => ({
    venue: 'kalshi',
    socket,
    url: withPath(url, KalshiPath.Socket),
    ids,
    subscription: subscribeBooks(1, ids, USE_YES_PRICE),
    headers,
    pingText: undefined,
  }))
}

function spread(markets: readonly (readonly string[])[], idsPerMarket: number, idsMax: number): string[][] {
  return shardsOf(markets.length, idsPerMarket, idsMax).books.map((books) =>
    Array.from(books, (book) => markets[book]).flat(),
  )
}

function withPath(text: string, path: string): string {
  const url = new URL(text)
  if (url.pathname === '/') url.pathname = path
  return url.href
}
