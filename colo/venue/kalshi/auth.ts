import { assert } from '@tandem/shared/assert.ts'
import { ascii, writeDigits } from '../ascii.ts'

// A request to Kalshi is signed over `timestamp + METHOD + path`, the path from the root and without its query; not over
// its body (Kalshi fact sheet, section 2). So a header can be signed before the order that it will carry is known.

export const KEY_HEADER = 'KALSHI-ACCESS-KEY'
export const TIMESTAMP_HEADER = 'KALSHI-ACCESS-TIMESTAMP'
export const SIGNATURE_HEADER = 'KALSHI-ACCESS-SIGNATURE'
/** Milliseconds since the epoch, until the year 2286. */
export const TIMESTAMP_DIGITS = 13
export const ORDER_GROUP_ID_LENGTH_MAX = 64
/** Nothing that JSON would have to escape, nor a path. */
export const ORDER_GROUP_ID = new RegExp(`^[-\\w]{1,${ORDER_GROUP_ID_LENGTH_MAX}}$`)

/**
 * The requests that the signer signs; no other. All that a session needs has a constant path: an order is sent so that it
 * never rests, hence nothing is cancelled by its id, and the halt cancels everything. One alone has an id in its path, and
 * all that it can do is to stop entries.
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
  TriggerOrderGroup: 10,
  OrderBooks: 11,
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
  // The id follows, and AFTER_ID.
  'PUT/trade-api/v2/portfolio/order_groups/',
  'GET/trade-api/v2/markets/orderbooks',
].map(ascii)
const AFTER_ID = ascii('/trigger')
assert(REQUESTS.length === Object.keys(SignedRequest).length, 'KALSHI_REQUEST_LISTED')

/** The longest message is this long or shorter. */
export const SIGNED_MESSAGE_MAX =
  TIMESTAMP_DIGITS +
  Math.max(...REQUESTS.map(({ length }) => length)) +
  ORDER_GROUP_ID_LENGTH_MAX +
  AFTER_ID.length

/** @param id empty for a request whose path has none */
export function isSignedRequest(request: number, id = ''): boolean {
  if (request === SignedRequest.TriggerOrderGroup) return ORDER_GROUP_ID.test(id)
  return REQUESTS[request] !== undefined && id === ''
}

/** Writes what is signed for one of `SignedRequest` from `target`'s start, and returns its length. */
export function writeSignedMessage(
  target: Uint8Array,
  request: number,
  timestampMs: number,
  id = '',
): number {
  assert(isSignedRequest(request, id), 'KALSHI_REQUEST_UNLISTED')
  writeDigits(target, 0, timestampMs, TIMESTAMP_DIGITS)
  target.set(REQUESTS[request], TIMESTAMP_DIGITS)
  const end = TIMESTAMP_DIGITS + REQUESTS[request].length
  if (id === '') return end
  target.set(ascii(id), end)
  target.set(AFTER_ID, end + id.length)
  return end + id.length + AFTER_ID.length
}
