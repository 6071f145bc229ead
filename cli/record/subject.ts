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
/** What `replay` reads: it cannot ask what the connection was told. */
const USE_YES_PRICE = false
const USER_AGENT = { 'user-agent': 'tandem-record' }

/** @param url without a path, the venue's own is meant */
export function polymarketSubjects(
  tokens: readonly string[],
  url: string = PolymarketHost.Socket,
): Subject[] {
  return spread(tokens, TOKENS_PER_SOCKET_MAX).map((ids, socket) => ({
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
  return spread(tickers, TICKERS_PER_SOCKET_MAX).map((ids, socket) => ({
    venue: 'kalshi',
    socket,
    url: withPath(url, KalshiPath.Socket),
    ids,
    subscription: subscribeBooks(1, ids, USE_YES_PRICE),
    headers,
    pingText: undefined,
  }))
}

function spread(ids: readonly string[], idsMax: number): string[][] {
  return shardsOf(ids.length, 1, idsMax).books.map((books) => Array.from(books, (book) => ids[book]))
}

function withPath(text: string, path: string): string {
  const url = new URL(text)
  if (url.pathname === '/') url.pathname = path
  return url.href
}
