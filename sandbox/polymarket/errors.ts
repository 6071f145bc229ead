import type { Refusal } from '../engine/polymarket/refusal.ts'

// Statuses and texts as the venue's: Polymarket fact sheet, section 6.6. Where it has no text, the documentation's label
// stands in.

/** What goes back to a client. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export function failed(status: number, error: string, more: object = {}): Answer {
  return { status, body: { error, ...more } }
}

export const INVALID_API_KEY = failed(401, 'Unauthorized/Invalid api key')
export const INVALID_L1_HEADERS = failed(401, 'Invalid L1 Request headers')
/** Both as users saw them: of a nonce that has a key, and of one that has none. */
export const KEY_NOT_CREATED = failed(400, 'Could not create api key')
export const KEY_NOT_DERIVED = failed(400, 'Could not derive api key!')
/** Also for a signature that is nobody's: the venue's own text for that was not captured. */
export const INVALID_PAYLOAD = failed(400, 'Invalid order payload')
export const NOT_THE_OWNER = failed(400, 'the order owner has to be the owner of the API KEY')
export const NOT_THE_SIGNER = failed(400, 'the order signer address has to be the address of the API KEY')
/** Signed for another version of the exchange: the client reads `/version` again and signs once more. */
export const VERSION_MISMATCH = failed(400, 'order_version_mismatch')
export const OLD_VERSION = failed(400, 'invalid order version, please use the latest clob-client')
export const NO_ORDERBOOK = failed(404, 'No orderbook exists for the requested token id')
export const MARKET_NOT_FOUND = failed(404, 'market not found')
export const PAYLOAD_TOO_LONG = failed(400, 'Payload exceeds the limit')
export const NOT_FOUND = failed(404, 'not found')
export const RATE_LIMITED: Answer = { ...failed(429, 'rate limit'), headers: { 'retry-after': '1' } }
export const RESTARTING = failed(425, 'service not ready')
export const UNAVAILABLE = failed(503, 'Trading is currently disabled. Check polymarket.com for updates')

export function tooMany(count: number, most: number): Answer {
  return failed(400, `Too many orders in payload: ${count}, max allowed: ${most}`)
}

/** The text of a refusal, as `error`, `errorMsg` and behind a status on the user channel. */
export function textOf(refusal: Refusal, orderId: string): string {
  switch (refusal.kind) {
    case 'restarting':
      return 'service not ready'
    case 'disabled':
      return 'Trading is currently disabled. Check polymarket.com for updates'
    case 'cancel-only':
      return 'Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.'
    case 'post-only-mode':
      return 'Trading is currently post-only. Only post-only orders are accepted.'
    case 'market-not-found':
      return 'market not found'
    case 'market-not-ready':
      return 'the market is not yet ready to process new orders'
    case 'post-only-type':
      return 'INVALID_POST_ONLY_ORDER_TYPE'
    case 'off-tick':
      return `order ${orderId} is invalid. Price (${refusal.price}) breaks minimum tick size rule: ${refusal.tick}`
    case 'below-minimum':
      return `order ${orderId} is invalid. Size (${refusal.size}) lower than the minimum: ${refusal.minimum}`
    case 'below-dollar':
      return `invalid amount for a marketable BUY order ($${refusal.dollars}), min size: $1`
    case 'lot-decimals':
      return `Size ${refusal.size} has ${refusal.places} decimal places. Maximum lot size is 2`
    case 'amount-decimals':
      return `invalid amounts, the market ${refusal.side} orders maker amount supports a max accuracy of 2 decimals, taker amount a max of ${refusal.takerPlaces} decimals`
    case 'expiration':
      return 'invalid expiration'
    case 'duplicate':
      return `order ${orderId} is invalid. Duplicated.`
    case 'no-funds':
      return 'not enough balance / allowance'
    case 'crosses-book':
      return 'invalid post-only order: order crosses book'
    case 'fok-killed':
      return "order couldn't be fully filled. FOK orders are fully filled or killed."
    case 'fak-killed':
      return 'no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.'
  }
}

/** What answers a single order that is refused. */
export function refused(refusal: Refusal, orderId: string): Answer {
  const text = textOf(refusal, orderId)
  switch (refusal.kind) {
    case 'restarting':
      return failed(425, text)
    case 'disabled':
    case 'cancel-only':
      return failed(503, text)
    case 'post-only-mode': {
      const { retryAfterSeconds } = refusal
      return {
        ...failed(503, text, { code: 'post_only_mode', retry_after_seconds: retryAfterSeconds }),
        headers: { 'retry-after': String(retryAfterSeconds) },
      }
    }
    case 'market-not-found':
      return failed(404, text)
    // The book was asked already: what it refuses has an id.
    case 'crosses-book':
    case 'fok-killed':
    case 'fak-killed':
      return failed(400, text, { orderID: orderId })
    default:
      return failed(400, text)
  }
}
