import { assert } from '@tandem/shared/assert.ts'
import { ascii, writeDigits } from '../ascii.ts'

// A request to Kalshi is signed over `timestamp + METHOD + path`, the path from the root and without its query; not over
// its body (Kalshi fact sheet, section 2). So a header can be signed before the order that it will carry is known.

export const KEY_HEADER = 'KALSHI-ACCESS-KEY'
export const TIMESTAMP_HEADER = 'KALSHI-ACCESS-TIMESTAMP'
export const SIGNATURE_HEADER = 'KALSHI-ACCESS-SIGNATURE'
/** Milliseconds since the epoch, until the year 2286. */
export const TIMESTAMP_DIGITS = 13

/**
 * The requests that the signer signs; no other. All that a session needs has a constant path: an order is sent so that it
 * never rests, hence nothing is cancelled by its id, and the halt cancels everything.
 */
export const SignedRequest = {
  CreateOrder: 0,
  CancelAll: 1,
  Socket: 2,
  Balance: 3,
  Positions: 4,
  Orders: 5,
  AccountLimits: 6,
  Fills: 7,
  Settlements: 8,
  CreateOrderGroup: 9,
  OrderBooks: 10,
} as const
export type SignedRequest = (typeof SignedRequest)[keyof typeof SignedRequest]

const REQUESTS = [
  'POST/trade-api/v2/portfolio/events/orders',
  'DELETE/trade-api/v2/portfolio/events/orders',
  'GET/trade-api/ws/v2',
  'GET/trade-api/v2/portfolio/balance',
  'GET/trade-api/v2/portfolio/positions',
  'GET/trade-api/v2/portfolio/orders',
  'GET/trade-api/v2/account/limits',
  'GET/trade-api/v2/portfolio/fills',
  'GET/trade-api/v2/portfolio/settlements',
  'POST/trade-api/v2/portfolio/order_groups/create',
  'GET/trade-api/v2/markets/orderbooks',
].map(ascii)
assert(REQUESTS.length === Object.keys(SignedRequest).length, 'KALSHI_REQUEST_LISTED')

/** The longest message is this long or shorter. */
export const SIGNED_MESSAGE_MAX = TIMESTAMP_DIGITS + Math.max(...REQUESTS.map((request) => request.length))

export function isSignedRequest(request: number): boolean {
  return REQUESTS[request] !== undefined
}

/** Writes what is signed for one of `SignedRequest` from `target`'s start, and returns its length. */
export function writeSignedMessage(target: Uint8Array, request: number, timestampMs: number): number {
  assert(isSignedRequest(request), 'KALSHI_REQUEST_UNLISTED')
  writeDigits(target, 0, timestampMs, TIMESTAMP_DIGITS)
  target.set(REQUESTS[request], TIMESTAMP_DIGITS)
  return TIMESTAMP_DIGITS + REQUESTS[request].length
}
