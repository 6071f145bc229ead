import { afterLookUp, fieldsOf, later, type Meaning, never, Retry, textOf } from '../answer.ts'
import type { Explain } from '../rest.ts'

// Polymarket's refusals (Polymarket fact sheet, section 6.6): free text in `{"error":".."}`, and in `errorMsg` of an
// answer with status 200. Texts are matched by what does not vary in them; the documentation's labels are taken too.

/** Why a request was not answered with success. */
export const PolymarketError = {
  /** Timeout, 5xx, 425 (the engine restarts), or an answer that makes no sense: what happened is not known. */
  Unclear: 0,
  /** Refused with a text that is not known here. */
  Other: 1,
  RateLimited: 2,
  Unauthorized: 3,
  /** 403: the address or region is not served. There is no way around it here. */
  Blocked: 4,
  InvalidPayload: 5,
  WrongOwner: 6,
  Banned: 7,
  ClosedOnly: 8,
  TooManyOrders: 9,
  OffTick: 10,
  BelowMinimum: 11,
  /** This signed order was seen before: each is single-use, so it was sent, by us. */
  Duplicated: 12,
  PostOnlyCross: 13,
  InsufficientBalance: 14,
  BadExpiration: 15,
  CancelledOnChain: 16,
  MatchDelayed: 17,
  MarketNotReady: 18,
  NotFilled: 19,
  AmountPrecision: 20,
  /** The order was signed for another version of the exchange. */
  WrongVersion: 21,
  NoBook: 22,
  TradingDisabled: 23,
  CancelOnly: 24,
  PostOnlyMode: 25,
} as const
export type PolymarketError = (typeof PolymarketError)[keyof typeof PolymarketError]

export const POLYMARKET_MEANINGS: Readonly<Record<PolymarketError, Meaning>> = {
  [PolymarketError.Unclear]: afterLookUp('Polymarket gave no clear answer'),
  [PolymarketError.Other]: never('Polymarket refused for a reason that is not known here'),
  [PolymarketError.RateLimited]: later('the rate limit is used up'),
  [PolymarketError.Unauthorized]: never('the API key or the signature of the request is not valid'),
  [PolymarketError.Blocked]: never('Polymarket does not serve this address'),
  [PolymarketError.InvalidPayload]: never('the body is not an order'),
  [PolymarketError.WrongOwner]: never('the order is not of the owner of the API key'),
  [PolymarketError.Banned]: never('the account is banned'),
  [PolymarketError.ClosedOnly]: never('the account may only close positions'),
  [PolymarketError.TooManyOrders]: never('the batch has too many orders'),
  [PolymarketError.OffTick]: never('the price is off the tick of this market'),
  [PolymarketError.BelowMinimum]: never('the order is below the minimum of this market'),
  [PolymarketError.Duplicated]: afterLookUp('this signed order was sent before'),
  [PolymarketError.PostOnlyCross]: never('a post-only order would have crossed the book'),
  [PolymarketError.InsufficientBalance]: never('balance or allowance is too small'),
  [PolymarketError.BadExpiration]: never('the expiration is not valid'),
  [PolymarketError.CancelledOnChain]: never('the order was cancelled in the exchange contract'),
  [PolymarketError.MatchDelayed]: afterLookUp('the match is delayed by market conditions'),
  [PolymarketError.MarketNotReady]: later('the market is not ready for orders yet'),
  [PolymarketError.NotFilled]: never('nothing was there to fill the order, and it was killed'),
  [PolymarketError.AmountPrecision]: never('an amount has more decimals than it may'),
  [PolymarketError.WrongVersion]: never('the order is signed for another version of the exchange'),
  [PolymarketError.NoBook]: never('there is no such book or market'),
  [PolymarketError.TradingDisabled]: later('trading is disabled'),
  [PolymarketError.CancelOnly]: later('only cancels are taken now'),
  [PolymarketError.PostOnlyMode]: later('only post-only orders are taken now'),
}

// The first that occurs counts: the more specific stand above.
const BY_TEXT: readonly (readonly [PolymarketError, ...string[]])[] = [
  [PolymarketError.WrongOwner, 'has to be the owner of the api key', 'has to be the address of the api key'],
  [PolymarketError.Banned, 'address banned'],
  [PolymarketError.ClosedOnly, 'closed only mode'],
  [PolymarketError.TooManyOrders, 'too many orders in payload'],
  [PolymarketError.OffTick, 'breaks minimum tick size rule', 'invalid_order_min_tick_size'],
  [PolymarketError.AmountPrecision, 'max accuracy of', 'maximum lot size'],
  [PolymarketError.BelowMinimum, 'lower than the minimum', 'min size: $', 'invalid_order_min_size'],
  [PolymarketError.Duplicated, 'is invalid. duplicated', 'invalid_order_duplicated'],
  [PolymarketError.PostOnlyCross, 'crosses the book', 'crosses book', 'invalid_post_only_order'],
  [PolymarketError.InsufficientBalance, 'not enough balance', 'invalid_order_not_enough_balance'],
  [PolymarketError.BadExpiration, 'invalid expiration', 'invalid_order_expiration'],
  [PolymarketError.CancelledOnChain, 'canceled in the ctf exchange contract'],
  [PolymarketError.MatchDelayed, 'order match delayed', 'order_delayed', 'delaying_order_error'],
  [PolymarketError.MarketNotReady, 'not yet ready to process', 'market_not_ready'],
  [
    PolymarketError.NotFilled,
    'fok orders are fully filled or killed',
    'no orders found to match with fak order',
    'fok_order_not_filled_error',
  ],
  [PolymarketError.WrongVersion, 'order_version_mismatch', 'invalid order version'],
  [PolymarketError.InvalidPayload, 'invalid order payload'],
  [PolymarketError.NoBook, 'no orderbook exists', 'market not found'],
]

/** Classifies what a refusal says: of the whole answer, or of one order in a batch. */
function polymarketErrorOfText(text: string): PolymarketError {
  const lower = text.toLowerCase()
  for (const [error, ...parts] of BY_TEXT) if (parts.some((part) => lower.includes(part))) return error
  return PolymarketError.Other
}

/** Classifies an answer that is no success; a status of 200 with an `errorMsg` is none. `status` 0 is no answer at all. */
export function polymarketErrorOf(status: number, body: string): PolymarketError {
  if (status === 429) return PolymarketError.RateLimited
  const fields = fieldsOf(body)
  const text = textOf(fields.error) || textOf(fields.errorMsg)
  if (status === 503) {
    if (textOf(fields.code) === 'post_only_mode') return PolymarketError.PostOnlyMode
    if (text.includes('cancel-only')) return PolymarketError.CancelOnly
    if (text.includes('Trading is currently disabled')) return PolymarketError.TradingDisabled
  }
  // A 500 may carry a text such as "there are no matching orders"; that the order was refused is still not proven.
  if (status < 200 || status >= 500 || status === 408 || status === 425) return PolymarketError.Unclear
  if (status === 403) return PolymarketError.Blocked
  const error = polymarketErrorOfText(text)
  if (error !== PolymarketError.Other) return error
  if (status === 401) return PolymarketError.Unauthorized
  return status >= 400 ? error : text === '' ? PolymarketError.Unclear : error
}

/** Of a question by REST. */
export const explainPolymarket: Explain = (status, body) => {
  const { sentence, retry } = POLYMARKET_MEANINGS[polymarketErrorOf(status, body)]
  return { sentence, retry: retry !== Retry.Never }
}
