import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Retry } from '@tandem/colo/venue/answer.ts'
import {
  KALSHI_MEANINGS,
  KALSHI_SOCKET_SENTENCES,
  KalshiError,
  KalshiSocketError,
  kalshiErrorOf,
  kalshiSocketErrorOf,
} from '@tandem/colo/venue/kalshi/error.ts'

// The bodies of the Kalshi fact sheet, sections 2, 4 and 4.4.
const BODIES: [number, string, KalshiError][] = [
  [
    409,
    '{"error":{"code":"order_already_exists","message":"order already exists"}}',
    KalshiError.OrderExists,
  ],
  [
    400,
    '{"code":"bad_request","message":"bad request","details":"json: cannot unmarshal"}',
    KalshiError.BadRequest,
  ],
  [400, '{"code":"invalid_content_type"}', KalshiError.BadRequest],
  [400, '{"msg":"Parameter validation failed: limit"}', KalshiError.BadParameter],
  [429, '{"error":"too many requests"}', KalshiError.TooManyRequests],
  [
    401,
    '{"error":{"code":"authentication_error","details":"INCORRECT_API_KEY_SIGNATURE"}}',
    KalshiError.BadSignature,
  ],
  [401, '{"error":{"code":"authentication_error","details":"NOT_FOUND"}}', KalshiError.UnknownKey],
  [401, '{"error":{"code":"header_timestamp_expired","message":"..."}}', KalshiError.TimestampExpired],
  [401, '{"error":{"code":"signature_is_missing_from_headers"}}', KalshiError.NoSignature],
  [401, '', KalshiError.NotAllowed],
  [403, '{}', KalshiError.NotAllowed],
  [409, '{"error":{"code":"fill_or_kill_insufficient_resting_volume"}}', KalshiError.NotFilled],
  [400, '{"error":{"code":"invalid_order","details":"post only cross"}}', KalshiError.PostOnlyCross],
  [400, '{"error":{"code":"invalid_order","details":"else"}}', KalshiError.Other],
  [400, '{"error":{"code":"insufficient_balance"}}', KalshiError.InsufficientBalance],
  [400, '{"error":{"code":"invalid_price"}}', KalshiError.InvalidPrice],
  [409, '{"error":{"code":"trading_is_paused"}}', KalshiError.TradingPaused],
  [400, '{"error":{"code":"market_inactive"}}', KalshiError.MarketInactive],
  [400, '{"error":{"code":"MARKET_INACTIVE"}}', KalshiError.MarketInactive],
  [404, '{"error":{"code":"user_not_found:_6f1c0000"}}', KalshiError.NoUserOnShard],
  [404, '{"error":{"code":"not_found"}}', KalshiError.NotFound],
  [410, '{"error":{"code":"deprecated_v1_order_endpoint"}}', KalshiError.EndpointRetired],
  [418, '{"error":{"code":"teapot"}}', KalshiError.Other],
]

describe('kalshiErrorOf', () => {
  it('knows all four shapes of body and the codes in them', () => {
    for (const [status, body, expected] of BODIES) assert.equal(kalshiErrorOf(status, body), expected, body)
  })

  it('never says of an answer it cannot read that it may be sent again', () => {
    for (const status of [0, 200, 302, 408, 425, 500, 502, 503, 504]) {
      for (const body of ['', '<html>', '{"error":', 'null', '[]']) {
        const { retry } = KALSHI_MEANINGS[kalshiErrorOf(status, body)]
        assert.equal(retry, Retry.AfterLookUp, `${status} ${body}`)
      }
    }
  })

  it('takes neither a taken id nor a missing order for a refusal', () => {
    for (const error of [KalshiError.OrderExists, KalshiError.NotFound]) {
      assert.equal(KALSHI_MEANINGS[error].retry, Retry.AfterLookUp)
    }
  })

  it('has a sentence for every outcome', () => {
    for (const error of Object.values(KalshiError)) assert.match(KALSHI_MEANINGS[error].sentence, /^\w.{8,}$/)
    for (const error of Object.values(KalshiSocketError))
      assert.match(KALSHI_SOCKET_SENTENCES[error], /^Kalshi /)
  })
})

describe('kalshiSocketErrorOf', () => {
  it('knows which codes end a subscription and which ask to wait', () => {
    const terminal = [10, 25]
    const waiting = [18, 27]
    for (let code = 0; code <= 40; code++) {
      const error = kalshiSocketErrorOf(code)
      assert.equal(error === KalshiSocketError.Resubscribe, terminal.includes(code), String(code))
      assert.equal(error === KalshiSocketError.Later, waiting.includes(code), String(code))
      assert.equal(error === KalshiSocketError.Reconnect, code === 9, String(code))
      assert.equal(error === KalshiSocketError.Full, code === 26, String(code))
    }
  })
})
