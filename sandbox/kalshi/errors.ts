import type { Refusal } from '../engine/kalshi/venue.ts'

/** What goes back to a client. Without a body the answer has none, as a 204. */
export interface Answer {
  readonly status: number
  readonly body?: unknown
}

// The four shapes of an error: Kalshi fact sheet, section 4. Messages of 401 were not captured by anybody; ours are
// the code in words.

/** Most of them: `{"error":{"code","message","details"?}}`. */
export function nested(status: number, code: string, details?: string): Answer {
  return { status, body: { error: errorOf(code, details) } }
}

/** JSON that does not decode: `{"code","message","details"}`. */
export function badRequest(details: string, code = 'bad_request'): Answer {
  return { status: 400, body: errorOf(code, details) }
}

/** A query that is not valid: `{"msg"}`. */
export function badParameter(text: string): Answer {
  return { status: 400, body: { msg: `Parameter validation failed: ${text}` } }
}

/** Nothing says how long to wait. */
export const TOO_MANY_REQUESTS: Answer = { status: 429, body: { error: 'too many requests' } }
export const NOT_FOUND = nested(404, 'not_found')

export const BAD_SIGNATURE = nested(401, 'authentication_error', 'INCORRECT_API_KEY_SIGNATURE')
export const UNKNOWN_KEY = nested(401, 'authentication_error', 'NOT_FOUND')
export const TIMESTAMP_EXPIRED = nested(401, 'header_timestamp_expired')
export const NO_SIGNATURE = nested(401, 'signature_is_missing_from_headers')
export const UNAVAILABLE = nested(503, 'service_unavailable')
/** A key without the scope. Its code was not captured by anybody. */
export const FORBIDDEN = nested(403, 'permission_denied')

const REFUSALS: Readonly<Record<Refusal, Answer>> = {
  order_not_found: NOT_FOUND,
  market_not_found: NOT_FOUND,
  // An engine knows only the markets of its own shard.
  wrong_shard: NOT_FOUND,
  user_not_found: nested(404, 'user_not_found'),
  order_already_exists: nested(409, 'order_already_exists'),
  trading_is_paused: nested(409, 'trading_is_paused'),
  market_inactive: nested(400, 'market_inactive'),
  invalid_price: nested(400, 'invalid_price'),
  invalid_count: nested(400, 'invalid_order', 'invalid count'),
  insufficient_balance: nested(400, 'insufficient_balance'),
  fill_or_kill: nested(409, 'fill_or_kill_insufficient_resting_volume'),
  post_only_cross: nested(400, 'invalid_order', 'post only cross'),
  reduce_only_without_ioc: nested(400, 'invalid_order', 'reduce only requires immediate or cancel'),
  expiration_without_gtc: nested(400, 'invalid_order', 'expiration time requires good till canceled'),
  expiration_in_past: nested(400, 'invalid_order', 'expiration time is in the past'),
  side_differs: nested(400, 'invalid_order', 'side differs'),
  group_not_found: NOT_FOUND,
  group_triggered: nested(409, 'order_group_triggered'),
}

export function refused(refusal: Refusal): Answer {
  return REFUSALS[refusal]
}

function errorOf(code: string, details?: string): object {
  return { code, message: code.replaceAll('_', ' '), ...(details === undefined ? {} : { details }) }
}
