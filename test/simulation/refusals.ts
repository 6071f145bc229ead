import type { HttpReply } from './http.ts'

// What a venue, or something in front of it, may answer instead of taking an order: each shape that the fact sheets tell
// of, and what proxies say.

const PROXY: readonly HttpReply[] = [
  { status: 502, body: '<html><body><h1>502 Bad Gateway</h1></body></html>' },
  { status: 504, body: '' },
  { status: 500, body: 'error code: 1101' },
]

/** Kalshi fact sheet, section 4. */
export const KALSHI_ERRORS: readonly HttpReply[] = [
  ...PROXY,
  {
    status: 400,
    body: { error: { code: 'invalid_order', message: 'invalid order', details: 'invalid count' } },
  },
  { status: 400, body: { code: 'bad_request', message: 'bad request', details: 'count' } },
  { status: 400, body: { msg: 'Parameter validation failed: ticker' } },
  { status: 400, body: { error: { code: 'insufficient_balance', message: 'insufficient balance' } } },
  {
    status: 401,
    body: { error: { code: 'authentication_error', message: 'authentication error', details: 'NOT_FOUND' } },
  },
  { status: 403, body: { error: { code: 'permission_denied', message: 'permission denied' } } },
  { status: 404, body: { error: { code: 'not_found', message: 'not found' } } },
  { status: 409, body: { error: { code: 'trading_is_paused', message: 'trading is paused' } } },
  { status: 429, body: { error: 'too many requests' } },
  { status: 503, body: { error: { code: 'service_unavailable', message: 'service unavailable' } } },
]

/** Polymarket fact sheet, section 6.6. */
export const POLYMARKET_ERRORS: readonly HttpReply[] = [
  ...PROXY,
  { status: 400, body: { error: 'Invalid order payload' } },
  { status: 400, body: { error: 'not enough balance / allowance' } },
  { status: 400, body: { error: 'order_version_mismatch' } },
  { status: 400, body: { error: 'the market is not yet ready to process new orders' } },
  { status: 401, body: { error: 'Unauthorized/Invalid api key' } },
  { status: 425, body: { error: 'service not ready' } },
  { status: 429, body: { error: 'rate limit' }, headers: { 'retry-after': '1' } },
  { status: 500, body: { error: 'could not run the execution' } },
  { status: 503, body: { error: 'Trading is currently disabled. Check polymarket.com for updates' } },
]
