import { assert } from '@tandem/shared/assert.ts'

// What a deadline is for, in the one integer that the clock gives back: the kind above, a value below.
//
//   | kind (7 bits) | value (24 bits) |

const VALUE_BITS = 24
const TOKEN_VALUE_MAX = (1 << VALUE_BITS) - 1

export const TokenKind = {
  /** A book's doubt has lasted as long as it may: value = venue's book, those of a second copy after those of the first. */
  PolymarketDoubt: 1,
  KalshiDoubt: 2,
  /** A book's market closes by our clock: value as above. */
  PolymarketClose: 3,
  KalshiClose: 4,
  /** The pool looks after its stock. */
  Pool: 5,
  /** The paper venues look at their books: value = order. */
  Paper: 6,
  /** The signer's answer falls due (replays). */
  Signer: 7,
  /** A venue's feed looks after its sockets: value = venue, those of a second copy after those of the first. */
  Feed: 8,
  /** Order entries and private channels look after themselves. */
  Upkeep: 9,
  /** A dry Turn. */
  DryTurn: 10,
  /** Another round of getting out of a trade: value = trade. */
  Exit: 11,
  /** Another look at what a run before this one may have left. */
  Restart: 12,
  /** Kalshi's leg of an entry leaves: value = trade. */
  Release: 13,
} as const
export type TokenKind = (typeof TokenKind)[keyof typeof TokenKind]

export function tokenOf(kind: TokenKind, value: number): number {
  assert(value >= 0 && value <= TOKEN_VALUE_MAX, 'TOKEN_VALUE_FITS')
  return (kind << VALUE_BITS) | value
}

export function tokenKind(token: number): number {
  return token >> VALUE_BITS
}

export function tokenValue(token: number): number {
  return token & TOKEN_VALUE_MAX
}
