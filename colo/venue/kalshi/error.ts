import { afterLookUp, fieldsOf, later, type Meaning, never, textOf } from '../answer.ts'

// Kalshi's refusals (Kalshi fact sheet, sections 2, 3.4, 4, 4.4). Bodies have four shapes:
//
//   {"error":{"code":"order_already_exists","message":"..","details":".."}}     most
//   {"code":"bad_request","message":"..","details":".."}                         JSON that does not decode
//   {"msg":"Parameter validation failed: .."}                                    a bad query
//   {"error":"too many requests"}                                                429

/** Why a request was not answered with success. */
export const KalshiError = {
  /** Timeout, 5xx, or an answer that makes no sense: what happened is not known. */
  Unclear: 0,
  /** Refused with a code that is not known here. */
  Other: 1,
  TooManyRequests: 2,
  BadSignature: 3,
  UnknownKey: 4,
  TimestampExpired: 5,
  NoSignature: 6,
  /** 401 or 403 without a code that says more: the key's scope, or its region has expired. */
  NotAllowed: 7,
  BadRequest: 8,
  BadParameter: 9,
  /** The client_order_id is taken, by this order sent before or by another: it stays taken even after a cancel. */
  OrderExists: 10,
  NotFilled: 11,
  PostOnlyCross: 12,
  InsufficientBalance: 13,
  InvalidPrice: 14,
  TradingPaused: 15,
  MarketInactive: 16,
  NoUserOnShard: 17,
  /** Cancelled, executed and never known look the same: this does not mean "not filled". */
  NotFound: 18,
  EndpointRetired: 19,
  /** The group that the order names was triggered, or is none. The code is uncertain. */
  OrderGroup: 20,
} as const
export type KalshiError = (typeof KalshiError)[keyof typeof KalshiError]

export const KALSHI_MEANINGS: Readonly<Record<KalshiError, Meaning>> = {
  [KalshiError.Unclear]: afterLookUp('Kalshi gave no clear answer'),
  [KalshiError.Other]: never('Kalshi refused for a reason that is not known here'),
  [KalshiError.TooManyRequests]: later('the rate limit of this account is used up; no waiting time is told'),
  [KalshiError.BadSignature]: never('the signature does not fit the request or the key'),
  [KalshiError.UnknownKey]: never('the key id is not known at this environment'),
  [KalshiError.TimestampExpired]: never('the signed timestamp is too far from the clock of Kalshi'),
  [KalshiError.NoSignature]: never('the request has no signature'),
  [KalshiError.NotAllowed]: never('the key may not do this'),
  [KalshiError.BadRequest]: never('the body is not what the endpoint takes'),
  [KalshiError.BadParameter]: never('a parameter of the query is not valid'),
  [KalshiError.OrderExists]: afterLookUp('an order with this client_order_id exists already'),
  [KalshiError.NotFilled]: never('the order could not be filled whole and was killed'),
  [KalshiError.PostOnlyCross]: never('a post-only order would have crossed the book'),
  [KalshiError.InsufficientBalance]: never('the balance on the shard of this market is too small'),
  [KalshiError.InvalidPrice]: never('the price is not on the grid of this market'),
  [KalshiError.TradingPaused]: later('trading is paused'),
  [KalshiError.MarketInactive]: never('the market is closed'),
  [KalshiError.NoUserOnShard]: never('the account has no user on the shard of this market: fund it first'),
  [KalshiError.NotFound]: afterLookUp('there is no such order any more'),
  [KalshiError.EndpointRetired]: never('this endpoint was retired'),
  [KalshiError.OrderGroup]: never('the order group takes no orders any more'),
}

// Prefixes, because a code may be dynamic: `user_not_found:_<uuid>`.
const BY_CODE: readonly (readonly [string, KalshiError])[] = [
  ['order_already_exists', KalshiError.OrderExists],
  ['fill_or_kill_insufficient_resting_volume', KalshiError.NotFilled],
  ['insufficient_balance', KalshiError.InsufficientBalance],
  ['invalid_price', KalshiError.InvalidPrice],
  ['trading_is_paused', KalshiError.TradingPaused],
  ['market_inactive', KalshiError.MarketInactive],
  ['user_not_found', KalshiError.NoUserOnShard],
  ['not_found', KalshiError.NotFound],
  ['header_timestamp_expired', KalshiError.TimestampExpired],
  ['signature_is_missing_from_headers', KalshiError.NoSignature],
  ['deprecated_v1_order_endpoint', KalshiError.EndpointRetired],
  ['order_group', KalshiError.OrderGroup],
  ['bad_request', KalshiError.BadRequest],
  ['invalid_content_type', KalshiError.BadRequest],
]

/** Classifies an answer whose status is not 2xx. `status` 0 stands for no answer at all. */
export function kalshiErrorOf(status: number, body: string): KalshiError {
  if (status === 429) return KalshiError.TooManyRequests
  // 4xx alone says that it was refused; 408 and 425 say that somebody in between gave up.
  if (status < 400 || status >= 500 || status === 408 || status === 425) return KalshiError.Unclear
  const fields = fieldsOf(body)
  const nested = typeof fields.error === 'object' && fields.error !== null ? fields.error : fields
  const { code, details } = nested as Record<string, unknown>
  const name = textOf(code).toLowerCase()
  const reason = textOf(details)
  if (name === 'authentication_error') {
    if (reason === 'INCORRECT_API_KEY_SIGNATURE') return KalshiError.BadSignature
    return reason === 'NOT_FOUND' ? KalshiError.UnknownKey : KalshiError.NotAllowed
  }
  if (name === 'invalid_order' && reason.includes('post only cross')) return KalshiError.PostOnlyCross
  for (const [prefix, error] of BY_CODE) if (name.startsWith(prefix)) return error
  if (status === 401 || status === 403) return KalshiError.NotAllowed
  if (typeof fields.msg === 'string') return KalshiError.BadParameter
  return KalshiError.Other
}

/** What an error message of the WebSocket (Control.Refused, its code) means for the subscription. */
export const KalshiSocketError = {
  /** Our command is wrong, or the code is not known here: the same command fails again. */
  Refused: 0,
  /** The subscription is dead: subscribe anew. */
  Resubscribe: 1,
  /** The same command may succeed later. */
  Later: 2,
  /** The handshake did not authenticate: connect anew. */
  Reconnect: 3,
  /** The subscription has as many markets as it may: use another connection. */
  Full: 4,
} as const
export type KalshiSocketError = (typeof KalshiSocketError)[keyof typeof KalshiSocketError]

export const KALSHI_SOCKET_SENTENCES: Readonly<Record<KalshiSocketError, string>> = {
  [KalshiSocketError.Refused]: 'Kalshi refused a command of ours',
  [KalshiSocketError.Resubscribe]: 'Kalshi ended a subscription',
  [KalshiSocketError.Later]: 'Kalshi asks to repeat a command later',
  [KalshiSocketError.Reconnect]: 'Kalshi takes this connection for not authenticated',
  [KalshiSocketError.Full]: 'Kalshi takes no more markets on this subscription',
}

export function kalshiSocketErrorOf(code: number): KalshiSocketError {
  switch (code) {
    case 10: // Channel error
    case 25: // Subscription buffer overflow
      return KalshiSocketError.Resubscribe
    case 18: // Command timeout
    case 27: // Too many requests
      return KalshiSocketError.Later
    case 9: // Authentication required
      return KalshiSocketError.Reconnect
    case 26: // Subscription market limit exceeded
      return KalshiSocketError.Full
    default:
      return KalshiSocketError.Refused
  }
}
