import { assert } from '@tandem/shared/assert.ts'

export { TOKENS_PER_SOCKET_MAX as TOKENS_PER_SOCKET } from '../venue/polymarket/messages.ts'

/** A gap makes every book of a Kalshi connection SUSPECT: so few that it stays small. */
export const TICKERS_PER_SOCKET = 50

/** Kalshi gives a user so many connections at first (fact sheet, section 3); one is the private channel's. */
const KALSHI_CONNECTIONS_MAX = 200

/**
 * How many whole feeds there can be where `wanted` are: with more markets than both copies have connections for, one.
 *
 * @param tickers of Kalshi
 */
export function copiesWithin(tickers: number, wanted: 1 | 2): 1 | 2 {
  const connections = wanted * Math.ceil(tickers / TICKERS_PER_SOCKET) + 1
  return connections <= KALSHI_CONNECTIONS_MAX ? wanted : 1
}

/** Which books each socket carries. */
export interface Shards {
  readonly sockets: number
  /** By book. */
  readonly socketOf: Int32Array
  /** By socket: its books. */
  readonly books: readonly Int32Array[]
}

/**
 * Spreads books over as few sockets as hold them, in order, evenly: a gap or a lost connection is then as small a part
 * of the whole as it can be.
 *
 * @param idsPerBook a Polymarket market that is subscribed by both tokens has 2; they stay together
 * @param idsMax a socket carries no more
 */
export function shardsOf(books: number, idsPerBook: number, idsMax: number): Shards {
  assert(idsPerBook > 0 && idsPerBook <= idsMax, 'SHARDS_BOOK_FITS_SOCKET')
  const sockets = Math.ceil(books / Math.floor(idsMax / idsPerBook))
  const socketOf = Int32Array.from({ length: books }, (_, book) => Math.floor((book * sockets) / books))
  return {
    sockets,
    socketOf,
    books: booksOf(socketOf, sockets),
  }
}

/** By socket: the books that it carries. */
export function booksOf(socketOf: Int32Array, sockets: number): Int32Array[] {
  const books = Array.from({ length: sockets }, (): number[] => [])
  for (const [book, socket] of socketOf.entries()) books[socket].push(book)
  return books.map((of) => Int32Array.from(of))
}
